using GoldenThread.Statistics;

namespace GoldenThread.Reporting.Attainment;

/// <summary>Sums over the pupils of a cohort, or of a part of it.</summary>
internal sealed record CohortSums
{
    /// <summary>Nobody.</summary>
    public static readonly CohortSums Nobody = new()
    {
        N = 0,
        Met = 0,
        Excluded = 0,
        Scored = 0,
        Sum = 0,
        SumOfSquares = 0,
        Scale = "",
        MixedScales = false,
        HasExpected = true,
        CountedScale = "",
    };

    /// <summary>Pupils in the denominator of "met".</summary>
    public required int N { get; init; }

    /// <summary>Of these, at or above the expected standard.</summary>
    public required int Met { get; init; }

    /// <summary>Pupils whose code keeps them out of the denominator.</summary>
    public required int Excluded { get; init; }

    /// <summary>Pupils with a score.</summary>
    public required int Scored { get; init; }

    /// <summary>Sum of the scores.</summary>
    public required decimal Sum { get; init; }

    /// <summary>Sum of the squared scores.</summary>
    public required decimal SumOfSquares { get; init; }

    /// <summary>Code of the scale; empty where nobody has a score.</summary>
    public required string Scale { get; init; }

    /// <summary>Whether scores of two scales met, so that there is no mean.</summary>
    public required bool MixedScales { get; init; }

    /// <summary>Whether every test has an expected standard.</summary>
    public required bool HasExpected { get; init; }

    /// <summary>Code of the one scale of all in the denominator, with a score or without; empty where there is nobody, null where two scales met.</summary>
    public required string? CountedScale { get; init; }

    /// <summary>As a proportion.</summary>
    public Proportion Proportion => new(Met, N);

    /// <summary>As a sample of scores.</summary>
    public Sample Sample => Sample.OfSums(Scored, Sum, SumOfSquares);

    /// <summary>Both together.</summary>
    public static CohortSums operator +(CohortSums a, CohortSums b) => new()
    {
        N = a.N + b.N,
        Met = a.Met + b.Met,
        Excluded = a.Excluded + b.Excluded,
        Scored = a.Scored + b.Scored,
        Sum = a.Sum + b.Sum,
        SumOfSquares = a.SumOfSquares + b.SumOfSquares,
        Scale = a.Scale.Length > 0 ? a.Scale : b.Scale,
        MixedScales = a.MixedScales || b.MixedScales || (a.Scale.Length > 0 && b.Scale.Length > 0 && a.Scale != b.Scale),
        HasExpected = a.HasExpected && b.HasExpected,
        CountedScale = a.CountedScale == "" ? b.CountedScale : b.CountedScale == "" || b.CountedScale == a.CountedScale ? a.CountedScale : null,
    };

    /// <summary>The rest: a whole cohort without a part of it.</summary>
    public static CohortSums operator -(CohortSums all, CohortSums part) => all with
    {
        N = all.N - part.N,
        Met = all.Met - part.Met,
        Excluded = all.Excluded - part.Excluded,
        Scored = all.Scored - part.Scored,
        Sum = all.Sum - part.Sum,
        SumOfSquares = all.SumOfSquares - part.SumOfSquares,
    };
}
