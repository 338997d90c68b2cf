using Dapper;
using GoldenThread.ServiceDefaults;
using Npgsql;

namespace GoldenThread.Tracking.Classes;

/// <summary>Every statement about classes.</summary>
internal sealed class ClassStore(NpgsqlDataSource source)
{
    private const string NameConstraint = "uq_school_class_name";

    /// <summary>A class within the caller's reach; null where there is none.</summary>
    public async Task<SchoolClass?> GetAsync(Authority by, Guid classId, CancellationToken ct)
    {
        await using var connection = await source.OpenConnectionAsync(ct);
        return await GetAsync(connection, null, by, classId, ct);
    }

    /// <summary>A class within the caller's reach, in the work at hand; null where there is none.</summary>
    public static Task<SchoolClass?> GetAsync(Work work, Authority by, Guid classId, CancellationToken ct) =>
        GetAsync(work.Connection, work.Transaction, by, classId, ct);

    /// <summary>A school's classes within the caller's reach, by name and id.</summary>
    public async Task<List<SchoolClass>> ListAsync(
        Authority by, int schoolUrn, string academicYear, (string Name, Guid Id) after, int limit, CancellationToken ct)
    {
        const string Sql = """
            select c.class_id, c.version, c.school_urn, c.academic_year, c.name, c.kind, c.year_groups, c.subject
            from school_class c
            where c.school_urn = @schoolUrn
              and (@academicYear = '' or c.academic_year = @academicYear)
              and (c.name, c.class_id) > (@Name, @Id)
              and exists (
                  select 1
                  from reach(@Issuer, @Subject, @Roles) g
                  where (g.school_urn is null or g.school_urn = c.school_urn)
                    and (g.class_ids is null or c.class_id = any (g.class_ids)))
            order by c.name, c.class_id
            limit @limit
            """;
        await using var connection = await source.OpenConnectionAsync(ct);
        var rows = await connection.QueryAsync<ClassRow>(new CommandDefinition(
            Sql, new { schoolUrn, academicYear, after.Name, after.Id, limit, by.Issuer, by.Subject, by.Roles }, cancellationToken: ct));
        return rows.Select(r => r.ToClass()).ToList();
    }

    /// <summary>Adds a class.</summary>
    public static async Task AddAsync(Work work, SchoolClass added, CancellationToken ct)
    {
        const string Sql = """
            insert into school_class (class_id, school_urn, academic_year, name, kind, year_groups, subject)
            values (@ClassId, @SchoolUrn, @AcademicYear, @Name, @Kind, @YearGroups, @Subject)
            """;
        try
        {
            await work.Connection.ExecuteAsync(work.Command(Sql, new
            {
                added.ClassId,
                added.SchoolUrn,
                added.AcademicYear,
                added.Name,
                added.Kind,
                YearGroups = added.YearGroups.ToArray(),
                added.Subject,
            }, ct));
        }
        catch (PostgresException e) when (e.ConstraintName == NameConstraint)
        {
            throw Errors.ClassExists();
        }
    }

    private static async Task<SchoolClass?> GetAsync(
        NpgsqlConnection connection, NpgsqlTransaction? transaction, Authority by, Guid classId, CancellationToken ct)
    {
        const string Sql = """
            select c.class_id, c.version, c.school_urn, c.academic_year, c.name, c.kind, c.year_groups, c.subject
            from school_class c
            where c.class_id = @classId
              and exists (
                  select 1
                  from reach(@Issuer, @Subject, @Roles) g
                  where (g.school_urn is null or g.school_urn = c.school_urn)
                    and (g.class_ids is null or c.class_id = any (g.class_ids)))
            """;
        var row = await connection.QuerySingleOrDefaultAsync<ClassRow>(
            new CommandDefinition(Sql, new { classId, by.Issuer, by.Subject, by.Roles }, transaction, cancellationToken: ct));
        return row?.ToClass();
    }

    private sealed record ClassRow
    {
        public required Guid ClassId { get; init; }

        public required long Version { get; init; }

        public required int SchoolUrn { get; init; }

        public required string AcademicYear { get; init; }

        public required string Name { get; init; }

        public required string Kind { get; init; }

        public required string[] YearGroups { get; init; }

        public string? Subject { get; init; }

        public SchoolClass ToClass() => new()
        {
            ClassId = ClassId,
            Version = Version,
            SchoolUrn = SchoolUrn,
            AcademicYear = AcademicYear,
            Name = Name,
            Kind = Kind,
            YearGroups = YearGroups,
            Subject = Subject,
        };
    }
}
