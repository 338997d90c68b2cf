using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using GoldenThread.Infrastructure;
using GoldenThread.TestSupport;
using Npgsql;
using RabbitMQ.Client;

namespace GoldenThread.EndToEnd.Tests;

/// <summary>A message that cannot be handled: put aside with its reason, in nobody's way, and back in its queue once the cause is mended.</summary>
[Collection(nameof(WatchedHouse))]
public sealed partial class ErrorQueueTests(WatchedHouse watched)
{
    private const string Queue = "reporting.school-changed";
    private const string Refused = "Poison Primary School";

    private readonly House house = watched.House;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private TestDatabase Reporting => house.Services["reporting"].Database!;

    [Fact]
    public async Task Queues_AreThoseThatTheServicesDeclare()
    {
        // Each process has a queue of its own for answers beside them, which ends with it and has no dot in its name.
        var consumers = (await house.QueuesAsync()).Where(name => ConsumerQueue().IsMatch(name)).Order(StringComparer.Ordinal);
        var told = ListedQueue().Matches((await house.ErrorsAsync("--all")).Output).Select(line => line.Groups[1].Value);
        Assert.Equal(consumers, told.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Poison_IsPutAside_AndHandledOnceOnItsReplay()
    {
        await ExecuteAsync($"alter table school add constraint ck_test_poison check (name <> '{Refused}')");
        await house.PutAsync(House.Administrator, "/v1/schools/900666", Bodies.School(Refused));
        await house.PutAsync(House.Administrator, "/v1/schools/900667", Bodies.School("Behind Primary School"));
        await Eventually.Async(() => AskAsync("select exists (select from school where school_urn = 900667)"), "the message behind the poison is handled");
        var listed = await ErrorsAsync(expectedExit: 1, told: "1 failed.");
        Assert.Matches($@"(?m)^{Queue}\s+1$", listed);
        Assert.Matches("""SchoolChanged, last 20\d\d-.*Z: PostgresException 23514: .* violates check constraint "ck_test_poison""", listed);
        Assert.DoesNotContain(Refused, listed, StringComparison.Ordinal);
        var shown = await house.ErrorsAsync("show", Queue);
        var id = Guid.Parse(shown.Output.Split("  ")[1]);
        Assert.Contains("SchoolChanged: PostgresException 23514", shown.Output, StringComparison.Ordinal);
        Assert.False(await AskAsync("select exists (select from school where school_urn = 900666)"));

        // Looking took nothing away; without a mended cause it only comes back.
        await ReplayAsync(1);
        await ErrorsAsync(expectedExit: 1, told: "1 failed.");

        await ExecuteAsync("alter table school drop constraint ck_test_poison");
        await ReplayAsync(1);
        await Eventually.Async(() => AskAsync("select exists (select from school where school_urn = 900666)"), "the message is handled after its replay");
        Assert.True(await AskAsync($"select count(*) = 1 from inbox where consumer = 'school-changed' and message_id = '{id}'"));
        await ErrorsAsync(expectedExit: 0, told: "No message has failed.");
        await ReplayAsync(0);
        Assert.Equal(0u, await MessagesInAsync(Queue));
    }

    [Theory]
    [InlineData("""{ "messageType": ["urn:message:GoldenThread.Tracking.Events.V1:PersonChanged"], "message": { "version": "Zebedee" } }""", "PersonChanged")]
    [InlineData("Zebedee is not JSON", "(unreadable)")]
    public async Task BrokenBody_IsPutAside_AndNeverShown(string body, string type)
    {
        const string queue = "reviews.person-changed";
        var id = Guid.CreateVersion7().ToString();
        await SendAsync(queue, id, body);
        var behind = (await house.PostAsync(House.Administrator, "/v1/people", new JsonObject { ["name"] = "Behind", ["duties"] = new JsonArray("consultant") }))["person"]!;
        await using var source = NpgsqlDataSource.Create(house.Services["reviews"].Database!.ConnectionString);
        await Eventually.Async(
            async () => (bool)(await source.CreateCommand($"select exists (select from person where person_id = '{behind["personId"]}')").ExecuteScalarAsync(Ct))!,
            "the message behind the broken one is handled");
        await Eventually.Async(async () =>
        {
            var shown = (await house.ErrorsAsync("show", queue, "--all")).Output;
            Assert.Matches($@"{id}  {Regex.Escape(type)}: \w+Exception", shown);
            Assert.DoesNotContain("Zebedee", shown, StringComparison.Ordinal);
        });
        Assert.DoesNotContain("Zebedee", (await house.ErrorsAsync()).Output, StringComparison.Ordinal);
        await RemoveAsync(queue + "_error");
    }

    [Fact]
    public async Task UnknownQueue_IsRefusedInWords()
    {
        var outcome = await house.ErrorsAsync("replay", "reporting.nothing");
        Assert.Equal(1, outcome.ExitCode);
        Assert.Contains("no queue is called reporting.nothing", outcome.Output, StringComparison.Ordinal);
    }

    private async Task<string> ErrorsAsync(int expectedExit, string told)
    {
        var output = "";
        await Eventually.Async(async () =>
        {
            var outcome = await house.ErrorsAsync();
            output = outcome.Output;
            Assert.Contains(told, output, StringComparison.Ordinal);
            Assert.Equal(expectedExit, outcome.ExitCode);
        });
        return output;
    }

    private async Task ReplayAsync(int messages)
    {
        var outcome = await house.ErrorsAsync("replay", Queue);
        Assert.True(outcome.ExitCode == 0 && outcome.Output.Contains($"{messages} back in {Queue}", StringComparison.Ordinal), outcome.Output);
    }

    private async Task ExecuteAsync(string sql)
    {
        await using var source = NpgsqlDataSource.Create(Reporting.OwnerConnectionString);
        await source.CreateCommand(sql).ExecuteNonQueryAsync(Ct);
    }

    private async Task<bool> AskAsync(string sql)
    {
        await using var source = NpgsqlDataSource.Create(Reporting.ConnectionString);
        return (bool)(await source.CreateCommand(sql).ExecuteScalarAsync(Ct))!;
    }

    private async Task<IConnection> ConnectAsync() => await new ConnectionFactory { Uri = house.Rabbit }.CreateConnectionAsync(Ct);

    private async Task SendAsync(string queue, string id, string body)
    {
        await using var connection = await ConnectAsync();
        await using var channel = await connection.CreateChannelAsync(
            new CreateChannelOptions(publisherConfirmationsEnabled: true, publisherConfirmationTrackingEnabled: true), Ct);
        var properties = new BasicProperties { Persistent = true, MessageId = id, ContentType = "application/vnd.masstransit+json" };
        await channel.BasicPublishAsync("", queue, mandatory: true, properties, Encoding.UTF8.GetBytes(body), Ct);
    }

    private async Task<uint> MessagesInAsync(string queue)
    {
        await using var connection = await ConnectAsync();
        await using var channel = await connection.CreateChannelAsync(cancellationToken: Ct);
        return (await channel.QueueDeclarePassiveAsync(queue, Ct)).MessageCount;
    }

    private async Task RemoveAsync(string queue)
    {
        await using var connection = await ConnectAsync();
        await using var channel = await connection.CreateChannelAsync(cancellationToken: Ct);
        await channel.QueuePurgeAsync(queue, Ct);
    }

    [GeneratedRegex(@"^[a-z]+\.[a-z-]+$")]
    private static partial Regex ConsumerQueue();

    [GeneratedRegex(@"^([a-z]+\.[a-z-]+)\s+\d+$", RegexOptions.Multiline)]
    private static partial Regex ListedQueue();
}
