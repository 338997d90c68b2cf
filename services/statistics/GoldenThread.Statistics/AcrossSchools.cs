namespace GoldenThread.Statistics;

/// <summary>A school's part in a mean or a share: what is summed, over how many pupils.</summary>
/// <param name="Sum">Sum of the scores, or number of pupils who met the standard.</param>
/// <param name="Pupils">Pupils it is summed over; 0 or more.</param>
public readonly record struct SchoolPart(double Sum, int Pupils);

/// <summary>How squared deviations of the parts of a whole become the variance of an estimate, and on how many degrees of freedom that stands.</summary>
internal readonly record struct BetweenParts(double Factor, double DegreesOfFreedom)
{
    /// <summary>Parts that are a school each: m ÷ (m − 1), on m − 1.</summary>
    public static BetweenParts OfSchools(int schools) => new((double)schools / (schools - 1), schools - 1);

    /// <summary>
    /// Parts of which one is several schools (random groups: Wolter 2007, Introduction to Variance Estimation, 2nd ed., chapter 2). A sum over
    /// more schools varies more: with variances in proportion to the part's share x of the pupils, Σd² has the expectation V × (1 − Σx²), and
    /// Satterthwaite's degrees of freedom are those of this quadratic form, (1 − Σx²)² ÷ (Σx² − 2Σx³ + (Σx²)²). Parts alike in size give m ÷ (m − 1)
    /// on m − 1; unlike ones a wider interval.
    /// </summary>
    public static BetweenParts OfParts(IReadOnlyCollection<int> pupils)
    {
        double all = pupils.Sum();
        var squares = pupils.Sum(n => n / all * (n / all));
        var cubes = pupils.Sum(n => n / all * (n / all) * (n / all));
        var trace = 1 - squares;
        return new(1 / trace, trace * trace / (squares - 2 * cubes + squares * squares));
    }

    /// <summary>The one that is less sure of itself.</summary>
    public BetweenParts OrWider(BetweenParts other) => new(Math.Max(Factor, other.Factor), Math.Min(DegreesOfFreedom, other.DegreesOfFreedom));
}

/// <summary>
/// Figures over the schools of a trust, with intervals that allow for pupils of one school being alike: ratio estimators with the variance
/// between schools, m ÷ (m − 1) × Σdᵢ² with dᵢ the school's part in the linearised estimate, and Student's t on m − 1 degrees of freedom
/// (Cochran 1977, Sampling Techniques, 3rd ed., chapters 6 and 9A). Never narrower than the interval that knows of no schools, and that very
/// interval where there is one school only. Where some schools must not be told apart, they stand in as their sum: the interval then says no more
/// of each of them than the total does. Where that leaves nothing to tell how schools differ, there is the point without an interval.
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

    /// <summary>Share of pupils, some schools told of only by their sum.</summary>
    /// <param name="alone">Schools that are told apart.</param>
    /// <param name="together">The sum of all others; of nobody where there are none.</param>
    public static Figure Share(IReadOnlyCollection<Proportion> alone, Proportion together)
    {
        ArgumentNullException.ThrowIfNull(alone);
        if (together.Share is not { } share) return Share(alone);
        List<Proportion> parts = [.. alone.Where(school => school.N > 0), together];
        return parts.Count == 1
            ? Figure.Of(share)
            : Proportions.AcrossParts(parts, BetweenParts.OfParts([.. parts.Select(part => part.N)]), Confidence.Usual);
    }

    /// <summary>Mean score of all pupils.</summary>
    /// <param name="everybody">The pupils of all schools as one sample.</param>
    /// <param name="schools">The same pupils by school, in any order.</param>
    public static Figure Mean(Sample everybody, IReadOnlyCollection<SchoolPart> schools)
    {
        ArgumentNullException.ThrowIfNull(everybody);
        ArgumentNullException.ThrowIfNull(schools);
        var present = schools.Where(school => school.Pupils > 0).ToList();
        return present.Count < 2 ? Means.Interval(everybody) : Mean(everybody, present, BetweenParts.OfSchools(present.Count));
    }

    /// <summary>Mean score of all pupils, some schools told of only by their sum.</summary>
    /// <param name="everybody">The pupils of all schools as one sample.</param>
    /// <param name="alone">Schools that are told apart.</param>
    /// <param name="together">The sum of all others; of nobody where there are none.</param>
    public static Figure Mean(Sample everybody, IReadOnlyCollection<SchoolPart> alone, SchoolPart together)
    {
        ArgumentNullException.ThrowIfNull(everybody);
        ArgumentNullException.ThrowIfNull(alone);
        if (together.Pupils == 0) return Mean(everybody, alone);
        List<SchoolPart> parts = [.. alone.Where(school => school.Pupils > 0), together];
        return parts.Count == 1
            ? Figure.Of(everybody.Mean)
            : Mean(everybody, parts, BetweenParts.OfParts([.. parts.Select(part => part.Pupils)]));
    }

    /// <summary>Group less comparator, where both are ratios over the same schools.</summary>
    /// <param name="simple">The difference with the interval that knows of no schools, such as Newcombe's or Welch's.</param>
    /// <param name="schools">Both sides of each school.</param>
    /// <returns><paramref name="simple"/> where it has no interval or there is one school only; the point alone where a side is in one school of several.</returns>
    public static Figure Difference(Figure simple, IReadOnlyCollection<(SchoolPart Group, SchoolPart Others)> schools)
    {
        ArgumentNullException.ThrowIfNull(schools);
        var present = Present(schools);
        if (simple is not Figure.Estimate { Middle: var point } || present.Count < 2) return simple;
        return Between(present, default) is { } between ? Difference(simple, present, between) : Figure.Of(point);
    }

    /// <summary>Group less comparator, some schools told of only by their sum.</summary>
    /// <param name="simple">The difference with the interval that knows of no schools.</param>
    /// <param name="alone">Both sides of the schools that are told apart.</param>
    /// <param name="together">Both sides of the sum of all others; of nobody where there are none.</param>
    /// <returns><paramref name="simple"/> where it has no interval; the point alone where a side is in one school, or in the sum alone.</returns>
    public static Figure Difference(
        Figure simple, IReadOnlyCollection<(SchoolPart Group, SchoolPart Others)> alone, (SchoolPart Group, SchoolPart Others) together)
    {
        ArgumentNullException.ThrowIfNull(alone);
        if (together.Group.Pupils + together.Others.Pupils == 0) return Difference(simple, alone);
        if (simple is not Figure.Estimate { Middle: var point }) return simple;
        var present = Present(alone);
        return Between(present, together) is { } between ? Difference(simple, [.. present, together], between) : Figure.Of(point);
    }

    private static List<(SchoolPart Group, SchoolPart Others)> Present(IEnumerable<(SchoolPart Group, SchoolPart Others)> schools) =>
        schools.Where(school => school.Group.Pupils + school.Others.Pupils > 0).ToList();

    /// <summary>How the two sides of a difference lie over the parts, by the side that is less sure: that of the fewest schools that have pupils in it.</summary>
    /// <returns>Null where a side is of one school: nothing tells how schools differ in it, and what is the school's cannot be told from what is the side's.</returns>
    private static BetweenParts? Between(List<(SchoolPart Group, SchoolPart Others)> alone, (SchoolPart Group, SchoolPart Others) together)
    {
        var ofGroup = SideOf(alone.Select(school => school.Group.Pupils), together.Group.Pupils);
        var ofOthers = SideOf(alone.Select(school => school.Others.Pupils), together.Others.Pupils);
        return ofGroup is { } one && ofOthers is { } other ? one.OrWider(other) : null;
    }

    private static BetweenParts? SideOf(IEnumerable<int> alone, int together)
    {
        List<int> present = [.. alone.Where(pupils => pupils > 0)];
        if (together > 0 && present.Count > 0) return BetweenParts.OfParts([.. present, together]);
        return present.Count > 1 ? BetweenParts.OfSchools(present.Count) : null;
    }

    private static Figure Mean(Sample everybody, List<SchoolPart> parts, BetweenParts between)
    {
        // Where nobody differs no school does: what else there is are digits lost in adding up.
        if (everybody.Sd is 0) return Means.Interval(everybody);
        double pupils = parts.Sum(part => part.Pupils);
        var mean = parts.Sum(part => part.Sum) / pupils;
        return WiderOf(Means.Interval(everybody), Around(mean, parts.Select(part => Part(part, mean, pupils)), between));
    }

    private static Figure Difference(Figure simple, List<(SchoolPart Group, SchoolPart Others)> parts, BetweenParts between)
    {
        double groupPupils = parts.Sum(part => part.Group.Pupils);
        double otherPupils = parts.Sum(part => part.Others.Pupils);
        if (groupPupils == 0 || otherPupils == 0) return simple;
        var groupMean = parts.Sum(part => part.Group.Sum) / groupPupils;
        var otherMean = parts.Sum(part => part.Others.Sum) / otherPupils;
        var deviations = parts.Select(part => Part(part.Group, groupMean, groupPupils) - Part(part.Others, otherMean, otherPupils));
        return WiderOf(simple, Around(groupMean - otherMean, deviations, between));
    }

    private static double Part(SchoolPart school, double mean, double pupils) => (school.Sum - mean * school.Pupils) / pupils;

    private static Figure Around(double point, IEnumerable<double> deviations, BetweenParts between)
    {
        var error = Math.Sqrt(between.Factor * deviations.Sum(deviation => deviation * deviation));
        var half = Confidence.T(Confidence.Usual, between.DegreesOfFreedom) * error;
        return Figure.Between(point - half, point, point + half);
    }

    // Allowing for schools never makes an estimate look surer.
    private static Figure WiderOf(Figure simple, Figure clustered) => (simple, clustered) switch
    {
        (Figure.Estimate a, Figure.Estimate b) when b.High - b.Low <= a.High - a.Low => a,
        _ => clustered,
    };
}
