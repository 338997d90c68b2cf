using GoldenThread.Reporting.Benchmarks;
using GoldenThread.Reporting.Disclosure;
using GoldenThread.Reporting.V1;
using GoldenThread.Statistics;
using ShownFigure = GoldenThread.Type.V1.Figure;

namespace GoldenThread.Reporting.Attainment;

/// <summary>Turns sums into the figures that are shown: percentages and means with intervals, gaps, distances to benchmarks.</summary>
internal static class AttainmentFigures
{
    /// <summary>The figures of a cell.</summary>
    public static CohortFigures Of(AttainmentTable table, CellKey key, Sight sight)
    {
        var sums = table[key];
        var veil = sight == Sight.Clear ? Veil.None : table.VeilOf(key);
        var figures = new CohortFigures
        {
            Pupils = veil.Pupils ? Shown.SmallNumber() : Shown.Value(sums.N),
            Excluded = sight == Sight.Clear ? Shown.Value(sums.Excluded) : Shown.NotInFixedTable(),
            PercentMet = veil.Figures ? VeiledPercent(sums, veil) : PercentMet(table, key, sight),
            MeanScore = veil.Mean ? Shown.SmallNumber() : AsSeen(MeanScore(table, key, sight), sight),
        };
        if (figures.MeanScore.HasNumber())
        {
            figures.Scale = sums.Scale;
        }

        return figures;
    }

    /// <summary>
    /// Whether enough pupils stand behind every figure that is shown of a cell for a word on chance: behind the percentage, and with a score behind
    /// the mean. False as well where their number is not shown.
    /// </summary>
    public static bool IsLargeEnough(AttainmentTable table, CellKey key, CohortFigures figures) =>
        IsLargeEnough(table, key, figures, false) && (!figures.MeanScore.HasNumber() || IsLargeEnough(table, key, figures, true));

    /// <summary>A group against the rest of its cohort.</summary>
    public static Comparator Against(AttainmentTable table, CellKey group, string name, Sight sight)
    {
        var rest = group.Others();
        var (inGroup, others) = sight == Sight.Clear ? (Veil.None, Veil.None) : (table.VeilOf(group), table.VeilOf(rest));
        var veiled = inGroup.Figures || others.Figures;
        return new Comparator
        {
            Name = name,
            Figures = Of(table, rest, sight),
            PercentagePoints = veiled ? Shown.SmallNumber() : PercentagePoints(table, group, sight),
            Points = inGroup.Mean || others.Mean ? Shown.SmallNumber() : AsSeen(Points(table, group, sight), sight),
            WholePupils = veiled ? Shown.SmallNumber() : WholePupilsOf(table, group),
        };
    }

    /// <summary>A cell against a national constant.</summary>
    public static BenchmarkComparison Against(AttainmentTable table, CellKey key, CohortFigures figures, NationalFigure national)
    {
        var isMean = national.Shows != NationalFigure.PercentMet;
        var own = isMean ? figures.MeanScore : figures.PercentMet;
        var comparison = new BenchmarkComparison { Benchmark = national.Benchmark.ToProto() };
        comparison.Cautions.AddRange(national.Cautions);
        if (national.Benchmark.Value is not { } constant)
        {
            comparison.Difference = Shown.Redacted("NO_BENCHMARK", "The benchmark itself was withheld by its publisher.");
            return comparison;
        }

        comparison.Difference = Moved(own, (double)constant);
        comparison.Relation = Relation(own, IsLargeEnough(table, key, figures, isMean), (double)constant);
        return comparison;
    }

    private static bool IsLargeEnough(AttainmentTable table, CellKey key, CohortFigures figures, bool isMean) =>
        figures.Pupils.HasNumber() && (isMean ? table[key].Scored : table[key].N) >= FixedTable.LargeEnough;

    private static ShownFigure AsSeen(ShownFigure mean, Sight sight) => sight == Sight.Clear ? mean : mean.InTenths();

    private static ShownFigure VeiledPercent(CohortSums sums, Veil veil) => veil.Range is { } range && sums.HasExpected
        ? Shown.Redacted("RANGE_ONLY", $"Between {range.Low} and {range.High} of {sums.N} pupils.")
        : Shown.SmallNumber();

    private static ShownFigure PercentMet(AttainmentTable table, CellKey key, Sight sight)
    {
        var sums = table[key];
        if (!sums.HasExpected)
        {
            return NoExpectedStandard();
        }

        // In a fixed table a share of so few is veiled.
        if (sight == Sight.Clear && FixedTable.IsSmall(sums.N))
        {
            return Shown.Redacted("SMALL_NUMBER", $"{sums.Met} of {sums.N} pupils: so few are told as a count, not as a percentage.");
        }

        if (key.SchoolUrn is not null)
        {
            return Shown.Of(Proportions.Wilson(sums.Proportion), 100);
        }

        var (alone, together) = Behind(table, key, school => table.IsVeiled(school, sight, veil => veil.Figures));
        return Shown.Of(AcrossSchools.Share([.. alone.Select(school => table[school].Proportion)], table.SumOf(together).Proportion), 100);
    }

    private static ShownFigure MeanScore(AttainmentTable table, CellKey key, Sight sight)
    {
        var sums = table[key];
        if (sums.MixedScales)
        {
            return Shown.Redacted("MIXED_SCALES", "Scores of two scales are never averaged.");
        }

        if (sums.Scored == 0)
        {
            return Shown.Redacted("NO_SCORES", "Nobody has a score.");
        }

        if (sums.Scored == 1)
        {
            return Shown.Value((double)sums.Sum);
        }

        if (key.SchoolUrn is not null)
        {
            return Shown.Of(Means.Interval(sums.Sample));
        }

        var (alone, together) = Behind(table, key, school => table.IsVeiled(school, sight, veil => veil.Mean));
        return Shown.Of(AcrossSchools.Mean(sums.Sample, [.. alone.Select(school => ScorePart(table[school]))], ScorePart(table.SumOf(together))));
    }

    private static ShownFigure PercentagePoints(AttainmentTable table, CellKey group, Sight sight)
    {
        var (inGroup, rest) = (table[group], table[group.Others()]);
        if (!inGroup.HasExpected || !rest.HasExpected)
        {
            return NoExpectedStandard();
        }

        if (inGroup.N > 0 && rest.N > 0 && (FixedTable.IsSmall(inGroup.N) || FixedTable.IsSmall(rest.N)))
        {
            return Shown.CountOnly();
        }

        var newcombe = Proportions.NewcombeDifference(inGroup.Proportion, rest.Proportion);
        return Shown.Of(Difference(table, group, newcombe, s => new SchoolPart(s.Met, s.N), sight, veil => veil.Figures).Within(-1, 1), 100);
    }

    private static ShownFigure Points(AttainmentTable table, CellKey group, Sight sight)
    {
        var (inGroup, rest) = (table[group], table[group.Others()]);
        if (inGroup.MixedScales || rest.MixedScales)
        {
            return Shown.Redacted("MIXED_SCALES", "Scores of two scales are never averaged.");
        }

        var welch = Means.WelchDifference(inGroup.Sample, rest.Sample);
        return Shown.Of(Difference(table, group, welch, ScorePart, sight, veil => veil.Mean));
    }

    // A school's own figures know of one school only.
    private static Figure Difference(
        AttainmentTable table, CellKey group, Figure simple, Func<CohortSums, SchoolPart> part, Sight sight, Func<Veil, bool> isHidden)
    {
        if (group.SchoolUrn is not null)
        {
            return simple;
        }

        var (alone, together) = Behind(
            table, group, school => table.IsVeiled(school, sight, isHidden) || table.IsVeiled(school.Others(), sight, isHidden));
        return AcrossSchools.Difference(
            simple,
            [.. alone.Select(school => (part(table[school]), part(table[school.Others()])))],
            (part(table.SumOf(together)), part(table.SumOf(together.Select(school => school.Others())))));
    }

    // Each school with its veil on would be one more unknown in the interval, and an interval is two more equations: two veiled schools could be
    // solved for. So they stand in it as what the reader can work out anyway, the total less the schools that are shown.
    private static (List<CellKey> Alone, List<CellKey> Together) Behind(AttainmentTable table, CellKey trust, Func<CellKey, bool> isVeiled)
    {
        var schools = table.CellsBehind(trust).ToLookup(isVeiled);
        return ([.. schools[false]], [.. schools[true]]);
    }

    private static SchoolPart ScorePart(CohortSums sums) => new((double)sums.Sum, sums.Scored);

    private static ShownFigure WholePupilsOf(AttainmentTable table, CellKey group) => table[group].HasExpected && table[group.Others()].HasExpected
        ? Shown.Of(WholePupils.OfGap(table[group].Proportion, table[group.Others()].Proportion))
        : NoExpectedStandard();

    // Of several year groups one test is enough: its pupils would all count as not met.
    private static ShownFigure NoExpectedStandard() => Shown.Redacted("NO_EXPECTED_STANDARD", "The test has no expected standard.");

    private static ShownFigure Moved(ShownFigure figure, double by) => figure.ShownCase switch
    {
        ShownFigure.ShownOneofCase.Value => Shown.Value(figure.Value - by),
        ShownFigure.ShownOneofCase.Estimate => new()
        {
            Estimate = new() { Low = figure.Estimate.Low - by, Point = figure.Estimate.Point - by, High = figure.Estimate.High - by },
        },
        _ => figure.Clone(),
    };

    private static BenchmarkRelation Relation(ShownFigure own, bool largeEnough, double constant) => own.ShownCase switch
    {
        ShownFigure.ShownOneofCase.Redacted => BenchmarkRelation.Unspecified,
        _ when !largeEnough => BenchmarkRelation.TooFew,
        ShownFigure.ShownOneofCase.Estimate when own.Estimate.Low > constant => BenchmarkRelation.Above,
        ShownFigure.ShownOneofCase.Estimate when own.Estimate.High < constant => BenchmarkRelation.Below,
        ShownFigure.ShownOneofCase.Estimate => BenchmarkRelation.NotDifferent,
        _ => BenchmarkRelation.Unspecified,
    };
}
