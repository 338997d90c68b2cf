using Dapper;
using GoldenThread.Assessment.Imports;
using GoldenThread.Assessment.Results;
using GoldenThread.Assessment.V1;
using GoldenThread.Education;
using GoldenThread.ServiceDefaults;
using Npgsql;

namespace GoldenThread.Assessment.Quarantine;

/// <summary>What a list of quarantined rows is limited to; null where it is not.</summary>
internal sealed record QuarantineFilter(Guid? CollectionId, Guid? ImportId, int? SchoolUrn, string? Reason, short State);

/// <summary>Every statement about quarantined rows.</summary>
internal sealed class QuarantineStore(NpgsqlDataSource source, TimeProvider clock)
{
    private const int MostAtOnce = 1000;

    private const string Columns = """
        q.quarantined_row_id, q.import_id, q.collection_id, q.line, q.state, q.reason, q.detail, q.upn, q.pupil_id, q.school_urn, q.subject,
        q.test, q.sat_on, q.score, q.code, q.version, q.quarantined_at, q.closed_at, q.mended_by_another,
        m.issuer, m.subject as imported_by, m.roles, m.source
        """;

    // Who holds the whole school sees its rows. Who brought the file sees them too, limits or not, while nobody else gave them other values and
    // while every grant under which they came still holds, as far as it was one for that school. The pupil is not asked for here: whether a row
    // is seen must not tell who is known. A row whose school cannot be read belongs to the trust, and to who brought it.
    private const string WithinReach = """
        (exists (
             select from whole_reach(@Issuer, @Subject, @Roles) g
             where g.school_urn is null or g.school_urn = q.school)
         or (m.issuer = @Issuer and m.subject = @Subject and not q.mended_by_another
             and (select bool_and(h.grant_id is not null)
                  from access_grant g left join held_grants(@Issuer, @Subject, @Roles) h on h.grant_id = g.grant_id
                  where g.grant_id = any(m.grant_ids)
                    and (q.school is null or g.school_urn is null or g.school_urn = q.school))))
        """;

    /// <summary>Puts faulty rows of a file into quarantine; one that waits there already is not put in twice.</summary>
    public static async Task AddAsync(Work work, Guid importId, RecordingContext recording, List<FaultyRow> faults, CancellationToken ct)
    {
        const string Sql = """
            insert into quarantined_row (quarantined_row_id, import_id, collection_id, line, reason, detail,
                                         upn, pupil_id, school_urn, subject, test, sat_on, score, code, school, fingerprint, quarantined_at)
            select id, @importId, @CollectionId, line, reason, detail,
                   upn, pupil_id, school_urn, subject, test, sat_on, score, code, school, fingerprint, @RecordedAt
            from unnest(@Ids, @Lines, @Reasons, @Details, @Upns, @PupilIds, @SchoolUrns, @Subjects, @Tests, @SatOns, @Scores, @Codes,
                        @Schools, @Fingerprints)
                 as f(id, line, reason, detail, upn, pupil_id, school_urn, subject, test, sat_on, score, code, school, fingerprint)
            on conflict (collection_id, fingerprint) where state = 1 do nothing
            """;
        var rows = faults.Select(f => (Fault: f, Given: Waiting.Given(f))).ToList();
        var parameters = new
        {
            importId,
            recording.CollectionId,
            recording.RecordedAt,
            Ids = rows.Select(_ => Guid.CreateVersion7()).ToArray(),
            Lines = rows.Select(r => r.Fault.Line).ToArray(),
            Reasons = rows.Select(r => r.Fault.Verdict).ToArray(),
            Details = rows.Select(r => Verdict.Words(r.Fault.Verdict, r.Fault.Range)).ToArray(),
            Upns = rows.Select(r => r.Given.Upn).ToArray(),
            PupilIds = rows.Select(r => r.Given.PupilId).ToArray(),
            SchoolUrns = rows.Select(r => r.Given.SchoolUrn).ToArray(),
            Subjects = rows.Select(r => r.Given.Subject).ToArray(),
            Tests = rows.Select(r => r.Given.Test).ToArray(),
            SatOns = rows.Select(r => r.Given.SatOn).ToArray(),
            Scores = rows.Select(r => r.Given.Score).ToArray(),
            Codes = rows.Select(r => r.Given.Code).ToArray(),
            Schools = rows.Select(r => Waiting.School(r.Given)).ToArray(),
            Fingerprints = rows.Select(r => Waiting.Fingerprint(r.Given)).ToArray(),
        };
        await work.Connection.ExecuteAsync(work.Command(Sql, parameters, ct));
    }

    public async Task<List<QuarantineRow>> ListAsync(
        Authority by, QuarantineFilter filter, (Guid ImportId, int Line, Guid RowId)? after, int limit, CancellationToken ct)
    {
        const string Sql = $"""
            select {Columns}
            from quarantined_row q join result_import m on m.import_id = q.import_id
            where q.state = @State
              and (@CollectionId::uuid is null or q.collection_id = @CollectionId)
              and (@ImportId::uuid is null or q.import_id = @ImportId)
              and (@SchoolUrn::int is null or q.school = @SchoolUrn)
              and (@Reason::text is null or q.reason = @Reason)
              and (@AfterImport::uuid is null or (q.import_id, q.line, q.quarantined_row_id) > (@AfterImport, @AfterLine, @AfterRow))
              and {WithinReach}
            order by q.import_id, q.line, q.quarantined_row_id limit @Limit
            """;
        var parameters = new DynamicParameters(by);
        parameters.AddDynamicParams(filter);
        parameters.AddDynamicParams(new { AfterImport = after?.ImportId, AfterLine = after?.Line, AfterRow = after?.RowId, Limit = limit });
        await using var connection = await source.OpenConnectionAsync(ct);
        return (await connection.QueryAsync<QuarantineRow>(new CommandDefinition(Sql, parameters, cancellationToken: ct))).AsList();
    }

    public async Task<QuarantineRow?> GetAsync(Authority by, Guid rowId, CancellationToken ct)
    {
        const string Sql = $"""
            select {Columns} from quarantined_row q join result_import m on m.import_id = q.import_id
            where q.quarantined_row_id = @rowId and {WithinReach}
            """;
        await using var connection = await source.OpenConnectionAsync(ct);
        var parameters = new { by.Issuer, by.Subject, by.Roles, rowId };
        return await connection.QuerySingleOrDefaultAsync<QuarantineRow>(new CommandDefinition(Sql, parameters, cancellationToken: ct));
    }

    /// <summary>The row, held against change until the work ends.</summary>
    public static async Task<QuarantineRow?> HoldAsync(Work work, Authority by, Guid rowId, CancellationToken ct)
    {
        const string Sql = $"""
            select {Columns} from quarantined_row q join result_import m on m.import_id = q.import_id
            where q.quarantined_row_id = @rowId and {WithinReach}
            for update of q
            """;
        var parameters = new { by.Issuer, by.Subject, by.Roles, rowId };
        return await work.Connection.QuerySingleOrDefaultAsync<QuarantineRow>(work.Command(Sql, parameters, ct));
    }

    /// <summary>Saves where a held row now stands.</summary>
    public static async Task SaveAsync(Work work, QuarantineRow row, CancellationToken ct)
    {
        const string Sql = """
            update quarantined_row
            set state = @State, reason = @Reason, detail = @Detail, upn = @Upn, pupil_id = @PupilId, school_urn = @SchoolUrn, subject = @Subject,
                test = @Test, sat_on = @SatOn, score = @Score, code = @Code, school = @School, fingerprint = @Fingerprint,
                version = @Version, closed_at = @ClosedAt, mended_by_another = @MendedByAnother
            where quarantined_row_id = @QuarantinedRowId
            """;
        var parameters = new
        {
            row.State,
            row.Reason,
            row.Detail,
            row.Upn,
            row.PupilId,
            row.SchoolUrn,
            row.Subject,
            row.Test,
            row.SatOn,
            row.Score,
            row.Code,
            School = Waiting.School(row.Given),
            Fingerprint = Waiting.Fingerprint(row.Given),
            row.Version,
            row.ClosedAt,
            row.MendedByAnother,
            row.QuarantinedRowId,
        };
        try
        {
            await work.Connection.ExecuteAsync(work.Command(Sql, parameters, ct));
        }
        catch (PostgresException e) when (e.ConstraintName == "uq_quarantined_row_open")
        {
            throw Errors.QuarantinedRowTwice();
        }
    }

    /// <summary>Tries rows again that waited for one of these pupils, each in the name and within the reach of who imported it.</summary>
    public async Task RetryAsync(Work work, Guid[] pupilIds, CancellationToken ct)
    {
        const string Sql = $"""
            select {Columns}
            from quarantined_row q join result_import m on m.import_id = q.import_id
            where q.state = 1 and q.reason = 'PUPIL_NOT_YET_KNOWN' and q.quarantined_row_id > @after
              and (q.upn in (select u.upn from pupil_upn u where u.pupil_id = any(@pupilIds)) or q.pupil_id = any(@ids))
            order by q.quarantined_row_id limit @MostAtOnce
            for update of q
            """;
        if (pupilIds.Length == 0)
        {
            return;
        }

        var ids = pupilIds.Select(p => p.ToString()).ToArray();
        for (var after = Guid.Empty; ;)
        {
            var rows = (await work.Connection.QueryAsync<QuarantineRow>(work.Command(Sql, new { pupilIds, ids, after, MostAtOnce }, ct))).AsList();
            foreach (var import in rows.GroupBy(r => r.ImportId))
            {
                await RetryImportAsync(work, [.. import], ct);
            }

            if (rows.Count < MostAtOnce)
            {
                return;
            }

            after = rows[^1].QuarantinedRowId;
        }
    }

    /// <summary>UPNs that nobody here knows and that tracking was not asked for lately; they count as asked from now on.</summary>
    public async Task<string[]> TakeUnknownUpnsAsync(int limit, TimeSpan notAskedFor, CancellationToken ct)
    {
        const string Sql = """
            with unknown as (
                select q.quarantined_row_id, q.upn from quarantined_row q
                where q.state = 1 and q.reason = 'PUPIL_NOT_YET_KNOWN' and q.upn <> '' and (q.asked_at is null or q.asked_at < @before)
                  and not exists (select from pupil_upn u where u.upn = q.upn)
                order by q.quarantined_row_id limit @limit
                for update skip locked
            ), asked as (
                update quarantined_row q set asked_at = @now from unknown where q.quarantined_row_id = unknown.quarantined_row_id
            )
            select distinct upn from unknown
            """;
        var now = clock.GetUtcNow();
        await using var connection = await source.OpenConnectionAsync(ct);
        var parameters = new { limit, now, before = now - notAskedFor };
        return (await connection.QueryAsync<string>(new CommandDefinition(Sql, parameters, cancellationToken: ct))).ToArray();
    }

    /// <summary>Deletes rows that were applied or closed longer ago than they are kept; how many.</summary>
    public async Task<int> PurgeAsync(TimeSpan kept, CancellationToken ct)
    {
        await using var connection = await source.OpenConnectionAsync(ct);
        var parameters = new { before = clock.GetUtcNow() - kept };
        return await connection.ExecuteAsync(
            new CommandDefinition("delete from quarantined_row where closed_at < @before", parameters, cancellationToken: ct));
    }

    private async Task RetryImportAsync(Work work, List<QuarantineRow> rows, CancellationToken ct)
    {
        var first = rows[0];
        var recording = new RecordingContext
        {
            By = new Authority(first.Issuer, first.ImportedBy, first.Roles),
            CollectionId = first.CollectionId,
            Source = first.Source,
            Today = clock.Today(),
            RecordedAt = clock.Instant(),
        };
        var reader = new RowReader(await ImportStore.NamedTestsAsync(work, first.CollectionId, ct), null);
        var readable = rows.Select(r => (Row: r, File: reader.Read(r.Given, r.Line))).Where(r => r.File.Fault is null).ToList();
        var judged = await ResultStore.RecordManyAsync(work, recording, readable.Select(r => Waiting.ToRecording(r.File)).ToList(), ct);
        var settled = readable.Zip(judged, (r, j) => Settle(r.Row, j, recording.RecordedAt)).Where(r => r is not null).ToList();
        await SettleAsync(work, settled!, ct);
        var written = judged.Where(j => j.Applied && j.Verdict is Verdict.New or Verdict.Changed).ToList();
        if (written.Count > 0)
        {
            work.Publish(written.ToEvent(recording));
            work.Audit("import", [first.ImportId.ToString()], detail: $"{written.Count} rows applied from quarantine", did: "assessment.retry-quarantine");
        }
    }

    private static QuarantineRow? Settle(QuarantineRow row, JudgedRow judged, DateTimeOffset at) => judged switch
    {
        { Applied: false } or { Verdict: Verdict.PupilNotYetKnown } => null,
        _ when Verdict.IsGood(judged.Verdict) => row with { State = (short)QuarantineState.Applied, ClosedAt = at },
        _ => row with { Reason = judged.Verdict, Detail = Verdict.Words(judged.Verdict, judged.Range) },
    };

    private static async Task SettleAsync(Work work, List<QuarantineRow> rows, CancellationToken ct)
    {
        const string Sql = """
            update quarantined_row q
            set state = s.state, reason = s.reason, detail = s.detail, closed_at = s.closed_at, version = q.version + 1
            from unnest(@Ids, @States, @Reasons, @Details, @ClosedAts) as s(id, state, reason, detail, closed_at)
            where q.quarantined_row_id = s.id
            """;
        if (rows.Count == 0)
        {
            return;
        }

        var parameters = new
        {
            Ids = rows.Select(r => r.QuarantinedRowId).ToArray(),
            States = rows.Select(r => r.State).ToArray(),
            Reasons = rows.Select(r => r.Reason).ToArray(),
            Details = rows.Select(r => r.Detail).ToArray(),
            ClosedAts = rows.Select(r => r.ClosedAt).ToArray(),
        };
        await work.Connection.ExecuteAsync(work.Command(Sql, parameters, ct));
    }
}
