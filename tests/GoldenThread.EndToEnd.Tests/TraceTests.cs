using GoldenThread.TestSupport;

namespace GoldenThread.EndToEnd.Tests;

/// <summary>One request is one trace, from the gateway to the last consumer and the sums that the overview shows.</summary>
[Collection(nameof(WatchedHouse))]
public sealed class TraceTests(WatchedHouse watched)
{
    private const int Server = 2;
    private const int Producer = 4;
    private const int Consumer = 5;

    [Fact]
    public async Task Result_IsOneTrace_FromTheGatewayToTheOverviewsSums()
    {
        // Sums that others left due would be made together with ours, in a trace of their own.
        await watched.House.KnownAsync("reporting", "select not exists (select from summary_due)");
        var sending = watched.Trust.Sendings(0).Single(sent => sent.Urn == WatchedHouse.TracedSchool);
        using var response = await watched.House.SendAsync(
            watched.House.TokenOf(House.Administrator), HttpMethod.Post, sending.Path, House.Json(sending.Body()));
        Assert.Equal(200, (int)response.StatusCode);
        var trace = response.Headers.GetValues("traceparent").Single().Split('-')[1];
        await Eventually.Async(() =>
        {
            var spans = watched.Telemetry.Spans.Where(span => span.TraceId == trace).ToList();
            var gateway = Single(spans, "gateway", Server, "HttpRequestIn");
            Assert.Empty(gateway.ParentId);
            var assessment = Single(spans, "assessment", Server, "goldenthread.assessment.v1.ResultsService/RecordResult");
            Assert.Contains(gateway, Ancestors(spans, assessment));
            var relay = Single(spans, "assessment", Producer, "outbox relay");
            Assert.Contains(assessment, Ancestors(spans, relay));
            foreach (var service in new[] { "tracking", "reporting" })
            {
                var consumer = Single(spans, service, Consumer, "results-recorded receive");
                Assert.Contains(relay, Ancestors(spans, consumer));
                Assert.Contains(gateway, Ancestors(spans, consumer));
            }

            var judged = Single(spans, "tracking", Producer, "outbox relay");
            Assert.Contains(Single(spans, "tracking", Consumer, "results-recorded receive"), Ancestors(spans, judged));
            Assert.Contains(judged, Ancestors(spans, Single(spans, "reporting", Consumer, "statuses-changed receive")));
            var sums = spans.Where(span => span.Service == "reporting" && span.Name == "sums").ToList();
            Assert.Contains(sums, sum => Causes(spans, sum).Any(span => span.Name.Contains("statuses-changed", StringComparison.Ordinal)));

            return Task.FromResult(true);
        });
    }

    private static Span Single(List<Span> spans, string service, int kind, string name)
    {
        var found = spans.Where(span => span.Service == service && span.Kind == kind && span.Name.Contains(name, StringComparison.Ordinal)).ToList();
        Assert.True(found.Count == 1, $"{found.Count} spans of kind {kind} named {name} at {service} among\n{string.Join('\n', spans)}");
        return found[0];
    }

    // Where result and status became due at the same time, one sum is made for both: below the one, with a link to the other.
    private static IEnumerable<Span> Causes(List<Span> spans, Span span) => Ancestors(spans, span)
        .Concat(spans.Where(cause => span.Links.Contains(cause.SpanId)).SelectMany(cause => Ancestors(spans, cause).Prepend(cause)));

    // Every link up to the first span, without a gap.
    private static List<Span> Ancestors(List<Span> spans, Span span)
    {
        var path = new List<Span>();
        while (span.ParentId.Length > 0)
        {
            span = spans.SingleOrDefault(parent => parent.SpanId == span.ParentId)
                ?? throw new InvalidOperationException($"the parent of {span} is in no process's spans:\n{string.Join('\n', spans)}");
            path.Add(span);
        }

        return path;
    }
}
