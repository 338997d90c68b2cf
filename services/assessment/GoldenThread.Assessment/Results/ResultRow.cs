namespace GoldenThread.Assessment.Results;

/// <summary>One version of a result as stored.</summary>
internal record ResultRow
{
    public required Guid ResultId { get; init; }

    public required int SchoolUrn { get; init; }

    public required Guid PupilId { get; init; }

    public required Guid TestId { get; init; }

    public string Subject { get; init; } = "";

    public required Guid CollectionId { get; init; }

    public required DateOnly Sitting { get; init; }

    public required string YearGroup { get; init; }

    public string Source { get; init; } = "";

    public decimal? Score { get; init; }

    public string? Code { get; init; }

    public required int Version { get; init; }

    public required DateTimeOffset RecordedAt { get; init; }
}

/// <summary>A version with who recorded it and when another took its place.</summary>
internal sealed record ResultVersionRow : ResultRow
{
    public required string Issuer { get; init; }

    public required string RecordedBy { get; init; }

    public DateTimeOffset? SupersededAt { get; init; }
}
