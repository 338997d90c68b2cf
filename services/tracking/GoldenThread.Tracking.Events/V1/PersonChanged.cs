namespace GoldenThread.Tracking.Events.V1;

/// <summary>A member of staff or of the trust's team changed. Names stay in tracking; the event carries what planning needs.</summary>
public sealed record PersonChanged
{
    /// <summary>The person.</summary>
    public required Guid PersonId { get; init; }

    /// <summary>Version of the person.</summary>
    public required long Version { get; init; }

    /// <summary>The issuer of the person's sign-in; null where the person does not sign in.</summary>
    public string? Issuer { get; init; }

    /// <summary>The subject of the person's sign-in at that issuer.</summary>
    public string? Subject { get; init; }

    /// <summary>What the person does in school improvement: "deputy-ceo", "improvement-team", "safeguarding-lead", "english-lead", "data-lead", "head", "consultant", …</summary>
    public required IReadOnlyList<string> Duties { get; init; }

    /// <summary>The school the person belongs to; null for the central team.</summary>
    public int? SchoolUrn { get; init; }

    /// <summary>Last day with the trust; null while the person stays.</summary>
    public DateOnly? LeftOn { get; init; }
}
