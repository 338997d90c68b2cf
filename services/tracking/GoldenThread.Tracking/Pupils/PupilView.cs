namespace GoldenThread.Tracking.Pupils;

/// <summary>A pupil as on a day, with what one caller may see.</summary>
internal sealed record PupilView
{
    public required Guid PupilId { get; init; }

    /// <summary>Rises with what everybody sees who is told of the pupil.</summary>
    public required long ShownVersion { get; init; }

    public string? Upn { get; init; }

    public required string Forename { get; init; }

    public required string Surname { get; init; }

    public string? PreferredForename { get; init; }

    public string? PreferredSurname { get; init; }

    public DateOnly? BornOn { get; init; }

    public string? Sex { get; init; }

    public required string[] FormerUpns { get; init; }

    public bool IdentityWithheld { get; init; }

    public IReadOnlyList<FormerNameRow> FormerNames { get; init; } = [];

    public IReadOnlyList<EnrolmentRow> Enrolments { get; init; } = [];

    public IReadOnlyList<MembershipRow> Classes { get; init; } = [];

    public IReadOnlyList<FactRow> Facts { get; init; } = [];

    public IReadOnlyList<string> Groups { get; init; } = [];

    /// <summary>
    /// The pupil as told to a caller who reached them on the day asked for, and does no longer: nothing of what is kept without days. Facts and
    /// groups were not read for that caller, since they may have become known, of that day, after it.
    /// </summary>
    public PupilView WithoutIdentity() => this with
    {
        Upn = null,
        Forename = "",
        Surname = "",
        PreferredForename = null,
        PreferredSurname = null,
        BornOn = null,
        Sex = null,
        FormerUpns = [],
        FormerNames = [],
        IdentityWithheld = true,
    };
}

/// <summary>A legal name the pupil had before.</summary>
internal sealed record FormerNameRow
{
    public required Guid PupilId { get; init; }

    public required string Forename { get; init; }

    public required string Surname { get; init; }

    public required DateTimeOffset RecordedAt { get; init; }
}

/// <summary>A time on the roll of a school.</summary>
internal sealed record EnrolmentRow
{
    public required Guid PupilId { get; init; }

    public required int SchoolUrn { get; init; }

    public required string YearGroup { get; init; }

    public required bool IsMain { get; init; }

    public required DateOnly FromOn { get; init; }

    public DateOnly? ToOn { get; init; }
}

/// <summary>A time in a class.</summary>
internal sealed record MembershipRow
{
    public required Guid PupilId { get; init; }

    public required Guid ClassId { get; init; }

    public required string Name { get; init; }

    public required DateOnly FromOn { get; init; }

    public DateOnly? ToOn { get; init; }
}

/// <summary>A version of a dated fact.</summary>
internal sealed record FactRow
{
    public required Guid FactId { get; init; }

    public required Guid PupilId { get; init; }

    public required string Fact { get; init; }

    public required string Value { get; init; }

    public required DateOnly FromOn { get; init; }

    public DateOnly? ToOn { get; init; }

    public required DateTimeOffset RecordedAt { get; init; }

    public DateTimeOffset? SupersededAt { get; init; }
}

/// <summary>In whose name and when pupils are read: at all, with sensitive facts, with former names, with former UPNs.</summary>
/// <param name="All">The caller in the roles that may see the pupil.</param>
/// <param name="Sensitive">The caller in the roles that may see ethnicity, looked-after and adoption.</param>
/// <param name="FormerNames">The caller in the roles that may see former names.</param>
/// <param name="FormerUpns">The caller in the roles that may see former UPNs.</param>
/// <param name="Today">The day of the call: names are told to who reaches the pupil now, whatever day is asked for.</param>
internal sealed record PupilAuthority(
    ServiceDefaults.Authority All,
    ServiceDefaults.Authority Sensitive,
    ServiceDefaults.Authority FormerNames,
    ServiceDefaults.Authority FormerUpns,
    DateOnly Today)
{
    /// <summary>The authority of a call.</summary>
    public static PupilAuthority Of(Grpc.Core.ServerCallContext context, DateOnly today) =>
        new(context.Authority(), context.SensitiveAuthority(), context.FormerNameAuthority(), context.RosterAuthority(), today);
}
