using GoldenThread.TestSupport;
using Grpc.Health.V1;
using ServingStatus = Grpc.Health.V1.HealthCheckResponse.Types.ServingStatus;

namespace GoldenThread.ServiceDefaults.Tests;

/// <summary>A service says whether it lives and whether it can serve, and why not, in words that tell what to do. The broker does not count.</summary>
public sealed class HealthTests
{
    [Fact]
    public async Task WithoutADatabase_TheServiceLives_AndIsNotReady()
    {
        await using var specimen = await Specimen.StartedBareAsync(hasDatabase: false);

        Assert.Equal(ServingStatus.Serving, await CheckAsync(specimen, "liveness"));
        Assert.Equal(ServingStatus.NotServing, await CheckAsync(specimen, ""));
        Assert.Equal((200, "live"), await specimen.AskAsync("live"));
        Assert.Equal((503, "the database cannot be reached"), await specimen.AskAsync("ready"));
        await ToldAsync(specimen, "The audit chain waits", "The first administrators wait");
        Assert.Equal((200, "live"), await specimen.AskAsync("live"));

        specimen.Terminate();
        Assert.True(await specimen.EndsAsync(TimeSpan.FromSeconds(15)), "without a database and a broker the service did not end");
    }

    [Fact]
    public async Task WithoutMigrations_TheServiceAsksForThem_AndServesOnceTheyRan()
    {
        await using var specimen = await Specimen.StartedBareAsync(hasDatabase: true);
        Assert.Equal((503, "the database is empty, run `migrate`"), await specimen.AskAsync("ready"));
        Assert.Equal(ServingStatus.NotServing, await CheckAsync(specimen, ""));
        // What works in the background meets the empty database, too, and must not end the process over it.
        await ToldAsync(specimen, "The audit chain waits", "The first administrators wait");
        Assert.Equal((200, "live"), await specimen.AskAsync("live"));

        var database = specimen.Database!;
        await Migrator.RunAsync(database.OwnerConnectionString, "tracking_app", new MigrationSet(Specimen.Program), ct: TestContext.Current.CancellationToken);
        await Eventually.Async(
            async () => await specimen.ReadyWordsAsync() == "the broker has not had its queues yet: what is told now would be lost to it", "the broker counts");
        await specimen.TrueAsync("select exists (select from access_grant where subject = 'lead')");
        // As an earlier life with a broker leaves it: from then on the broker does not count.
        await specimen.ExecuteAsync("""
            insert into declared_queue (queue)
            values ('tracking.grant-changed'), ('tracking.results-recorded'), ('tracking.test-changed'), ('tracking.collection-changed')
            """);
        await Eventually.Async(async () => await specimen.ReadyWordsAsync() == "ready", "the service is ready");
        Assert.Equal(ServingStatus.Serving, await CheckAsync(specimen, ""));

        await specimen.ExecuteAsync("delete from schema_migration where name = '202611010200_progress.sql'");
        Assert.Equal((503, "migrations are missing, run `migrate`: 202611010200_progress.sql"), await specimen.AskAsync("ready"));
        Assert.Equal(ServingStatus.NotServing, await CheckAsync(specimen, ""));

        await specimen.ExecuteAsync("revoke select on schema_migration from tracking_app");
        Assert.Equal((503, "the database refuses this service (42501)"), await specimen.AskAsync("ready"));
        Assert.Equal(ServingStatus.NotServing, await CheckAsync(specimen, ""));
    }

    [Fact]
    public async Task BeforeItsDatabaseIsMade_TheServiceWaitsForIt()
    {
        await using var specimen = await Specimen.StartedBareAsync(hasDatabase: true, isDatabaseHidden: true);
        Assert.Equal((503, "the database refuses this service (3D000)"), await specimen.AskAsync("ready"));
        await ToldAsync(specimen, "The audit chain waits", "The first administrators wait");
        Assert.Equal((200, "live"), await specimen.AskAsync("live"));

        await specimen.ShowDatabaseAsync();
        await Eventually.Async(async () => await specimen.ReadyWordsAsync() == "the database is empty, run `migrate`", "the database is there");
    }

    private static Task ToldAsync(Specimen specimen, params string[] words) => Eventually.Async(async () =>
    {
        var log = await specimen.LogAsync();
        Assert.All(words, word => Assert.Contains(word, log, StringComparison.Ordinal));
    });

    private static async Task<ServingStatus> CheckAsync(Specimen specimen, string service) =>
        (await specimen.Health.CheckAsync(new HealthCheckRequest { Service = service }, cancellationToken: TestContext.Current.CancellationToken)).Status;
}
