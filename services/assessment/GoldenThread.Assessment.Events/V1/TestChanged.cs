namespace GoldenThread.Assessment.Events.V1;

/// <summary>A test or judgement was defined or changed: its subject, its scale, its reliability and its bands.</summary>
public sealed record TestChanged
{
    /// <summary>The test.</summary>
    public required Guid TestId { get; init; }

    /// <summary>Version of the definition.</summary>
    public required long Version { get; init; }

    /// <summary>Name of the test.</summary>
    public required string Name { get; init; }

    /// <summary>Code of the subject, such as "reading".</summary>
    public required string Subject { get; init; }

    /// <summary>Code of the scale; scores of two scales are never averaged together.</summary>
    public required string Scale { get; init; }

    /// <summary>Lowest score of the scale.</summary>
    public required decimal LowestScore { get; init; }

    /// <summary>Highest score of the scale.</summary>
    public required decimal HighestScore { get; init; }

    /// <summary>Mean of the scale in its norm group; null where the scale has none.</summary>
    public decimal? Mean { get; init; }

    /// <summary>Standard deviation of the scale in its norm group; null where the scale has none.</summary>
    public decimal? StandardDeviation { get; init; }

    /// <summary>Reliability (0–1) as its publisher states it; null where unknown.</summary>
    public decimal? Reliability { get; init; }

    /// <summary>Bands from low to high, without gap or overlap; empty where the test has none.</summary>
    public required IReadOnlyList<TestBand> Bands { get; init; }

    /// <summary>The score from which the expected standard is met; null where the test has none.</summary>
    public decimal? ExpectedFrom { get; init; }

    /// <summary>Codes that stand in place of a score, and how each counts.</summary>
    public required IReadOnlyList<ScoreCode> Codes { get; init; }

    /// <summary>Whether it is the national assessment itself, and no practice paper on its scale; null from a publisher of before this field.</summary>
    public bool? Statutory { get; init; }
}

/// <summary>One band of a test's scores.</summary>
public sealed record TestBand
{
    /// <summary>Name of the band.</summary>
    public required string Name { get; init; }

    /// <summary>Lowest score of the band (inclusive).</summary>
    public required decimal From { get; init; }

    /// <summary>Whether the band counts as "low" for the status of progress.</summary>
    public required bool IsLow { get; init; }
}

/// <summary>A code that can stand in place of a score.</summary>
public sealed record ScoreCode
{
    /// <summary>The code, such as "A".</summary>
    public required string Code { get; init; }

    /// <summary>What it means, such as "absent".</summary>
    public required string Meaning { get; init; }

    /// <summary>Whether a pupil with this code stays in the denominator of "met the expected standard" (as not met).</summary>
    public required bool CountsAsNotMet { get; init; }
}
