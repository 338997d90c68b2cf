using System.Collections.Concurrent;
using Dapper;
using GoldenThread.Reviews.Events.V1;
using GoldenThread.Reviews.Plans;
using GoldenThread.ServiceDefaults;
using GoldenThread.TestSupport;
using GoldenThread.Tracking.Events.V1;
using GoldenThread.Type.V1;
using Grpc.Core;
using Grpc.Health.V1;
using Grpc.Net.Client;
using MassTransit;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace GoldenThread.Reviews.Tests;

/// <summary>The service as it runs, on a real port, with a database and a virtual host of its own, and an ear on the bus.</summary>
public sealed class ReviewsHost : IAsyncLifetime
{
    private const string AllScopes = "offers.read offers.write categories.read categories.write availability.read availability.write "
        + "plans.read plans.write visits.read visits.write";

    private static readonly TemplateDatabase Template = new("reviews", (owner, application) =>
        Migrator.RunAsync(owner, application, new MigrationSet(typeof(ReviewsService).Assembly)));

    private readonly FixedClock clock = new();
    private TestDatabase database = null!;
    private TestIssuer issuer = null!;
    private WebApplication service = null!;
    private IBusControl ear = null!;
    private GrpcChannel channel = null!;

    /// <summary>Now, for the service.</summary>
    public DateTimeOffset Now
    {
        get => clock.Now;
        set => clock.Now = value;
    }

    /// <summary>How plans are made: the service's own way, unless a test breaks it.</summary>
    public PlanMaking? MakePlan { get; set; }

    /// <summary>Every event that the service told.</summary>
    public ConcurrentQueue<object> Told { get; } = new();

    /// <summary>The open channel, without a token.</summary>
    public GrpcChannel Channel => channel;

    /// <summary>The deputy CEO, who may do everything here.</summary>
    public Metadata Deputy => Bearer("deputy");

    public async ValueTask InitializeAsync()
    {
        database = await Template.CloneAsync();
        issuer = await TestIssuer.StartAsync();
        var rabbit = await RabbitServer.SharedAsync();
        var virtualHost = await rabbit.AddVirtualHostAsync();
        await StartServiceAsync(rabbit, virtualHost);
        await ListenAsync(rabbit, virtualHost);
        await GrantAsync("deputy", Role.DeputyCeo, null);
    }

    public async ValueTask DisposeAsync()
    {
        channel.Dispose();
        await ear.StopAsync();
        await service.StopAsync();
        await service.DisposeAsync();
        await issuer.DisposeAsync();
        await database.DisposeAsync();
    }

    /// <summary>Call metadata of a signed-in person, with If-Match where an etag is given.</summary>
    public Metadata Bearer(string subject, string? etag = null, string? scopes = null)
    {
        var metadata = new Metadata { { "authorization", $"Bearer {issuer.Token(subject, scopes ?? AllScopes)}" } };
        if (etag is not null)
        {
            metadata.Add("if-match", etag);
        }

        return metadata;
    }

    /// <summary>The deputy CEO with If-Match.</summary>
    public Metadata DeputyIf(string etag) => Bearer("deputy", etag);

    /// <summary>Call metadata of another service.</summary>
    public Metadata Internal() => new() { { "authorization", $"Bearer {issuer.InternalToken("svc-reporting")}" } };

    /// <summary>Puts a grant where the service keeps its copy.</summary>
    public async Task GrantAsync(
        string subject, Role role, int? schoolUrn, string[]? yearGroups = null, Guid[]? classIds = null, string[]? subjects = null,
        DateTimeOffset? from = null, DateTimeOffset? to = null)
    {
        const string Sql = """
            insert into access_grant (grant_id, version, issuer, subject, role, school_urn, year_groups, class_ids, subjects, valid_from, valid_to)
            values (gen_random_uuid(), 1, @Issuer, @subject, @role, @schoolUrn, @yearGroups, @classIds, @subjects,
                    coalesce(@from, now() - interval '1 day'), @to)
            """;
        await using var connection = new NpgsqlConnection(database.ConnectionString);
        await connection.ExecuteAsync(
            Sql, new { Issuer = issuer.Authority, subject, role = (short)role, schoolUrn, yearGroups, classIds, subjects, from, to });
    }

    /// <summary>Tells the service something as tracking would.</summary>
    public Task TellAsync<T>(T fact) where T : class => service.Services.GetRequiredService<IBus>().Publish(fact);

    /// <summary>A connection of its own to the service's database, for what happens at the same time.</summary>
    public async Task<NpgsqlConnection> OpenAsync()
    {
        var connection = new NpgsqlConnection(database.ConnectionString);
        await connection.OpenAsync();
        return connection;
    }

    /// <summary>A number out of the service's database.</summary>
    public async Task<long> CountAsync(string sql)
    {
        await using var connection = new NpgsqlConnection(database.ConnectionString);
        return await connection.ExecuteScalarAsync<long>(sql);
    }

    /// <summary>The person of the deputy CEO's sign-in.</summary>
    public PersonChanged DeputyPerson(Guid personId) => new()
    {
        PersonId = personId,
        Version = 1,
        Issuer = issuer.Authority,
        Subject = "deputy",
        Duties = ["deputy-ceo"],
    };

    /// <summary>A person with a sign-in.</summary>
    public PersonChanged WithSignIn(PersonChanged person, string subject) => person with { Issuer = issuer.Authority, Subject = subject };

    private async Task StartServiceAsync(RabbitServer rabbit, string virtualHost)
    {
        string[] settings =
        [
            $"--Database:ConnectionString={database.ConnectionString}",
            $"--Rabbit:Host={rabbit.Host}", $"--Rabbit:Port={rabbit.Port}", $"--Rabbit:VirtualHost={virtualHost}",
            $"--Rabbit:User={rabbit.User}", $"--Rabbit:Password={rabbit.Password}",
            // Nobody is there: grants are given straight into the copy.
            "--Services:Tracking=http://127.0.0.1:9",
            $"--Identity:Issuers:0:Authority={issuer.Authority}",
            $"--Identity:Issuers:0:InternalAudience={TestIssuer.InternalAudience}",
        ];
        var builder = ServiceHost.CreateBuilder(settings, ReviewsService.Name, typeof(ReviewsService).Assembly);
        builder.Logging.ClearProviders();
        builder.Services.AddSingleton<TimeProvider>(clock);
        builder.AddReviews();
        builder.Services.AddSingleton<PlanMaking>(input => (MakePlan ?? Plans.Planning.Planner.Make)(input));
        service = builder.Build();
        service.MapReviews();
        await service.StartAsync();
        channel = GrpcChannel.ForAddress(service.Urls.First());
        // What is told before the broker has its queues is lost to it.
        var health = new Health.HealthClient(channel);
        await Eventually.Async(
            async () => (await health.CheckAsync(new HealthCheckRequest())).Status == HealthCheckResponse.Types.ServingStatus.Serving, "the service is ready");
    }

    private async Task ListenAsync(RabbitServer rabbit, string virtualHost)
    {
        ear = Bus.Factory.CreateUsingRabbitMq(bus =>
        {
            bus.Host(rabbit.Host, (ushort)rabbit.Port, virtualHost, host =>
            {
                host.Username(rabbit.User);
                host.Password(rabbit.Password);
            });
            bus.ReceiveEndpoint("ear", endpoint =>
            {
                endpoint.Handler<CategoryChanged>(context => Hear(context.Message));
                endpoint.Handler<VisitChanged>(context => Hear(context.Message));
                endpoint.Handler<AgreedActionChanged>(context => Hear(context.Message));
            });
        });
        await ear.StartAsync();
    }

    private Task Hear(object fact)
    {
        Told.Enqueue(fact);
        return Task.CompletedTask;
    }
}
