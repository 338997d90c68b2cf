using System.Diagnostics;
using System.Text.Json.Nodes;
using System.Threading.Channels;
using GoldenThread.Demo.Verification;
using GoldenThread.TestSupport;
using GoldenThread.Type.V1;
using Npgsql;

namespace GoldenThread.EndToEnd.Tests;

/// <summary>
/// While results come in, every part is killed and started again: each service, the broker, the gateway, the database. Afterwards every result that
/// was acknowledged stands exactly once everywhere, and every answer meanwhile was success or 503 in words.
/// </summary>
[Collection(nameof(AloneOnTheMachine))]
public sealed class FailureTests(FailureWorld world, ITestOutputHelper output)
{
    private const int Callers = 6;
    private const string Assessment = "assessment";

    // No request may hang; a file may take longer, since we hold its sending back ourselves.
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan FileLimit = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(120);

    // What 20,000 posts and their effects may take on a slow machine.
    private static readonly TimeSpan LongPatience = TimeSpan.FromMinutes(6);

    private static readonly string[] AllServices = [Assessment, "tracking", "reviews", "reporting"];

    private readonly Channel<Sending> work = Channel.CreateUnbounded<Sending>();
    private readonly PatientClient client = new(world.House);
    private readonly List<(Outage Outage, DateTimeOffset From, DateTimeOffset To)> suffered = [];
    private readonly HashSet<string> acknowledged = [];
    private readonly CancellationTokenSource done = new();
    private readonly CancellationTokenSource quiet = new();
    private readonly Stopwatch clock = Stopwatch.StartNew();
    private int handedOut;
    private int requestsAcknowledged;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private House House => world.House;

    [Fact]
    public async Task EveryPartKilledUnderLoad_LosesNothing_DoublesNothing_AndSaysWhenToComeAgain()
    {
        try
        {
            await SufferAllAsync();
        }
        catch
        {
            // The house's logs go with the house; what they say of a fault is worth keeping.
            Array.ForEach([.. House.Processes.SelectMany(FaultsToldBy)], output.WriteLine);
            throw;
        }
    }

    [Fact]
    public async Task ServiceThatNoLongerHears_OrNeverDid_ThoughTheBrokerAnswers_Ends_AndHearsAfterItsNextStart()
    {
        const string NeverHeard = "reporting";
        await KillAsync(NeverHeard);
        await world.Ground.Rabbit.LetReadAsync(House.VirtualHost, may: false);
        try
        {
            await StartAsync(NeverHeard);
            foreach (var service in House.Services.Values)
            {
                await Eventually.Async(() => Task.FromResult(service.HasEndedByItself), $"{service.Name} ends", Patience);
                Assert.Contains("does not hear its queues", await File.ReadAllTextAsync(service.LogFile, Ct), StringComparison.Ordinal);
            }
        }
        finally
        {
            await world.Ground.Rabbit.LetReadAsync(House.VirtualHost, may: true);
        }

        await Task.WhenAll(AllServices.Select(StartAsync));

        await House.GiveGrantAsync("somebody-new", Role.Ceo);
    }

    private async Task SufferAllAsync()
    {
        var posts = world.Trust.Sendings(0, 1, 2, 3, 4);
        Assert.Equal(20_000, posts.Count);
        var batches = world.Trust.Batches(5);
        Outage[] outages =
        [
            .. AllServices.Select(service => new Outage(service, [service], () => KillAsync(service), () => StartAsync(service))),
            new("broker", [], world.Ground.Rabbit.KillAsync, world.Ground.Rabbit.StartAgainAsync),
            new("gateway", AllServices, House.Gateway.KillAsync, () => House.Gateway.StartAsync()),
            new("database", AllServices, world.Ground.Postgres.CrashAsync, world.Ground.Postgres.StartAgainAsync),
        ];
        var files = outages.Select((_, at) => new Upload(client, world.Trust, 6 + at)).ToList();
        var supervisor = SuperviseAsync();
        var probes = AllServices.Select(ProbeAsync).ToList();
        var callers = Enumerable.Range(0, Callers).Select(_ => CallAsync()).ToList();
        var shares = Shares(posts, outages.Length).Zip(Shares(batches, outages.Length), (some, more) => some.Concat(more).ToList());
        foreach (var ((outage, file), share) in outages.Zip(files).Zip(shares))
        {
            await SufferAsync(outage, file, share);
        }

        work.Writer.Complete();
        await Task.WhenAll(callers).WaitAsync(LongPatience, Ct);
        await Task.WhenAll(files.Select(file => file.Answer)).WaitAsync(Patience, Ct);
        done.Cancel();
        await Task.WhenAll(probes);
        Say($"all {posts.Count} posts, {batches.Count} batches and {files.Count} files are acknowledged");

        await AssertEqualEverywhereAsync(
            posts.Count + batches.Count + files.Count, results: posts.Concat(batches).Sum(sending => sending.Rows.Count) + files.Sum(file => file.Rows.Count));
        AssertAnswers();
        await AssertRecordedOnceAsync(posts.Concat(batches).SelectMany(sending => sending.Rows), files);
        foreach (var file in files)
        {
            await AssertFileIsDoneOnceAsync(file);
        }

        var failed = await House.ErrorsAsync();
        Assert.True(failed.ExitCode == 0, failed.Output);
        // One that has just ended because it no longer heard is being started again.
        await Eventually.Async(() => Task.FromResult(House.Processes.All(process => process.Mark.IsAlive)), "every process lives", Patience);
        quiet.Cancel();
        await supervisor;
        client.Dispose();
    }

    private static IEnumerable<Sending[]> Shares(List<Sending> sendings, int count) => sendings.Chunk((sendings.Count + count - 1) / count);

    // What Kubernetes and Compose do: a process that ended by itself is started again.
    private async Task SuperviseAsync()
    {
        while (!quiet.IsCancellationRequested)
        {
            foreach (var process in House.Processes.Where(process => process.HasEndedByItself))
            {
                Say($"{process.Name} ended by itself and is started again");
                await process.StartAsync();
            }

            await Task.Delay(500, quiet.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task SufferAsync(Outage outage, Upload file, List<Sending> handed)
    {
        handed.ForEach(sending => work.Writer.TryWrite(sending));
        handedOut += handed.Count;
        // In the middle of its share, so that the outages lie among the posts and not before them.
        await ComeInAsync(handedOut - (handed.Count / 2), $"half of the results before {outage.Name} goes", LongPatience);
        file.Start();
        await file.Half.WaitAsync(Eventually.Patience, Ct);
        await outage.Break();
        var from = DateTimeOffset.UtcNow;
        file.GoOn();
        var underway = requestsAcknowledged;
        foreach (var service in outage.Down)
        {
            await SeenAsync(service, from, answer => !answer.IsGood, $"a caller of {service} notices that {outage.Name} is away");
        }

        if (!outage.Down.Contains(Assessment))
        {
            await ComeInAsync(underway + Callers, $"results without {outage.Name}", Eventually.Patience);
        }

        suffered.Add((outage, from, DateTimeOffset.UtcNow));
        await outage.Mend();
        var back = DateTimeOffset.UtcNow;
        foreach (var service in AllServices)
        {
            await SeenAsync(service, back, answer => answer.IsGood, $"{service} answers after {outage.Name} came back");
        }

        Say($"{outage.Name} is back; {requestsAcknowledged} posts acknowledged");
    }

    private Task ComeInAsync(int count, string what, TimeSpan patience) =>
        Eventually.Async(() => Task.FromResult(requestsAcknowledged >= count), $"{what}: {count} posts are acknowledged", patience);

    private Task SeenAsync(string service, DateTimeOffset since, Func<Answer, bool> like, string what) => Eventually.Async(
        () => Task.FromResult(client.Answers.Any(answer => answer.Service == service && answer.Began >= since && like(answer))), what, Patience);

    private async Task CallAsync()
    {
        await foreach (var sending in work.Reader.ReadAllAsync(Ct))
        {
            var answer = await client.SendUntilDoneAsync(Assessment, HttpMethod.Post, sending.Path, () => House.Json(sending.Body()), Ct);
            var ids = IdsOf(sending, answer.Json);
            lock (acknowledged)
            {
                Assert.All(ids, id => Assert.True(acknowledged.Add(id), $"{id} was acknowledged twice"));
                requestsAcknowledged++;
            }
        }
    }

    // What a repeated request is answered is the first answer: had it had its effect twice, the second would say "unchanged".
    private static List<string> IdsOf(Sending sending, JsonNode answer)
    {
        if (sending.IsSingle)
        {
            Assert.Equal("RECORDING_EFFECT_NEW", (string?)answer["effect"]);
            return [(string)answer["result"]!["resultId"]!];
        }

        Assert.Equal(sending.Rows.Count, (int)answer["newCount"]!);
        return [.. answer["results"]!.AsArray().Select(result => (string)result!["resultId"]!)];
    }

    private async Task ProbeAsync(string service)
    {
        var path = service switch
        {
            Assessment => $"/v1/collections/{world.Trust.CollectionId}",
            "tracking" => "/v1/schools/900001",
            "reviews" => "/v1/categories",
            _ => $"/v1/trust-overview?collection_id={world.Trust.CollectionId}",
        };
        while (!done.IsCancellationRequested)
        {
            await client.SendAsync(service, HttpMethod.Get, path, () => null, null, Ct);
            await Task.Delay(100, done.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task AssertEqualEverywhereAsync(int events, int results)
    {
        using var reader = new HeldResultsReader(House.Addresses, House.Issuer.InternalToken("svc-assessment"));
        await Eventually.Async(async () =>
        {
            // What is told must have left before it can have arrived: this looks in the order of the way.
            var backlog = new List<string>();
            foreach (var service in AllServices)
            {
                var waiting = await CountAsync(service, "select count(*) from outbox");
                var heard = await CountAsync(service, "select count(*) from inbox where consumer = 'results-recorded'");
                backlog.Add($"{service}: {waiting} to tell, {heard} of {events} heard");
            }

            Assert.True(backlog.All(line => line.Contains(": 0 to tell", StringComparison.Ordinal)), string.Join('\n', backlog));
            var holdings = await Holdings.LookAsync(reader, Ct);
            var differences = holdings.Differences.Select(difference => difference.Words).Concat(holdings.Work).Concat(backlog);
            Assert.True(holdings.IsEqual, string.Join('\n', differences));
            Assert.Equal(results, holdings.Recorded.Sum(held => held.Count));
        }, LongPatience);
        Say($"assessment, tracking and reporting hold the same {results} results");
        foreach (var service in new[] { "tracking", "reporting" })
        {
            Assert.Equal(events, await CountAsync(service, "select count(*) from inbox where consumer = 'results-recorded'"));
        }
    }

    private async Task AssertRecordedOnceAsync(IEnumerable<Row> posted, List<Upload> files)
    {
        const string Sql = """
            select result_id::text, school_urn || ' ' || pupil_id || ' ' || test_id || ' ' || to_char(sitting, 'YYYY-MM-DD') || ' ' || score || ' ' || source || ' ' || version
            from result
            """;
        await using var source = NpgsqlDataSource.Create(House.Services[Assessment].Database!.ConnectionString);
        await using var command = source.CreateCommand(Sql);
        await using var reader = await command.ExecuteReaderAsync(Ct);
        var (ids, rows) = (new List<string>(), new List<string>());
        while (await reader.ReadAsync(Ct))
        {
            ids.Add(reader.GetString(0));
            rows.Add(reader.GetString(1));
        }

        var expected = posted.Select(row => Text(row, "manual")).Concat(files.SelectMany(file => file.Rows).Select(row => Text(row, "import")));
        Assert.Equal(expected.Order(StringComparer.Ordinal), rows.Order(StringComparer.Ordinal));
        Assert.Empty(acknowledged.Except(ids));
        Assert.Equal(0, await CountAsync(Assessment, "select count(*) from result_version"));
        Assert.Equal(files.Count, await CountAsync(Assessment, "select count(*) from result_import"));
    }

    private static string Text(Row row, string source) => $"{row.Urn} {row.PupilId} {row.TestId} {row.SatOn} {row.Score} {source} 1";

    private async Task AssertFileIsDoneOnceAsync(Upload file)
    {
        var first = await file.Answer;
        Assert.Equal(file.Rows.Count, (int)first.Json["newCount"]!);
        var again = await file.AgainAsync();
        Assert.Equal(first.Body, again.Body);
    }

    private void AssertAnswers()
    {
        var answers = client.Answers.ToArray();
        foreach (var group in answers.GroupBy(answer => (answer.Service, answer.Status)).OrderBy(group => group.Key))
        {
            var codes = group.Where(answer => answer.IsUnavailable).CountBy(answer => $"{answer.Json["code"]}").Select(code => $"{code.Key} {code.Value}");
            Say($"{group.Key.Service,-10} {group.Key.Status,3}: {group.Count(),5}, longest {group.Max(answer => answer.Took).TotalSeconds:0.0} s {string.Join(", ", codes)}");
        }

        var faults = answers.Where(answer => answer.Status != 0 || !WhileGatewayWasAway(answer))
            .Select(answer => (answer, fault: answer.Fault(answer.What.EndsWith(":import", StringComparison.Ordinal) ? FileLimit : Limit)))
            .Where(pair => pair.fault is not null)
            .Select(pair => $"{pair.fault}: {pair.answer}")
            .Concat(
                from outage in suffered
                from answer in answers
                where answer.Began > outage.From && answer.Began + answer.Took < outage.To
                      && !outage.Outage.Down.Contains(answer.Service) && !answer.IsGood
                select $"{outage.Outage.Name} took another with it: {answer}")
            .ToList();
        Assert.True(faults.Count == 0, $"{faults.Count} faults\n{string.Join('\n', faults.Take(20))}");
    }

    private static IEnumerable<string> FaultsToldBy(HouseProcess process)
    {
        var lines = File.ReadAllLines(process.LogFile);
        return Enumerable.Range(0, lines.Length)
            .Where(at => lines[at].Contains("unexpected fault", StringComparison.Ordinal) || lines[at].StartsWith("fail:", StringComparison.Ordinal))
            .Take(5)
            .SelectMany(at => lines.Skip(at).Take(25).Prepend($"--- {process.Name}, line {at + 1} of its log:"));
    }

    // A connection breaks when the gateway itself is killed, and only then.
    private bool WhileGatewayWasAway(Answer answer) => suffered.Where(outage => outage.Outage.Name == "gateway")
        .Any(outage => answer.Began + answer.Took >= outage.From - TimeSpan.FromSeconds(2) && answer.Began <= outage.To + TimeSpan.FromSeconds(30));

    private async Task<long> CountAsync(string service, string sql)
    {
        await using var source = NpgsqlDataSource.Create(House.Services[service].Database!.ConnectionString);
        return (long)(await source.CreateCommand(sql).ExecuteScalarAsync(Ct))!;
    }

    private Task KillAsync(string service) => House.Services[service].KillAsync();

    private Task StartAsync(string service) => House.Services[service].StartAsync();

    private void Say(string what) => output.WriteLine($"{clock.Elapsed.TotalSeconds,6:0.0} s  {what}");

    /// <summary>A part goes and comes back.</summary>
    /// <param name="Name">The part.</param>
    /// <param name="Down">The services that cannot answer without it.</param>
    /// <param name="Break">Takes it away.</param>
    /// <param name="Mend">Brings it back.</param>
    private sealed record Outage(string Name, string[] Down, Func<Task> Break, Func<Task> Mend);
}
