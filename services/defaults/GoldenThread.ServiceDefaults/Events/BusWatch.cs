using MassTransit;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;

namespace GoldenThread.ServiceDefaults;

/// <summary>The queues of this service.</summary>
internal sealed record EventQueues(IReadOnlyList<string> Names);

/// <summary>
/// Ends the process where it has become deaf, so that its supervisor starts it anew: the broker answers, yet the bus is not well or a queue has
/// nobody listening. In MassTransit 8.4 a queue's listener now and then ends for good when the broker is killed, and nothing is logged. Stopping and
/// starting the same bus does not help (tried: it fails, or comes back without listeners), so it is the broker that is asked, and the process that ends.
/// </summary>
internal sealed partial class BusWatch(
    IBusControl bus, EventQueues queues, IHostApplicationLifetime lifetime, IOptions<RabbitOptions> rabbit, TimeProvider clock, ILogger<BusWatch> log)
    : BackgroundService
{
    private static readonly TimeSpan Look = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private IConnection? connection;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        DateTimeOffset? deafSince = null;
        using var timer = new PeriodicTimer(Look, clock);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
            {
                var hears = await HearsAsync(stoppingToken);
                deafSince = hears is false ? deafSince ?? clock.GetUtcNow() : null;
                if (clock.GetUtcNow() - deafSince > Patience)
                {
                    LogDeaf();
                    Environment.ExitCode = 1;
                    lifetime.StopApplication();
                    return;
                }
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
        }
        finally
        {
            connection?.Dispose();
        }
    }

    /// <summary>Whether every queue is listened to; null where the broker cannot be asked.</summary>
    private async Task<bool?> HearsAsync(CancellationToken ct)
    {
        try
        {
            await using var channel = await (await ConnectedAsync(ct)).CreateChannelAsync(cancellationToken: ct);
            foreach (var queue in queues.Names)
            {
                if ((await channel.QueueDeclarePassiveAsync(queue, ct)).ConsumerCount == 0)
                {
                    return false;
                }
            }

            return bus.CheckHealth().Status == BusHealthStatus.Healthy;
        }
        catch (OperationInterruptedException e) when (e.ShutdownReason?.ReplyCode == Constants.NotFound)
        {
            return false;
        }
        catch (Exception e) when (e is RabbitMQClientException or IOException or TimeoutException || (e is OperationCanceledException && !ct.IsCancellationRequested))
        {
            return null;
        }
    }

    private async Task<IConnection> ConnectedAsync(CancellationToken ct)
    {
        if (connection is not { IsOpen: true })
        {
            connection?.Dispose();
            var options = rabbit.Value;
            connection = await new ConnectionFactory
            {
                HostName = options.Host,
                Port = options.Port,
                VirtualHost = options.VirtualHost,
                UserName = options.User,
                Password = options.Password,
                ClientProvidedName = "bus watch",
                AutomaticRecoveryEnabled = false,
                RequestedConnectionTimeout = Look,
                ContinuationTimeout = Look,
                Ssl = new SslOption(options.Host, enabled: options.UseTls)
                {
                    Version = BrokerTls.Protocols,
                    CertificateValidationCallback = BrokerTls.Validation(options),
                },
            }.CreateConnectionAsync(ct);
        }

        return connection;
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "The broker answers, yet this service does not hear its queues: the process ends, to be started anew")]
    private partial void LogDeaf();
}
