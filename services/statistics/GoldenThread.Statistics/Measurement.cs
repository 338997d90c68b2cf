namespace GoldenThread.Statistics;

/// <summary>
/// What a test declares about itself, as data: the mean and standard deviation of those it was normed on, in its own
/// marks or points, and its reliability. A standardised score has 100, 15 and the publisher's reliability.
/// </summary>
public sealed record TestNorm
{
    /// <summary>A norm.</summary>
    /// <param name="mean">In the test's unit, finite.</param>
    /// <param name="sd">In the test's unit, above 0.</param>
    /// <param name="reliability">Above 0 and below 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">A number is out of range.</exception>
    public TestNorm(double mean, double sd, double reliability)
    {
        if (!double.IsFinite(mean)) throw new ArgumentOutOfRangeException(nameof(mean), "A norm's mean is finite.");
        Measurement.CheckSd(sd);
        Measurement.CheckReliability(reliability);
        Mean = mean;
        Sd = sd;
        Reliability = reliability;
    }

    /// <summary>Mean of those the test was normed on, in its own unit.</summary>
    public double Mean { get; }

    /// <summary>Their standard deviation, in the test's unit.</summary>
    public double Sd { get; }

    /// <summary>Above 0, below 1.</summary>
    public double Reliability { get; }

    /// <summary>Standard error of measurement, in the test's unit.</summary>
    public double StandardError => Measurement.StandardError(Sd, Reliability);

    /// <summary>Where a score stands among them, in norm standard deviations: comparable between tests.</summary>
    public double Standing(double score) => (score - Mean) / Sd;
}

/// <summary>Measurement error of scores. Units are those of the standard deviation given.</summary>
public static class Measurement
{
    /// <summary>SEM = SD × √(1 − reliability) (Lord and Novick 1968, §3.8).</summary>
    /// <param name="sd">Above 0.</param>
    /// <param name="reliability">Above 0 and below 1.</param>
    public static double StandardError(double sd, double reliability)
    {
        CheckSd(sd);
        CheckReliability(reliability);
        return sd * Math.Sqrt(1 - reliability);
    }

    /// <summary>
    /// The change that measurement error alone exceeds in one pupil of twenty: 1.96 × √2 × SEM at 95%.
    /// Source: Jacobson and Truax 1991, Journal of Consulting and Clinical Psychology 59: 12–19.
    /// </summary>
    /// <param name="sd">Above 0.</param>
    /// <param name="reliability">Above 0 and below 1.</param>
    /// <param name="z">Standard errors of the difference to clear.</param>
    public static double ReliableChange(double sd, double reliability, double z = 1.96) =>
        z * Math.Sqrt(2) * StandardError(sd, reliability);

    /// <summary>
    /// What a pupil chosen for an extreme score is expected to score again without any treatment: mean + r × (score − mean).
    /// Chosen at 80 with r = .8 and a mean of 100, expect 84. Source: Galton 1886; Barnett, van der Pols and Dobson 2005,
    /// International Journal of Epidemiology 34: 215–220.
    /// </summary>
    /// <param name="selectedScore">The score by which the pupil was chosen.</param>
    /// <param name="mean">Mean of all from whom they were chosen, same unit.</param>
    /// <param name="correlation">Between the two sittings, 0 to 1.</param>
    public static double ExpectedUntreated(double selectedScore, double mean, double correlation)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(correlation);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(correlation, 1);
        return mean + correlation * (selectedScore - mean);
    }

    internal static void CheckSd(double sd)
    {
        if (!(sd > 0 && double.IsFinite(sd)))
            throw new ArgumentOutOfRangeException(nameof(sd), "A test's standard deviation is above 0.");
    }

    internal static void CheckReliability(double reliability)
    {
        if (!(reliability is > 0 and < 1))
            throw new ArgumentOutOfRangeException(nameof(reliability), "A test's reliability lies between 0 and 1.");
    }
}
