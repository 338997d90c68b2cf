using Dapper;
using GoldenThread.Education;
using GoldenThread.ServiceDefaults;
using Npgsql;

namespace GoldenThread.Assessment.Results;

/// <summary>What a list of results is limited to; null where it is not.</summary>
internal sealed record ResultFilter
{
    public Guid? CollectionId { get; init; }

    public Guid? TestId { get; init; }

    public string? EntrySubject { get; init; }

    public string? YearGroup { get; init; }

    public DateTimeOffset? AsAt { get; init; }
}

/// <summary>Every statement about results but those of files.</summary>
internal sealed class ResultStore(NpgsqlDataSource source, TimeProvider clock)
{
    private const int MostTries = 3;

    private const string Columns = """
        r.school_urn, r.result_id, r.pupil_id, r.test_id, t.subject, r.collection_id, r.sitting, r.source, r.year_group, r.score, r.code,
        r.version, r.recorded_at
        """;

    private const string VersionColumns = """
        school_urn, result_id, pupil_id, test_id, collection_id, sitting, source, year_group, score, code, version, recorded_at
        """;

    // A grant reaches a result by where it was sat (its school and its year), or by where the pupil is today (school and year of one enrolment):
    // a pupil who moves within the trust takes the results along. Half of one and half of the other is neither. Its classes and subjects narrow
    // that further, by the class then or today: a Year 4 teacher sees what the class did in Year 3. Whoever reaches the whole trust is asked
    // about once for the statement, not once for each row.
    private const string WithinReach = """
        ((select holds_whole_trust(@Issuer, @Subject, @Roles))
         or exists (
            select from reach(@Issuer, @Subject, @Roles) g
            where (((g.school_urn is null or g.school_urn = r.school_urn) and (g.year_groups is null or r.year_group = any(g.year_groups)))
                   or exists (select from pupil_enrolment e where e.pupil_id = r.pupil_id
                              and (g.school_urn is null or e.school_urn = g.school_urn)
                              and (g.year_groups is null or e.year_group = any(g.year_groups))
                              and e.from_on <= @Today and (e.to_on is null or e.to_on >= @Today)))
              and (g.class_ids is null
                   or exists (select from pupil_class pc where pc.pupil_id = r.pupil_id and pc.class_id = any(g.class_ids)
                              and ((pc.from_on <= @Today and (pc.to_on is null or pc.to_on >= @Today))
                                   or (pc.from_on <= r.sitting and (pc.to_on is null or pc.to_on >= r.sitting)))))
              and (g.subjects is null or t.subject = any(g.subjects))))
        """;

    private const string PupilFilter = """
        r.pupil_id = @PupilId
              and (@EntrySubject::text is null or t.subject = @EntrySubject)
              and (@CollectionId::uuid is null or r.collection_id = @CollectionId)
              and (@AfterSitting::date is null or (r.sitting, r.result_id) > (@AfterSitting, @AfterId))
        """;

    private const string SchoolFilter = """
        r.school_urn = @SchoolUrn
              and (@CollectionId::uuid is null or r.collection_id = @CollectionId)
              and (@TestId::uuid is null or r.test_id = @TestId)
              and (@EntrySubject::text is null or t.subject = @EntrySubject)
              and (@YearGroup::text is null or r.year_group = @YearGroup)
              and r.result_id > @AfterId
        """;

    /// <summary>Judges and applies one row; the version that stands afterwards, or the verdict that kept it out.</summary>
    public static async Task<JudgedRow> RecordAsync(Work work, RecordingContext context, Recording row, CancellationToken ct)
    {
        for (var attempt = 1; ; attempt++)
        {
            var judged = await work.Connection.QuerySingleAsync<JudgedRow>(work.Command(RecordingSql.RecordOne, OneRow(context, row), ct));
            if (judged.Applied || attempt == MostTries)
            {
                // Another change of the same result came in between: judge again, on what stands now.
                return judged.Applied ? judged : throw Refusal.Unavailable("BUSY", "Two changes of the same result met. Nothing was done; send it again.");
            }
        }
    }

    /// <summary>Judges and applies rows, those that are good; one answer per row, in their order.</summary>
    public static async Task<List<JudgedRow>> RecordManyAsync(
        Work work, RecordingContext context, IReadOnlyList<Recording> rows, CancellationToken ct) =>
        (await work.Connection.QueryAsync<JudgedRow>(work.Command(RecordingSql.RecordMany, ManyRows(context, rows), ct))).AsList();

    public async Task<List<ResultRow>> ListOfPupilAsync(
        Authority by, Guid pupilId, ResultFilter filter, (DateOnly Sitting, Guid ResultId)? after, int limit, CancellationToken ct)
    {
        const string Now = $"""
            select {Columns}
            from result r join test t on t.test_id = r.test_id
            where {PupilFilter}
              and {WithinReach}
            order by r.sitting, r.result_id limit @Limit
            """;
        const string Then = $"""
            select {Columns}
            from (
                select {VersionColumns} from result where pupil_id = @PupilId and recorded_at <= @AsAt
                union all
                select {VersionColumns} from result_version where pupil_id = @PupilId and recorded_at <= @AsAt and superseded_at > @AsAt
            ) r join test t on t.test_id = r.test_id
            where {PupilFilter}
              and {WithinReach}
            order by r.sitting, r.result_id limit @Limit
            """;
        var parameters = Parameters(by, filter, limit);
        parameters.Add("PupilId", pupilId);
        parameters.Add("AfterSitting", after?.Sitting);
        parameters.Add("AfterId", after?.ResultId);
        return await QueryAsync<ResultRow>(filter.AsAt is null ? Now : Then, parameters, ct);
    }

    /// <summary>Whether the pupil is, or was, at a school that the caller reaches: tells an empty list from a pupil not to be seen.</summary>
    public async Task<bool> ReachesPupilAsync(Authority by, Guid pupilId, CancellationToken ct)
    {
        const string Sql = """
            select exists (
                select from pupil p join pupil_enrolment e on e.pupil_id = p.pupil_id
                join reach(@Issuer, @Subject, @Roles) g
                  on (g.school_urn is null or g.school_urn = e.school_urn)
                 and (g.year_groups is null or e.year_group = any(g.year_groups))
                 and (g.class_ids is null or exists (
                     select from pupil_class pc where pc.pupil_id = p.pupil_id and pc.class_id = any(g.class_ids)
                       and pc.from_on <= @Today and (pc.to_on is null or pc.to_on >= @Today)))
                where p.pupil_id = @pupilId and not p.erased)
            """;
        await using var connection = await source.OpenConnectionAsync(ct);
        var parameters = new { by.Issuer, by.Subject, by.Roles, pupilId, Today = clock.Today() };
        return await connection.ExecuteScalarAsync<bool>(new CommandDefinition(Sql, parameters, cancellationToken: ct));
    }

    /// <summary>Whether a grant of the caller holds for the school.</summary>
    public async Task<bool> ReachesSchoolAsync(Authority by, int schoolUrn, CancellationToken ct)
    {
        const string Sql = """
            select exists (select from reach(@Issuer, @Subject, @Roles) g where g.school_urn is null or g.school_urn = @schoolUrn)
            """;
        await using var connection = await source.OpenConnectionAsync(ct);
        var parameters = new { by.Issuer, by.Subject, by.Roles, schoolUrn };
        return await connection.ExecuteScalarAsync<bool>(new CommandDefinition(Sql, parameters, cancellationToken: ct));
    }

    public async Task<List<ResultRow>> ListOfSchoolAsync(
        Authority by, int schoolUrn, ResultFilter filter, Guid after, int limit, CancellationToken ct)
    {
        const string Now = $"""
            select {Columns}
            from result r join test t on t.test_id = r.test_id
            where {SchoolFilter}
              and {WithinReach}
            order by r.result_id limit @Limit
            """;
        const string Then = $"""
            select {Columns}
            from (
                select {VersionColumns} from result where school_urn = @SchoolUrn and recorded_at <= @AsAt
                union all
                select {VersionColumns} from result_version where school_urn = @SchoolUrn and recorded_at <= @AsAt and superseded_at > @AsAt
            ) r join test t on t.test_id = r.test_id
            where {SchoolFilter}
              and {WithinReach}
            order by r.result_id limit @Limit
            """;
        var parameters = Parameters(by, filter, limit);
        parameters.Add("SchoolUrn", schoolUrn);
        parameters.Add("AfterId", after);
        return await QueryAsync<ResultRow>(filter.AsAt is null ? Now : Then, parameters, ct);
    }

    public async Task<ResultRow?> GetAsync(Authority by, int schoolUrn, Guid resultId, CancellationToken ct)
    {
        const string Sql = $"""
            select {Columns}
            from result r join test t on t.test_id = r.test_id
            where r.school_urn = @schoolUrn and r.result_id = @resultId and {WithinReach}
            """;
        await using var connection = await source.OpenConnectionAsync(ct);
        var parameters = new { by.Issuer, by.Subject, by.Roles, schoolUrn, resultId, Today = clock.Today() };
        return await connection.QuerySingleOrDefaultAsync<ResultRow>(new CommandDefinition(Sql, parameters, cancellationToken: ct));
    }

    /// <summary>The versions of a result below a version, the newest first.</summary>
    public async Task<List<ResultVersionRow>> ListVersionsAsync(
        Authority by, int schoolUrn, Guid resultId, int below, int limit, CancellationToken ct)
    {
        const string Sql = $"""
            select {Columns}, c.issuer, c.subject as recorded_by, r.superseded_at
            from (
                select {VersionColumns}, change_set_id, null::timestamptz as superseded_at
                from result where school_urn = @schoolUrn and result_id = @resultId
                union all
                select {VersionColumns}, change_set_id, superseded_at
                from result_version where school_urn = @schoolUrn and result_id = @resultId
            ) r
            join test t on t.test_id = r.test_id
            join change_set c on c.change_set_id = r.change_set_id
            where r.version < @below and {WithinReach}
            order by r.version desc limit @limit
            """;
        await using var connection = await source.OpenConnectionAsync(ct);
        var parameters = new { by.Issuer, by.Subject, by.Roles, schoolUrn, resultId, below, limit, Today = clock.Today() };
        return (await connection.QueryAsync<ResultVersionRow>(new CommandDefinition(Sql, parameters, cancellationToken: ct))).AsList();
    }

    private async Task<List<T>> QueryAsync<T>(string sql, DynamicParameters parameters, CancellationToken ct)
    {
        await using var connection = await source.OpenConnectionAsync(ct);
        return (await connection.QueryAsync<T>(new CommandDefinition(sql, parameters, cancellationToken: ct))).AsList();
    }

    private DynamicParameters Parameters(Authority by, ResultFilter filter, int limit)
    {
        var parameters = new DynamicParameters(by);
        parameters.AddDynamicParams(filter);
        parameters.Add("Today", clock.Today());
        parameters.Add("Limit", limit);
        return parameters;
    }

    private static object OneRow(RecordingContext context, Recording row) => new
    {
        context.By.Issuer,
        context.By.Subject,
        context.By.Roles,
        context.CollectionId,
        context.Source,
        context.Today,
        context.RecordedAt,
        context.ChangeSetId,
        row.ResultId,
        row.Upn,
        row.PupilId,
        row.SchoolUrn,
        row.TestId,
        row.SatOn,
        row.Score,
        row.Code,
    };

    private static object ManyRows(RecordingContext context, IReadOnlyList<Recording> rows) => new
    {
        context.By.Issuer,
        context.By.Subject,
        context.By.Roles,
        context.CollectionId,
        context.Source,
        context.Today,
        context.RecordedAt,
        context.ChangeSetId,
        ResultIds = rows.Select(r => r.ResultId).ToArray(),
        Upns = rows.Select(r => r.Upn).ToArray(),
        PupilIds = rows.Select(r => r.PupilId).ToArray(),
        SchoolUrns = rows.Select(r => r.SchoolUrn).ToArray(),
        EntrySubjects = rows.Select(r => r.EntrySubject).ToArray(),
        TestIds = rows.Select(r => r.TestId).ToArray(),
        SatOns = rows.Select(r => r.SatOn).ToArray(),
        Scores = rows.Select(r => r.Score).ToArray(),
        Codes = rows.Select(r => r.Code).ToArray(),
    };
}
