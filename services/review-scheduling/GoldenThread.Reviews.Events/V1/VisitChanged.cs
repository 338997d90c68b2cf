namespace GoldenThread.Reviews.Events.V1;

/// <summary>A visit was planned, moved, confirmed, held or cancelled.</summary>
public sealed record VisitChanged
{
    /// <summary>The visit.</summary>
    public required Guid VisitId { get; init; }

    /// <summary>Version of the visit.</summary>
    public required long Version { get; init; }

    /// <summary>The school visited.</summary>
    public required int SchoolUrn { get; init; }

    /// <summary>Academic year as "2025/26".</summary>
    public required string AcademicYear { get; init; }

    /// <summary>Code of the entitlement it fulfils.</summary>
    public required string Entitlement { get; init; }

    /// <summary>
    /// "unplaced", "planned", "confirmed", "held" or "cancelled". A cancelled visit can be planned again, in a later version: a plan
    /// withdrew it and a later one owes it.
    /// </summary>
    public required string State { get; init; }

    /// <summary>The day; null while unplaced.</summary>
    public DateOnly? On { get; init; }
}
