using GoldenThread.Reporting.Disclosure;
using GoldenThread.Reporting.V1;
using GoldenThread.Statistics;
using ShownFigure = GoldenThread.Type.V1.Figure;

namespace GoldenThread.Reporting.Overview;

/// <summary>How a school's statuses divide, clear or as a fixed table of its own.</summary>
internal static class ProgressTable
{
    private const string NoData = "no-data";
    private static readonly string[] Told = ["stuck", "slow-moving", "falling-behind"];

    /// <summary>The shares. A pupil counts once per subject.</summary>
    public static ProgressShares Of(IEnumerable<StatusCountRow> counts, Sight sight)
    {
        var byStatus = counts.ToDictionary(c => c.Status, c => (long)c.N);
        var judged = byStatus.Where(c => c.Key != NoData).Sum(c => c.Value);
        var told = Told.Select(status => byStatus.GetValueOrDefault(status)).ToList();
        var noData = byStatus.GetValueOrDefault(NoData);
        var hidden = sight == Sight.Clear ? new bool[6] : Hidden(judged, told, noData);
        return new ProgressShares
        {
            Judged = hidden[0] ? Shown.SmallNumber() : Shown.Value(judged),
            PercentStuck = Share(told[0], judged, hidden[1]),
            PercentSlowMoving = Share(told[1], judged, hidden[2]),
            PercentFallingBehind = Share(told[2], judged, hidden[3]),
            NoData = hidden[5] ? Shown.SmallNumber() : Shown.Value(noData),
        };
    }

    /// <summary>Cells: judged = stuck + slow moving + falling behind + the rest, and no data by itself.</summary>
    private static bool[] Hidden(long judged, List<long> told, long noData)
    {
        long[] counts = [judged, .. told, judged - told.Sum(), noData];
        var small = counts.Select((count, i) => i is 0 or 5
            ? FixedTable.IsSmall(count)
            : FixedTable.IsSmall(count) || FixedTable.IsSmall(judged - count) || judged is > 0 and < FixedTable.LargeEnough).ToArray();
        return FixedTable.Hide(counts, null, small, [new TableSum(0, [1, 2, 3, 4])]);
    }

    private static ShownFigure Share(long count, long judged, bool hidden) => hidden
        ? Shown.SmallNumber()
        : Shown.Of(Proportions.Wilson(new Proportion((int)count, (int)judged)), 100);
}
