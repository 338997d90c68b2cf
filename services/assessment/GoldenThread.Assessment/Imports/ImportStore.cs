using Dapper;
using GoldenThread.Assessment.Results;
using GoldenThread.ServiceDefaults;
using Npgsql;
using NpgsqlTypes;

namespace GoldenThread.Assessment.Imports;

/// <summary>How many rows of a file came to which verdict.</summary>
internal sealed record ImportCounts
{
    public required int Rows { get; init; }

    public required int New { get; init; }

    public required int Changed { get; init; }

    public required int Unchanged { get; init; }

    public int Quarantined => Rows - New - Changed - Unchanged;
}

/// <summary>A row of a file that cannot be applied, with its values.</summary>
internal sealed record FaultyRow
{
    public required int Line { get; init; }

    public required string Verdict { get; init; }

    public decimal? LowestScore { get; init; }

    public decimal? HighestScore { get; init; }

    public int? Decimals { get; init; }

    public string[]? Given { get; init; }

    public string? Upn { get; init; }

    public Guid? PupilId { get; init; }

    public int? SchoolUrn { get; init; }

    public string? Subject { get; init; }

    public Guid? TestId { get; init; }

    public DateOnly? SatOn { get; init; }

    public decimal? Score { get; init; }

    public string? Code { get; init; }

    public ScoreRange? Range => LowestScore is { } low && HighestScore is { } high && Decimals is { } decimals ? new(low, high, decimals) : null;
}

/// <summary>Every statement about a file: copied into a table of its own, judged as a set, applied as a set, all in one transaction.</summary>
internal static class ImportStore
{
    private const int SortMemoryMegabytes = 64;

    /// <summary>Makes the tables that live as long as the transaction.</summary>
    public static async Task PrepareAsync(Work work, CancellationToken ct)
    {
        var sql = $"""
            create temporary table import_row (
                line int not null, result_id uuid not null, upn text, pupil_id uuid, school_urn int, subject text, test_id uuid,
                sat_on date, score numeric, code text, fault text, given text[]
            ) on commit drop;
            create temporary table import_verdict (
                line int not null, result_id uuid not null, school_urn int, pupil_id uuid, test_id uuid, year_group text, sat_on date,
                score numeric, code text, lowest_score numeric, highest_score numeric, decimals smallint,
                standing_id uuid, standing_version int, verdict text not null
            ) on commit drop;
            set local work_mem = '{SortMemoryMegabytes}MB'
            """;
        await work.Connection.ExecuteAsync(work.Command(sql, null, ct));
    }

    /// <summary>Opens the binary copy into the table of rows.</summary>
    public static Task<NpgsqlBinaryImporter> BeginCopyAsync(Work work, CancellationToken ct) =>
        work.Connection.BeginBinaryImportAsync(
            "copy import_row (line, result_id, upn, pupil_id, school_urn, subject, test_id, sat_on, score, code, fault, given) "
            + "from stdin (format binary)",
            ct);

    /// <summary>Writes one row of the copy. Synchronous on purpose: it fills a buffer, and a million awaits would cost more than the work.</summary>
    public static void Write(NpgsqlBinaryImporter copy, FileRow row)
    {
        copy.StartRow();
        copy.Write(row.Line, NpgsqlDbType.Integer);
        copy.Write(Guid.CreateVersion7(), NpgsqlDbType.Uuid);
        WriteText(copy, row.Upn);
        WriteValue(copy, row.PupilId, NpgsqlDbType.Uuid);
        WriteValue(copy, row.SchoolUrn, NpgsqlDbType.Integer);
        WriteText(copy, row.Subject);
        WriteValue(copy, row.TestId, NpgsqlDbType.Uuid);
        WriteValue(copy, row.SatOn, NpgsqlDbType.Date);
        WriteValue(copy, row.Score, NpgsqlDbType.Numeric);
        WriteText(copy, row.Code);
        WriteText(copy, row.Fault);
        if (row.Given is { } given)
        {
            copy.Write(given, NpgsqlDbType.Array | NpgsqlDbType.Text);
        }
        else
        {
            copy.WriteNull();
        }
    }

    /// <summary>Judges every row, then settles rows that name the same result twice: the first one of the file counts.</summary>
    public static async Task<ImportCounts> JudgeAsync(Work work, RecordingContext recording, CancellationToken ct)
    {
        const string Analyse = "analyze import_row";
        const string SettleRepeats = """
            update import_verdict j
            set verdict = case when j.score is not distinct from f.score and j.code is not distinct from f.code
                               then 'UNCHANGED' else 'DUPLICATE_ROW' end
            from (
                select standing_id, min(line) as line from import_verdict
                where standing_id is not null and verdict in ('CHANGED', 'UNCHANGED')
                group by standing_id having count(*) > 1
            ) first
            join import_verdict f on f.line = first.line
            where j.standing_id = first.standing_id and j.line > first.line and j.verdict in ('CHANGED', 'UNCHANGED')
            """;
        await work.Connection.ExecuteAsync(work.Command(Analyse, null, ct));
        await work.Connection.ExecuteAsync(Patient(work, RecordingSql.JudgeFile, Parameters(recording), ct));
        var counts = await CountAsync(work, ct);
        if (counts.Changed == 0)
        {
            return counts;
        }

        await work.Connection.ExecuteAsync(Patient(work, SettleRepeats, null, ct));
        return await CountAsync(work, ct);
    }

    /// <summary>Adds what is new and corrects what changed; the counts afterwards.</summary>
    public static async Task<ImportCounts> ApplyAsync(Work work, RecordingContext recording, ImportCounts judged, CancellationToken ct)
    {
        const string Add = """
            insert into result (school_urn, result_id, pupil_id, test_id, collection_id, sitting, source, year_group,
                                score, code, version, recorded_at, change_set_id)
            select school_urn, result_id, pupil_id, test_id, @CollectionId, sat_on, @Source, year_group,
                   score, code, 1, @RecordedAt, @ChangeSetId
            from import_verdict
            where verdict = 'NEW'
            """;
        // A new row met another one of its key. Within the file the first line counts, whichever happened to be written; what somebody else
        // recorded in this moment stands.
        const string SettleLosers = """
            with contested as materialized (
                select distinct j.pupil_id, j.school_urn, j.test_id, j.sat_on
                from import_verdict j
                join result r on r.pupil_id = j.pupil_id and r.school_urn = j.school_urn and r.test_id = j.test_id
                     and r.sitting = j.sat_on and r.source = @Source
                where j.verdict = 'NEW' and r.result_id <> j.result_id
            ), first as materialized (
                select distinct on (pupil_id, school_urn, test_id, sat_on) pupil_id, school_urn, test_id, sat_on, line, score, code
                from import_verdict join contested using (pupil_id, school_urn, test_id, sat_on)
                where verdict = 'NEW'
                order by pupil_id, school_urn, test_id, sat_on, line
            ), written as (
                update result r set score = f.score, code = f.code
                from first f
                where r.pupil_id = f.pupil_id and r.school_urn = f.school_urn and r.test_id = f.test_id and r.sitting = f.sat_on
                  and r.source = @Source and r.change_set_id = @ChangeSetId
            ), standing as (
                select f.*, r.change_set_id = @ChangeSetId as ours,
                       case when r.change_set_id = @ChangeSetId then f.score else r.score end as standing_score,
                       case when r.change_set_id = @ChangeSetId then f.code else r.code end as standing_code
                from first f
                join result r on r.pupil_id = f.pupil_id and r.school_urn = f.school_urn and r.test_id = f.test_id
                     and r.sitting = f.sat_on and r.source = @Source
            )
            update import_verdict j
            set verdict = case
                    when s.ours and j.line = s.line then 'NEW'
                    when j.score is not distinct from s.standing_score and j.code is not distinct from s.standing_code then 'UNCHANGED'
                    else 'DUPLICATE_ROW'
                end
            from standing s
            where j.verdict = 'NEW' and j.pupil_id = s.pupil_id and j.school_urn = s.school_urn and j.test_id = s.test_id and j.sat_on = s.sat_on
            """;
        if (judged.New > 0 && !await TryAddAsync(work, Add, recording, ct))
        {
            const string AddWhatIsFree = $"{Add} on conflict on constraint uq_result_key do nothing";
            await work.Connection.ExecuteAsync(Patient(work, AddWhatIsFree, Parameters(recording), ct));
            await work.Connection.ExecuteAsync(Patient(work, SettleLosers, Parameters(recording), ct));
        }

        if (judged.Changed > 0)
        {
            await CorrectAsync(work, recording, judged.Changed, ct);
        }

        return await CountAsync(work, ct);
    }

    /// <summary>Notes the change set and tells how many results of each school it holds.</summary>
    public static async Task<List<(int SchoolUrn, int Count)>> NoteAsync(Work work, RecordingContext recording, int count, CancellationToken ct)
    {
        const string Note = """
            insert into change_set (change_set_id, recorded_at, issuer, subject, result_count)
            values (@ChangeSetId, @RecordedAt, @Issuer, @Subject, @count)
            """;
        const string Schools = """
            select school_urn, count(*)::int from import_verdict where verdict in ('NEW', 'CHANGED') group by school_urn order by school_urn
            """;
        var parameters = new { recording.ChangeSetId, recording.RecordedAt, recording.By.Issuer, recording.By.Subject, count };
        await work.Connection.ExecuteAsync(work.Command(Note, parameters, ct));
        return (await work.Connection.QueryAsync<(int, int)>(Patient(work, Schools, null, ct))).AsList();
    }

    /// <summary>The rows of a small change set, for the event.</summary>
    public static async Task<List<ResultRow>> ChangedRowsAsync(Work work, Guid changeSetId, CancellationToken ct)
    {
        const string Sql = """
            select school_urn, result_id, pupil_id, test_id, collection_id, sitting, source, year_group, score, code, version, recorded_at
            from result where change_set_id = @changeSetId order by school_urn, result_id
            """;
        return (await work.Connection.QueryAsync<ResultRow>(work.Command(Sql, new { changeSetId }, ct))).AsList();
    }

    /// <summary>Opens the faulty rows in the order of the file, to be fetched in pieces.</summary>
    public static Task OpenFaultsAsync(Work work, CancellationToken ct)
    {
        const string Sql = """
            declare import_faults no scroll cursor for
            select v.line, v.verdict, v.lowest_score, v.highest_score, v.decimals, i.given, i.upn, i.pupil_id, i.school_urn, i.subject,
                   i.test_id, i.sat_on, i.score, i.code
            from import_verdict v join import_row i on i.line = v.line
            where v.verdict not in ('NEW', 'CHANGED', 'UNCHANGED')
            order by v.line
            """;
        return work.Connection.ExecuteAsync(Patient(work, Sql, null, ct));
    }

    /// <summary>The next faulty rows; none at the end.</summary>
    public static async Task<List<FaultyRow>> FetchFaultsAsync(Work work, CancellationToken ct)
    {
        const string Sql = "fetch 2000 from import_faults";
        return (await work.Connection.QueryAsync<FaultyRow>(Patient(work, Sql, null, ct))).AsList();
    }

    /// <summary>Keeps that the file was imported, by whom, under which grants and with what counts.</summary>
    public static async Task KeepAsync(Work work, Guid importId, RecordingContext recording, ImportCounts counts, CancellationToken ct)
    {
        const string Sql = """
            insert into result_import (import_id, collection_id, issuer, subject, roles, grant_ids, source,
                                       row_count, new_count, changed_count, unchanged_count, quarantined_count, imported_at)
            select @importId, @CollectionId, @Issuer, @Subject, @Roles, array(select grant_id from held_grants(@Issuer, @Subject, @Roles)), @Source,
                   @Rows, @New, @Changed, @Unchanged, @Quarantined, @RecordedAt
            """;
        var parameters = new DynamicParameters(Parameters(recording));
        parameters.Add("importId", importId);
        parameters.AddDynamicParams(new { counts.Rows, counts.New, counts.Changed, counts.Unchanged, counts.Quarantined });
        await work.Connection.ExecuteAsync(work.Command(Sql, parameters, ct));
    }

    /// <summary>The tests of a collection, by the names a file may use.</summary>
    public static async Task<NamedTests> NamedTestsAsync(Work work, Guid collectionId, CancellationToken ct)
    {
        const string Sql = """
            select t.test_id, t.name, s.code, s.name
            from collection_test ct join test t on t.test_id = ct.test_id join subject s on s.code = t.subject
            where ct.collection_id = @collectionId
            """;
        var named = new NamedTests();
        foreach (var (testId, name, code, subject) in await work.Connection.QueryAsync<(Guid, string, string, string)>(work.Command(Sql, new { collectionId }, ct)))
        {
            named.Add(testId, name, code, subject);
        }

        return named;
    }

    /// <summary>
    /// Adds all new rows; false, with none added, where two of them are of one key. Files rarely contradict themselves, and looking for a
    /// conflict before each of a million rows costs more than going back once.
    /// </summary>
    private static async Task<bool> TryAddAsync(Work work, string add, RecordingContext recording, CancellationToken ct)
    {
        const string Before = "before_adding";
        await work.Transaction.SaveAsync(Before, ct);
        try
        {
            await work.Connection.ExecuteAsync(Patient(work, add, Parameters(recording), ct));
            await work.Transaction.ReleaseAsync(Before, ct);
            return true;
        }
        catch (PostgresException e) when (e.ConstraintName == "uq_result_key")
        {
            await work.Transaction.RollbackAsync(Before, ct);
            return false;
        }
    }

    private static async Task CorrectAsync(Work work, RecordingContext recording, int expected, CancellationToken ct)
    {
        const string Sql = """
            with corrected as (
                update result r
                set score = j.score, code = j.code, year_group = j.year_group, version = r.version + 1,
                    recorded_at = @RecordedAt, change_set_id = @ChangeSetId
                from import_verdict j
                where j.verdict = 'CHANGED' and r.school_urn = j.school_urn and r.result_id = j.standing_id and r.version = j.standing_version
                returning r.school_urn, r.result_id
            ), superseded as (
                insert into result_version (school_urn, result_id, version, pupil_id, test_id, collection_id, sitting, source, year_group,
                                            score, code, recorded_at, change_set_id, superseded_at)
                select x.school_urn, x.result_id, x.version, x.pupil_id, x.test_id, x.collection_id, x.sitting, x.source, x.year_group,
                       x.score, x.code, x.recorded_at, x.change_set_id, @RecordedAt
                from corrected k join result x on x.school_urn = k.school_urn and x.result_id = k.result_id
            )
            select count(*)::int from corrected
            """;
        if (await work.Connection.ExecuteScalarAsync<int>(Patient(work, Sql, Parameters(recording), ct)) != expected)
        {
            throw Refusal.Unavailable("BUSY", "Somebody corrected a result of this file in the same moment. Nothing was kept; send it again.");
        }
    }

    private static async Task<ImportCounts> CountAsync(Work work, CancellationToken ct)
    {
        const string Sql = """
            select count(*)::int as rows, count(*) filter (where verdict = 'NEW')::int as new,
                   count(*) filter (where verdict = 'CHANGED')::int as changed, count(*) filter (where verdict = 'UNCHANGED')::int as unchanged
            from import_verdict
            """;
        return await work.Connection.QuerySingleAsync<ImportCounts>(Patient(work, Sql, null, ct));
    }

    // A file may take longer than a call is given; who gives up cancels.
    private static CommandDefinition Patient(Work work, string sql, object? parameters, CancellationToken ct) =>
        new(sql, parameters, work.Transaction, commandTimeout: 0, cancellationToken: ct);

    private static object Parameters(RecordingContext recording) => new
    {
        recording.By.Issuer,
        recording.By.Subject,
        recording.By.Roles,
        recording.CollectionId,
        recording.Source,
        recording.Today,
        recording.RecordedAt,
        recording.ChangeSetId,
    };

    private static void WriteText(NpgsqlBinaryImporter copy, string? text)
    {
        if (text is null)
        {
            copy.WriteNull();
        }
        else
        {
            copy.Write(text, NpgsqlDbType.Text);
        }
    }

    private static void WriteValue<T>(NpgsqlBinaryImporter copy, T? value, NpgsqlDbType type) where T : struct
    {
        if (value is { } given)
        {
            copy.Write(given, type);
        }
        else
        {
            copy.WriteNull();
        }
    }
}
