using System.Globalization;
using GoldenThread.Cli.House;
using GoldenThread.Demo.Seeding;
using GoldenThread.Infrastructure;
using Npgsql;

namespace GoldenThread.Benchmarks.Product;

/// <summary>
/// The product as users run it: what <c>./gt up</c> starts, in a home of its own, on a private PostgreSQL that waits for the disk and a RabbitMQ of its
/// own. Only the gateway's rate limit is off. It ends with this process, and its data with it.
/// </summary>
internal sealed class BenchHouse : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(30);
    private List<Keeper> keepers = [];

    /// <summary>The services and the gateway.</summary>
    public static IReadOnlyList<string> Lodgers { get; } = [.. Lodger.Present.Select(lodger => lodger.Name)];

    /// <summary>Where callers come in, on 127.0.0.1.</summary>
    public static int GatewayPort => Deeds.Read().Ports["gateway"];

    /// <summary>Chooses the home; before anything else looks at <see cref="Tree"/>.</summary>
    public static void ChooseHome()
    {
        Environment.SetEnvironmentVariable("GT_HOME", Path.Combine(Path.GetTempPath(), $"gt-bench-{Secrets.ShortName()}"));
        Environment.SetEnvironmentVariable("GT_POSTGRES", null);
        Environment.SetEnvironmentVariable("GT_RABBITMQ", null);
        Environment.SetEnvironmentVariable("Gateway__RateLimit__Requests", "0");
    }

    /// <summary>Makes a house and starts it.</summary>
    public static async Task<BenchHouse> OpenAsync()
    {
        Tree.MakeFolders();
        var house = new BenchHouse();
        try
        {
            await house.UpAsync();
            // PostgreSQL then keeps when each transaction committed: that is how long news takes, read off without anybody looking on.
            await ExecuteAsync("postgres", "alter system set track_commit_timestamp = on");
            await house.DownAsync();
            await house.UpAsync();
            return house;
        }
        catch
        {
            await house.DisposeAsync();
            throw;
        }
    }

    /// <summary>Starts it, as users do.</summary>
    /// <param name="build">Whether <c>./gt up</c> first looks if everything is built, which it is.</param>
    public async Task UpAsync(bool build = false)
    {
        string[] command = [Tree.File("gt"), "up", "--no-seed", .. build ? Array.Empty<string>() : ["--no-build"]];
        await Command.RunAsync(command, workingFolder: Tree.Root);
        Keep([.. RunningHouse.ReadWhole().Tenants.Select(tenant => tenant.Mark)]);
    }

    /// <summary>Stops it; data stays.</summary>
    public async Task DownAsync()
    {
        await Command.RunAsync([Tree.File("gt"), "down"], workingFolder: Tree.Root);
        Forget();
    }

    /// <summary>A database of the house as the superuser.</summary>
    public static string Superuser(string database)
    {
        var deeds = Deeds.Read();
        return new NpgsqlConnectionStringBuilder
        {
            Host = "127.0.0.1",
            Port = deeds.Ports["postgres"],
            Username = "postgres",
            Password = deeds.Secret("postgres"),
            Database = database,
            CommandTimeout = 0,
        }.ConnectionString;
    }

    /// <summary>Runs SQL as the superuser, however long it takes.</summary>
    public static async Task<int> ExecuteAsync(string database, string sql)
    {
        await using var source = NpgsqlDataSource.Create(Superuser(database));
        await using var command = source.CreateCommand(sql);
        return await command.ExecuteNonQueryAsync();
    }

    /// <summary>Reads rows as the superuser.</summary>
    public static async Task<List<T>> QueryAsync<T>(string database, string sql, Func<NpgsqlDataReader, T> read)
    {
        await using var source = NpgsqlDataSource.Create(Superuser(database));
        await using var command = source.CreateCommand(sql);
        await using var reader = await command.ExecuteReaderAsync();
        var rows = new List<T>();
        while (await reader.ReadAsync())
        {
            rows.Add(read(reader));
        }

        return rows;
    }

    /// <summary>A token of the trust's data lead; good for an hour.</summary>
    public static Task<string> TokenAsync() => SignIn.TokenAsync($"http://127.0.0.1:{GatewayPort}", "data-lead");

    /// <summary>The public API in the data lead's name.</summary>
    public static async Task<RestApi> ApiAsync() =>
        new(new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{GatewayPort}"), Timeout = Patience }, await TokenAsync());

    /// <summary>Waits until every event has been told, heard and worked through, so that the next measurement has the machine to itself.</summary>
    public static Task QuietAsync() => Waiting.UntilAsync(
        "the house is quiet",
        // A message counts until its work is committed; what that work tells lies in an outbox by then, so these are looked at again.
        async () => await NothingToTellAsync() && await NothingToHearAsync() && await NothingToTellAsync(),
        Patience, CancellationToken.None);

    /// <summary>Resident memory of a process of the house in megabytes.</summary>
    public static double ResidentMegabytes(string lodger) =>
        ResidentMegabytes(RunningHouse.ReadWhole().Tenants.Single(tenant => tenant.Name == lodger).Mark.Pid);

    /// <summary>Resident memory of a process in megabytes.</summary>
    public static double ResidentMegabytes(int pid)
    {
        var line = File.ReadLines($"/proc/{pid}/status").Single(text => text.StartsWith("VmRSS:", StringComparison.Ordinal));
        return double.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) / 1024;
    }

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        await RunningHouse.Read().StopAsync();
        foreach (var folder in new[] { Tree.Data, Tree.State }.Where(Directory.Exists))
        {
            Directory.Delete(folder, recursive: true);
        }

        Forget();
    }

    private static async Task<bool> NothingToTellAsync()
    {
        foreach (var service in Lodger.Services)
        {
            if (await CountAsync(service.Name, "outbox") > 0)
                return false;
        }

        return await CountAsync("reporting", "summary_due") == 0;
    }

    // Asks the queues themselves, since what `list_queues` says of quorum queues is up to five seconds old.
    private static async Task<bool> NothingToHearAsync()
    {
        const string Waiting = $"""
            lists:sum([begin
                {"{ok, {_, N}, _}"} = ra:local_query(amqqueue:get_pid(Q), fun rabbit_fifo:query_messages_total/1), N
            end || Q <- rabbit_amqqueue:list(<<"{PrivateRabbit.User}">>), amqqueue:is_quorum(Q)]).
            """;
        return (await Command.RunAsync([Path.Combine(Tree.Data, "rabbit", "rabbitmqctl"), "eval", Waiting])).Trim() == "0";
    }

    private static async Task<long> CountAsync(string database, string table) =>
        (await QueryAsync(database, $"select count(*) from {table}", row => row.GetInt64(0)))[0];

    private void Keep(ProcessMark[] marks) => keepers = [new Keeper(Tree.Data, marks), new Keeper(Tree.State)];

    private void Forget()
    {
        keepers.ForEach(keeper => keeper.Dispose());
        keepers = [];
    }
}
