using Dapper;
using GoldenThread.ServiceDefaults;
using GoldenThread.Type.V1;
using Npgsql;

namespace GoldenThread.Reporting.Disclosure;

/// <summary>How much of a cell a caller sees.</summary>
internal enum Sight
{
    /// <summary>Nothing: it is outside the grants.</summary>
    None,

    /// <summary>The cell of the fixed table.</summary>
    Suppressed,

    /// <summary>Every figure.</summary>
    Clear,
}

/// <summary>One grant that reaches into reports.</summary>
internal sealed record ReachRow
{
    /// <summary>Present URN of the school; null for the whole trust.</summary>
    public int? SchoolUrn { get; init; }

    /// <summary>Year groups; null for all.</summary>
    public string[]? YearGroups { get; init; }

    /// <summary>Subjects; null for all.</summary>
    public string[]? Subjects { get; init; }

    /// <summary>Whether its role has access to pupils.</summary>
    public required bool Clear { get; init; }

    /// <summary>Whether its role may see sensitive facts; such a role has access to pupils.</summary>
    public required bool Sensitive { get; init; }
}

/// <summary>What a caller's grants let them see of aggregates. A grant for single classes reaches no aggregate of a year group.</summary>
internal sealed class Reach(IReadOnlyCollection<ReachRow> rows)
{
    /// <summary>All year groups together.</summary>
    public const string AllYears = "all";

    /// <summary>Roles with access to pupils see every figure within their reach.</summary>
    public static readonly Role[] ClearRoles =
    [
        Role.DataLead, Role.DeputyCeo, Role.Headteacher, Role.SeniorLeader, Role.SubjectLeader, Role.Senco, Role.DesignatedTeacher,
        Role.SafeguardingLead,
    ];

    /// <summary>Roles without it see fixed tables.</summary>
    public static readonly Role[] SuppressedRoles = [Role.Board, Role.Ceo, Role.Committee, Role.Governor, Role.Reviewer, Role.Partner];

    /// <summary>Whether any grant gives every figure.</summary>
    public bool AnyClear => rows.Any(r => r.Clear);

    /// <summary>Whether any cell at all is shown redacted.</summary>
    public bool AnySuppressed => rows.Any(r => !r.Clear);

    /// <summary>Whether any grant reaches a school at all.</summary>
    public bool Knows(int schoolUrn) => rows.Any(r => r.SchoolUrn is null || r.SchoolUrn == schoolUrn);

    /// <summary>How much is seen of a cohort.</summary>
    /// <param name="schoolUrn">Present URN; null for the trust.</param>
    /// <param name="yearGroup">Year group, or <see cref="AllYears"/>.</param>
    /// <param name="subject">Subject; null for all together.</param>
    public Sight Of(int? schoolUrn, string yearGroup, string? subject) => Of(rows, schoolUrn, yearGroup, subject);

    /// <summary>How much is seen of a school as such; nothing by a grant for some of its year groups or subjects.</summary>
    public Sight OfWhole(int schoolUrn) => Of(schoolUrn, AllYears, null);

    /// <summary>Whether threads on sensitive groups of a school are known to the caller.</summary>
    public bool KnowsSensitiveThreads(int schoolUrn) => OfSensitive(schoolUrn, AllYears, null) == Sight.Clear;

    /// <summary>How much is seen of a sensitive group in a cohort: every figure or nothing, since no fixed table tells of one.</summary>
    /// <param name="schoolUrn">Present URN; null for the trust.</param>
    /// <param name="yearGroup">Year group, or <see cref="AllYears"/>.</param>
    /// <param name="subject">Subject; null for all together.</param>
    public Sight OfSensitive(int? schoolUrn, string yearGroup, string? subject) => Of(rows.Where(r => r.Sensitive), schoolUrn, yearGroup, subject);

    private static Sight Of(IEnumerable<ReachRow> grants, int? schoolUrn, string yearGroup, string? subject)
    {
        var sight = Sight.None;
        foreach (var row in grants)
        {
            var reaches = (row.SchoolUrn is null || row.SchoolUrn == schoolUrn)
                && (row.YearGroups is null || row.YearGroups.Contains(yearGroup))
                && (row.Subjects is null || (subject is not null && row.Subjects.Contains(subject)));
            if (reaches && row.Clear)
            {
                return Sight.Clear;
            }

            sight = reaches ? Sight.Suppressed : sight;
        }

        return sight;
    }
}

/// <summary>Reads a caller's reach.</summary>
internal sealed class ReachStore(NpgsqlDataSource source)
{
    /// <summary>The reach now. A grant for a school that was replaced reaches its successor.</summary>
    public async Task<Reach> OfAsync(Caller caller, CancellationToken ct)
    {
        const string Sql = """
            select distinct current_urn(g.school_urn) as school_urn, g.year_groups, g.subjects, true as clear, true as sensitive
            from reach(@Issuer, @Subject, @SensitiveRoles) g
            where g.class_ids is null
            union all
            select distinct current_urn(g.school_urn), g.year_groups, g.subjects, true, false
            from reach(@Issuer, @Subject, @ClearRoles) g
            where g.class_ids is null
            union all
            select distinct current_urn(g.school_urn), g.year_groups, g.subjects, false, false
            from reach(@Issuer, @Subject, @SuppressedRoles) g
            where g.class_ids is null
            """;
        await using var connection = await source.OpenConnectionAsync(ct);
        var rows = await connection.QueryAsync<ReachRow>(new CommandDefinition(Sql, new
        {
            caller.Issuer,
            caller.Subject,
            SensitiveRoles = caller.As(SensitiveFacts.Roles).Roles,
            ClearRoles = caller.As(Reach.ClearRoles).Roles,
            SuppressedRoles = caller.As(Reach.SuppressedRoles).Roles,
        }, cancellationToken: ct));
        return new Reach(rows.AsList());
    }

    /// <summary>Whether any grant, of any role, reaches a school at all: enough for what is published of it.</summary>
    public async Task<bool> ReachesSchoolAsync(Caller caller, int presentUrn, CancellationToken ct)
    {
        const string Sql = """
            select exists (
                select 1 from reach(@Issuer, @Subject, @Roles) g where g.school_urn is null or current_urn(g.school_urn) = @presentUrn
            )
            """;
        var authority = caller.As([.. Reach.ClearRoles, .. Reach.SuppressedRoles, Role.Teacher]);
        await using var connection = await source.OpenConnectionAsync(ct);
        return await connection.ExecuteScalarAsync<bool>(new CommandDefinition(
            Sql, new { authority.Issuer, authority.Subject, authority.Roles, presentUrn }, cancellationToken: ct));
    }
}
