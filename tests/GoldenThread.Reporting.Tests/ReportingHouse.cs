using System.Collections.Concurrent;
using System.Globalization;
using Dapper;
using GoldenThread.Infrastructure;
using GoldenThread.Reporting.Internal.V1;
using GoldenThread.Reporting.V1;
using GoldenThread.ServiceDefaults;
using GoldenThread.Tests;
using GoldenThread.TestSupport;
using GoldenThread.Type.V1;
using Grpc.Core;
using Grpc.Net.Client;
using MassTransit;
using Npgsql;
using RabbitMQ.Client;

[assembly: AssemblyFixture(typeof(ReportingHouse))]
[assembly: CollectionBehavior(MaxParallelThreads = 2)]

namespace GoldenThread.Tests;

/// <summary>
/// The reporting service as it runs: its own Main on real ports, a real PostgreSQL built by the real migrator, a real RabbitMQ, an issuer, and
/// the other services' side of the contracts. One for all tests; each test makes schools and collections of its own.
/// </summary>
public sealed class ReportingHouse : IAsyncLifetime
{
    public const string ReadScopes = "reports.read benchmarks.read pupils.read";

    private static readonly TemplateDatabase Template = new("reporting", (owner, application) => Migrator.RunAsync(
        owner, application, new MigrationSet(typeof(GoldenThread.Reporting.Errors).Assembly)));

    private static int nextUrn = 100_000;

    private readonly ConcurrentDictionary<Guid, bool> published = new();
    private TestDatabase database = null!;
    private RunningService service = null!;
    private IBusControl bus = null!;
    private GrpcChannel channel = null!;

    public TestIssuer Issuer { get; private set; } = null!;

    public Peers Peers { get; private set; } = null!;

    public NpgsqlDataSource Database { get; private set; } = null!;

    /// <summary>A URN that no other test uses.</summary>
    public static int NewUrn() => Interlocked.Increment(ref nextUrn);

    public async ValueTask InitializeAsync()
    {
        database = await Template.CloneAsync();
        Database = NpgsqlDataSource.Create(database.ConnectionString);
        var rabbit = await RabbitServer.SharedAsync();
        Issuer = await TestIssuer.StartAsync();
        Peers = await Peers.StartAsync();
        service = await RunningService.StartAsync(
            typeof(GoldenThread.Reporting.Errors).Assembly, "reporting", database, Issuer,
            $"--Services:Assessment={Peers.Address}", $"--Services:Tracking={Peers.Address}");
        channel = GrpcChannel.ForAddress($"http://127.0.0.1:{service.GrpcPort}", new GrpcChannelOptions { UnsafeUseInsecureChannelCallCredentials = true });
        bus = Bus.Factory.CreateUsingRabbitMq(configure => configure.Host(rabbit.Host, (ushort)rabbit.Port, rabbit.VirtualHost, host =>
        {
            host.Username(rabbit.User);
            host.Password(rabbit.Password);
        }));
        await bus.StartAsync();
    }

    /// <summary>Publishes a fact, as its owner would; the same id twice is the same message told twice.</summary>
    public Task PublishAsync<T>(T fact, Guid? messageId = null) where T : class
    {
        var id = messageId ?? Guid.CreateVersion7();
        published[id] = true;
        return bus.Publish(fact, context => context.MessageId = id);
    }

    /// <summary>
    /// Waits until all that was published so far has had its effect, in the sums too. Each kind of fact has a queue of its own: what one of them has
    /// brought says nothing of the others.
    /// </summary>
    public async Task SettledAsync()
    {
        var ids = published.Keys.ToArray();
        await using var connection = await Database.OpenConnectionAsync();
        await Eventually.Async(async () => Assert.Equal(
            ids.Length, await connection.ExecuteScalarAsync<int>("select count(distinct message_id) from inbox where message_id = any (@ids)", new { ids })));
        var last = await connection.ExecuteScalarAsync<long>("select coalesce(max(due_id), 0) from summary_due");
        await Eventually.Async(
            () => connection.ExecuteScalarAsync<bool>("select not exists (select from summary_due where due_id <= @last)", new { last }), "the sums are made");
    }

    /// <summary>A new caller with one grant for each entry.</summary>
    public async Task<TestCaller> CallerAsync(string scopes, params TestGrant[] grants)
    {
        var subject = $"person-{Guid.NewGuid():N}";
        foreach (var grant in grants)
        {
            await grant.GiveAsync(Database, Issuer.Authority, subject);
        }

        return new TestCaller(channel, Issuer.Token(subject, scopes));
    }

    /// <summary>A new caller with one role, for the trust or for a school.</summary>
    public Task<TestCaller> CallerAsync(Role role, int? schoolUrn = null) => CallerAsync(ReadScopes, new TestGrant(role) { SchoolUrn = schoolUrn });

    /// <summary>Another service.</summary>
    public TestCaller ServiceCaller() => new(channel, Issuer.InternalToken("svc-gt"));

    public async ValueTask DisposeAsync()
    {
        await bus.StopAsync();
        channel.Dispose();
        await service.DisposeAsync();
        await Peers.DisposeAsync();
        await Database.DisposeAsync();
    }
}

/// <summary>A caller with a token, at the door of the service.</summary>
public sealed class TestCaller(ChannelBase channel, string token)
{
    public Metadata Headers { get; } = new() { { "authorization", $"Bearer {token}" } };

    public AttainmentService.AttainmentServiceClient Attainment { get; } = new(channel);

    public BenchmarkService.BenchmarkServiceClient Benchmarks { get; } = new(channel);

    public OverviewService.OverviewServiceClient Overview { get; } = new(channel);

    public PupilStatusService.PupilStatusServiceClient Progress { get; } = new(channel);

    public ReconciliationService.ReconciliationServiceClient Reconciliation { get; } = new(channel);

    /// <summary>All rows of attainment, page by page.</summary>
    public async Task<IReadOnlyList<Attainment>> AttainmentAsync(ListAttainmentRequest request)
    {
        var rows = new List<Attainment>();
        var page = request.Clone();
        do
        {
            var answer = await Attainment.ListAttainmentAsync(page, Headers);
            rows.AddRange(answer.Rows);
            page.PageToken = answer.NextPageToken;
        }
        while (page.PageToken.Length > 0);
        return rows;
    }

    /// <summary>Imports a file of published figures, in chunks.</summary>
    public async Task<ImportBenchmarksResponse> ImportAsync(string pack, byte[] file, string mappingId = "", Metadata? headers = null)
    {
        using var call = Benchmarks.ImportBenchmarks(headers ?? Headers);
        var first = true;
        try
        {
            foreach (var chunk in file.Chunk(32 * 1024).DefaultIfEmpty([]))
            {
                await call.RequestStream.WriteAsync(new ImportBenchmarksRequest
                {
                    Pack = first ? pack : "",
                    MappingId = first ? mappingId : "",
                    File = new() { ContentType = "text/csv", Data = Google.Protobuf.ByteString.CopyFrom(chunk) },
                });
                first = false;
            }

            await call.RequestStream.CompleteAsync();
        }
        catch (RpcException)
        {
            // The answer came before the end of the file: the call itself says why.
        }

        return await call;
    }
}

/// <summary>Days as texts.</summary>
public static class Days
{
    public static string Iso(this DateOnly day) => day.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
}
