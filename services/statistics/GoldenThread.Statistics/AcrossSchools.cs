namespace GoldenThread.Statistics;

/// <summary>A school's part in a mean or a share: what is summed, over how many pupils.</summary>
/// <param name="Sum">Sum of the scores, or number of pupils who met the standard.</param>
/// <param name="Pupils">Pupils it is summed over; 0 or more.</param>
public readonly record struct SchoolPart(double Sum, int Pupils);

/// <summary>
/// Figures over the schools of a trust, with intervals that allow for pupils of one school being alike: ratio estimators with the variance
/// between schools, m ÷ (m − 1) × Σdᵢ² with dᵢ the school's part in the linearised estimate, and Student's t on m − 1 degrees of freedom
/// (Cochran 1977, Sampling Techniques, 3rd ed., chapters 6 and 9A). Never narrower than the interval that knows of no schools, and that very
/// interval where there is one school only.
/// </summary>
public static class AcrossSchools
{
    /// <summary>Share of pupils: <see cref="Proportions.AcrossSchools"/>, or Wilson's interval of a single school.</summary>
    public static Figure Share(IReadOnlyCollection<Proportion> schools)
    {
        ArgumentNullException.ThrowIfNull(schools);
        var clustered = Proportions.AcrossSchools(schools);
        return clustered is Figure.NotAvailable { Reason: Unavailable.TooFewSchools }
            ? Proportions.Wilson(new Proportion(schools.Sum(school => school.Count), schools.Sum(school => school.N)))
            : clustered;
    }

    /// <summary>Mean score of all pupils.</summary>
    /// <param name="everybody">The pupils of all schools as one sample.</param>
    /// <param name="schools">The same pupils by school, in any order.</param>
    public static Figure Mean(Sample everybody, IReadOnlyCollection<SchoolPart> schools)
    {
        ArgumentNullException.ThrowIfNull(everybody);
        ArgumentNullException.ThrowIfNull(schools);
        var simple = Means.Interval(everybody);
        var present = schools.Where(school => school.Pupils > 0).ToList();
        if (present.Count < 2) return simple;
        double pupils = present.Sum(school => school.Pupils);
        var mean = present.Sum(school => school.Sum) / pupils;
        return WiderOf(simple, Around(mean, present.Select(school => Part(school, mean, pupils)).ToList()));
    }

    /// <summary>Group less comparator, where both are ratios over the same schools.</summary>
    /// <param name="simple">The difference with the interval that knows of no schools, such as Newcombe's or Welch's.</param>
    /// <param name="schools">Both sides of each school.</param>
    /// <returns><paramref name="simple"/> where it has no interval.</returns>
    public static Figure Difference(Figure simple, IReadOnlyCollection<(SchoolPart Group, SchoolPart Others)> schools)
    {
        ArgumentNullException.ThrowIfNull(schools);
        var present = schools.Where(school => school.Group.Pupils + school.Others.Pupils > 0).ToList();
        if (simple is not Figure.Estimate || present.Count < 2) return simple;
        double groupPupils = present.Sum(school => school.Group.Pupils);
        double otherPupils = present.Sum(school => school.Others.Pupils);
        if (groupPupils == 0 || otherPupils == 0) return simple;
        var groupMean = present.Sum(school => school.Group.Sum) / groupPupils;
        var otherMean = present.Sum(school => school.Others.Sum) / otherPupils;
        var parts = present
            .Select(school => Part(school.Group, groupMean, groupPupils) - Part(school.Others, otherMean, otherPupils))
            .ToList();
        return WiderOf(simple, Around(groupMean - otherMean, parts));
    }

    private static double Part(SchoolPart school, double mean, double pupils) => (school.Sum - mean * school.Pupils) / pupils;

    private static Figure Around(double point, List<double> parts)
    {
        double schools = parts.Count;
        var error = Math.Sqrt(schools / (schools - 1) * parts.Sum(part => part * part));
        var half = Confidence.T(Confidence.Usual, schools - 1) * error;
        return Figure.Between(point - half, point, point + half);
    }

    // Allowing for schools never makes an estimate look surer.
    private static Figure WiderOf(Figure simple, Figure clustered) => (simple, clustered) switch
    {
        (Figure.Estimate a, Figure.Estimate b) when b.High - b.Low <= a.High - a.Low => a,
        _ => clustered,
    };
}
