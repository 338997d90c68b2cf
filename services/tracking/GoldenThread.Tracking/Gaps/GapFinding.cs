using System.Globalization;
using GoldenThread.Statistics;
using GoldenThread.Tracking.V1;
using Figure = GoldenThread.Type.V1.Figure;

namespace GoldenThread.Tracking.Gaps;

/// <summary>What a counted gap means: DOMAIN §6, pure.</summary>
internal static class GapFinding
{
    /// <summary>Below this many pupils nothing is said about chance.</summary>
    private const int FewestForChance = 11;

    /// <summary>The gap with its intervals, its size in pupils and its words. Over several schools the intervals allow for pupils of one being alike.</summary>
    public static Gap Of(GapQuestion question, CountedGap counted)
    {
        var (group, others) = (counted.Group, counted.Others);
        var points = AcrossSchools.Difference(
            Proportions.NewcombeDifference(group.Proportion, others.Proportion),
            counted.Schools.Select(school => (MetPart(school.Group), MetPart(school.Others))).ToList()).Within(-1, 1);
        var gap = new Gap
        {
            Group = question.Group,
            DefinitionVersion = counted.Version,
            Comparator = $"{counted.ComparatorName}, {(question.SchoolUrn is null ? "whole trust" : "same school")}, those with nothing recorded included",
            Subject = question.Subject,
            CollectionId = question.CollectionId.ToString(),
            On = counted.On.Text(),
            InGroup = Side(group, counted.Schools.Select(school => school.Group), counted),
            Others = Side(others, counted.Schools.Select(school => school.Others), counted),
            PercentagePoints = !counted.HasExpected ? NoExpectedStandard()
                : group.Pupils > 0 && others.Pupils > 0 && (Figures.IsSmall(group.Pupils) || Figures.IsSmall(others.Pupils)) ? Figures.SmallNumber()
                : points.ToProto(factor: 100),
            Words = Words(counted, group.Proportion, others.Proportion, points),
        };
        SetMeans(gap, counted);
        if (question.SchoolUrn is { } urn)
        {
            gap.SchoolUrn = urn;
        }

        if (question.YearGroup is { } year)
        {
            gap.YearGroup = year;
        }

        if (counted.HasExpected && WholePupils.OfGap(group.Proportion, others.Proportion).Point is { } pupils)
        {
            gap.WholePupils = (int)pupils;
        }

        return gap;
    }

    private static void SetMeans(Gap gap, CountedGap counted)
    {
        if (counted.Scales > 1)
        {
            gap.MeanDifference = Figures.MixedScales();
            gap.HedgesG = Figures.MixedScales();
            return;
        }

        var (group, others) = (counted.Group.Sample, counted.Others.Sample);
        gap.MeanDifference = AcrossSchools.Difference(
            Means.WelchDifference(group, others),
            counted.Schools.Select(school => (ScorePart(school.Group), ScorePart(school.Others))).ToList()).ToProto();
        gap.HedgesG = Means.HedgesG(group, others).ToProto();
    }

    private static GapSide Side(CountedSide side, IEnumerable<CountedSide> schools, CountedGap counted)
    {
        var bySchool = schools.ToList();
        return new GapSide
        {
            Pupils = side.Pupils,
            Met = side.Met,
            Scored = side.Scored,
            PercentMet = !counted.HasExpected ? NoExpectedStandard()
                : Figures.IsSmall(side.Pupils) ? Figures.SmallNumber()
                : AcrossSchools.Share(bySchool.Select(school => school.Proportion).ToList()).ToProto(factor: 100),
            MeanScore = counted.Scales > 1 ? Figures.MixedScales() : AcrossSchools.Mean(side.Sample, bySchool.Select(ScorePart).ToList()).ToProto(),
        };
    }

    private static SchoolPart MetPart(CountedSide side) => new(side.Met, side.Pupils);

    private static SchoolPart ScorePart(CountedSide side) => new((double)side.Sum, side.Scored);

    private static Figure NoExpectedStandard() => Figures.Redacted("NO_EXPECTED_STANDARD", "The test, or one of several, has no expected standard.");

    private static string Words(CountedGap counted, Proportion group, Proportion others, Statistics.Figure points)
    {
        if (!counted.HasExpected)
        {
            return "The test has no expected standard, or one of several has none, so it cannot be said who met it; only scores can be compared.";
        }

        if (group.N == 0 || others.N == 0)
        {
            return "There is nobody on one side, so there is no gap to speak of.";
        }

        var pupils = (int)WholePupils.OfGap(group, others).Point!.Value;
        var size = pupils switch
        {
            0 => "less than one pupil",
            1 or -1 => $"{Signed(pupils)} pupil",
            _ => $"{Signed(pupils)} pupils",
        };
        var finding = $"{counted.Name}: {group.Count} of {group.N} met the expected standard; {counted.ComparatorName}: {others.Count} of {others.N}. "
            + $"The gap is {size}";
        if (InOneSchoolOfSeveral(counted) is { } side)
        {
            return $"{finding}; all of {side} are in one school, so it cannot be told from a difference between that school and the others.";
        }

        if (group.N < FewestForChance || others.N < FewestForChance)
        {
            return $"{finding}; too few pupils to say whether it is more than chance.";
        }

        return points.Excludes(0) ? $"{finding}, more than chance would usually give." : $"{finding}, no more than chance would usually give.";
    }

    private static string? InOneSchoolOfSeveral(CountedGap counted) => counted.Schools.Count(school => school.Group.Pupils + school.Others.Pupils > 0) < 2 ? null
        : counted.Schools.Count(school => school.Group.Pupils > 0) == 1 ? "the group"
        : counted.Schools.Count(school => school.Others.Pupils > 0) == 1 ? "those it is compared with"
        : null;

    private static string Signed(int number) => number.ToString("+0;−0", CultureInfo.InvariantCulture);
}
