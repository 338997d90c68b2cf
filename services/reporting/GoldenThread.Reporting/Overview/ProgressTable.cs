using GoldenThread.Reporting.Disclosure;
using GoldenThread.Reporting.V1;
using GoldenThread.Statistics;
using ShownFigure = GoldenThread.Type.V1.Figure;

namespace GoldenThread.Reporting.Overview;

/// <summary>
/// How a school's statuses divide, clear or as a fixed table of its own. A pupil counts once per subject. Shares are of the statuses that rest on a
/// fit: without one a pupil can be seen to fall behind and nothing else, so that of all who have a status those in trouble would be too many.
/// </summary>
internal static class ProgressTable
{
    private const int Judged = 0;
    private const int Stuck = 1;
    private const int SlowMoving = 2;
    private const int FallingBehind = 3;
    private const int OtherwiseJudged = 4;
    private const int NoData = 5;
    private const int FallingWithoutFit = 6;
    private const int Cells = 7;
    private const int Whole = 1_000_000;
    private static readonly TableSum Parts = new(Judged, [Stuck, SlowMoving, FallingBehind, OtherwiseJudged]);
    private static readonly int[] Unjudged = [NoData, FallingWithoutFit];
    private static readonly int[] Steps = [1, 2, 5, 10];

    /// <summary>The shares as they are, or for those who see fixed tables.</summary>
    public static ProgressShares Of(IReadOnlyCollection<AlikePupilsRow> pupils, Sight sight)
    {
        var counts = Enumerable.Range(0, Cells).Select(cell => pupils.Sum(p => (long)p.Pupils * SubjectsOf(p, cell))).ToArray();
        var hidden = sight == Sight.Clear ? new bool[Cells] : Hidden(counts, pupils);
        var subjects = pupils.Select(p => p.Expected).DefaultIfEmpty(1).Max();
        var fewToShare = FixedTable.IsSmall(PupilsOf(pupils, Parts.Parts.Contains));

        // Who knows the roll takes what is judged from it. A few that no fit judged must not come of that, nor of what the shares are shares of.
        var fewUnjudged = sight != Sight.Clear && !hidden[Judged] && FixedTable.IsSmall(PupilsOf(pupils, Unjudged.Contains));
        hidden[Judged] |= fewUnjudged;
        return new ProgressShares
        {
            Judged = Number(Judged),
            PercentStuck = Share(Stuck),
            PercentSlowMoving = Share(SlowMoving),
            PercentFallingBehind = Share(FallingBehind),
            NoData = Number(NoData),
        };

        ShownFigure Number(int cell) => hidden[cell] ? Shown.SmallNumber() : Shown.Value(counts[cell]);

        ShownFigure Share(int cell)
        {
            if (hidden[cell])
            {
                return Shown.SmallNumber();
            }

            if (fewUnjudged)
            {
                return Coarse(counts[cell], counts[Judged], Unjudged.Sum(c => counts[c]), subjects);
            }

            if (counts[Judged] == 0 && pupils.Count > 0)
            {
                return Shown.Redacted("NO_FIT", "No status rests on a prior-score fit yet, so no share of them can be told.");
            }

            return fewToShare
                ? Shown.CountOnly()
                : Shown.Of(Proportions.OfEffective(new Proportion((int)counts[cell], (int)counts[Judged]), Effective(counts[Judged], subjects)), 100);
        }
    }

    /// <summary>
    /// A share that fits several numbers of pupils whom no fit judged, for one who knows the roll: rounded to a step that is no less than what one pupil
    /// comes to, with an interval made of that and of what is expected alone, as if as many were not judged as are hidden at most. So it is
    /// wider than the exact one. Not shown where no step is wide enough, nor where a count that is hidden might round to the same.
    /// </summary>
    private static ShownFigure Coarse(long count, long judged, long unjudged, int subjects)
    {
        var expected = Effective(judged + unjudged, subjects);
        var fewest = expected - FixedTable.SmallCount;
        var step = Array.Find(Steps, s => s * fewest >= 100);
        if (step == 0)
        {
            return Shown.SmallNumber();
        }

        var half = step / 2.0;
        var percent = Math.Round(100.0 * count / judged / step, MidpointRounding.AwayFromZero) * step;
        return MayBeSmall(percent) || MayBeSmall(100 - percent)
            ? Shown.SmallNumber()
            : new() { Estimate = new() { Low = 100 * Wilson(percent - half).Low, Point = percent, High = 100 * Wilson(percent + half).High } };

        bool MayBeSmall(double fromEnd) => fromEnd > 0 && (fromEnd - half) * expected / 100 < FixedTable.SmallCount + 1;

        Figure.Estimate Wilson(double of) => (Figure.Estimate)Proportions.OfEffective(
            new Proportion((int)(Math.Clamp(of, 0, 100) / 100 * Whole), Whole), fewest);
    }

    /// <summary>
    /// What the statuses are worth as independent ones. A pupil who is stuck in one subject is likely to be in the next: at worst all of a pupil's
    /// go together, and then they are worth (Σm)² ÷ Σm² for pupils with m subjects each (Kish 1965, Survey Sampling, section 11.7), the number of
    /// pupils where each has as many. Taken here is Σm ÷ the most subjects of a pupil, which is never more: an interval from the number of
    /// pupils, beside that of the statuses, would tell how many lack a subject or sit in a small year group.
    /// </summary>
    private static double Effective(long judged, int subjects) => (double)judged / subjects;

    /// <summary>What is small is a number of pupils: five of them stuck in three subjects each are fifteen statuses, and five pupils.</summary>
    private static bool[] Hidden(long[] counts, IReadOnlyCollection<AlikePupilsRow> pupils)
    {
        var judged = PupilsOf(pupils, Parts.Parts.Contains);
        var small = new bool[Cells];
        small[Judged] = FixedTable.IsSmall(judged);

        // What is judged and what has no data, taken from the roll, is how many fall without a fit.
        small[NoData] = Array.Exists(Unjudged, cell => FixedTable.IsSmall(PupilsOf(pupils, c => c == cell)))
            || FixedTable.IsSmall(PupilsOf(pupils, Unjudged.Contains));
        foreach (var part in Parts.Parts)
        {
            small[part] = judged is > 0 and < FixedTable.LargeEnough
                || FixedTable.IsSmall(PupilsOf(pupils, cell => cell == part))
                || FixedTable.IsSmall(PupilsOf(pupils, cell => cell != part && Parts.Parts.Contains(cell)));
        }

        while (true)
        {
            var hidden = FixedTable.Hide(counts, null, small, [Parts]);
            if (hidden[Judged] || !FixedTable.IsSmall(PupilsOf(pupils, cell => Parts.Parts.Contains(cell) && hidden[cell])))
            {
                // How many were expected follows from the roll: what is not judged tells what is.
                hidden[NoData] |= hidden[Judged];
                return hidden;
            }

            // All that is hidden, which a reader can add up, is of few pupils still.
            small[Parts.Parts.Where(part => !hidden[part] && counts[part] > 0).OrderBy(part => counts[part]).FirstOrDefault(Judged)] = true;
        }
    }

    private static long PupilsOf(IReadOnlyCollection<AlikePupilsRow> pupils, Func<int, bool> isMeant) =>
        pupils.Where(p => Enumerable.Range(1, Cells - 1).Any(cell => isMeant(cell) && SubjectsOf(p, cell) > 0)).Sum(p => (long)p.Pupils);

    private static int SubjectsOf(AlikePupilsRow pupil, int cell) => cell switch
    {
        Judged => pupil.Expected - pupil.NoData - pupil.FallingWithoutFit,
        Stuck => pupil.Stuck,
        SlowMoving => pupil.SlowMoving,
        FallingBehind => pupil.FallingBehind,
        OtherwiseJudged => pupil.OtherwiseJudged,
        FallingWithoutFit => pupil.FallingWithoutFit,
        _ => pupil.NoData,
    };
}
