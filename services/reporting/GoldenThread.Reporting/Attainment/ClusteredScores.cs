using GoldenThread.Statistics;

namespace GoldenThread.Reporting.Attainment;

/// <summary>
/// Means and differences over the schools of a trust, with intervals that allow for pupils of one school being alike: ratio estimators with the
/// variance between schools, m ÷ (m − 1) × Σdᵢ² with dᵢ the school's part in the linearised estimate, and Student's t on m − 1 degrees of
/// freedom (Cochran 1977, Sampling Techniques, 3rd ed., chapters 6 and 9A).
/// </summary>
internal static class ClusteredScores
{
    /// <summary>The mean score over schools.</summary>
    /// <param name="schools">At least two schools with scores.</param>
    public static Figure Mean(IReadOnlyCollection<CohortSums> schools)
    {
        double pupils = schools.Sum(s => s.Scored);
        var mean = (double)schools.Sum(s => s.Sum) / pupils;
        var clustered = Around(mean, schools.Select(s => ((double)s.Sum - (mean * s.Scored)) / pupils).ToList());
        return WiderOf(Means.Interval(schools.Aggregate((a, b) => a + b).Sample), clustered);
    }

    /// <summary>Group less rest, where both are ratios over the same schools.</summary>
    /// <param name="group">The group in each school.</param>
    /// <param name="rest">The rest in each school, in the same order.</param>
    /// <param name="ratio">What is summed, over what.</param>
    public static Figure Difference(
        IReadOnlyList<CohortSums> group, IReadOnlyList<CohortSums> rest, Func<CohortSums, (double Sum, int Pupils)> ratio)
    {
        var pairs = group.Zip(rest, (g, r) => (Group: ratio(g), Others: ratio(r))).Where(p => p.Group.Pupils + p.Others.Pupils > 0).ToList();
        double groupPupils = pairs.Sum(p => p.Group.Pupils);
        double restPupils = pairs.Sum(p => p.Others.Pupils);
        if (groupPupils == 0 || restPupils == 0)
        {
            return Figure.Missing(groupPupils == 0 ? Unavailable.NoPupils : Unavailable.NoComparator);
        }

        if (pairs.Count < 2)
        {
            return Figure.Missing(Unavailable.TooFewSchools);
        }

        var groupMean = pairs.Sum(p => p.Group.Sum) / groupPupils;
        var restMean = pairs.Sum(p => p.Others.Sum) / restPupils;
        var parts = pairs.Select(p => ((p.Group.Sum - (groupMean * p.Group.Pupils)) / groupPupils)
            - ((p.Others.Sum - (restMean * p.Others.Pupils)) / restPupils)).ToList();
        return Around(groupMean - restMean, parts);
    }

    /// <summary>The wider of two intervals about one point: allowing for schools never makes an estimate look surer.</summary>
    public static Figure WiderOf(Figure first, Figure second) => (first, second) switch
    {
        (Figure.Estimate a, Figure.Estimate b) => b.High - b.Low > a.High - a.Low ? b : a,
        (_, Figure.Estimate b) => b,
        _ => first,
    };

    private static Figure Around(double point, IReadOnlyCollection<double> parts)
    {
        double schools = parts.Count;
        var error = Math.Sqrt(schools / (schools - 1) * parts.Sum(p => p * p));
        var half = Confidence.T(Confidence.Usual, schools - 1) * error;
        return Figure.Between(point - half, point, point + half);
    }
}
