using Microsoft.Extensions.Hosting;

namespace GoldenThread.ServiceDefaults;

/// <summary>
/// Work that comes round as long as the service runs: it waits for the interval, then does a turn. A turn stands alone and deals with what it can
/// expect to fail; where the service stops in the middle, the next start goes on.
/// </summary>
/// <param name="interval">From one turn to the next; a turn that takes longer is followed at once by another.</param>
/// <param name="clock">The system's where none is given.</param>
public abstract class RecurringWork(TimeSpan interval, TimeProvider? clock = null) : BackgroundService
{
    /// <inheritdoc />
    protected sealed override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(interval, clock ?? TimeProvider.System);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
            {
                await TurnAsync(stoppingToken);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The service stops.
        }
    }

    /// <summary>One turn.</summary>
    protected abstract Task TurnAsync(CancellationToken ct);
}
