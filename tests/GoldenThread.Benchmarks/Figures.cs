namespace GoldenThread.Benchmarks;

/// <summary>Quantiles.</summary>
internal static class Figures
{
    /// <summary>The value below which this share of the values lies, linear between neighbours.</summary>
    public static double Quantile(IReadOnlyCollection<double> values, double share)
    {
        if (values.Count == 0)
            throw new InvalidOperationException("nothing was measured");
        var sorted = values.Order().ToArray();
        var at = share * (sorted.Length - 1);
        var below = (int)at;
        var above = Math.Min(below + 1, sorted.Length - 1);
        return sorted[below] + ((at - below) * (sorted[above] - sorted[below]));
    }
}
