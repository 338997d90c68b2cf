namespace GoldenThread.Tracking.Events.V1;

/// <summary>Pupils joined or changed. Each row is the whole of what other services may know of a pupil: never a name, a UPN or a date of birth.</summary>
public sealed record PupilsChanged
{
    /// <summary>Identifies the change set; tracking streams its rows to who asks (internal rpc StreamPupils).</summary>
    public required Guid ChangeSetId { get; init; }

    /// <summary>When it was recorded (UTC).</summary>
    public required DateTimeOffset RecordedAt { get; init; }

    /// <summary>Number of pupils in the change set.</summary>
    public required int Count { get; init; }

    /// <summary>The pupils where there are at most 300; null for a larger set, which is fetched by its id.</summary>
    public IReadOnlyList<PupilSnapshot>? Rows { get; init; }
}

/// <summary>A pupil without identity: where enrolled, in which classes, in which groups.</summary>
public sealed record PupilSnapshot
{
    /// <summary>The pupil.</summary>
    public required Guid PupilId { get; init; }

    /// <summary>Version of the pupil; a consumer keeps the highest.</summary>
    public required long Version { get; init; }

    /// <summary>Whether the pupil's data was erased; all lists are then empty.</summary>
    public required bool Erased { get; init; }

    /// <summary>Enrolments, oldest first.</summary>
    public required IReadOnlyList<PupilEnrolment> Enrolments { get; init; }

    /// <summary>Classes, oldest first.</summary>
    public required IReadOnlyList<PupilClass> Classes { get; init; }

    /// <summary>Memberships of groups as tracking evaluated them.</summary>
    public required IReadOnlyList<PupilGroup> Groups { get; init; }
}

/// <summary>A pupil on the roll of a school.</summary>
public sealed record PupilEnrolment
{
    /// <summary>The school.</summary>
    public required int SchoolUrn { get; init; }

    /// <summary>First day on roll.</summary>
    public required DateOnly From { get; init; }

    /// <summary>Last day on roll; null while enrolled.</summary>
    public DateOnly? To { get; init; }

    /// <summary>Whether this is the school where the pupil counts (dual registration counts once).</summary>
    public required bool IsMain { get; init; }

    /// <summary>National Curriculum year from the first day on: N1, N2, R, 1 … 13. A new year is a new row.</summary>
    public required string YearGroup { get; init; }
}

/// <summary>A pupil in a class.</summary>
public sealed record PupilClass
{
    /// <summary>The class.</summary>
    public required Guid ClassId { get; init; }

    /// <summary>First day in it.</summary>
    public required DateOnly From { get; init; }

    /// <summary>Last day in it; null while it lasts.</summary>
    public DateOnly? To { get; init; }
}

/// <summary>A pupil in a group, by one version of the group's definition.</summary>
public sealed record PupilGroup
{
    /// <summary>Code of the group, such as "disadvantaged".</summary>
    public required string Group { get; init; }

    /// <summary>Version of the definition that was evaluated.</summary>
    public required int DefinitionVersion { get; init; }

    /// <summary>First day in the group.</summary>
    public required DateOnly From { get; init; }

    /// <summary>Last day in the group; null while it lasts.</summary>
    public DateOnly? To { get; init; }
}
