using System.Globalization;
using GoldenThread.Statistics;
using GoldenThread.Tracking.V1;
using Figure = GoldenThread.Type.V1.Figure;

namespace GoldenThread.Tracking.Gaps;

/// <summary>What a counted gap means: DOMAIN §6, pure.</summary>
internal static class GapFinding
{
    /// <summary>Up to this many pupils are shown as counts, not as a percentage.</summary>
    private const int CountsOnly = 5;

    /// <summary>Below this many pupils nothing is said about chance.</summary>
    private const int FewestForChance = 11;

    /// <summary>The gap with its intervals, its size in pupils and its words.</summary>
    public static Gap Of(GapQuestion question, CountedGap counted)
    {
        var group = new Proportion(counted.GroupMet, counted.GroupPupils);
        var others = new Proportion(counted.OtherMet, counted.OtherPupils);
        var points = Proportions.NewcombeDifference(group, others);
        var gap = new Gap
        {
            Group = question.Group,
            DefinitionVersion = counted.Version,
            Comparator = $"{counted.ComparatorName}, {(question.SchoolUrn is null ? "whole trust" : "same school")}",
            Subject = question.Subject,
            CollectionId = question.CollectionId.ToString(),
            On = counted.On.Text(),
            InGroup = Side(group, counted.GroupScored, counted.GroupMean, counted.GroupSd, counted.Scales),
            Others = Side(others, counted.OtherScored, counted.OtherMean, counted.OtherSd, counted.Scales),
            PercentagePoints = points.ToProto(factor: 100),
            Words = Words(counted, group, others, points),
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

        if (WholePupils.OfGap(group, others).Point is { } pupils)
        {
            gap.WholePupils = (int)pupils;
        }

        return gap;
    }

    private static void SetMeans(Gap gap, CountedGap counted)
    {
        if (counted.Scales > 1)
        {
            gap.MeanDifference = OneScaleOnly();
            gap.HedgesG = OneScaleOnly();
            return;
        }

        var group = new Sample(counted.GroupScored, counted.GroupMean, counted.GroupSd);
        var others = new Sample(counted.OtherScored, counted.OtherMean, counted.OtherSd);
        gap.MeanDifference = Means.WelchDifference(group, others).ToProto();
        gap.HedgesG = Means.HedgesG(group, others).ToProto();
    }

    private static GapSide Side(Proportion side, int scored, double mean, double? sd, int scales) => new()
    {
        Pupils = side.N,
        Met = side.Count,
        Scored = scored,
        PercentMet = side.N is > 0 and <= CountsOnly
            ? Figures.Redacted("SMALL_NUMBER", "So few pupils are told as a count, not as a percentage.")
            : Proportions.Wilson(side).ToProto(factor: 100),
        MeanScore = scales > 1 ? OneScaleOnly() : Means.Interval(new Sample(scored, mean, sd)).ToProto(),
    };

    private static Figure OneScaleOnly() => Figures.Redacted("MORE_THAN_ONE_SCALE", "Scores of different scales are never averaged together.");

    private static string Words(CountedGap counted, Proportion group, Proportion others, Statistics.Figure points)
    {
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
        if (group.N < FewestForChance || others.N < FewestForChance)
        {
            return $"{finding}; too few pupils to say whether it is more than chance.";
        }

        return points.Excludes(0) ? $"{finding}, more than chance would usually give." : $"{finding}, no more than chance would usually give.";
    }

    private static string Signed(int number) => number.ToString("+0;−0", CultureInfo.InvariantCulture);
}
