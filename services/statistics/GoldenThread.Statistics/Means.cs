using MathNet.Numerics.Distributions;

namespace GoldenThread.Statistics;

/// <summary>What is needed of a group's scores: how many, their mean, and their sample standard deviation (n − 1).</summary>
public sealed record Sample
{
    /// <summary>A sample from aggregates, as SQL gives them (count, avg, stddev_samp).</summary>
    /// <param name="n">0 or more.</param>
    /// <param name="mean">In the scale's unit; ignored when n is 0.</param>
    /// <param name="sd">0 or more, on n − 1; null below two pupils.</param>
    /// <exception cref="ArgumentOutOfRangeException">A number is not finite or out of range.</exception>
    public Sample(int n, double mean, double? sd)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(n);
        if (n > 0 && !double.IsFinite(mean))
            throw new ArgumentOutOfRangeException(nameof(mean), "A mean of scores is finite.");
        if (n > 1 && !(sd is >= 0 && double.IsFinite(sd.Value)))
            throw new ArgumentOutOfRangeException(nameof(sd), "Two pupils or more have a standard deviation.");
        N = n;
        Mean = n > 0 ? mean : 0;
        Sd = n > 1 ? sd : null;
    }

    /// <summary>Number of pupils.</summary>
    public int N { get; }

    /// <summary>Mean score in the scale's unit; 0 of nobody.</summary>
    public double Mean { get; }

    /// <summary>Sample standard deviation; null below two pupils.</summary>
    public double? Sd { get; }

    /// <summary>The sample of these scores (Welford's method, so that large scores lose nothing).</summary>
    public static Sample Of(IEnumerable<double> scores)
    {
        ArgumentNullException.ThrowIfNull(scores);
        var n = 0;
        var mean = 0.0;
        var squares = 0.0;
        foreach (var score in scores)
        {
            n++;
            var away = score - mean;
            mean += away / n;
            squares += away * (score - mean);
        }
        return new Sample(n, mean, n > 1 ? Math.Sqrt(squares / (n - 1)) : null);
    }

    /// <summary>The sample behind sums, exact in decimal, so that nothing is lost where scores lie close together.</summary>
    /// <param name="n">0 or more.</param>
    /// <param name="sum">Sum of the scores.</param>
    /// <param name="sumOfSquares">Sum of the squared scores.</param>
    public static Sample OfSums(int n, decimal sum, decimal sumOfSquares)
    {
        if (n == 0) return new Sample(0, 0, null);
        var mean = sum / n;
        return new Sample(n, (double)mean, n > 1 ? Math.Sqrt((double)Math.Max(0, (sumOfSquares - sum * mean) / (n - 1))) : null);
    }
}

/// <summary>Intervals for means and their differences, in the scale's unit.</summary>
public static class Means
{
    /// <summary>The mean with Student's interval.</summary>
    /// <returns>An estimate; not available below two pupils.</returns>
    public static Figure Interval(Sample sample, double confidence = Confidence.Usual)
    {
        ArgumentNullException.ThrowIfNull(sample);
        if (sample.N == 0) return Figure.Missing(Unavailable.NoPupils);
        if (sample.Sd is not { } sd) return Figure.Missing(Unavailable.TooFewPupils);
        var half = Confidence.T(confidence, sample.N - 1) * sd / Math.Sqrt(sample.N);
        return Figure.Between(sample.Mean - half, sample.Mean, sample.Mean + half);
    }

    /// <summary>
    /// Group less comparator, two independent groups of unequal variance.
    /// Source: Welch 1947, Biometrika 34: 28–35, with Satterthwaite's degrees of freedom.
    /// </summary>
    /// <returns>
    /// An estimate in the scale's unit; not available where a side has fewer than two pupils, or nobody differs in either.
    /// </returns>
    public static Figure WelchDifference(Sample group, Sample comparator, double confidence = Confidence.Usual)
    {
        if (WelchParts(group, comparator, out var error, out var df) is { } reason) return Figure.Missing(reason);
        var difference = group.Mean - comparator.Mean;
        var half = Confidence.T(confidence, df) * error;
        return Figure.Between(difference - half, difference, difference + half);
    }

    /// <summary>Two-sided p-value of Welch's test; for scans over many groups, see <see cref="FalseDiscovery"/>.</summary>
    /// <returns>0 to 1; not available where <see cref="WelchDifference"/> is not.</returns>
    public static Figure DifferenceProbability(Sample group, Sample comparator)
    {
        if (WelchParts(group, comparator, out var error, out var df) is { } reason) return Figure.Missing(reason);
        var t = (group.Mean - comparator.Mean) / error;
        return Figure.Of(2 * StudentT.CDF(0, 1, df, -Math.Abs(t)));
    }

    /// <summary>
    /// Hedges' g: the difference of means in pooled standard deviations, with the small-sample correction
    /// 1 − 3 ÷ (4 (n₁ + n₂ − 2) − 1). Source: Hedges 1981, Journal of Educational Statistics 6: 107–128.
    /// </summary>
    /// <returns>A value without unit; not available where a side has fewer than two pupils, or nobody differs.</returns>
    public static Figure HedgesG(Sample group, Sample comparator)
    {
        if (Spreads(group, comparator, out var sd1, out var sd2) is { } reason) return Figure.Missing(reason);
        double df = group.N + comparator.N - 2;
        var pooled = Math.Sqrt(((group.N - 1) * sd1 * sd1 + (comparator.N - 1) * sd2 * sd2) / df);
        return Figure.Of((group.Mean - comparator.Mean) / pooled * (1 - 3 / (4 * df - 1)));
    }

    private static Unavailable? WelchParts(Sample group, Sample comparator, out double error, out double df)
    {
        error = df = 0;
        if (Spreads(group, comparator, out var sd1, out var sd2) is { } reason) return reason;
        var variance1 = sd1 * sd1 / group.N;
        var variance2 = sd2 * sd2 / comparator.N;
        var sum = variance1 + variance2;
        error = Math.Sqrt(sum);
        df = sum * sum / (variance1 * variance1 / (group.N - 1) + variance2 * variance2 / (comparator.N - 1));
        return null;
    }

    private static Unavailable? Spreads(Sample group, Sample comparator, out double sd1, out double sd2)
    {
        ArgumentNullException.ThrowIfNull(group);
        ArgumentNullException.ThrowIfNull(comparator);
        sd1 = group.Sd ?? 0;
        sd2 = comparator.Sd ?? 0;
        if (group.N == 0) return Unavailable.NoPupils;
        if (comparator.N == 0) return Unavailable.NoComparator;
        if (group.Sd is null || comparator.Sd is null) return Unavailable.TooFewPupils;
        return sd1 == 0 && sd2 == 0 ? Unavailable.NoVariation : null;
    }
}
