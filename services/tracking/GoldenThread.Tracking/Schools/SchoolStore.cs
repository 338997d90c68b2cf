using Dapper;
using GoldenThread.ServiceDefaults;
using GoldenThread.Tracking.Events.V1;
using Npgsql;

namespace GoldenThread.Tracking.Schools;

/// <summary>Every statement about schools.</summary>
internal sealed class SchoolStore(NpgsqlDataSource source)
{
    /// <summary>One school within the caller's reach; null where there is none.</summary>
    public async Task<School?> GetAsync(Authority by, int schoolUrn, CancellationToken ct)
    {
        const string Sql = """
            select s.school_urn, s.version, s.laestab, s.name, s.phase, s.age_from, s.age_to, s.locality
            from school s
            where s.school_urn = @schoolUrn
              and exists (
                  select 1 from reach(@Issuer, @Subject, @Roles) g where g.school_urn is null or g.school_urn = s.school_urn)
            """;
        await using var connection = await source.OpenConnectionAsync(ct);
        var rows = await connection.QueryAsync<SchoolRow>(
            new CommandDefinition(Sql, new { schoolUrn, by.Issuer, by.Subject, by.Roles }, cancellationToken: ct));
        return (await WithDetailsAsync(connection, null, rows.AsList(), ct)).SingleOrDefault();
    }

    /// <summary>Schools within the caller's reach, after a URN.</summary>
    public async Task<List<School>> ListAsync(Authority by, DateOnly? on, int after, int limit, CancellationToken ct)
    {
        const string Sql = """
            select s.school_urn, s.version, s.laestab, s.name, s.phase, s.age_from, s.age_to, s.locality
            from school s
            where s.school_urn > @after
              and (@on::date is null or exists (
                  select 1
                  from school_membership m
                  where m.school_urn = s.school_urn and m.from_on <= @on and (m.to_on is null or m.to_on >= @on)))
              and exists (
                  select 1 from reach(@Issuer, @Subject, @Roles) g where g.school_urn is null or g.school_urn = s.school_urn)
            order by s.school_urn
            limit @limit
            """;
        await using var connection = await source.OpenConnectionAsync(ct);
        var rows = await connection.QueryAsync<SchoolRow>(
            new CommandDefinition(Sql, new { on, after, limit, by.Issuer, by.Subject, by.Roles }, cancellationToken: ct));
        return await WithDetailsAsync(connection, null, rows.AsList(), ct);
    }

    /// <summary>Whether a school is in the register and within the caller's reach, with no narrower limit where the whole school is asked for.</summary>
    public static Task<bool> IsReachedAsync(Work work, Authority by, int schoolUrn, bool wholeSchool, CancellationToken ct)
    {
        const string Sql = """
            select exists (
                select 1
                from school s
                join reach(@Issuer, @Subject, @Roles) g on g.school_urn is null or g.school_urn = s.school_urn
                where s.school_urn = @schoolUrn
                  and (not @wholeSchool or (g.year_groups is null and g.class_ids is null and g.subjects is null)))
            """;
        return work.Connection.ExecuteScalarAsync<bool>(
            work.Command(Sql, new { schoolUrn, wholeSchool, by.Issuer, by.Subject, by.Roles }, ct));
    }

    /// <summary>Whether a school is in the register and within the caller's reach.</summary>
    public async Task<bool> IsReachedAsync(Authority by, int schoolUrn, CancellationToken ct)
    {
        const string Sql = """
            select exists (
                select 1
                from school s
                join reach(@Issuer, @Subject, @Roles) g on g.school_urn is null or g.school_urn = s.school_urn
                where s.school_urn = @schoolUrn)
            """;
        await using var connection = await source.OpenConnectionAsync(ct);
        return await connection.ExecuteScalarAsync<bool>(
            new CommandDefinition(Sql, new { schoolUrn, by.Issuer, by.Subject, by.Roles }, cancellationToken: ct));
    }

    /// <summary>Whether the caller holds the whole of this school, which may be new.</summary>
    public static Task<bool> MayWriteAsync(Work work, Authority by, int schoolUrn, CancellationToken ct)
    {
        const string Sql = """
            select exists (
                select 1 from whole_reach(@Issuer, @Subject, @Roles) g where g.school_urn is null or g.school_urn = @schoolUrn)
            """;
        return work.Connection.ExecuteScalarAsync<bool>(work.Command(Sql, new { schoolUrn, by.Issuer, by.Subject, by.Roles }, ct));
    }

    /// <summary>Whether the caller holds all of these schools whole, in the register or not.</summary>
    public static Task<bool> HoldsAllAsync(Work work, Authority by, int[] schoolUrns, CancellationToken ct)
    {
        const string Sql = """
            select not exists (
                select 1
                from unnest(@schoolUrns::int[]) as u(school_urn)
                where not exists (
                    select 1 from whole_reach(@Issuer, @Subject, @Roles) g where g.school_urn is null or g.school_urn = u.school_urn))
            """;
        return work.Connection.ExecuteScalarAsync<bool>(work.Command(Sql, new { schoolUrns, by.Issuer, by.Subject, by.Roles }, ct));
    }

    /// <summary>The school as it stands, locked until the work ends; null where it is new.</summary>
    public static async Task<School?> LockAsync(Work work, int schoolUrn, CancellationToken ct)
    {
        const string Sql = """
            select school_urn, version, laestab, name, phase, age_from, age_to, locality
            from school
            where school_urn = @schoolUrn
            for update
            """;
        var rows = await work.Connection.QueryAsync<SchoolRow>(work.Command(Sql, new { schoolUrn }, ct));
        return (await WithDetailsAsync(work.Connection, work.Transaction, rows.AsList(), ct)).SingleOrDefault();
    }

    /// <summary>Stores the school in place of what was there; answers its version.</summary>
    public static async Task<School> PutAsync(Work work, School school, CancellationToken ct)
    {
        const string Sql = """
            insert into school as s (school_urn, laestab, name, phase, age_from, age_to, locality)
            values (@SchoolUrn, @Laestab, @Name, @Phase, @AgeFrom, @AgeTo, @Locality)
            on conflict (school_urn) do update
            set version = s.version + 1, laestab = excluded.laestab, name = excluded.name, phase = excluded.phase,
                age_from = excluded.age_from, age_to = excluded.age_to, locality = excluded.locality,
                changed_at = now(), tx = pg_current_xact_id()
            returning version
            """;
        const string Details = """
            delete from school_membership where school_urn = @SchoolUrn;
            delete from school_lineage where school_urn = @SchoolUrn;
            insert into school_membership (school_urn, from_on, to_on)
            select @SchoolUrn, m.from_on, m.to_on from unnest(@From::date[], @To::date[]) as m(from_on, to_on);
            insert into school_lineage (school_urn, predecessor_urn)
            select @SchoolUrn, p.urn from unnest(@PredecessorUrns::int[]) as p(urn);
            """;
        var version = await work.Connection.ExecuteScalarAsync<long>(work.Command(Sql, new
        {
            school.SchoolUrn,
            school.Laestab,
            school.Name,
            Phase = (short)school.Phase,
            AgeFrom = (short?)school.AgeFrom,
            AgeTo = (short?)school.AgeTo,
            school.Locality,
        }, ct));
        await work.Connection.ExecuteAsync(work.Command(Details, new
        {
            school.SchoolUrn,
            From = school.Memberships.Select(m => m.From).ToArray(),
            To = school.Memberships.Select(m => m.To).ToArray(),
            PredecessorUrns = school.PredecessorUrns.ToArray(),
        }, ct));
        return school with { Version = version };
    }

    /// <summary>Rows with their memberships and predecessors.</summary>
    public static async Task<List<School>> WithDetailsAsync(
        NpgsqlConnection connection, NpgsqlTransaction? transaction, List<SchoolRow> rows, CancellationToken ct)
    {
        if (rows.Count == 0)
        {
            return [];
        }

        const string Memberships = """
            select school_urn, from_on, to_on from school_membership where school_urn = any (@urns) order by school_urn, from_on
            """;
        const string Lineage = """
            select school_urn, predecessor_urn from school_lineage where school_urn = any (@urns) order by school_urn, predecessor_urn
            """;
        var parameters = new { urns = rows.Select(r => r.SchoolUrn).ToArray() };
        var memberships = (await connection.QueryAsync<MembershipRow>(new CommandDefinition(Memberships, parameters, transaction, cancellationToken: ct)))
            .ToLookup(m => m.SchoolUrn);
        var predecessors = (await connection.QueryAsync<LineageRow>(new CommandDefinition(Lineage, parameters, transaction, cancellationToken: ct)))
            .ToLookup(l => l.SchoolUrn);
        return rows.Select(r => r.With(
            memberships[r.SchoolUrn].Select(m => new DatedRange { From = m.FromOn, To = m.ToOn }).ToList(),
            predecessors[r.SchoolUrn].Select(l => l.PredecessorUrn).ToList())).ToList();
    }

    private sealed record MembershipRow
    {
        public required int SchoolUrn { get; init; }

        public required DateOnly FromOn { get; init; }

        public DateOnly? ToOn { get; init; }
    }

    private sealed record LineageRow
    {
        public required int SchoolUrn { get; init; }

        public required int PredecessorUrn { get; init; }
    }
}

/// <summary>A school as stored.</summary>
internal sealed record SchoolRow
{
    public required int SchoolUrn { get; init; }

    public required long Version { get; init; }

    public string? Laestab { get; init; }

    public required string Name { get; init; }

    public required short Phase { get; init; }

    public short? AgeFrom { get; init; }

    public short? AgeTo { get; init; }

    public string? Locality { get; init; }

    public School With(IReadOnlyList<DatedRange> memberships, IReadOnlyList<int> predecessorUrns) => new()
    {
        SchoolUrn = SchoolUrn,
        Version = Version,
        Laestab = Laestab,
        Name = Name,
        Phase = (V1.Phase)Phase,
        AgeFrom = AgeFrom,
        AgeTo = AgeTo,
        Locality = Locality,
        Memberships = memberships,
        PredecessorUrns = predecessorUrns,
    };
}
