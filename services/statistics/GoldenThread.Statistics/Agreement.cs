namespace GoldenThread.Statistics;

/// <summary>How well two judgements of the same work agree, as in moderation.</summary>
public static class Agreement
{
    /// <summary>
    /// Cohen's kappa with its interval. Source: Cohen 1960, Educational and Psychological Measurement 20: 37–46; standard
    /// error by Fleiss, Cohen and Everitt 1969, Psychological Bulletin 72: 323–327.
    /// </summary>
    /// <param name="judgements">Square: how often the first said the row and the second the column.</param>
    /// <param name="confidence">Between 0 and 1.</param>
    /// <returns>
    /// An estimate within −1 to 1; not available without judgements, or where both used one and the same grade throughout.
    /// </returns>
    public static Figure CohensKappa(int[,] judgements, double confidence = Confidence.Usual)
    {
        var (shares, rows, columns, n) = Shares(judgements);
        if (n == 0) return Figure.Missing(Unavailable.NoPupils);
        var grades = rows.Length;
        double observed = 0, expected = 0;
        for (var grade = 0; grade < grades; grade++)
        {
            observed += shares[grade, grade];
            expected += rows[grade] * columns[grade];
        }
        if (expected >= 1) return Figure.Missing(Unavailable.NoVariation);
        var kappa = (observed - expected) / (1 - expected);
        double agreeing = 0, differing = 0;
        for (var first = 0; first < grades; first++)
        {
            for (var second = 0; second < grades; second++)
            {
                if (first == second)
                {
                    var weight = 1 - (rows[first] + columns[first]) * (1 - kappa);
                    agreeing += shares[first, first] * weight * weight;
                }
                else
                {
                    var weight = columns[first] + rows[second];
                    differing += shares[first, second] * weight * weight;
                }
            }
        }
        var chance = kappa - expected * (1 - kappa);
        var spread = agreeing + (1 - kappa) * (1 - kappa) * differing - chance * chance;
        var error = Math.Sqrt(Math.Max(0, spread) / n) / (1 - expected);
        var half = Confidence.Z(confidence) * error;
        return Figure.Between(Math.Max(-1, kappa - half), kappa, Math.Min(1, kappa + half));
    }

    /// <summary>The share of judgements that are exactly the same, with Wilson's interval.</summary>
    public static Figure Exact(int[,] judgements, double confidence = Confidence.Usual) =>
        Proportions.Wilson(Within(judgements, 0), confidence);

    /// <summary>The share that are the same or one grade apart, with Wilson's interval. Grades must be in order.</summary>
    public static Figure Adjacent(int[,] judgements, double confidence = Confidence.Usual) =>
        Proportions.Wilson(Within(judgements, 1), confidence);

    private static Proportion Within(int[,] judgements, int steps)
    {
        var (shares, rows, _, n) = Shares(judgements);
        var count = 0;
        for (var first = 0; first < rows.Length; first++)
        {
            for (var second = 0; second < rows.Length; second++)
            {
                if (Math.Abs(first - second) <= steps) count += judgements[first, second];
            }
        }
        return new Proportion(count, n);
    }

    private static (double[,] Shares, double[] Rows, double[] Columns, int N) Shares(int[,] judgements)
    {
        ArgumentNullException.ThrowIfNull(judgements);
        var grades = judgements.GetLength(0);
        if (grades != judgements.GetLength(1))
            throw new ArgumentException("Both judges use the same grades: the table is square.", nameof(judgements));
        var n = 0;
        foreach (var count in judgements)
        {
            ArgumentOutOfRangeException.ThrowIfNegative(count, nameof(judgements));
            n += count;
        }
        var shares = new double[grades, grades];
        var rows = new double[grades];
        var columns = new double[grades];
        for (var first = 0; n > 0 && first < grades; first++)
        {
            for (var second = 0; second < grades; second++)
            {
                var share = (double)judgements[first, second] / n;
                shares[first, second] = share;
                rows[first] += share;
                columns[second] += share;
            }
        }
        return (shares, rows, columns, n);
    }
}
