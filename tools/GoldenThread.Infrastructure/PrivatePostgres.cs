using System.Globalization;
using Npgsql;

namespace GoldenThread.Infrastructure;

/// <summary>How a private PostgreSQL is to be.</summary>
public sealed record PrivatePostgresOptions
{
    /// <summary>Its folder: data, log and password file. Must be reachable by the user <c>postgres</c> when we are root.</summary>
    public required string Folder { get; init; }

    /// <summary>The password of the superuser <c>postgres</c>.</summary>
    public required string Password { get; init; }

    /// <summary>The port wanted on 127.0.0.1; 0, or one that is taken, means any free one.</summary>
    public int Port { get; init; }

    /// <summary>False for throw-away data: commits do not wait for the disk.</summary>
    public bool Durable { get; init; } = true;

    /// <summary>Connections allowed at once.</summary>
    public int MaxConnections { get; init; } = 300;

    /// <summary>Where its log goes; null: <c>postgres.log</c> in the folder's own log folder.</summary>
    public string? LogFile { get; init; }
}

/// <summary>A PostgreSQL of our own on 127.0.0.1: created where there is none, started, verified to be ours, stopped.</summary>
public sealed class PrivatePostgres : IAsyncDisposable
{
    private readonly PrivatePostgresOptions options;
    private readonly string binaries;
    private readonly string? user = SystemUser.For("postgres");
    private ChildProcess? server;

    private PrivatePostgres(PrivatePostgresOptions options, string binaries)
    {
        this.options = options;
        this.binaries = binaries;
    }

    /// <summary>The port it listens on; stays the same over <see cref="StopAsync"/> and <see cref="StartAgainAsync"/>.</summary>
    public int Port { get; private set; }

    /// <summary>The running server's process.</summary>
    public ProcessMark Process => server?.Mark ?? throw new InfrastructureException("PostgreSQL is not running");

    /// <summary>Connects as superuser to the database <c>postgres</c>.</summary>
    public string ConnectionString => ConnectionStringFor("postgres", "postgres", options.Password);

    private string DataFolder => Path.Combine(options.Folder, "data");

    private string LogFile => options.LogFile ?? Path.Combine(options.Folder, "postgres.log");

    /// <summary>The folder of PostgreSQL's programs, highest version first; null when it is not installed.</summary>
    public static string? FindBinaries()
    {
        var debian = Directory.Exists("/usr/lib/postgresql")
            ? Directory.GetDirectories("/usr/lib/postgresql")
                .OrderByDescending(folder => int.TryParse(Path.GetFileName(folder), out var version) ? version : 0)
                .Select(folder => Path.Combine(folder, "bin"))
                .FirstOrDefault(folder => File.Exists(Path.Combine(folder, "initdb")))
            : null;
        return debian ?? Path.GetDirectoryName(Command.Find("initdb"));
    }

    /// <summary>Starts the instance in the folder, creating it where the folder holds none.</summary>
    public static async Task<PrivatePostgres> StartAsync(PrivatePostgresOptions options, CancellationToken cancellation = default)
    {
        var binaries = FindBinaries() ?? throw new InfrastructureException("PostgreSQL is not installed: no `initdb` was found");
        var postgres = new PrivatePostgres(options, binaries);
        await postgres.CreateAsync(cancellation);

        // Somebody may take the port between our look and the server's: then try another.
        for (var attempt = 1; ; attempt++)
        {
            postgres.Port = options.Port == 0 || attempt > 1 ? FreePorts.Take() : FreePorts.TakeOrPrefer(options.Port);
            try
            {
                await postgres.StartAgainAsync(cancellation);
                return postgres;
            }
            catch (InfrastructureException) when (attempt < 3 && !FreePorts.IsFree(postgres.Port))
            {
            }
        }
    }

    /// <summary>A connection string to a database of this instance.</summary>
    public string ConnectionStringFor(string database, string username, string password) =>
        new NpgsqlConnectionStringBuilder
        {
            Host = "127.0.0.1",
            Port = Port,
            Database = database,
            Username = username,
            Password = password,
        }.ConnectionString;

    /// <summary>Starts it on its port, after a stop or a kill.</summary>
    public async Task StartAgainAsync(CancellationToken cancellation = default)
    {
        string[] settings =
        [
            "listen_addresses=127.0.0.1",
            $"port={Port}",
            "unix_socket_directories=",
            $"max_connections={options.MaxConnections.ToString(CultureInfo.InvariantCulture)}",
            "shared_buffers=256MB",
            "timezone=UTC",
            "log_timezone=UTC",
            "logging_collector=off",
            .. options.Durable ? Array.Empty<string>() : ["fsync=off", "synchronous_commit=off", "full_page_writes=off"],
        ];
        string[] command =
        [
            Path.Combine(binaries, "postgres"), "-D", DataFolder,
            .. settings.SelectMany(setting => new[] { "-c", setting }),
        ];
        server = await ChildProcess.StartAsync("postgres", SystemUser.Wrap(user, command), LogFile);
        try
        {
            await server.ReadyAsync(() => AnswersAsOursAsync(cancellation), TimeSpan.FromSeconds(60), cancellation);
        }
        catch
        {
            await server.KillAsync();
            throw;
        }
    }

    /// <summary>Stops it: open transactions are rolled back, data is written out.</summary>
    public async Task StopAsync()
    {
        if (server is not null)
            await server.Mark.StopAsync(ProcessSignal.Interrupt, TimeSpan.FromSeconds(30));
        server = null;
    }

    /// <summary>Stops it at once, as a crash would (its helpers end with it); the next start recovers from the log.</summary>
    public async Task KillAsync()
    {
        if (server is not null)
            await server.Mark.StopAsync(ProcessSignal.Quit, TimeSpan.FromSeconds(10));
        server = null;
    }

    /// <summary>Ends it at once, if it still runs.</summary>
    public async ValueTask DisposeAsync() => await KillAsync();

    private async Task CreateAsync(CancellationToken cancellation)
    {
        Directory.CreateDirectory(options.Folder);
        if (File.Exists(Path.Combine(DataFolder, "PG_VERSION")))
            return;

        await SystemUser.MakePrivateFolderAsync(DataFolder, user);
        var passwordFile = Path.Combine(options.Folder, "initial-password");
        await SystemUser.WritePrivateFileAsync(passwordFile, options.Password, user);
        try
        {
            // C.UTF-8 sorts alike on every machine; where a report wants a language's order it names an ICU collation.
            string[] locale = OperatingSystem.IsMacOS() ? ["--lc-collate=C", "--lc-ctype=UTF-8"] : ["--locale=C.UTF-8"];
            string[] durability = options.Durable ? [] : ["--no-sync"];
            string[] command =
            [
                Path.Combine(binaries, "initdb"), "-D", DataFolder, "--username=postgres", $"--pwfile={passwordFile}",
                "--auth=scram-sha-256", "--encoding=UTF8", .. locale, .. durability,
            ];
            await Command.RunAsync(SystemUser.Wrap(user, command), cancellation: cancellation);
        }
        finally
        {
            File.Delete(passwordFile);
        }
    }

    private async Task<bool> AnswersAsOursAsync(CancellationToken cancellation)
    {
        try
        {
            var connectionString = new NpgsqlConnectionStringBuilder(ConnectionString) { Pooling = false, Timeout = 5 }.ConnectionString;
            await using var connection = new NpgsqlConnection(connectionString);
            await connection.OpenAsync(cancellation);
            await using var command = new NpgsqlCommand("show data_directory", connection);
            var folder = (string?)await command.ExecuteScalarAsync(cancellation);
            return folder == DataFolder
                ? true
                : throw new InfrastructureException($"another PostgreSQL ({folder}) answers on port {Port}");
        }
        catch (PostgresException e) when (e.SqlState == PostgresErrorCodes.CannotConnectNow)
        {
            return false;
        }
        catch (PostgresException e)
        {
            throw new InfrastructureException($"what answers on port {Port} does not know our password: {e.MessageText}", e);
        }
        catch (NpgsqlException)
        {
            return false;
        }
    }
}
