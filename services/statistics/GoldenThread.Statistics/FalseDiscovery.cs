namespace GoldenThread.Statistics;

/// <summary>What a scan over many groups found.</summary>
/// <param name="Tested">How many were tested; it is said beside what was found.</param>
/// <param name="Selected">In the order given: whether each is held to be more than chance.</param>
/// <param name="Adjusted">In the order given: the adjusted p-value, the smallest q at which it would be selected.</param>
public sealed record Discoveries(int Tested, IReadOnlyList<bool> Selected, IReadOnlyList<double> Adjusted);

/// <summary>Control of false discoveries when many groups are looked at together.</summary>
public static class FalseDiscovery
{
    /// <summary>
    /// Benjamini and Hochberg's step-up procedure. Source: 1995, Journal of the Royal Statistical Society B 57: 289–300.
    /// </summary>
    /// <param name="probabilities">p-values, 0 to 1, of tests that are independent or positively dependent.</param>
    /// <param name="q">Share of false ones among the selected that is accepted, above 0 and up to 1.</param>
    public static Discoveries BenjaminiHochberg(IReadOnlyList<double> probabilities, double q = 0.05)
    {
        ArgumentNullException.ThrowIfNull(probabilities);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(q, 0);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(q, 1);
        if (probabilities.Any(p => !(p is >= 0 and <= 1)))
            throw new ArgumentOutOfRangeException(nameof(probabilities), "A p-value lies between 0 and 1.");
        var tested = probabilities.Count;
        var adjusted = new double[tested];
        var smallestSoFar = 1.0;
        var fromLargest = Enumerable.Range(0, tested).OrderByDescending(index => probabilities[index]);
        var rank = tested;
        foreach (var index in fromLargest)
        {
            smallestSoFar = Math.Min(smallestSoFar, probabilities[index] * tested / rank--);
            adjusted[index] = smallestSoFar;
        }
        return new Discoveries(tested, [.. adjusted.Select(p => p <= q)], adjusted);
    }
}
