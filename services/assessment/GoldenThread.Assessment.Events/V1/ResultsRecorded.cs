namespace GoldenThread.Assessment.Events.V1;

/// <summary>Results were recorded, or corrected by a new version. One event tells of a whole change set, however many results it holds.</summary>
public sealed record ResultsRecorded
{
    /// <summary>Identifies the change set; assessment streams its rows to who asks (internal rpc StreamResults).</summary>
    public required Guid ChangeSetId { get; init; }

    /// <summary>When the change set was recorded (UTC).</summary>
    public required DateTimeOffset RecordedAt { get; init; }

    /// <summary>How many results of each school the change set holds.</summary>
    public required IReadOnlyList<SchoolCount> Schools { get; init; }

    /// <summary>Number of results in the change set.</summary>
    public required int Count { get; init; }

    /// <summary>The results themselves where there are at most 300; null for a larger set, which is fetched by its id.</summary>
    public IReadOnlyList<RecordedResult>? Rows { get; init; }
}

/// <summary>A number of results of one school.</summary>
public sealed record SchoolCount
{
    /// <summary>URN of the school where the results were sat.</summary>
    public required int SchoolUrn { get; init; }

    /// <summary>Number of results.</summary>
    public required int Count { get; init; }
}

/// <summary>One version of one result. A consumer keeps the highest version of a result and ignores the rest.</summary>
public sealed record RecordedResult
{
    /// <summary>The result; the same for all its versions.</summary>
    public required Guid ResultId { get; init; }

    /// <summary>1 for the first record, one more for each correction.</summary>
    public required int Version { get; init; }

    /// <summary>URN of the school where it was sat; never changes.</summary>
    public required int SchoolUrn { get; init; }

    /// <summary>The pupil.</summary>
    public required Guid PupilId { get; init; }

    /// <summary>The test or judgement.</summary>
    public required Guid TestId { get; init; }

    /// <summary>The collection (window) it belongs to.</summary>
    public required Guid CollectionId { get; init; }

    /// <summary>The day it was sat.</summary>
    public required DateOnly SatOn { get; init; }

    /// <summary>The pupil's National Curriculum year at the sitting: N1, N2, R, 1 … 13.</summary>
    public required string YearGroup { get; init; }

    /// <summary>The score on the test's scale; null where a code stands instead.</summary>
    public decimal? Score { get; init; }

    /// <summary>A code in place of a score (A absent, L left, …); null where there is a score.</summary>
    public string? Code { get; init; }

    /// <summary>When this version was recorded (UTC).</summary>
    public required DateTimeOffset RecordedAt { get; init; }
}
