using GoldenThread.TestSupport;

namespace GoldenThread.EndToEnd.Tests;

/// <summary>What each process measures of itself comes to the collector under its name.</summary>
[Collection(nameof(WatchedHouse))]
public sealed class MetricTests(WatchedHouse watched)
{
    [Fact]
    public Task EveryProcess_SendsMetricsOfItsRequests_AndEveryServiceOfItsDatabaseAndItsMessages() => Eventually.Async(() =>
    {
        var sent = watched.Telemetry.Metrics;
        Assert.Equal(5, watched.House.Processes.Count);
        Assert.All(watched.House.Processes, process => Sent(process.Name, "Microsoft.AspNetCore.Hosting", "http.server.request.duration"));
        Assert.All(watched.House.Services.Keys, service =>
        {
            Sent(service, "Npgsql", "db.client.operation.duration");
            Sent(service, "MassTransit", "messaging.masstransit.consume.duration");
        });
        return Task.CompletedTask;

        void Sent(string service, string meter, string name) => Assert.True(
            sent.Contains(new Metric(service, meter, name)), $"{service} sent no {name} of {meter}, but\n{string.Join('\n', sent.Where(each => each.Service == service))}");
    });
}
