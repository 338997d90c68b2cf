using System.Reflection;
using GoldenThread.Infrastructure;
using GoldenThread.TestSupport;
using GoldenThread.Tracking.Consumers;
using GoldenThread.Tracking.V1;
using GoldenThread.Type.V1;
using Grpc.Core;
using Grpc.Health.V1;
using Grpc.Net.Client;
using Npgsql;

[assembly: CollectionBehavior(MaxParallelThreads = 2)]

namespace GoldenThread.ServiceDefaults.Tests;

/// <summary>
/// The tracking service as a process of its own, which can be told to end and started again, with a database and a virtual host that no other
/// specimen shares. The caller "lead" is an administrator by configuration.
/// </summary>
internal sealed class Specimen : IAsyncDisposable
{
    /// <summary>The specimen's program.</summary>
    public static readonly Assembly Program = typeof(ResultsRecordedConsumer).Assembly;

    private static readonly TemplateDatabase Migrated = new("tracking", (owner, role) => Migrator.RunAsync(owner, role, new MigrationSet(Program)));
    private static readonly TemplateDatabase Empty = new("tracking", (_, _) => Task.CompletedTask);

    private readonly int grpcPort;
    private readonly int healthPort;
    private readonly string log = Path.Combine(Path.GetTempPath(), $"gt-specimen-{Secrets.ShortName()}.log");
    private readonly List<string> settings;
    private readonly GrpcChannel channel;
    private readonly HttpClient http = new() { Timeout = TimeSpan.FromSeconds(10) };
    private readonly TestIssuer issuer;
    private ChildProcess? process;
    private Keeper? keeper;

    private Specimen(TestIssuer issuer, string connectionString, params string[] more)
    {
        var ports = FreePorts.Take(2);
        (grpcPort, healthPort) = (ports[0], ports[1]);
        this.issuer = issuer;
        channel = GrpcChannel.ForAddress(Address);
        Lead = new Metadata { { "authorization", $"Bearer {issuer.Token("lead", "schools.write pupils.read pupils.write grants.write")}" } };
        settings =
        [
            $"--Service:GrpcPort={grpcPort}", $"--Service:HealthPort={healthPort}",
            $"--Database:ConnectionString={connectionString}",
            $"--Identity:Issuers:0:Authority={issuer.Authority}", $"--Identity:Issuers:0:InternalAudience={TestIssuer.InternalAudience}",
            "--Identity:Client:Id=svc-tracking", "--Identity:Client:Secret=test", $"--Identity:Client:TokenEndpoint={issuer.TokenEndpoint}",
            "--Services:Assessment=http://127.0.0.1:9",
            $"--Tracking:BootstrapAdministrators:0:Issuer={issuer.Authority}", "--Tracking:BootstrapAdministrators:0:Subject=lead",
            "--Tracking:BootstrapAdministrators:0:Role=DataLead",
            .. more,
        ];
    }

    /// <summary>Where it serves gRPC.</summary>
    public string Address => $"http://127.0.0.1:{grpcPort}";

    /// <summary>Whose tokens it takes.</summary>
    public TestIssuer Issuer => issuer;

    /// <summary>Headers of the trust's data lead.</summary>
    public Metadata Lead { get; }

    public SchoolService.SchoolServiceClient Schools => new(channel);

    public PupilService.PupilServiceClient Pupils => new(channel);

    public GrantService.GrantServiceClient Grants => new(channel);

    public RosterService.RosterServiceClient Rosters => new(channel);

    public Health.HealthClient Health => new(channel);

    /// <summary>Its database; null where it was given the address of none.</summary>
    public TestDatabase? Database { get; private init; }

    /// <summary>Its broker; null where it has none.</summary>
    public (RabbitServer Server, string VirtualHost)? Rabbit { get; private init; }

    /// <summary>A migrated database by itself.</summary>
    public static Task<TestDatabase> DatabaseAsync() => Migrated.CloneAsync();

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    /// <summary>With a migrated database and a broker, running and ready.</summary>
    /// <param name="more">Settings that differ.</param>
    public static async Task<Specimen> StartedAsync(params string[] more)
    {
        var specimen = await MadeAsync(more);
        await specimen.StartAsync();
        await specimen.process!.ReadyAsync(async () => await specimen.ReadyWordsAsync() == "ready", TimeSpan.FromMinutes(2), Ct);
        await specimen.TrueAsync("select exists (select from access_grant where subject = 'lead')");
        return specimen;
    }

    /// <summary>Like <see cref="StartedAsync"/>, but as soon as it answers, ready or not.</summary>
    /// <param name="more">Settings that differ.</param>
    public static async Task<Specimen> StartedUnreadyAsync(params string[] more)
    {
        var specimen = await MadeAsync(more);
        await specimen.StartAsync();
        await specimen.process!.ReadyAsync(async () => await specimen.ReadyWordsAsync() is not null, TimeSpan.FromMinutes(2), Ct);
        return specimen;
    }

    private static async Task<Specimen> MadeAsync(string[] different)
    {
        var database = await Migrated.CloneAsync();
        var rabbit = await RabbitServer.SharedAsync();
        var virtualHost = await rabbit.AddVirtualHostAsync();
        var issuer = await TestIssuer.StartAsync();
        string[] more =
        [
            $"--Rabbit:Host={rabbit.Host}", $"--Rabbit:Port={rabbit.Port}", $"--Rabbit:VirtualHost={virtualHost}",
            $"--Rabbit:User={rabbit.User}", $"--Rabbit:Password={rabbit.Password}",
            .. different,
        ];
        return new Specimen(issuer, database.ConnectionString, more) { Database = database, Rabbit = (rabbit, virtualHost) };
    }

    /// <summary>Running with an empty database or the address of none, without a broker.</summary>
    /// <param name="hasDatabase">Whether the address is that of a database.</param>
    /// <param name="isDatabaseHidden">Whether it goes by another name until <see cref="ShowDatabaseAsync"/>.</param>
    public static async Task<Specimen> StartedBareAsync(bool hasDatabase, bool isDatabaseHidden = false)
    {
        var database = hasDatabase ? await Empty.CloneAsync() : null;
        if (isDatabaseHidden)
        {
            await RenameAsync(database!.Name, Hidden(database));
        }

        string[] more = ["--Rabbit:Host=127.0.0.1", $"--Rabbit:Port={FreePorts.Take()}", "--Rabbit:User=nobody", "--Rabbit:Password=none"];
        var connectionString = database?.ConnectionString ?? $"Host=127.0.0.1;Port={FreePorts.Take()};Database=none;Username=nobody";
        var specimen = new Specimen(await TestIssuer.StartAsync(), connectionString, more) { Database = database };
        await specimen.StartAsync();
        await specimen.process!.ReadyAsync(async () => await specimen.ReadyWordsAsync() is not null, TimeSpan.FromMinutes(2), Ct);
        return specimen;
    }

    /// <summary>Gives a hidden database its name.</summary>
    public Task ShowDatabaseAsync() => RenameAsync(Hidden(Database!), Database!.Name);

    /// <summary>Runs one of the program's commands.</summary>
    public static Task<Command.Outcome> RunAsync(params string[] command) =>
        Command.TryAsync(["dotnet", Program.Location, .. command], workingFolder: Path.GetDirectoryName(Program.Location), cancellation: Ct);

    /// <summary>Starts the process, again where it has ended.</summary>
    public async Task StartAsync()
    {
        process = await ChildProcess.StartAsync(
            "specimen", ["dotnet", Program.Location, .. settings], log, workingFolder: Path.GetDirectoryName(Program.Location));
        // It must not outlive the tests, however these end.
        keeper?.Dispose();
        keeper = new Keeper(log, process.Mark);
    }

    /// <summary>Tells it to end (SIGTERM), and does not wait.</summary>
    public void Terminate() => Assert.True(process!.Mark.Send(ProcessSignal.Terminate));

    /// <summary>Whether it has ended by itself before the limit.</summary>
    public Task<bool> EndsAsync(TimeSpan limit) => process!.Mark.GoneAsync(limit);

    /// <summary>What /health/ready says; null where nobody answers.</summary>
    public async Task<string?> ReadyWordsAsync() => (await AskAsync("ready"))?.Words;

    /// <summary>Status and words of one of its health addresses; null where nobody answers.</summary>
    public async Task<(int Status, string Words)?> AskAsync(string health)
    {
        try
        {
            using var answer = await http.GetAsync($"http://127.0.0.1:{healthPort}/health/{health}", Ct);
            return ((int)answer.StatusCode, await answer.Content.ReadAsStringAsync(Ct));
        }
        catch (HttpRequestException)
        {
            return null;
        }
    }

    /// <summary>The lead's headers with one more.</summary>
    public Metadata LeadWith(string name, string value) => new() { { name, value }, Lead[0] };

    /// <summary>What its log says so far.</summary>
    public Task<string> LogAsync() => File.ReadAllTextAsync(log, Ct);

    /// <summary>Adds a school and gives back its URN.</summary>
    public async Task<int> PutSchoolAsync(int urn, string? purpose = null)
    {
        var school = new School { Name = $"School {urn}", Phase = Phase.Primary, Memberships = { new TrustMembership { From = "2015-09-01" } } };
        await Schools.PutSchoolAsync(new() { SchoolUrn = urn, School = school }, For(purpose), cancellationToken: Ct);
        return urn;
    }

    /// <summary>Adds a pupil and gives back the id.</summary>
    public async Task<string> AddPupilAsync(int urn)
    {
        var pupil = new NewPupil { Forename = "Ada", Surname = "Brook", BornOn = "2020-12-10", Sex = Sex.Female, YearGroup = "R", From = "2025-09-03" };
        return (await Pupils.CreatePupilAsync(new() { SchoolUrn = urn, Pupil = pupil }, Lead, cancellationToken: Ct)).Pupil.PupilId;
    }

    /// <summary>Reads a pupil's name.</summary>
    public async Task ReadPupilAsync(string pupilId, string? purpose = null) =>
        await Pupils.GetPupilAsync(new() { PupilId = pupilId, On = "2025-10-01" }, For(purpose), cancellationToken: Ct);

    /// <summary>Rows out of its database, as a superuser.</summary>
    public async Task<List<T>> RowsAsync<T>(string sql, Func<NpgsqlDataReader, T> read)
    {
        await using var connection = await SuperuserAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        await using var reader = await command.ExecuteReaderAsync(Ct);
        var rows = new List<T>();
        while (await reader.ReadAsync(Ct))
        {
            rows.Add(read(reader));
        }

        return rows;
    }

    /// <summary>One value out of its database.</summary>
    public async Task<T> ScalarAsync<T>(string sql) => Assert.Single(await RowsAsync(sql, row => row.GetFieldValue<T>(0)));

    /// <summary>Waits until a question to its database is answered with yes.</summary>
    public Task TrueAsync(string sql) => Eventually.Async(() => ScalarAsync<bool>(sql), sql);

    /// <summary>Changes something in its database as a superuser.</summary>
    public async Task ExecuteAsync(string sql) => await (await PostgresServer.SharedAsync()).ExecuteAsync(sql, Database!.Name);

    /// <summary>Lets nobody write to a table until the answer is disposed of.</summary>
    public async Task<NpgsqlConnection> HoldAsync(string table)
    {
        var connection = await SuperuserAsync();
        await using var command = new NpgsqlCommand($"begin; lock table {table} in exclusive mode", connection);
        await command.ExecuteNonQueryAsync(Ct);
        return connection;
    }

    /// <summary>Waits until a write to the held table waits.</summary>
    public Task HeldUpAsync(string table) =>
        TrueAsync($"select exists (select from pg_locks where relation = '{table}'::regclass and not granted)");

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        if (process is not null)
        {
            await process.StopAsync(TimeSpan.FromSeconds(25));
        }

        keeper?.Dispose();
        File.Delete(log);
        channel.Dispose();
        http.Dispose();
        await issuer.DisposeAsync();
    }

    private static string Hidden(TestDatabase database) => $"{database.Name}_hidden";

    private static async Task RenameAsync(string name, string to) => await (await PostgresServer.SharedAsync()).ExecuteAsync($"alter database {name} rename to {to}");

    private Metadata For(string? purpose) => purpose is null ? Lead : LeadWith("purpose", purpose);

    private async Task<NpgsqlConnection> SuperuserAsync()
    {
        var server = await PostgresServer.SharedAsync();
        var builder = new NpgsqlConnectionStringBuilder(server.ConnectionString) { Pooling = false, Database = Database!.Name };
        var connection = new NpgsqlConnection(builder.ConnectionString);
        await connection.OpenAsync(Ct);
        return connection;
    }
}
