using GoldenThread.ServiceDefaults;
using GoldenThread.Statistics;
using GoldenThread.Tracking.Results;

namespace GoldenThread.Tracking.Progress;

/// <summary>
/// Makes fits anew where a collection's lock overtook its last results on the way here (the order of events is not promised), and judges its pupils
/// by them. Without this a fit would stay frozen without those pupils.
/// </summary>
internal sealed partial class LateResults(
    Works works, ResultCopyStore copies, ProgressStore progress, Judge judge, TimeProvider clock, ILogger<LateResults> log) : RecurringWork(Interval)
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
                await RefitAsync(work, ct);
                await work.CommitAsync();
            }
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            // What is due stays noted: the next turn tries again.
            LogFailed(e.GetType().Name, e.Message);
        }
    }

    private async Task RefitAsync(Work work, CancellationToken ct)
    {
        await copies.LockAllSchoolsAsync(work, ct);
        foreach (var collection in await progress.TakeDueAsync(work, ct))
        {
            await progress.RefitAsync(work, collection, ProgressRule.Default.MinimumFitPupils, clock.GetUtcNow(), ct);
            await judge.JudgeAsync(
                work, [.. (await copies.PupilsOfCollectionAsync(work, collection, ct)).Union(await progress.JudgedByFitsOfAsync(work, collection, ct))], ct);
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Fits wait: {Kind}: {Words}")]
    private partial void LogFailed(string kind, string words);
}
