namespace GoldenThread.Tracking.Events.V1;

/// <summary>A school joined the register or changed.</summary>
public sealed record SchoolChanged
{
    /// <summary>URN (6 digits).</summary>
    public required int SchoolUrn { get; init; }

    /// <summary>Version of the school.</summary>
    public required long Version { get; init; }

    /// <summary>Name of the school.</summary>
    public required string Name { get; init; }

    /// <summary>LAESTAB as seven digits (LLLEEEE); null where none is known.</summary>
    public string? Laestab { get; init; }

    /// <summary>Phase: "nursery", "primary", "middle", "secondary", "all-through", "special".</summary>
    public required string Phase { get; init; }

    /// <summary>Locality that groups schools near each other for travel; null where none is given.</summary>
    public string? Locality { get; init; }

    /// <summary>When the school belonged to the trust; an open end means it still does.</summary>
    public required IReadOnlyList<DatedRange> Memberships { get; init; }

    /// <summary>URNs of the schools it replaced; figures under them join through it.</summary>
    public required IReadOnlyList<int> PredecessorUrns { get; init; }
}

/// <summary>A range of days, both ends included.</summary>
public sealed record DatedRange
{
    /// <summary>First day.</summary>
    public required DateOnly From { get; init; }

    /// <summary>Last day; null while it lasts.</summary>
    public DateOnly? To { get; init; }
}
