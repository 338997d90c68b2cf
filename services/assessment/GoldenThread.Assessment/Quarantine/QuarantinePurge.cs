using GoldenThread.ServiceDefaults;

namespace GoldenThread.Assessment.Quarantine;

/// <summary>Deletes quarantined rows 30 days after they were applied or closed: they hold UPNs that nobody needs there any more.</summary>
internal sealed partial class QuarantinePurge(QuarantineStore store, TimeProvider clock, ILogger<QuarantinePurge> log) : BackgroundService
{
    private static readonly TimeSpan Kept = TimeSpan.FromDays(30);
    private static readonly TimeSpan Interval = TimeSpan.FromHours(1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, clock);
        try
        {
            do
            {
                await PurgeAsync(stoppingToken);
            }
            while (await timer.WaitForNextTickAsync(stoppingToken));
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The next start goes on.
        }
    }

    private async Task PurgeAsync(CancellationToken ct)
    {
        try
        {
            if (await store.PurgeAsync(Kept, ct) is > 0 and var count)
            {
                LogPurged(count);
            }
        }
        catch (Exception e) when (Transience.IsNotThereYet(e))
        {
            LogPutOff();
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Purged {Count} quarantined rows")]
    private partial void LogPurged(int count);

    [LoggerMessage(Level = LogLevel.Information, Message = "Purging the quarantine is put off: the database is not there")]
    private partial void LogPutOff();
}
