using GoldenThread.Type.V1;
using Statistical = GoldenThread.Statistics.Figure;
using Unavailable = GoldenThread.Statistics.Unavailable;

namespace GoldenThread.Tracking;

/// <summary>A figure as it is computed, put into the figure that is shown.</summary>
internal static class Figures
{
    /// <summary>The figure times a factor: 100 turns shares into percent.</summary>
    public static Figure ToProto(this Statistical figure, double factor = 1) => figure switch
    {
        Statistical.Value value => new Figure { Value = value.Number * factor },
        Statistical.Estimate e => new Figure { Estimate = new Estimate { Low = e.Low * factor, Point = e.Middle * factor, High = e.High * factor } },
        Statistical.NotAvailable missing => Redacted("NOT_AVAILABLE", Words(missing.Reason)),
        _ => throw new ArgumentOutOfRangeException(nameof(figure)),
    };

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
