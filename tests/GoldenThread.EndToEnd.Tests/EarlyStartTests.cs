using GoldenThread.Infrastructure;
using GoldenThread.TestSupport;

namespace GoldenThread.EndToEnd.Tests;

/// <summary>A service may start before its migration: whatever works in it waits, nothing ends the process, and it goes on by itself.</summary>
[Collection(nameof(WatchedHouse))]
public sealed class EarlyStartTests(WatchedHouse watched)
{
    private static readonly string[] Everywhere = ["The audit chain waits", "The outbox waits"];

    private static readonly Dictionary<string, string[]> Waiting = new()
    {
        ["assessment"] = [.. Everywhere, "Grants cannot be taken over", "Asking tracking for unknown UPNs is put off", "Purging the quarantine is put off"],
        ["tracking"] = [.. Everywhere, "The first administrators wait", "Fits wait"],
        ["reviews"] = [.. Everywhere, "Grants cannot be taken over"],
        ["reporting"] = [.. Everywhere, "Grants cannot be taken over", "Sums wait"],
    };

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public Task EveryService_StartedBeforeItsMigration_StaysUp_AndGoesOnAfterIt() =>
        Task.WhenAll(watched.House.Services.Values.Select(StartsEarlyAsync));

    private async Task StartsEarlyAsync(HouseProcess service)
    {
        await using var database = await new TemplateDatabase(service.Name, (_, _) => Task.CompletedTask).CloneAsync();
        var ports = FreePorts.Take(2);
        var early = await watched.House.StartAnotherUnreadyAsync(service, new Dictionary<string, string?>
        {
            ["Service__GrpcPort"] = ports[0].ToString(),
            ["Service__HealthPort"] = ports[1].ToString(),
            ["Database__ConnectionString"] = database.ConnectionString,
            // What it does not hear yet must not be kept from the others.
            ["Rabbit__VirtualHost"] = await (await RabbitServer.SharedAsync()).AddVirtualHostAsync(),
            ["Logging__LogLevel__GoldenThread"] = "Information",
        }, ports[1]);
        try
        {
            using var http = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{ports[1]}") };
            await Eventually.Async(() => ToldAsync(early, Waiting[service.Name]));
            using (var answer = await http.GetAsync("/health/ready", Ct))
            {
                Assert.Equal((503, "the database is empty, run `migrate`"), ((int)answer.StatusCode, await answer.Content.ReadAsStringAsync(Ct)));
            }

            Assert.Equal("live", await http.GetStringAsync("/health/live", Ct));
            await Command.RunAsync(
            [
                "dotnet", service.ProgramFile, "migrate",
                $"--Database:OwnerConnectionString={database.OwnerConnectionString}", $"--Database:ConnectionString={database.ConnectionString}",
            ]);
            await Eventually.Async(async () => Assert.Equal("ready", await http.GetStringAsync("/health/ready", Ct)));
            await House.GrantKnownAsync(service.Name, database, House.Administrator);
            Assert.False(early.HasEndedByItself, $"{service.Name} ended by itself");
        }
        finally
        {
            await early.StopAsync();
        }
    }

    private static async Task ToldAsync(HouseProcess process, string[] words)
    {
        Assert.False(process.HasEndedByItself, $"{process.Name} ended by itself");
        var log = await File.ReadAllTextAsync(process.LogFile, Ct);
        Assert.All(words, word => Assert.Contains(word, log, StringComparison.Ordinal));
    }
}
