namespace GoldenThread.Statistics;

/// <summary>A school's value added: the mean of its pupils' differences from pupils with the same prior attainment.</summary>
public static class ValueAdded
{
    /// <summary>
    /// The school's mean with the interval ± 1.96 × national SD ÷ √n.
    /// Source: DfE, Primary school accountability: technical guide (2017 to 2019), confidence intervals for progress scores;
    /// checked against the published tables of 2016/17.
    /// </summary>
    /// <param name="meanDifference">Mean of the pupils' progress scores, in points of the scale.</param>
    /// <param name="n">Pupils with a prior score, 0 or more.</param>
    /// <param name="nationalSd">Standard deviation of all pupils' progress scores nationally, above 0.</param>
    /// <returns>An estimate in points; not available of nobody.</returns>
    public static Figure OfSchool(double meanDifference, int n, double nationalSd)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(n);
        Measurement.CheckSd(nationalSd);
        if (n == 0) return Figure.Missing(Unavailable.NoPupils);
        var half = 1.96 * nationalSd / Math.Sqrt(n);
        return Figure.Between(meanDifference - half, meanDifference, meanDifference + half);
    }
}
