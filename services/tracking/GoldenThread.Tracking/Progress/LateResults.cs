using GoldenThread.ServiceDefaults;
using GoldenThread.Tracking.Results;

namespace GoldenThread.Tracking.Progress;

/// <summary>
/// Makes fits anew on which something came late: results after the lock of their collection (the order of events is not promised, and without this
/// a fit would stay frozen without those pupils), the lock of an earlier collection, or a test's norm or reliability. Then judges once whom what
/// became different touches. All that is due is one transaction, and no result is taken over meanwhile.
/// </summary>
internal sealed class LateResults(Works works, ResultCopyStore copies, ProgressStore progress, Judge judge, ILogger<LateResults> log)
    : DueWork(works, Caller.Service("tracking"), "late-results", "Fits", TimeSpan.FromSeconds(1), log)
{
    protected override async Task<bool> DoDueAsync(Work work, CancellationToken ct)
    {
        if (!await progress.IsAnyDueAsync(work, ct))
        {
            return false;
        }

        await copies.LockAllSchoolsAsync(work, ct);
        await judge.RefitAsync(work, await progress.TakeDueAsync(work, ct), [], ct);
        return true;
    }
}
