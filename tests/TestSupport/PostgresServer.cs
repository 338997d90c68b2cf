using GoldenThread.Infrastructure;
using Npgsql;

namespace GoldenThread.TestSupport;

/// <summary>
/// One PostgreSQL for the whole test process: the one that <c>GT_TEST_POSTGRES</c> names (`./gt test` starts it for all), otherwise a private one
/// that ends with the process. It does not wait for the disk. A test class that breaks its server has <see cref="StartOwnAsync"/>.
/// </summary>
public sealed class PostgresServer : IAsyncDisposable
{
    private static readonly Lazy<Task<PostgresServer>> Shared = new(StartAsync);

    private readonly PrivatePostgres? own;
    private readonly OwnServerWatch? watch;

    private PostgresServer(string connectionString) => ConnectionString = connectionString;

    private PostgresServer(PrivatePostgres own, OwnServerWatch watch)
        : this(own.ConnectionString)
    {
        this.own = own;
        this.watch = watch;
        watch.Over(own.Process);
    }

    /// <summary>A superuser's connection string to the database <c>postgres</c>.</summary>
    public string ConnectionString { get; }

    /// <summary>The server of this process.</summary>
    public static Task<PostgresServer> SharedAsync() => Shared.Value;

    /// <summary>A server of the caller's own, which waits for the disk and can be crashed.</summary>
    public static async Task<PostgresServer> StartOwnAsync()
    {
        var folder = ThrowAway.NewFolder("postgres");
        var postgres = await PrivatePostgres.StartAsync(new PrivatePostgresOptions { Folder = folder, Password = Secrets.New() });
        return new PostgresServer(postgres, new OwnServerWatch(folder));
    }

    /// <summary>Stops one's own server at once, as a crash would.</summary>
    public Task CrashAsync() => Own.KillAsync();

    /// <summary>Starts one's own server on the same port; it recovers from its log.</summary>
    public async Task StartAgainAsync()
    {
        await Own.StartAgainAsync();
        watch!.Over(Own.Process);
        // What this process keeps open to it broke with it.
        NpgsqlConnection.ClearAllPools();
    }

    /// <summary>Ends one's own server; the shared one ends with the process.</summary>
    public async ValueTask DisposeAsync()
    {
        if (own is not null)
        {
            await own.DisposeAsync();
            watch!.End();
        }
    }

    /// <summary>A connection string to another database, as another user.</summary>
    public string ConnectionStringFor(string database, string username, string password) =>
        new NpgsqlConnectionStringBuilder(ConnectionString) { Database = database, Username = username, Password = password }.ConnectionString;

    /// <summary>Runs SQL as superuser, on its own connection outside the pool.</summary>
    public async Task ExecuteAsync(string sql, string database = "postgres")
    {
        var builder = new NpgsqlConnectionStringBuilder(ConnectionString) { Pooling = false, Database = database };
        await using var connection = new NpgsqlConnection(builder.ConnectionString);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }

    private PrivatePostgres Own => own ?? throw new InvalidOperationException("this server is shared: other tests need it");

    private static async Task<PostgresServer> StartAsync()
    {
        if (Environment.GetEnvironmentVariable("GT_TEST_POSTGRES") is { Length: > 0 } given)
            return new PostgresServer(given);

        var folder = ThrowAway.NewFolder("postgres");
        var postgres = await PrivatePostgres.StartAsync(new PrivatePostgresOptions
        {
            Folder = folder,
            Password = Secrets.New(),
            Durable = false,
        });
        ThrowAway.UntilProcessExit(folder, postgres.Process);
        return new PostgresServer(postgres.ConnectionString);
    }
}
