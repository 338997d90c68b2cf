using GoldenThread.ServiceDefaults;

namespace GoldenThread.Reporting.Summaries;

/// <summary>Brings sums up to date, four times a second where something is due.</summary>
internal sealed partial class SummaryRefresher(Works works, SummaryCells cells, ILogger<SummaryRefresher> log) : RecurringWork(Interval)
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(250);
    private static readonly Caller Self = Caller.Service("reporting");

    protected override async Task TurnAsync(CancellationToken ct)
    {
        try
        {
            await using var work = await works.BeginAsync(Self, "summaries", ct);
            if (await cells.RefreshAsync(work, ct) > 0)
            {
                await work.CommitAsync();
            }
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            // What is due stays noted: the next turn tries again.
            LogFailed(e.GetType().Name, e.Message);
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Sums wait: {Kind}: {Words}")]
    private partial void LogFailed(string kind, string words);
}
