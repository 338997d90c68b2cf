using System.Net.Sockets;
using MassTransit;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace GoldenThread.ServiceDefaults;

/// <summary>
/// Ends the process where the bus does not come back though the broker does, so that its supervisor starts it anew. In MassTransit 8.4 a queue's
/// listener now and then ends for good when the broker is killed: nothing is logged, and the service would hear nothing any more. Stopping and
/// starting the same bus does not help (tried: it fails, or comes back without listeners).
/// </summary>
internal sealed partial class BusWatch(
    IBusControl bus, IHostApplicationLifetime lifetime, IOptions<RabbitOptions> rabbit, TimeProvider clock, ILogger<BusWatch> log) : BackgroundService
{
    private static readonly TimeSpan Look = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        // Until it was well once, it is still being started.
        DateTimeOffset? reachableSince = null;
        var wasWell = false;
        using var timer = new PeriodicTimer(Look, clock);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
            {
                var isWell = bus.CheckHealth().Status == BusHealthStatus.Healthy;
                wasWell |= isWell;
                reachableSince = isWell || !wasWell || !await AcceptsAsync(stoppingToken) ? null : reachableSince ?? clock.GetUtcNow();
                if (reachableSince is { } since && clock.GetUtcNow() - since > Patience)
                {
                    LogGivenUp();
                    Environment.ExitCode = 1;
                    lifetime.StopApplication();
                    return;
                }
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
        }
    }

    private async Task<bool> AcceptsAsync(CancellationToken ct)
    {
        try
        {
            using var client = new TcpClient();
            await client.ConnectAsync(rabbit.Value.Host, rabbit.Value.Port, ct).AsTask().WaitAsync(Look, clock, ct);
            return true;
        }
        catch (Exception e) when (e is SocketException or TimeoutException)
        {
            return false;
        }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "The broker can be reached, yet the bus does not come back: this process ends, to be started anew")]
    private partial void LogGivenUp();
}
