using Dapper;
using GoldenThread.ServiceDefaults;
using GoldenThread.Tracking.Pupils;
using Npgsql;

namespace GoldenThread.Tracking.Rosters;

/// <summary>Every statement about rows that wait for a person.</summary>
internal sealed class QuarantineStore(NpgsqlDataSource source)
{
    // Who sent a row for no known school knows what it says, while nobody else gave it other cells.
    private const string Own = "(q.issuer = @Issuer and q.subject = @Subject and q.school_urn is null and not q.mended_by_another)";

    private const string WithinReach = $"""
        ({Own}
         or exists (
             select 1
             from whole_reach(@Issuer, @Subject, @Roles) g
             where g.school_urn is null or g.school_urn = q.school_urn))
        """;

    /// <summary>Rows of the schools that the caller holds whole, and those the caller sent for no known school, before an id.</summary>
    public async Task<List<QuarantinedRowRow>> ListAsync(
        Authority by, int? schoolUrn, bool includeClosed, Guid? before, int limit, CancellationToken ct)
    {
        const string Sql = $"""
            select q.row_id, q.version, q.import_id, q.line, q.school_urn, q.from_on, q.cells::text as cells, q.problems::text as problems,
                   q.candidate_pupil_ids, q.quarantined_at, q.closed_at, q.closed_because
            from quarantined_row q
            where (@before::uuid is null or q.row_id < @before)
              and (@schoolUrn::int is null or q.school_urn = @schoolUrn)
              and (@includeClosed or q.closed_at is null)
              and {WithinReach}
            order by q.row_id desc
            limit @limit
            """;
        await using var connection = await source.OpenConnectionAsync(ct);
        var rows = await connection.QueryAsync<QuarantinedRowRow>(new CommandDefinition(
            Sql, new { schoolUrn, includeClosed, before, limit, by.Issuer, by.Subject, by.Roles }, cancellationToken: ct));
        return rows.AsList();
    }

    /// <summary>
    /// Those of the pupils whom the caller may change: a proposal must not name others. That a row's new name is that of a child whom the school
    /// had once is not told there.
    /// </summary>
    public async Task<HashSet<Guid>> ReachedAsync(Authority by, Guid[] pupilIds, DateOnly today, CancellationToken ct)
    {
        if (pupilIds.Length == 0)
        {
            return [];
        }

        await using var connection = await source.OpenConnectionAsync(ct);
        return await ReachedAsync(connection, null, by, pupilIds, today, ct);
    }

    /// <summary>The same within a work, which takes no second connection: many at once would wait for each other's.</summary>
    public static Task<HashSet<Guid>> ReachedAsync(Work work, Authority by, Guid[] pupilIds, DateOnly today, CancellationToken ct) =>
        pupilIds.Length == 0 ? Task.FromResult(new HashSet<Guid>()) : ReachedAsync(work.Connection, work.Transaction, by, pupilIds, today, ct);

    /// <summary>Those of the rows of which the caller may see sensitive cells, too.</summary>
    public async Task<HashSet<Guid>> SensitiveToAsync(Authority sensitive, Guid[] rowIds, CancellationToken ct)
    {
        await using var connection = await source.OpenConnectionAsync(ct);
        return await SensitiveToAsync(connection, null, sensitive, rowIds, ct);
    }

    /// <summary>The same within a work.</summary>
    public static Task<HashSet<Guid>> SensitiveToAsync(Work work, Authority sensitive, Guid[] rowIds, CancellationToken ct) =>
        SensitiveToAsync(work.Connection, work.Transaction, sensitive, rowIds, ct);

    /// <summary>The kinds of facts whose cells are for those only who may see them.</summary>
    public async Task<HashSet<string>> SensitiveFactsAsync(CancellationToken ct)
    {
        await using var connection = await source.OpenConnectionAsync(ct);
        return await SensitiveFactsAsync(connection, null, ct);
    }

    /// <summary>The same within a work.</summary>
    public static Task<HashSet<string>> SensitiveFactsAsync(Work work, CancellationToken ct) =>
        SensitiveFactsAsync(work.Connection, work.Transaction, ct);

    /// <summary>Whether the caller may see sensitive cells at one school, and not at another or where no school is known.</summary>
    public static Task<bool> SeesMoreAtAsync(Work work, Authority sensitive, int? schoolUrn, int? otherUrn, CancellationToken ct)
    {
        const string Sql = """
            select exists (select 1 from whole_reach(@Issuer, @Subject, @Roles) g where g.school_urn = @schoolUrn::int)
               and not exists (
                   select 1 from whole_reach(@Issuer, @Subject, @Roles) g where g.school_urn is null or g.school_urn = @otherUrn::int)
            """;
        return work.Connection.ExecuteScalarAsync<bool>(
            work.Command(Sql, new { schoolUrn, otherUrn, sensitive.Issuer, sensitive.Subject, sensitive.Roles }, ct));
    }

    /// <summary>The row as the caller may change it, locked until the work ends; null where there is none.</summary>
    public static Task<QuarantinedRowRow?> LockAsync(Work work, Authority by, Guid rowId, CancellationToken ct)
    {
        const string Sql = $"""
            select q.row_id, q.version, q.import_id, q.line, q.school_urn, q.from_on, q.cells::text as cells, q.problems::text as problems,
                   q.candidate_pupil_ids, q.quarantined_at, q.closed_at, q.closed_because,
                   {Own} as is_own
            from quarantined_row q
            where q.row_id = @rowId
              and {WithinReach}
            for update
            """;
        return work.Connection.QuerySingleOrDefaultAsync<QuarantinedRowRow>(
            work.Command(Sql, new { rowId, by.Issuer, by.Subject, by.Roles }, ct));
    }

    /// <summary>Closes a row.</summary>
    public static Task CloseAsync(Work work, Guid rowId, string because, CancellationToken ct)
    {
        const string Sql = """
            update quarantined_row set version = version + 1, closed_at = now(), closed_because = @because where row_id = @rowId
            """;
        return work.Connection.ExecuteAsync(work.Command(Sql, new { rowId, because }, ct));
    }

    /// <summary>Keeps mended cells with what is still wrong.</summary>
    public static Task KeepAsync(Work work, Guid rowId, int? schoolUrn, string cells, string problems, Guid[] candidates, CancellationToken ct)
    {
        const string Sql = """
            update quarantined_row
            set version = version + 1, school_urn = @schoolUrn, cells = @cells::jsonb, problems = @problems::jsonb,
                candidate_pupil_ids = @candidates, mended_by_another = mended_by_another or (issuer, subject) <> (@Issuer, @Subject)
            where row_id = @rowId
            """;
        return work.Connection.ExecuteAsync(work.Command(
            Sql, new { rowId, schoolUrn, cells, problems, candidates, work.Caller.Issuer, work.Caller.Subject }, ct));
    }

    /// <summary>The school of the staged row, after schools outside the caller's reach were taken off.</summary>
    public static Task<int?> StagedSchoolAsync(Work work, CancellationToken ct) =>
        work.Connection.ExecuteScalarAsync<int?>(work.Command("select school_urn from roster_row", null, ct));

    /// <summary>The row as it is now.</summary>
    public static Task<QuarantinedRowRow> ReadAsync(Work work, Guid rowId, CancellationToken ct)
    {
        const string Sql = """
            select row_id, version, import_id, line, school_urn, from_on, cells::text as cells, problems::text as problems,
                   candidate_pupil_ids, quarantined_at, closed_at, closed_because
            from quarantined_row
            where row_id = @rowId
            """;
        return work.Connection.QuerySingleAsync<QuarantinedRowRow>(work.Command(Sql, new { rowId }, ct));
    }

    /// <summary>Whether the caller may change the pupil, so that a row may be said to be about them.</summary>
    public static Task<bool> IsReachedAsync(Work work, Authority by, Guid pupilId, DateOnly today, CancellationToken ct)
    {
        const string Sql = """
            select exists (
                select 1
                from pupils_to_change(@Issuer, @Subject, @Roles, @today) c
                join pupil p on p.pupil_id = c.pupil_id and not p.erased
                where c.pupil_id = @pupilId)
            """;
        return work.Connection.ExecuteScalarAsync<bool>(work.Command(Sql, new { pupilId, today, by.Issuer, by.Subject, by.Roles }, ct));
    }

    /// <summary>Removes rows closed longer ago than this many days; answers how many.</summary>
    public async Task<int> PurgeAsync(int days, CancellationToken ct)
    {
        const string Sql = "delete from quarantined_row where closed_at < now() - make_interval(days => @days)";
        await using var connection = await source.OpenConnectionAsync(ct);
        return await connection.ExecuteAsync(new CommandDefinition(Sql, new { days }, cancellationToken: ct));
    }

    private static async Task<HashSet<Guid>> ReachedAsync(
        NpgsqlConnection connection, NpgsqlTransaction? transaction, Authority by, Guid[] pupilIds, DateOnly today, CancellationToken ct)
    {
        const string Sql = """
            select distinct c.pupil_id from pupils_to_change(@Issuer, @Subject, @Roles, @today) c where c.pupil_id = any (@pupilIds)
            """;
        var ids = await connection.QueryAsync<Guid>(
            new CommandDefinition(Sql, new { pupilIds, today, by.Issuer, by.Subject, by.Roles }, transaction, cancellationToken: ct));
        return ids.ToHashSet();
    }

    private static async Task<HashSet<Guid>> SensitiveToAsync(
        NpgsqlConnection connection, NpgsqlTransaction? transaction, Authority sensitive, Guid[] rowIds, CancellationToken ct)
    {
        const string Sql = """
            select r.row_id
            from quarantined_row r
            where r.row_id = any (@rowIds) and exists (
                select 1 from whole_reach(@Issuer, @Subject, @Roles) g where g.school_urn is null or g.school_urn = r.school_urn)
            """;
        var ids = await connection.QueryAsync<Guid>(
            new CommandDefinition(Sql, new { rowIds, sensitive.Issuer, sensitive.Subject, sensitive.Roles }, transaction, cancellationToken: ct));
        return ids.ToHashSet();
    }

    private static async Task<HashSet<string>> SensitiveFactsAsync(NpgsqlConnection connection, NpgsqlTransaction? transaction, CancellationToken ct)
    {
        const string Sql = "select s.fact from sensitive_facts(@always) s";
        var facts = await connection.QueryAsync<string>(
            new CommandDefinition(Sql, new { always = Fact.Sensitive }, transaction, cancellationToken: ct));
        return facts.ToHashSet();
    }
}

/// <summary>A quarantined row as stored.</summary>
internal sealed record QuarantinedRowRow
{
    public required Guid RowId { get; init; }

    public required long Version { get; init; }

    public required Guid ImportId { get; init; }

    public required int Line { get; init; }

    public int? SchoolUrn { get; init; }

    public required DateOnly FromOn { get; init; }

    public required string Cells { get; init; }

    public required string Problems { get; init; }

    public required Guid[] CandidatePupilIds { get; init; }

    public required DateTimeOffset QuarantinedAt { get; init; }

    public DateTimeOffset? ClosedAt { get; init; }

    public string? ClosedBecause { get; init; }

    /// <summary>Whether the caller who mends it sent it for no known school, and so knows what it says: nobody else mended it.</summary>
    public bool IsOwn { get; init; }
}
