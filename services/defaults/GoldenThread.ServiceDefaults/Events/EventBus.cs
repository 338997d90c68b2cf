using System.Reflection;
using System.Text.RegularExpressions;
using GoldenThread.Tracking.Internal.V1;
using MassTransit;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace GoldenThread.ServiceDefaults;

/// <summary>What a service hears.</summary>
public sealed partial class EventBusBuilder(string service, IBusRegistrationConfigurator registration)
{
    private readonly List<(string Queue, System.Type Consumer, bool Together)> consumers = [];

    internal IReadOnlyList<(string Queue, System.Type Consumer, bool Together)> Consumers => consumers;

    /// <summary>Adds a consumer with a quorum queue of its own: <c>&lt;service&gt;.&lt;consumer&gt;</c>.</summary>
    /// <param name="together">Whether it handles messages together (<see cref="Inbox.HandleTogetherAsync"/>): it is then handed all that wait.</param>
    public EventBusBuilder Consume<TConsumer>(bool together = false) where TConsumer : class, IConsumer
    {
        registration.AddConsumer<TConsumer>();
        var name = typeof(TConsumer).Name;
        var plain = name.EndsWith("Consumer", StringComparison.Ordinal) ? name[..^"Consumer".Length] : name;
        consumers.Add(($"{service}.{WordStart().Replace(plain, "-$1").ToLowerInvariant()}", typeof(TConsumer), together));
        return this;
    }

    [GeneratedRegex("(?<=[a-z0-9])([A-Z])")]
    private static partial Regex WordStart();
}

/// <summary>Joins a service to the bus.</summary>
public static class EventBus
{
    private const int Prefetch = 64;
    private const string KeeperOfGrants = "tracking";

    // Enough to keep the cores busy while some wait for the database; more would take them from callers.
    private static readonly int Concurrency = Math.Clamp(2 * Environment.ProcessorCount, 4, 16);

    /// <summary>Adds the bus, the outbox relay, the inbox and the consumers. The service starts, and works, without a broker.</summary>
    public static WebApplicationBuilder AddEventBus(this WebApplicationBuilder builder, string service, Assembly assembly, Action<EventBusBuilder> hear)
    {
        builder.Services.AddSingleton(new EventTypes(assembly));
        builder.Services.AddSingleton<Inbox>();
        builder.Services.AddHostedService<OutboxRelay>();
        if (service != KeeperOfGrants)
        {
            builder.Services.AddPeer("Tracking", channel => new ChangeFeedService.ChangeFeedServiceClient(channel));
            builder.Services.AddHostedService<GrantCatchUp>();
        }

        builder.Services.AddHostedService<BusWatch>();
        builder.Services.AddSingleton<DeclaredQueues>();
        builder.Services.AddReceiveEndpointObserver(provider => provider.GetRequiredService<DeclaredQueues>());
        builder.Services.Configure<MassTransitHostOptions>(options =>
        {
            options.WaitUntilStarted = false;
            options.StopTimeout = TimeSpan.FromSeconds(10);
        });
        builder.Services.AddMassTransit(registration =>
        {
            registration.DisableUsageTelemetry();
            var bus = new EventBusBuilder(service, registration);
            bus.Consume<GrantChangedConsumer>();
            hear(bus);
            builder.Services.AddSingleton(new EventQueues([.. bus.Consumers.Select(consumer => consumer.Queue)]));
            registration.UsingRabbitMq((context, rabbit) =>
            {
                var options = context.GetRequiredService<IOptions<RabbitOptions>>().Value;
                rabbit.Host(options.Host, options.Port, options.VirtualHost, host =>
                {
                    host.Username(options.User);
                    host.Password(options.Password);
                    host.PublisherConfirmation = true;
                    host.Heartbeat(TimeSpan.FromSeconds(10));
                    if (options.UseTls)
                    {
                        host.UseSsl(ssl =>
                        {
                            ssl.Protocol = BrokerTls.Protocols;
                            ssl.ServerName = options.Host;
                            ssl.CertificateValidationCallback = BrokerTls.Validation(options);
                        });
                    }
                });
                foreach (var (queue, consumer, together) in bus.Consumers)
                {
                    rabbit.ReceiveEndpoint(queue, endpoint => Configure(context, endpoint, consumer, together ? Prefetch : Concurrency));
                }
            });
        });
        return builder;
    }

    private static void Configure(IBusRegistrationContext context, IRabbitMqReceiveEndpointConfigurator endpoint, System.Type consumer, int atOnce)
    {
        endpoint.SetQuorumQueue();
        // Where nothing is said, RabbitMQ 4 throws a message away after 20 deliveries: twenty crashes of a service in a row would lose it.
        endpoint.SetQueueArgument("x-delivery-limit", int.MaxValue);
        endpoint.PrefetchCount = Prefetch;
        endpoint.ConcurrentMessageLimit = atOnce;
        // What fails for a reason of its own gets three more tries, then goes to the error queue with that reason …
        endpoint.UseMessageRetry(retry =>
        {
            retry.Ignore<Exception>(Passes);
            retry.Interval(3, TimeSpan.FromMilliseconds(200));
        });
        // … and what merely cannot be reached, or waits for a migration, is tried without end.
        endpoint.UseMessageRetry(retry =>
        {
            retry.Handle<Exception>(Passes);
            retry.Exponential(int.MaxValue, TimeSpan.FromMilliseconds(100), TimeSpan.FromSeconds(15), TimeSpan.FromMilliseconds(200));
        });
        endpoint.ConfigureConsumer(context, consumer);
    }

    // What MassTransit calls cancelled by the consumer is what gave up inside, such as an HttpClient: no fault of the message.
    private static bool Passes(Exception e) => e is ConsumerCanceledException || Transience.IsNotThereYet(e);
}
