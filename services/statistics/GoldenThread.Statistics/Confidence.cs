using MathNet.Numerics.Distributions;

namespace GoldenThread.Statistics;

/// <summary>Quantiles of two-sided intervals.</summary>
public static class Confidence
{
    /// <summary>95%, unless something else is said.</summary>
    public const double Usual = 0.95;

    /// <summary>Normal quantile of a two-sided interval: 1.96 at 95%.</summary>
    /// <param name="confidence">Between 0 and 1, neither included.</param>
    public static double Z(double confidence = Usual) => Normal.InvCDF(0, 1, UpperTail(confidence));

    /// <summary>Student's quantile of a two-sided interval: 2.228 at 95% and 10 degrees of freedom.</summary>
    /// <param name="confidence">Between 0 and 1, neither included.</param>
    /// <param name="degreesOfFreedom">Above 0.</param>
    public static double T(double confidence, double degreesOfFreedom) =>
        StudentT.InvCDF(0, 1, degreesOfFreedom, UpperTail(confidence));

    private static double UpperTail(double confidence)
    {
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(confidence, 0);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(confidence, 1);
        return (1 + confidence) / 2;
    }
}
