using System.Collections.Concurrent;
using Dapper;
using GoldenThread.Infrastructure;
using GoldenThread.ServiceDefaults;
using GoldenThread.TestSupport;
using GoldenThread.Tracking.Events.V1;
using GoldenThread.Tracking.Tests;
using GoldenThread.Tracking.V1;
using GoldenThread.Type.V1;
using Grpc.Net.Client;
using MassTransit;
using Npgsql;

[assembly: AssemblyFixture(typeof(TrackingHouse))]
[assembly: CollectionBehavior(MaxParallelThreads = 2)]

namespace GoldenThread.Tracking.Tests;

/// <summary>
/// The tracking service as it runs: its own Main on real ports, a real PostgreSQL built by the real migrator, a real RabbitMQ and an issuer.
/// One for all tests; each test makes schools and pupils of its own. Its first administrators come from configuration.
/// </summary>
public sealed class TrackingHouse : IAsyncLifetime
{
    public const string AllScopes =
        "schools.read schools.write people.read people.write grants.read grants.write pupils.read pupils.write groups.read groups.write "
        + "progress.read gaps.read threads.read threads.write";

    private static readonly TemplateDatabase Template = new("tracking", (owner, role) => Migrator.RunAsync(
        owner, role, new MigrationSet(typeof(Errors).Assembly)));

    private static int nextUrn = 300_000;
    private static int nextSerial;

    private readonly ConcurrentBag<object> told = [];
    private TestDatabase database = null!;
    private RunningService service = null!;
    private IBusControl bus = null!;
    private GrpcChannel channel = null!;

    public TestIssuer Issuer { get; private set; } = null!;

    public NpgsqlDataSource Database { get; private set; } = null!;

    /// <summary>The trust's data lead, an administrator by configuration.</summary>
    public TestCaller Lead { get; private set; } = null!;

    /// <summary>Trust IT, an administrator by configuration.</summary>
    public TestCaller It { get; private set; } = null!;

    /// <summary>A URN that no other test uses.</summary>
    public static int NewUrn() => Interlocked.Increment(ref nextUrn);

    /// <summary>A valid UPN that no other test uses.</summary>
    public static string NewUpn()
    {
        var serial = Interlocked.Increment(ref nextSerial);
        return Education.Upn.FromBody($"801{serial / 1000 % 10000:0000}{20:00}{serial % 1000:000}").ToString();
    }

    public async ValueTask InitializeAsync()
    {
        database = await Template.CloneAsync();
        Database = NpgsqlDataSource.Create(database.ConnectionString);
        var rabbit = await RabbitServer.SharedAsync();
        Issuer = await TestIssuer.StartAsync();
        service = await RunningService.StartAsync(
            typeof(Errors).Assembly, "tracking", database, Issuer,
            $"--Tracking:BootstrapAdministrators:0:Issuer={Issuer.Authority}", "--Tracking:BootstrapAdministrators:0:Subject=lead",
            "--Tracking:BootstrapAdministrators:0:Role=DataLead",
            $"--Tracking:BootstrapAdministrators:1:Issuer={Issuer.Authority}", "--Tracking:BootstrapAdministrators:1:Subject=it",
            "--Tracking:BootstrapAdministrators:1:Role=TrustIt",
            "--Services:Assessment=http://127.0.0.1:9", "--Service:MostUploadsAtOnce=16");
        channel = GrpcChannel.ForAddress($"http://127.0.0.1:{service.GrpcPort}", new GrpcChannelOptions { MaxReceiveMessageSize = 64 << 20 });
        Lead = Caller("lead");
        It = Caller("it");
        await Eventually.Async(async () => Assert.Equal(2, await ScalarAsync<long>("select count(*) from access_grant")));
        bus = Bus.Factory.CreateUsingRabbitMq(configure =>
        {
            configure.Host(rabbit.Host, (ushort)rabbit.Port, rabbit.VirtualHost, host =>
            {
                host.Username(rabbit.User);
                host.Password(rabbit.Password);
            });
            configure.ReceiveEndpoint("tracking-tests", endpoint =>
            {
                endpoint.Handler<SchoolChanged>(context => Keep(context.Message));
                endpoint.Handler<CalendarChanged>(context => Keep(context.Message));
                endpoint.Handler<PersonChanged>(context => Keep(context.Message));
                endpoint.Handler<GrantChanged>(context => Keep(context.Message));
                endpoint.Handler<PupilsChanged>(context => Keep(context.Message));
                endpoint.Handler<PupilIdentifiersChanged>(context => Keep(context.Message));
                endpoint.Handler<GroupDefined>(context => Keep(context.Message));
                endpoint.Handler<StatusesChanged>(context => Keep(context.Message));
                endpoint.Handler<ThreadChanged>(context => Keep(context.Message));
            });
        });
        await bus.StartAsync();
    }

    /// <summary>The events of a kind that the service published, so far.</summary>
    public IEnumerable<T> Told<T>() => told.OfType<T>();

    /// <summary>The event that a test waits for.</summary>
    public Task<T> ToldAsync<T>(Func<T, bool> which) => Eventually.Async(() => Task.FromResult(Told<T>().Single(which)));

    /// <summary>A caller with a good token and no grant.</summary>
    public TestCaller Caller(string subject, string scopes = AllScopes) => new(channel, Issuer.Token(subject, scopes)) { Subject = subject };

    /// <summary>A caller with any token at all.</summary>
    public TestCaller CallerWith(string token) => new(channel, token) { Subject = "somebody" };

    /// <summary>Another service.</summary>
    public TestCaller ServiceCaller() => new(channel, Issuer.InternalToken("svc-assessment")) { Subject = "svc-assessment" };

    /// <summary>A new caller to whom trust IT has given a role, through the door.</summary>
    public async Task<TestCaller> CallerAsync(Role role, int? schoolUrn = null, Action<Grant>? limit = null)
    {
        var caller = Caller($"person-{Guid.NewGuid():N}");
        var grant = new Grant { Issuer = Issuer.Authority, Subject = caller.Subject, Role = role, Reason = "test" };
        if (schoolUrn is { } urn)
        {
            grant.SchoolUrn = urn;
        }

        limit?.Invoke(grant);
        await It.Grants.GiveGrantAsync(new() { Grant = grant }, It.Headers);
        return caller;
    }

    /// <summary>A new school of the trust.</summary>
    public async Task<int> SchoolAsync()
    {
        var urn = NewUrn();
        var school = new School { Name = $"School {urn}", Phase = Phase.Primary, Memberships = { new TrustMembership { From = "2015-09-01" } } };
        await Lead.Schools.PutSchoolAsync(new() { SchoolUrn = urn, School = school }, Lead.Headers);
        return urn;
    }

    /// <summary>Tells the service something as another service would.</summary>
    public Task TellAsync<T>(T fact) where T : class => bus.Publish(fact);

    /// <summary>Waits until a count in the service's database is what it should be.</summary>
    public Task KnownAsync(string sql, object parameters, long count = 1) =>
        Eventually.Async(async () => Assert.Equal(count, await ScalarAsync<long>(sql, parameters)));

    /// <summary>One value out of the service's database.</summary>
    public async Task<T?> ScalarAsync<T>(string sql, object? parameters = null)
    {
        await using var connection = await Database.OpenConnectionAsync();
        return await connection.ExecuteScalarAsync<T>(sql, parameters);
    }

    public async ValueTask DisposeAsync()
    {
        await bus.StopAsync();
        channel.Dispose();
        await service.DisposeAsync();
        await Database.DisposeAsync();
    }

    private Task Keep(object fact)
    {
        told.Add(fact);
        return Task.CompletedTask;
    }
}
