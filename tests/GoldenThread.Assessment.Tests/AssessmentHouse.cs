using System.Collections.Concurrent;
using Dapper;
using GoldenThread.Assessment.Events.V1;
using GoldenThread.Assessment.Tests;
using GoldenThread.Infrastructure;
using GoldenThread.ServiceDefaults;
using GoldenThread.TestSupport;
using GoldenThread.Tracking.Events.V1;
using GoldenThread.Type.V1;
using Grpc.Net.Client;
using MassTransit;
using Npgsql;
using RabbitMQ.Client;

[assembly: AssemblyFixture(typeof(AssessmentHouse))]
[assembly: CollectionBehavior(MaxParallelThreads = 2)]

namespace GoldenThread.Assessment.Tests;

/// <summary>
/// The assessment service as it runs: its own Main on real ports, a real PostgreSQL built by the real migrator, a real RabbitMQ, an issuer, and
/// a tracking that answers what the tests told it. One for all tests; each test makes schools, pupils and collections of its own.
/// </summary>
public sealed class AssessmentHouse : IAsyncLifetime
{
    public const string AllScopes = "tests.read tests.write collections.read collections.write results.read results.write";

    private static readonly TemplateDatabase Template = new("assessment", (owner, role) => Migrator.RunAsync(
        owner, role, new MigrationSet(typeof(Errors).Assembly)));

    private static int nextUrn = 200_000;
    private static int nextSerial;

    private readonly ConcurrentBag<object> told = [];
    private TestDatabase database = null!;
    private RunningService service = null!;
    private IBusControl bus = null!;
    private GrpcChannel channel = null!;

    public TestIssuer Issuer { get; private set; } = null!;

    public TrackingPeer Tracking { get; private set; } = null!;

    public NpgsqlDataSource Database { get; private set; } = null!;

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
        Tracking = await TrackingPeer.StartAsync();
        service = await RunningService.StartAsync(
            typeof(Errors).Assembly, "assessment", database, Issuer,
            $"--Services:Tracking={Tracking.Address}", "--Service:PeerPatience=00:00:03");
        channel = GrpcChannel.ForAddress($"http://127.0.0.1:{service.GrpcPort}", new GrpcChannelOptions { MaxReceiveMessageSize = 64 << 20 });
        bus = Bus.Factory.CreateUsingRabbitMq(configure =>
        {
            configure.Host(rabbit.Host, (ushort)rabbit.Port, rabbit.VirtualHost, host =>
            {
                host.Username(rabbit.User);
                host.Password(rabbit.Password);
            });
            configure.ReceiveEndpoint("assessment-tests", endpoint =>
            {
                endpoint.Handler<ResultsRecorded>(context => Keep(context.Message));
                endpoint.Handler<CollectionChanged>(context => Keep(context.Message));
                endpoint.Handler<TestChanged>(context => Keep(context.Message));
            });
        });
        await bus.StartAsync();
    }

    /// <summary>What the service is told, but for its ports.</summary>
    public async Task<string[]> SettingsAsync() =>
        [.. await RunningService.SettingsAsync("assessment", database, Issuer), $"--Services:Tracking={Tracking.Address}", "--Service:PeerPatience=00:00:03"];

    /// <summary>The events of a kind that the service published, so far.</summary>
    public IEnumerable<T> Told<T>() => told.OfType<T>();

    /// <summary>The event that a test waits for.</summary>
    public Task<T> ToldAsync<T>(Func<T, bool> which) => Eventually.Async(() => Task.FromResult(Told<T>().Single(which)));

    /// <summary>Publishes a fact, as its owner would; the same id twice is the same message told twice.</summary>
    public Task PublishAsync<T>(T fact, Guid? messageId = null) where T : class =>
        bus.Publish(fact, context => context.MessageId = messageId ?? Guid.CreateVersion7());

    /// <summary>A new caller with one grant for each entry.</summary>
    public async Task<TestCaller> CallerAsync(string scopes, params TestGrant[] grants)
    {
        var subject = $"person-{Guid.NewGuid():N}";
        await GrantAsync(subject, grants);
        return new TestCaller(channel, Issuer.Token(subject, scopes)) { Subject = subject };
    }

    /// <summary>Gives a caller further grants.</summary>
    public async Task GrantAsync(string subject, params TestGrant[] grants)
    {
        foreach (var grant in grants)
        {
            await grant.GiveAsync(Database, Issuer.Authority, subject);
        }
    }

    /// <summary>A new caller with one role, for the trust or for a school.</summary>
    public Task<TestCaller> CallerAsync(Role role, int? schoolUrn = null) => CallerAsync(AllScopes, new TestGrant(role) { SchoolUrn = schoolUrn });

    /// <summary>A new partner application.</summary>
    public async Task<TestCaller> PartnerAsync(string clientId, int schoolUrn)
    {
        await GrantAsync(clientId, new TestGrant(Role.Partner) { SchoolUrn = schoolUrn });
        return new TestCaller(channel, Issuer.ClientToken(clientId, AllScopes)) { Subject = clientId };
    }

    /// <summary>Another service.</summary>
    public TestCaller ServiceCaller() => new(channel, Issuer.InternalToken("svc-gt")) { Subject = "svc-gt" };

    /// <summary>Tells of a pupil, as tracking does, and waits until the service has heard.</summary>
    public async Task EnrolAsync(params TestPupil[] pupils)
    {
        Guid[] messages = [Guid.CreateVersion7(), Guid.CreateVersion7()];
        await PublishAsync(new PupilIdentifiersChanged
        {
            ChangeSetId = Guid.CreateVersion7(),
            Count = pupils.Length,
            Rows = pupils.Select(p => p.Identifiers()).ToList(),
        }, messages[0]);
        await PublishAsync(new PupilsChanged
        {
            ChangeSetId = Guid.CreateVersion7(),
            RecordedAt = DateTimeOffset.UtcNow,
            Count = pupils.Length,
            Rows = pupils.Select(p => p.Snapshot()).ToList(),
        }, messages[1]);
        // By message: a pupil who is known already may be told of anew.
        await Eventually.Async(async () =>
        {
            await using var connection = await Database.OpenConnectionAsync();
            Assert.Equal(
                messages.Length, await connection.ExecuteScalarAsync<int>("select count(*) from inbox where message_id = any(@messages)", new { messages }));
        });
    }

    public async ValueTask DisposeAsync()
    {
        await bus.StopAsync();
        channel.Dispose();
        await service.DisposeAsync();
        await Tracking.DisposeAsync();
        await Database.DisposeAsync();
    }

    private Task Keep(object fact)
    {
        told.Add(fact);
        return Task.CompletedTask;
    }
}

/// <summary>A pupil of a test, on one roll in one year group, unless it says otherwise.</summary>
public sealed record TestPupil(int SchoolUrn, string YearGroup)
{
    public Guid PupilId { get; init; } = Guid.CreateVersion7();

    public string Upn { get; init; } = AssessmentHouse.NewUpn();

    public string[] FormerUpns { get; init; } = [];

    public DateOnly From { get; init; } = new(2025, 9, 1);

    public DateOnly? To { get; init; }

    public Guid? ClassId { get; init; }

    public long Version { get; init; } = 1;

    public bool Erased { get; init; }

    public PupilEnrolment[]? Enrolments { get; init; }

    public string Id => PupilId.ToString();

    public PupilSnapshot Snapshot() => new()
    {
        PupilId = PupilId,
        Version = Version,
        Erased = Erased,
        Enrolments = Erased ? [] : Enrolments ?? [new PupilEnrolment { SchoolUrn = SchoolUrn, From = From, To = To, IsMain = true, YearGroup = YearGroup }],
        Classes = ClassId is { } id ? [new PupilClass { ClassId = id, From = From, To = To }] : [],
        Groups = [],
    };

    public PupilIdentifiers Identifiers() => new() { PupilId = PupilId, Version = Version, Upn = Upn, FormerUpns = FormerUpns };
}
