using GoldenThread.Benchmarks.Load;
using GoldenThread.Cli.House;
using GoldenThread.Infrastructure;

namespace GoldenThread.Benchmarks.Product;

/// <summary>
/// An assessment service, and a gateway before it, on a database of their own that was filled by SQL: as many results as one asks for, 30 of each pupil.
/// They believe the tokens of the house.
/// </summary>
internal sealed class StoredResults : IAsyncDisposable
{
    private const int PerPupil = 30;
    private readonly List<(ChildProcess Process, Keeper Keeper)> children = [];

    // A whole trust's rows in a few statements, in the order in which pupils and their sittings come. Every index of the product is in place.
    private const string Fill = """
        insert into access_grant (grant_id, version, issuer, subject, role, valid_from)
        values (gen_random_uuid(), 1, '{issuer}', 'data-lead', {role}, now() - interval '1 day');
        insert into subject (code, name) select 'subject-' || s, 'Subject ' || s from generate_series(0, 9) s;
        insert into scale (code, name, kind, lowest_score, highest_score, decimals) values ('standardised', 'Standardised score', 1, 60, 140, 0);
        insert into test (test_id, name, subject, scale, year_groups)
        select md5('test' || s)::uuid, 'Test ' || s, 'subject-' || s, 'standardised', '{4}' from generate_series(0, 9) s;
        insert into pupil (pupil_id, version, erased) select md5('pupil' || p)::uuid, 1, false from generate_series(1, {pupils}) p;
        insert into pupil_enrolment (pupil_id, school_urn, from_on, is_main, year_group)
        select md5('pupil' || p)::uuid, 900001 + p / 500, '2024-09-01', true, '4' from generate_series(1, {pupils}) p;
        insert into result (school_urn, result_id, pupil_id, test_id, collection_id, sitting, source, year_group, score, version, recorded_at, change_set_id)
        select 900001 + p / 500, md5('result' || p || '-' || r)::uuid, md5('pupil' || p)::uuid, md5('test' || r % 10)::uuid, md5('window' || r / 10)::uuid,
               date '2025-10-01' + 60 * (r / 10), 'import', '4', 70 + (p * 7 + r) % 60, 1, now(), md5('file' || p / 1000)::uuid
        from generate_series(1, {pupils}) p cross join generate_series(0, {perPupil} - 1) r;
        """;

    private StoredResults(int pupils, int gatewayPort)
    {
        Pupils = pupils;
        GatewayPort = gatewayPort;
    }

    /// <summary>How many pupils there are.</summary>
    public int Pupils { get; }

    /// <summary>Where callers come in, on 127.0.0.1.</summary>
    public int GatewayPort { get; }

    /// <summary>Fills a database and starts the two.</summary>
    /// <param name="name">Name of the database.</param>
    /// <param name="results">How many results to store.</param>
    public static async Task<StoredResults> StartAsync(string name, int results)
    {
        var deeds = Deeds.Read();
        var rabbit = new Uri($"amqp://{PrivateRabbit.User}:{deeds.Secret("rabbit")}@127.0.0.1:{deeds.Ports["rabbit"]}/{name}");
        var settings = new Cli.House.Settings(rabbit, deeds);
        var service = Lodger.Services.Single(lodger => lodger.Name == "assessment");
        var gateway = Lodger.Present.Single(lodger => lodger.Kind == LodgerKind.Gateway);
        var database = await ServiceDatabase.MakeAsync(BenchHouse.Superuser("postgres"), name, deeds);
        var ports = FreePorts.Take(4);
        var stored = new StoredResults(results / PerPupil, ports[2]);
        try
        {
            await stored.FillAsync(name, service, settings, database);
            await PrivateRabbit.AddVirtualHostAsync(Path.Combine(Tree.Data, "rabbit", "rabbitmqctl"), PrivateRabbit.User, name);
            await stored.RunAsync($"{name}-service", service, ports[1], settings.For(service, database), new()
            {
                ["Service__GrpcPort"] = $"{ports[0]}",
                ["Service__HealthPort"] = $"{ports[1]}",
            });
            await stored.RunAsync($"{name}-gateway", gateway, ports[2], settings.For(gateway, null), new()
            {
                ["Gateway__HttpPort"] = $"{ports[2]}",
                ["Gateway__GrpcPort"] = $"{ports[3]}",
                ["Services__Assessment"] = $"http://127.0.0.1:{ports[0]}",
            });
            return stored;
        }
        catch
        {
            await stored.DisposeAsync();
            throw;
        }
    }

    /// <summary>Reads of one pupil after the other, far apart.</summary>
    public Func<byte[]> Reads(string token)
    {
        var at = 0L;
        return () =>
        {
            var pupil = 1 + (Interlocked.Increment(ref at) * 7919 % Pupils);
            var id = new Guid(Convert.ToHexString(System.Security.Cryptography.MD5.HashData(System.Text.Encoding.ASCII.GetBytes($"pupil{pupil}"))));
            return Request.Get($"/v1/pupils/{id}/results", token);
        };
    }

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        await Task.WhenAll(children.Select(child => child.Process.StopAsync(TimeSpan.FromSeconds(20))));
        children.ForEach(child => child.Keeper.Dispose());
    }

    private async Task FillAsync(string name, Lodger service, Cli.House.Settings settings, ServiceDatabase database)
    {
        var environment = settings.For(service, database);
        environment["Database__OwnerConnectionString"] = database.Owner;
        await Command.RunAsync(["dotnet", service.Program, "migrate"], environment, service.Folder);
        var role = (await BenchHouse.QueryAsync("assessment", "select role from access_grant where subject = 'data-lead' limit 1", row => row.GetInt16(0)))[0];
        await BenchHouse.ExecuteAsync(name, Fill
            .Replace("{issuer}", settings.GatewayUrl, StringComparison.Ordinal)
            .Replace("{role}", $"{role}", StringComparison.Ordinal)
            .Replace("{pupils}", $"{Pupils}", StringComparison.Ordinal)
            .Replace("{perPupil}", $"{PerPupil}", StringComparison.Ordinal));
        await BenchHouse.ExecuteAsync(name, "vacuum analyze");
    }

    private async Task RunAsync(string name, Lodger lodger, int healthPort, Dictionary<string, string?> environment, Dictionary<string, string?> own)
    {
        foreach (var (variable, value) in own)
        {
            environment[variable] = value;
        }

        using var http = new HttpClient { Timeout = TimeSpan.FromSeconds(5) };
        var child = await ChildProcess.StartAsync(name, ["dotnet", lodger.Program], Path.Combine(Tree.Logs, $"{name}.log"), environment, lodger.Folder);
        children.Add((child, new Keeper(child.LogFile, child.Mark)));
        await child.ReadyAsync(() => Probe.IsReadyAsync(http, $"http://127.0.0.1:{healthPort}/health/ready"), TimeSpan.FromSeconds(90));
    }
}
