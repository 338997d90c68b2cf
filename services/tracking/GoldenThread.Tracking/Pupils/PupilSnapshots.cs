using Dapper;
using GoldenThread.Tracking.Events.V1;
using Npgsql;

namespace GoldenThread.Tracking.Pupils;

/// <summary>Reads pupils as other services may know them: no name, no birthday, and the UPN towards assessment alone.</summary>
internal static class PupilSnapshots
{
    /// <summary>The pupils, in the order of their ids.</summary>
    public static async Task<List<PupilSnapshot>> ReadAsync(
        NpgsqlConnection connection, NpgsqlTransaction? transaction, Guid[] pupilIds, CancellationToken ct)
    {
        const string Pupils = "select pupil_id, version, erased from pupil where pupil_id = any (@pupilIds) order by pupil_id";
        const string Enrolments = """
            select pupil_id, school_urn, from_on, to_on, is_main, year_group
            from enrolment
            where pupil_id = any (@pupilIds) and superseded_at is null
            order by pupil_id, from_on, school_urn
            """;
        const string Classes = """
            select pupil_id, class_id, from_on, to_on
            from class_membership
            where pupil_id = any (@pupilIds) and superseded_at is null
            order by pupil_id, from_on, class_id
            """;
        const string Groups = """
            select pupil_id, group_code, definition_version, from_on, to_on
            from group_membership
            where pupil_id = any (@pupilIds)
            order by pupil_id, group_code, from_on
            """;
        var parameters = new { pupilIds };
        CommandDefinition Command(string sql) => new(sql, parameters, transaction, cancellationToken: ct);
        var enrolments = (await connection.QueryAsync<EnrolmentRow>(Command(Enrolments))).ToLookup(e => e.PupilId);
        var classes = (await connection.QueryAsync<ClassRow>(Command(Classes))).ToLookup(c => c.PupilId);
        var groups = (await connection.QueryAsync<GroupRow>(Command(Groups))).ToLookup(g => g.PupilId);
        var pupils = await connection.QueryAsync<PupilRow>(Command(Pupils));
        return pupils.Select(p => new PupilSnapshot
        {
            PupilId = p.PupilId,
            Version = p.Version,
            Erased = p.Erased,
            Enrolments = enrolments[p.PupilId].Select(e => e.ToEvent()).ToList(),
            Classes = classes[p.PupilId].Select(c => new PupilClass { ClassId = c.ClassId, From = c.FromOn, To = c.ToOn }).ToList(),
            Groups = groups[p.PupilId].Select(g => g.ToEvent()).ToList(),
        }).ToList();
    }

    /// <summary>The identifiers of the pupils, in the order of their ids.</summary>
    public static async Task<List<PupilIdentifiers>> ReadIdentifiersAsync(
        NpgsqlConnection connection, NpgsqlTransaction? transaction, Guid[] pupilIds, CancellationToken ct)
    {
        const string Sql = """
            select p.pupil_id, p.version, p.upn,
                   array(select f.upn from pupil_former_upn f where f.pupil_id = p.pupil_id order by f.recorded_at, f.upn) as former_upns
            from pupil p
            where p.pupil_id = any (@pupilIds)
            order by p.pupil_id
            """;
        var rows = await connection.QueryAsync<IdentifierRow>(new CommandDefinition(Sql, new { pupilIds }, transaction, cancellationToken: ct));
        return rows
            .Select(r => new PupilIdentifiers { PupilId = r.PupilId, Version = r.Version, Upn = r.Upn, FormerUpns = r.FormerUpns })
            .ToList();
    }

    private sealed record PupilRow
    {
        public required Guid PupilId { get; init; }

        public required long Version { get; init; }

        public required bool Erased { get; init; }
    }

    private sealed record EnrolmentRow
    {
        public required Guid PupilId { get; init; }

        public required int SchoolUrn { get; init; }

        public required DateOnly FromOn { get; init; }

        public DateOnly? ToOn { get; init; }

        public required bool IsMain { get; init; }

        public required string YearGroup { get; init; }

        public PupilEnrolment ToEvent() => new() { SchoolUrn = SchoolUrn, From = FromOn, To = ToOn, IsMain = IsMain, YearGroup = YearGroup };
    }

    private sealed record ClassRow
    {
        public required Guid PupilId { get; init; }

        public required Guid ClassId { get; init; }

        public required DateOnly FromOn { get; init; }

        public DateOnly? ToOn { get; init; }
    }

    private sealed record GroupRow
    {
        public required Guid PupilId { get; init; }

        public required string GroupCode { get; init; }

        public required int DefinitionVersion { get; init; }

        public required DateOnly FromOn { get; init; }

        public DateOnly? ToOn { get; init; }

        public PupilGroup ToEvent() => new() { Group = GroupCode, DefinitionVersion = DefinitionVersion, From = FromOn, To = ToOn };
    }

    private sealed record IdentifierRow
    {
        public required Guid PupilId { get; init; }

        public required long Version { get; init; }

        public string? Upn { get; init; }

        public required string[] FormerUpns { get; init; }
    }
}
