using GoldenThread.Type.V1;
using Statistical = GoldenThread.Statistics.Figure;
using Unavailable = GoldenThread.Statistics.Unavailable;

namespace GoldenThread.Tracking;

/// <summary>A figure as it is computed, put into the figure that is shown.</summary>
internal static class Figures
{
    /// <summary>Up to this many pupils are shown as counts, not as a percentage.</summary>
    private const int CountsOnly = 5;

    /// <summary>
    /// The figure times a factor: 100 turns shares into percent. Where all scores are alike the interval has no width: that would look like
    /// certainty, so the point stands alone.
    /// </summary>
    public static Figure ToProto(this Statistical figure, double factor = 1) => figure switch
    {
        Statistical.Value value => new Figure { Value = value.Number * factor },
        Statistical.Estimate e when e.Low >= e.High => new Figure { Value = e.Middle * factor },
        Statistical.Estimate e => new Figure { Estimate = new Estimate { Low = e.Low * factor, Point = e.Middle * factor, High = e.High * factor } },
        Statistical.NotAvailable missing => Redacted("NOT_AVAILABLE", Words(missing.Reason)),
        _ => throw new ArgumentOutOfRangeException(nameof(figure)),
    };

    /// <summary>Whether there are pupils, and so few that a percentage of them would say more than they can bear.</summary>
    public static bool IsSmall(int pupils) => pupils is > 0 and <= CountsOnly;

    /// <summary>No percentage of a few pupils.</summary>
    public static Figure SmallNumber() => Redacted("SMALL_NUMBER", "So few pupils are told as a count, not as a percentage.");

    /// <summary>No mean over scores that cannot be added up.</summary>
    public static Figure MixedScales() => Redacted("MIXED_SCALES", "Scores of two scales are never averaged.");

    /// <summary>No figure, and why.</summary>
    public static Figure Redacted(string reason, string words) => new() { Redacted = new Redacted { Reason = reason, Detail = words } };

    private static string Words(Unavailable reason) => reason switch
    {
        Unavailable.NoPupils => "There is no pupil in the group.",
        Unavailable.NoComparator => "There is nobody to compare with.",
        Unavailable.TooFewPupils => "There are too few pupils for this figure.",
        Unavailable.NoVariation => "All scores are alike.",
        Unavailable.TooFewSchools => "There are too few schools for this figure.",
        _ => throw new ArgumentOutOfRangeException(nameof(reason)),
    };
}
