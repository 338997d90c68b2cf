using GoldenThread.Statistics;
using ShownFigure = GoldenThread.Type.V1.Figure;

namespace GoldenThread.Reporting.Disclosure;

/// <summary>Figures as they leave the service.</summary>
internal static class Shown
{
    /// <summary>Hidden because it, or what it would give away, is a small number.</summary>
    public static ShownFigure SmallNumber() =>
        Redacted("SMALL_NUMBER", "Not shown, so that no single pupil can be made out.");

    /// <summary>No percentage of a few pupils, for those who may see their count.</summary>
    public static ShownFigure CountOnly() => Redacted("SMALL_NUMBER", "So few pupils are told as a count, not as a percentage.");

    /// <summary>Not part of what this role sees.</summary>
    public static ShownFigure NotInFixedTable() =>
        Redacted("NOT_IN_FIXED_TABLE", "Not part of the table that your role sees.");

    /// <summary>No number, and why.</summary>
    public static ShownFigure Redacted(string reason, string detail) => new() { Redacted = new() { Reason = reason, Detail = detail } };

    /// <summary>A number known exactly.</summary>
    public static ShownFigure Value(double value) => new() { Value = value };

    /// <summary>
    /// A statistic, in its own unit times a factor (100 for percent). Where all scores are alike the interval has no width: that would look like
    /// certainty, so the point stands alone.
    /// </summary>
    public static ShownFigure Of(Figure figure, double factor = 1) => figure switch
    {
        Figure.Value value => Value(value.Number * factor),
        Figure.Estimate e when e.Low >= e.High => Value(e.Middle * factor),
        Figure.Estimate e => new() { Estimate = new() { Low = e.Low * factor, Point = e.Middle * factor, High = e.High * factor } },
        Figure.NotAvailable { Reason: Unavailable.NoPupils } => Redacted("NO_PUPILS", "Nobody is in this group."),
        Figure.NotAvailable { Reason: Unavailable.NoComparator } => Redacted("NO_COMPARATOR", "There is nobody to compare with."),
        Figure.NotAvailable { Reason: Unavailable.TooFewPupils } => Redacted("TOO_FEW_FOR_INTERVAL", "Too few pupils for an interval."),
        Figure.NotAvailable { Reason: Unavailable.NoVariation } => Redacted("NO_VARIATION", "All scores are equal."),
        Figure.NotAvailable { Reason: Unavailable.TooFewSchools } => Redacted("TOO_FEW_SCHOOLS", "Too few schools for an interval."),
        _ => throw new InvalidOperationException($"{figure.GetType().Name} has no form to be shown in."),
    };

    /// <summary>
    /// A mean for those who see fixed tables, in tenths, its interval rounded outwards. All its digits are a fraction whose denominator is the number
    /// of those with a score; what is missing of the number of pupils has a code in place of one.
    /// </summary>
    public static ShownFigure InTenths(this ShownFigure figure) => figure switch
    {
        { Estimate: { } e } => new()
        {
            Estimate = new()
            {
                Low = (double)(Math.Floor((decimal)e.Low * 10) / 10),
                Point = Math.Round(e.Point, 1),
                High = (double)(Math.Ceiling((decimal)e.High * 10) / 10),
            },
        },
        { ShownCase: ShownFigure.ShownOneofCase.Value } => Value(Math.Round(figure.Value, 1)),
        _ => figure,
    };

    /// <summary>Whether a number is shown.</summary>
    public static bool HasNumber(this ShownFigure figure) => figure.ShownCase is ShownFigure.ShownOneofCase.Value or ShownFigure.ShownOneofCase.Estimate;
}
