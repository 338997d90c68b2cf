namespace GoldenThread.Assessment.Events.V1;

/// <summary>A collection (one window of results, trust-wide) was planned, opened, changed, locked or unlocked.</summary>
public sealed record CollectionChanged
{
    /// <summary>The collection.</summary>
    public required Guid CollectionId { get; init; }

    /// <summary>Version of the collection; a consumer ignores what is not newer than what it has.</summary>
    public required long Version { get; init; }

    /// <summary>Name as people say it, such as "Autumn 2025".</summary>
    public required string Name { get; init; }

    /// <summary>Academic year as "2025/26".</summary>
    public required string AcademicYear { get; init; }

    /// <summary>First day on which results are taken.</summary>
    public required DateOnly OpensOn { get; init; }

    /// <summary>Day by whose end (Europe/London) everything is due.</summary>
    public required DateOnly DueOn { get; init; }

    /// <summary>Day on which it is to be locked.</summary>
    public required DateOnly LocksOn { get; init; }

    /// <summary>When it was locked (UTC); null while it is open.</summary>
    public DateTimeOffset? LockedAt { get; init; }

    /// <summary>The tests that the collection takes; null from a publisher of before this field.</summary>
    public IReadOnlyList<CollectedTest>? Tests { get; init; }
}

/// <summary>A test that a collection takes, and of whom.</summary>
public sealed record CollectedTest
{
    /// <summary>The test.</summary>
    public required Guid TestId { get; init; }

    /// <summary>Year groups of which an entry is expected: of every pupil on roll (main school) on the due day.</summary>
    public required IReadOnlyList<string> YearGroups { get; init; }
}
