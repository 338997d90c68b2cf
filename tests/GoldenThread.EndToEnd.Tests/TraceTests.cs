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
        var sending = watched.Trust.Sendings(0).Single(sent => sent.Urn == WatchedHouse.TracedSchool);
        using var response = await watched.House.SendAsync(
            watched.House.TokenOf(House.Administrator), HttpMethod.Post, sending.Path, House.Json(sending.Body()));
        Assert.Equal(200, (int)response.StatusCode);
        var trace = response.Headers.GetValues("traceparent").Single().Split('-')[1];
        await Eventually.Async(() =>
        {
            var spans = watched.Spans.Spans.Where(span => span.TraceId == trace).ToList();
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
            Assert.Contains(sums, sum => Ancestors(spans, sum).Any(span => span.Name.Contains("statuses-changed", StringComparison.Ordinal)));

            return Task.FromResult(true);
        });
    }

    private static Span Single(List<Span> spans, string service, int kind, string name)
    {
        var found = spans.Where(span => span.Service == service && span.Kind == kind && span.Name.Contains(name, StringComparison.Ordinal)).ToList();
        Assert.True(found.Count == 1, $"{found.Count} spans of kind {kind} named {name} at {service} among\n{string.Join('\n', spans)}");
        return found[0];
    }

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
