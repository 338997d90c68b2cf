using GoldenThread.ServiceDefaults;

namespace GoldenThread.Reporting.Summaries;

/// <summary>Brings sums up to date, four times a second where something is due.</summary>
internal sealed class SummaryRefresher(Works works, SummaryCells cells, ILogger<SummaryRefresher> log)
    : DueWork(works, Caller.Service("reporting"), "summaries", "Sums", TimeSpan.FromMilliseconds(250), log)
{
    protected override async Task<bool> DoDueAsync(Work work, CancellationToken ct) => await cells.RefreshAsync(work, ct) > 0;
}
