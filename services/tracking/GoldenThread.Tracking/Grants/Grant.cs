using GoldenThread.ServiceDefaults;
using GoldenThread.Type.V1;

namespace GoldenThread.Tracking.Grants;

/// <summary>A role given to the holder of a sign-in, checked.</summary>
internal sealed record Grant
{
    private const int LongestIssuer = 500;
    private const int LongestSubject = 200;
    private const int LongestReason = 500;
    private const int LongestSubjectCode = 40;
    private const int MostLimits = 100;

    /// <summary>The roles that only make sense within a school.</summary>
    private static readonly Role[] OfOneSchool =
    [
        Role.Headteacher, Role.SeniorLeader, Role.SubjectLeader, Role.Senco, Role.DesignatedTeacher, Role.SafeguardingLead, Role.Teacher,
        Role.Governor,
    ];

    /// <summary>The grant.</summary>
    public required Guid GrantId { get; init; }

    /// <summary>Version: 1 as given, 2 once ended.</summary>
    public required long Version { get; init; }

    /// <summary>Issuer of the holder's tokens.</summary>
    public required string Issuer { get; init; }

    /// <summary>Subject of the holder.</summary>
    public required string Subject { get; init; }

    /// <summary>The role.</summary>
    public required Role Role { get; init; }

    /// <summary>School; null for the whole trust.</summary>
    public int? SchoolUrn { get; init; }

    /// <summary>Year groups; empty for all.</summary>
    public required IReadOnlyList<string> YearGroups { get; init; }

    /// <summary>Classes; empty for all.</summary>
    public required IReadOnlyList<Guid> ClassIds { get; init; }

    /// <summary>Subjects; empty for all.</summary>
    public required IReadOnlyList<string> Subjects { get; init; }

    /// <summary>From when it holds.</summary>
    public required DateTimeOffset ValidFrom { get; init; }

    /// <summary>Until when it holds, excluded; null without end.</summary>
    public DateTimeOffset? ValidTo { get; init; }

    /// <summary>Why it was given.</summary>
    public required string Reason { get; init; }

    /// <summary>Reads a new grant, or refuses in words.</summary>
    public static Grant From(V1.Grant? said, DateTimeOffset now)
    {
        if (said is null)
        {
            throw Errors.GrantInvalid("grant", "Say who is given which role.");
        }

        var grant = new Grant
        {
            GrantId = Guid.CreateVersion7(),
            Version = 1,
            Issuer = CheckIssuer(said.Issuer),
            Subject = Fields.Text(said.Subject, "grant.subject", LongestSubject),
            Role = said.Role,
            SchoolUrn = said.HasSchoolUrn ? said.SchoolUrn : null,
            YearGroups = TrackingFields.YearGroups(said.YearGroups, "grant.year_groups"),
            ClassIds = said.ClassIds.Select(id => Fields.Id(id, "grant.class_ids")).Distinct().ToList(),
            Subjects = said.Subjects.Select(CheckSubjectCode).Distinct(StringComparer.Ordinal).ToList(),
            ValidFrom = Fields.OptionalInstant(said.ValidFrom, "grant.valid_from") ?? now,
            ValidTo = Fields.OptionalInstant(said.ValidTo, "grant.valid_to"),
            Reason = Fields.OptionalText(said.Reason, "grant.reason", LongestReason),
        };
        return grant.Checked(now);
    }

    /// <summary>The grant, ended now.</summary>
    public Grant Ended(DateTimeOffset now)
    {
        if (ValidTo <= now)
        {
            throw Errors.GrantEnded();
        }

        // One that has not begun ends in its first instant: it never holds.
        return this with { Version = Version + 1, ValidTo = now > ValidFrom ? now : ValidFrom.AddMilliseconds(1) };
    }

    private Grant Checked(DateTimeOffset now)
    {
        if (!Enum.IsDefined(Role) || Role == Role.Unspecified)
        {
            throw Errors.GrantInvalid("grant.role", "Say which role is given.");
        }

        if (SchoolUrn is null && OfOneSchool.Contains(Role))
        {
            throw Errors.GrantInvalid("grant.school_urn", "This role is held in a school: say in which one.");
        }

        if (SchoolUrn is null && (YearGroups.Count > 0 || ClassIds.Count > 0))
        {
            throw Errors.GrantInvalid("grant.school_urn", "Year groups and classes are limits within a school: say in which one.");
        }

        if (Role == Role.Teacher && ClassIds.Count == 0)
        {
            throw Errors.GrantInvalid("grant.class_ids", "A teacher sees their own classes: say which.");
        }

        if (ClassIds.Count > MostLimits || Subjects.Count > MostLimits)
        {
            throw Errors.GrantInvalid("grant", $"At most {MostLimits} classes and subjects can be named in one grant.");
        }

        return ValidTo is { } end && (end <= ValidFrom || end <= now)
            ? throw Errors.GrantInvalid("grant.valid_to", "The end must come after the beginning, and lie in the future.")
            : this;
    }

    private static string CheckIssuer(string issuer) =>
        Uri.TryCreate(Fields.Text(issuer, "grant.issuer", LongestIssuer), UriKind.Absolute, out var uri) && (uri.Scheme is "https" or "http")
            ? issuer
            : throw Errors.GrantInvalid("grant.issuer", "The issuer is the address of the identity provider, such as https://login.example.org.");

    private static string CheckSubjectCode(string code) => Fields.Text(code, "grant.subjects", LongestSubjectCode);
}
