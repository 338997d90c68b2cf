using Dapper;
using GoldenThread.ServiceDefaults;
using GoldenThread.Tracking.Pupils;
using Npgsql;
using NpgsqlTypes;

namespace GoldenThread.Tracking.Rosters;

/// <summary>
/// The tables in which rows lie until they are applied. They live as long as the transaction. A file and a single call go the same way, so
/// that a rule of dated facts stands in one place.
/// </summary>
internal static class RosterStage
{
    /// <summary>Makes the tables.</summary>
    public static async Task OpenAsync(Work work, CancellationToken ct)
    {
        const string Sql = """
            create temporary table roster_row (
                line int not null, school_urn int, upn text, forename text, surname text, preferred_forename text, preferred_surname text,
                born_on date, sex text, year_group text, class_name text, class_id uuid, academic_year text, from_on date not null,
                left_on date, is_main boolean not null, facts text[] not null, fact_values text[] not null, cells jsonb, row_hash bytea,
                identity_hash bytea, who text, problems jsonb, pupil_id uuid, is_new boolean not null,
                added boolean not null, candidates uuid[], round int not null default 1,
                by_upn boolean not null default false, is_reached boolean not null default false
            ) on commit drop;
            create temporary table roster_difference (
                line int not null, pupil_id uuid not null, what text not null, before text not null, after text not null
            ) on commit drop;
            create temporary table enrolment_change (
                line int, pupil_id uuid, school_urn int, year_group text, is_main boolean, from_on date, until date
            ) on commit drop;
            create temporary table enrolment_end (line int, enrolment_id uuid, last_on date) on commit drop;
            create temporary table class_change (
                line int, pupil_id uuid, class_id uuid, school_urn int, kind text, from_on date, until date
            ) on commit drop;
            create temporary table class_end (line int, membership_id uuid, last_on date) on commit drop;
            create temporary table fact_change (
                line int, pupil_id uuid, fact text, value text, from_on date, until date, known_id uuid, known_value text, known_from date
            ) on commit drop;
            """;
        await work.Connection.ExecuteAsync(work.LongCommand(Sql, null, ct));
    }

    /// <summary>Rosters are applied one after the other, so that two files cannot add one pupil twice.</summary>
    public static Task LockAsync(Work work, CancellationToken ct)
    {
        const string Sql = "select pg_advisory_xact_lock(hashtextextended('tracking roster', 0))";
        return work.Connection.ExecuteAsync(work.LongCommand(Sql, null, ct));
    }

    /// <summary>Puts rows into the stage, as they come; answers how many.</summary>
    public static async Task<int> CopyAsync(Work work, IAsyncEnumerable<RosterLine> lines, CancellationToken ct)
    {
        const string Sql = """
            copy roster_row (line, school_urn, upn, forename, surname, preferred_forename, preferred_surname, born_on, sex, year_group, class_name,
                             class_id, academic_year, from_on, left_on, is_main, facts, fact_values, cells, row_hash, identity_hash, who,
                             problems, pupil_id, is_new, added)
            from stdin (format binary)
            """;
        var count = 0;
        await using var writer = await work.Connection.BeginBinaryImportAsync(Sql, ct);
        await foreach (var line in lines.WithCancellation(ct))
        {
            await WriteAsync(writer, line, ct);
            count++;
        }

        await writer.CompleteAsync(ct);
        return count;
    }

    /// <summary>Puts one row into the stage.</summary>
    public static Task<int> CopyAsync(Work work, RosterLine line, CancellationToken ct) =>
        CopyAsync(work, new[] { line }.ToAsyncEnumerable(), ct);

    /// <summary>Tells the planner how many rows there are.</summary>
    public static Task AnalyzeAsync(Work work, CancellationToken ct) => work.Connection.ExecuteAsync(work.LongCommand("analyze roster_row", null, ct));

    private static async Task WriteAsync(NpgsqlBinaryImporter writer, RosterLine line, CancellationToken ct)
    {
        await writer.StartRowAsync(ct);
        await writer.WriteAsync(line.Line, NpgsqlDbType.Integer, ct);
        await WriteAsync(writer, line.SchoolUrn, NpgsqlDbType.Integer, ct);
        await WriteAsync(writer, line.Upn, ct);
        await WriteAsync(writer, line.Forename, ct);
        await WriteAsync(writer, line.Surname, ct);
        await WriteAsync(writer, line.PreferredForename, ct);
        await WriteAsync(writer, line.PreferredSurname, ct);
        await WriteAsync(writer, line.BornOn, NpgsqlDbType.Date, ct);
        await WriteAsync(writer, line.Sex, ct);
        await WriteAsync(writer, line.YearGroup, ct);
        await WriteAsync(writer, line.ClassName, ct);
        await WriteAsync(writer, line.ClassId, NpgsqlDbType.Uuid, ct);
        await WriteAsync(writer, line.AcademicYear, ct);
        await writer.WriteAsync(line.FromOn, NpgsqlDbType.Date, ct);
        await WriteAsync(writer, line.LeftOn, NpgsqlDbType.Date, ct);
        await writer.WriteAsync(line.IsMain, NpgsqlDbType.Boolean, ct);
        await writer.WriteAsync(line.Facts.Select(f => f.Fact).ToArray(), NpgsqlDbType.Array | NpgsqlDbType.Text, ct);
        await writer.WriteAsync(line.Facts.Select(f => f.Value).ToArray(), NpgsqlDbType.Array | NpgsqlDbType.Text, ct);
        await WriteAsync(writer, line.Cells, ct, NpgsqlDbType.Jsonb);
        await WriteAsync(writer, line.RowHash, ct);
        await WriteAsync(writer, line.IdentityHash, ct);
        await WriteAsync(writer, line.Who, ct);
        await WriteAsync(writer, line.Problems.Count == 0 ? null : RosterProblem.ToJson(line.Problems), ct, NpgsqlDbType.Jsonb);
        await WriteAsync(writer, line.PupilId, NpgsqlDbType.Uuid, ct);
        await writer.WriteAsync(line.IsNew, NpgsqlDbType.Boolean, ct);
        await writer.WriteAsync(line is { IsNew: true, PupilId: not null }, NpgsqlDbType.Boolean, ct);
    }

    private static Task WriteAsync(NpgsqlBinaryImporter writer, string? value, CancellationToken ct, NpgsqlDbType type = NpgsqlDbType.Text) =>
        value is null ? writer.WriteNullAsync(ct) : writer.WriteAsync(value, type, ct);

    private static Task WriteAsync(NpgsqlBinaryImporter writer, byte[]? value, CancellationToken ct) =>
        value is null ? writer.WriteNullAsync(ct) : writer.WriteAsync(value, NpgsqlDbType.Bytea, ct);

    private static Task WriteAsync<T>(NpgsqlBinaryImporter writer, T? value, NpgsqlDbType type, CancellationToken ct) where T : struct =>
        value is { } given ? writer.WriteAsync(given, type, ct) : writer.WriteNullAsync(ct);
}
