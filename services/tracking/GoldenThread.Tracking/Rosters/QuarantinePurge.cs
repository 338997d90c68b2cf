using GoldenThread.ServiceDefaults;

namespace GoldenThread.Tracking.Rosters;

/// <summary>Removes quarantined rows 30 days after they were closed (DECISIONS, Names).</summary>
internal sealed partial class QuarantinePurge(QuarantineStore store, ILogger<QuarantinePurge> log) : RecurringWork(Interval)
{
    private const int DaysKept = 30;
    private static readonly TimeSpan Interval = TimeSpan.FromHours(1);

    protected override async Task TurnAsync(CancellationToken ct)
    {
        try
        {
            LogPurged(await store.PurgeAsync(DaysKept, ct));
        }
        catch (Exception e) when (Transience.IsNotThereYet(e))
        {
            LogPutOff();
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "{Count} closed roster rows were purged")]
    private partial void LogPurged(int count);

    [LoggerMessage(Level = LogLevel.Information, Message = "The purge of roster rows is put off: the database is not there")]
    private partial void LogPutOff();
}
