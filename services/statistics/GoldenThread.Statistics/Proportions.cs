using MathNet.Numerics.Distributions;

namespace GoldenThread.Statistics;

/// <summary>So many of so many pupils.</summary>
public readonly record struct Proportion
{
    /// <summary>A count among a number of pupils.</summary>
    /// <param name="count">0 to <paramref name="n"/>.</param>
    /// <param name="n">Number of pupils in the denominator, 0 or more.</param>
    /// <exception cref="ArgumentOutOfRangeException">A number is negative, or the count exceeds the pupils.</exception>
    public Proportion(int count, int n)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(n);
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, n);
        Count = count;
        N = n;
    }

    /// <summary>How many.</summary>
    public int Count { get; }

    /// <summary>Of how many.</summary>
    public int N { get; }

    /// <summary>The share, 0 to 1; null of nobody.</summary>
    public double? Share => N == 0 ? null : (double)Count / N;
}

/// <summary>Intervals for shares of pupils and their differences. Shares are 0 to 1, never percent.</summary>
public static class Proportions
{
    /// <summary>
    /// Wilson's score interval of one share, without continuity correction.
    /// Source: Wilson 1927, JASA 22: 209–212; Newcombe 1998, Statistics in Medicine 17: 857–872, method 3.
    /// </summary>
    /// <returns>An estimate within 0 to 1; not available of nobody.</returns>
    public static Figure Wilson(Proportion proportion, double confidence = Confidence.Usual)
    {
        if (proportion.Share is not { } share) return Figure.Missing(Unavailable.NoPupils);
        var (low, high) = ScoreInterval(share, proportion.N, Confidence.Z(confidence));
        return Figure.Between(low, share, high);
    }

    /// <summary>
    /// Wilson's interval of a share of what is not independent, such as several subjects of one pupil: the share stays, and the number of
    /// independent ones that all of them are worth stands in place of n.
    /// Source: Rao and Scott 1992, Biometrics 48: 577–585 (effective sample size).
    /// </summary>
    /// <param name="proportion">The share as counted.</param>
    /// <param name="effective">Above 0 where anything was counted; not above the number counted.</param>
    /// <param name="confidence">Between 0 and 1.</param>
    /// <returns>An estimate within 0 to 1; not available of nobody.</returns>
    public static Figure OfEffective(Proportion proportion, double effective, double confidence = Confidence.Usual)
    {
        if (proportion.Share is not { } share) return Figure.Missing(Unavailable.NoPupils);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(effective);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(effective, proportion.N);
        var (low, high) = ScoreInterval(share, effective, Confidence.Z(confidence));
        return Figure.Between(low, share, high);
    }

    /// <summary>
    /// Group less comparator, two independent groups, with Newcombe's hybrid score interval without continuity correction.
    /// Not for a national constant (use <see cref="Wilson"/> on the group) and not for a group against all: use the rest.
    /// Source: Newcombe 1998, Statistics in Medicine 17: 873–890, method 10.
    /// </summary>
    /// <returns>An estimate within −1 to 1; not available where one side is empty.</returns>
    public static Figure NewcombeDifference(
        Proportion group, Proportion comparator, double confidence = Confidence.Usual)
    {
        if (group.Share is not { } p1) return Figure.Missing(Unavailable.NoPupils);
        if (comparator.Share is not { } p2) return Figure.Missing(Unavailable.NoComparator);
        var z = Confidence.Z(confidence);
        var (low1, high1) = ScoreInterval(p1, group.N, z);
        var (low2, high2) = ScoreInterval(p2, comparator.N, z);
        var difference = p1 - p2;
        var below = Math.Sqrt(Square(p1 - low1) + Square(high2 - p2));
        var above = Math.Sqrt(Square(high1 - p1) + Square(p2 - low2));
        return Figure.Between(Math.Max(-1, difference - below), difference, Math.Min(1, difference + above));
    }

    /// <summary>
    /// Two-sided p-value of a difference of two independent shares: the score test (pooled variance, no continuity
    /// correction), which is Pearson's chi-squared test. For scans over many groups; see <see cref="FalseDiscovery"/>.
    /// </summary>
    /// <returns>0 to 1; 1 where both shares are 0 or both 1; not available where one side is empty.</returns>
    public static Figure DifferenceProbability(Proportion group, Proportion comparator)
    {
        if (group.Share is not { } p1) return Figure.Missing(Unavailable.NoPupils);
        if (comparator.Share is not { } p2) return Figure.Missing(Unavailable.NoComparator);
        var pooled = (double)(group.Count + comparator.Count) / (group.N + comparator.N);
        var variance = pooled * (1 - pooled) * (1.0 / group.N + 1.0 / comparator.N);
        return Figure.Of(variance == 0 ? 1 : 2 * Normal.CDF(0, 1, -Math.Abs(p1 - p2) / Math.Sqrt(variance)));
    }

    /// <summary>
    /// Share of pupils over several schools, with an interval that allows for pupils of one school being alike. The
    /// variance is that of a ratio over schools, m ÷ (m − 1) × Σ(xᵢ − p nᵢ)² ÷ n² (Cochran 1977, Sampling Techniques,
    /// 3rd ed., chapter 9A); the design effect it implies, never taken below 1, shrinks the pupils to an effective number
    /// (Rao and Scott 1992, Biometrics 48: 577–585), on which Wilson's interval is laid with Student's t on m − 1 degrees
    /// of freedom in place of z (Korn and Graubard 1998, Survey Methodology 24: 193–201).
    /// Where no school differs from another (all or none met it everywhere) the design effect is 1.
    /// </summary>
    /// <param name="schools">One entry per school; empty ones are left out.</param>
    /// <param name="confidence">Between 0 and 1.</param>
    /// <returns>An estimate within 0 to 1; not available of nobody, or of fewer than two schools.</returns>
    public static Figure AcrossSchools(IReadOnlyCollection<Proportion> schools, double confidence = Confidence.Usual)
    {
        ArgumentNullException.ThrowIfNull(schools);
        var present = schools.Where(school => school.N > 0).ToList();
        if (present.Count == 0) return Figure.Missing(Unavailable.NoPupils);
        if (present.Count == 1) return Figure.Missing(Unavailable.TooFewSchools);
        return AcrossParts(present, BetweenParts.OfSchools(present.Count), confidence);
    }

    /// <summary>The same over parts of which one may be several schools; none is empty, and there are two or more.</summary>
    internal static Figure AcrossParts(List<Proportion> parts, BetweenParts between, double confidence)
    {
        double pupils = parts.Sum(part => part.N);
        var share = parts.Sum(part => part.Count) / pupils;
        var variance = between.Factor * parts.Sum(part => Square(part.Count - share * part.N)) / Square(pupils);
        var simple = share * (1 - share) / pupils;
        var designEffect = simple == 0 ? 1 : Math.Max(1, variance / simple);
        var t = Confidence.T(confidence, between.DegreesOfFreedom);
        var (low, high) = ScoreInterval(share, pupils / designEffect, t);
        return Figure.Between(low, share, high);
    }

    private static (double Low, double High) ScoreInterval(double share, double n, double z)
    {
        var centre = (2 * n * share + z * z) / (2 * (n + z * z));
        var half = z * Math.Sqrt(z * z + 4 * n * share * (1 - share)) / (2 * (n + z * z));
        return (Math.Clamp(centre - half, 0, share), Math.Clamp(centre + half, share, 1));
    }

    private static double Square(double value) => value * value;
}

/// <summary>A gap counted in whole pupils, rounded toward zero: 28 pupils × −15 points are −4 pupils.</summary>
public static class WholePupils
{
    /// <summary>How many pupils of the group stand for its gap to another group. Exact: no rounding on the way.</summary>
    /// <returns>−n to n; not available where one side is empty.</returns>
    public static Figure OfGap(Proportion group, Proportion comparator)
    {
        if (group.N == 0) return Figure.Missing(Unavailable.NoPupils);
        if (comparator.N == 0) return Figure.Missing(Unavailable.NoComparator);
        var gapTimesBoth = (long)group.Count * comparator.N - (long)comparator.Count * group.N;
        return Figure.Of(gapTimesBoth / comparator.N);
    }

    /// <summary>How many pupils of the group stand for a gap in percentage points (a published one, say).</summary>
    /// <param name="n">Pupils in the group, 0 or more.</param>
    /// <param name="percentagePoints">Group less comparator, −100 to 100.</param>
    /// <returns>−n to n; not available of nobody.</returns>
    public static Figure OfGap(int n, decimal percentagePoints)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(n);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(Math.Abs(percentagePoints), 100);
        return n == 0
            ? Figure.Missing(Unavailable.NoPupils)
            : Figure.Of((double)decimal.Truncate(n * percentagePoints / 100));
    }

    /// <summary>How many pupils of the group stand for its gap to a national percentage.</summary>
    /// <param name="group">The group.</param>
    /// <param name="nationalPercent">0 to 100.</param>
    /// <returns>−n to n; not available of nobody.</returns>
    public static Figure OfGapToNational(Proportion group, decimal nationalPercent)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(nationalPercent);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(nationalPercent, 100);
        return group.N == 0
            ? Figure.Missing(Unavailable.NoPupils)
            : Figure.Of((double)decimal.Truncate(group.Count - group.N * nationalPercent / 100));
    }
}
