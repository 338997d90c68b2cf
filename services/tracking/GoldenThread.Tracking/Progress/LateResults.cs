using GoldenThread.ServiceDefaults;
using GoldenThread.Tracking.Results;

namespace GoldenThread.Tracking.Progress;

/// <summary>
/// Makes fits anew on which something came late: results after the lock of their collection (the order of events is not promised, and without this
/// a fit would stay frozen without those pupils), the lock of an earlier collection, or a test's norm or reliability. Then judges once whom what
/// became different touches. All that is due is one transaction, and no result is taken over meanwhile.
/// </summary>
internal sealed partial class LateResults(Works works, ResultCopyStore copies, ProgressStore progress, Judge judge, ILogger<LateResults> log)
    : RecurringWork(Interval)
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);
    private static readonly Caller Self = Caller.Service("tracking");

    protected override async Task TurnAsync(CancellationToken ct)
    {
        try
        {
            await using var work = await works.BeginAsync(Self, "late-results", ct);
            if (await progress.IsAnyDueAsync(work, ct))
            {
                await copies.LockAllSchoolsAsync(work, ct);
                await judge.RefitAsync(work, await progress.TakeDueAsync(work, ct), [], ct);
                await work.CommitAsync();
            }
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            // What is due stays noted: the next turn tries again.
            LogFailed(e.GetType().Name, e.Message);
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Fits wait: {Kind}: {Words}")]
    private partial void LogFailed(string kind, string words);
}
