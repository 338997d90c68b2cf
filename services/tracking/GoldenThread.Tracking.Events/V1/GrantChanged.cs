namespace GoldenThread.Tracking.Events.V1;

/// <summary>A grant was given, changed or ended. Every service keeps a copy; what is unknown there is not granted.</summary>
public sealed record GrantChanged
{
    /// <summary>The grant.</summary>
    public required Guid GrantId { get; init; }

    /// <summary>Version of the grant.</summary>
    public required long Version { get; init; }

    /// <summary>Issuer of the holder's tokens.</summary>
    public required string Issuer { get; init; }

    /// <summary>Subject at that issuer, or the client id of a partner.</summary>
    public required string Subject { get; init; }

    /// <summary>The role, as the number of goldenthread.type.v1.Role.</summary>
    public required int Role { get; init; }

    /// <summary>The school it holds for; null for the whole trust.</summary>
    public int? SchoolUrn { get; init; }

    /// <summary>The year groups it is limited to; null for all.</summary>
    public IReadOnlyList<string>? YearGroups { get; init; }

    /// <summary>The classes it is limited to; null for all.</summary>
    public IReadOnlyList<Guid>? ClassIds { get; init; }

    /// <summary>The subjects it is limited to; null for all.</summary>
    public IReadOnlyList<string>? Subjects { get; init; }

    /// <summary>From when it holds (UTC).</summary>
    public required DateTimeOffset ValidFrom { get; init; }

    /// <summary>Until when it holds (UTC, excluded); null without end.</summary>
    public DateTimeOffset? ValidTo { get; init; }
}
