namespace GoldenThread.Statistics;

/// <summary>What may be said about the effect of an action.</summary>
public enum Verdict
{
    /// <summary>Too little to say anything: fewer than two pupils with both measures.</summary>
    CannotTell,

    /// <summary>There is a change, or none, but nothing shows what it is owed to. The most that before and after can earn.</summary>
    CannotAttribute,
}

/// <summary>
/// Before and after for the pupils of an action: the lowest rung of the impact ladder. However large the change, the verdict
/// is capped at "cannot attribute"; the change beyond what was to be expected untreated stands beside it.
/// </summary>
/// <param name="N">Pupils with both measures.</param>
/// <param name="Change">Mean of after less before, with Student's interval for pairs, in the scale's unit.</param>
/// <param name="ExpectedChange">Mean change to expect untreated, by regression to the mean; same unit.</param>
/// <param name="BeyondExpected">Mean change less what was to be expected, with its interval; same unit.</param>
/// <param name="Verdict">Cannot tell, or cannot attribute; never more.</param>
public sealed record BeforeAfter(int N, Figure Change, Figure ExpectedChange, Figure BeyondExpected, Verdict Verdict)
{
    /// <summary>Compares pairs on one and the same scale.</summary>
    /// <param name="pairs">(before, after) per pupil.</param>
    /// <param name="populationMean">Mean of all pupils from whom these were chosen, at the time of choosing.</param>
    /// <param name="correlation">Between the two sittings among all pupils, 0 to 1; the reliability at most.</param>
    /// <param name="confidence">Between 0 and 1.</param>
    public static BeforeAfter Compare(
        IReadOnlyCollection<(double Before, double After)> pairs,
        double populationMean,
        double correlation,
        double confidence = Confidence.Usual)
    {
        ArgumentNullException.ThrowIfNull(pairs);
        var changes = Sample.Of(pairs.Select(pair => pair.After - pair.Before));
        var expected = Sample.Of(pairs.Select(pair =>
            Measurement.ExpectedUntreated(pair.Before, populationMean, correlation) - pair.Before));
        var beyond = Sample.Of(pairs.Select(pair =>
            pair.After - Measurement.ExpectedUntreated(pair.Before, populationMean, correlation)));
        return new BeforeAfter(
            pairs.Count,
            Means.Interval(changes, confidence),
            pairs.Count == 0 ? Figure.Missing(Unavailable.NoPupils) : Figure.Of(expected.Mean),
            Means.Interval(beyond, confidence),
            pairs.Count < 2 ? Verdict.CannotTell : Verdict.CannotAttribute);
    }
}
