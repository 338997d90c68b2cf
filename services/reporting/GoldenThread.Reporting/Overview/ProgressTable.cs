using GoldenThread.Reporting.Disclosure;
using GoldenThread.Reporting.V1;
using GoldenThread.Statistics;
using ShownFigure = GoldenThread.Type.V1.Figure;

namespace GoldenThread.Reporting.Overview;

/// <summary>How a school's statuses divide, clear or as a fixed table of its own. A pupil counts once per subject.</summary>
internal static class ProgressTable
{
    private const int Judged = 0;
    private const int Rest = 4;
    private const int NoData = 5;
    private static readonly string[] Kinds = ["", "stuck", "slow-moving", "falling-behind", "", "no-data"];
    private static readonly TableSum Parts = new(Judged, [1, 2, 3, Rest]);

    /// <summary>The shares as they are.</summary>
    public static ProgressShares Clear(IEnumerable<StatusCountRow> counts) =>
        Shares(Counts(counts.Select(c => (c.Status, c.N))), new bool[Kinds.Length]);

    /// <summary>The shares for those who see fixed tables.</summary>
    public static ProgressShares Veiled(IReadOnlyCollection<AlikePupilsRow> pupils)
    {
        var counts = Counts(pupils.SelectMany(p => p.Statuses, (p, status) => (status, p.Pupils)));
        return Shares(counts, Hidden(counts, pupils));
    }

    private static ProgressShares Shares(long[] counts, bool[] hidden)
    {
        return new ProgressShares
        {
            Judged = Number(Judged),
            PercentStuck = Share(1),
            PercentSlowMoving = Share(2),
            PercentFallingBehind = Share(3),
            NoData = Number(NoData),
        };

        ShownFigure Number(int cell) => hidden[cell] ? Shown.SmallNumber() : Shown.Value(counts[cell]);

        ShownFigure Share(int cell) => hidden[cell]
            ? Shown.SmallNumber()
            : Shown.Of(Proportions.Wilson(new Proportion((int)counts[cell], (int)counts[Judged])), 100);
    }

    private static long[] Counts(IEnumerable<(string Status, int N)> statuses)
    {
        var counts = new long[Kinds.Length];
        foreach (var (status, n) in statuses)
        {
            counts[KindOf(status)] += n;
        }

        counts[Judged] = Parts.Parts.Sum(part => counts[part]);
        return counts;
    }

    /// <summary>What is small is a number of pupils: five of them stuck in three subjects each are fifteen statuses, and five pupils.</summary>
    private static bool[] Hidden(long[] counts, IReadOnlyCollection<AlikePupilsRow> pupils)
    {
        var judged = PupilsOf(Parts.Parts.Contains);
        var small = new bool[Kinds.Length];
        small[Judged] = FixedTable.IsSmall(judged);
        small[NoData] = FixedTable.IsSmall(PupilsOf(kind => kind == NoData));
        foreach (var part in Parts.Parts)
        {
            small[part] = judged is > 0 and < FixedTable.LargeEnough
                || FixedTable.IsSmall(PupilsOf(kind => kind == part))
                || FixedTable.IsSmall(PupilsOf(kind => kind != part && Parts.Parts.Contains(kind)));
        }

        while (true)
        {
            var hidden = FixedTable.Hide(counts, null, small, [Parts]);
            if (hidden[Judged] || !FixedTable.IsSmall(PupilsOf(kind => kind != NoData && hidden[kind])))
            {
                return hidden;
            }

            // All that is hidden, which a reader can add up, is of few pupils still.
            small[Parts.Parts.Where(part => !hidden[part] && counts[part] > 0).OrderBy(part => counts[part]).FirstOrDefault(Judged)] = true;
        }

        long PupilsOf(Func<int, bool> isMeant) => pupils.Where(p => p.Statuses.Any(status => isMeant(KindOf(status)))).Sum(p => (long)p.Pupils);
    }

    private static int KindOf(string status) => Array.IndexOf(Kinds, status) is var kind and > 0 ? kind : Rest;
}
