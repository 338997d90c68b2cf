using System.Diagnostics;
using Dapper;
using GoldenThread.ServiceDefaults;

namespace GoldenThread.Reporting.Summaries;

/// <summary>The smallest sum that is kept: one school's year group in one subject at one collection.</summary>
internal sealed record SummaryCell
{
    public required Guid CollectionId { get; init; }

    public required int SchoolUrn { get; init; }

    public required string YearGroup { get; init; }

    public required string Subject { get; init; }
}

/// <summary>
/// Works cells out anew. Who changes what lies under a cell notes it as due in the same transaction; soon afterwards all that became due is worked
/// out at once, so that a hundred results of a class cost one sum and not a hundred. Each cell is held in order from before its sum is taken until
/// the commit, so that of two processes at once the second sees what the first wrote.
/// </summary>
internal sealed class SummaryCells
{
    // As many as are worked out in some seconds where each holds hundreds of results, far within the time that a statement has.
    private const int MostAtOnce = 600;

    private const string Hold = """
        insert into summary_cell (kind, collection_id, school_urn, year_group, subject)
        select @Kind, collection_id, school_urn, year_group, subject
        from unnest(@Collections, @Schools, @Years, @Subjects) as c (collection_id, school_urn, year_group, subject)
        order by collection_id, school_urn, year_group, subject
        on conflict do nothing;

        select count(*) from (
            select 1
            from summary_cell s
            join unnest(@Collections, @Schools, @Years, @Subjects) as c (collection_id, school_urn, year_group, subject)
              using (collection_id, school_urn, year_group, subject)
            where s.kind = @Kind
            order by s.collection_id, s.school_urn, s.year_group, s.subject
            for update of s
        ) held;
        """;

    private static readonly Dictionary<string, string> Recompute = new(StringComparer.Ordinal)
    {
        ["attainment"] = "select recompute_attainment(@Collections, @Schools, @Years, @Subjects)",
        ["statuses"] = "select recompute_statuses(@Collections, @Schools, @Years, @Subjects)",
    };

    /// <summary>Notes that attainment is no longer up to date.</summary>
    public Task AttainmentIsDueAsync(Work work, IEnumerable<SummaryCell> cells, CancellationToken ct) => NoteAsync(work, "attainment", cells, ct);

    /// <summary>Notes that the counts of statuses are no longer up to date.</summary>
    public Task StatusesAreDueAsync(Work work, IEnumerable<SummaryCell> cells, CancellationToken ct) => NoteAsync(work, "statuses", cells, ct);

    /// <summary>Works out some of what is due, in the work at hand; how many notes that settled.</summary>
    public async Task<int> RefreshAsync(Work work, CancellationToken ct)
    {
        // What is noted is committed, and so is what it was noted for: the sums below see both. Notes lie as a pupil's subjects do, side by side, so
        // that a pupil's results are mostly read for all of them at once.
        const string Take = """
            delete from summary_due
            where due_id in (select due_id from summary_due order by due_id limit @MostAtOnce for update skip locked)
            returning kind, collection_id, school_urn, year_group, subject, traceparent
            """;
        var due = (await work.Connection.QueryAsync<DueCell>(work.Command(Take, new { MostAtOnce }, ct))).AsList();
        using var activity = due.Count == 0 ? null : Telemetry.StartTogether("sums", ActivityKind.Internal, due.Select(cell => cell.Traceparent));
        foreach (var cells in due.GroupBy(cell => cell.Kind).OrderBy(cells => cells.Key, StringComparer.Ordinal))
        {
            var parameters = Parameters(cells.Key, cells.Select(cell => cell.Cell()));
            await work.Connection.ExecuteAsync(work.Command(Hold, parameters, ct));
            await work.Connection.ExecuteAsync(work.Command(Recompute[cells.Key], parameters, ct));
        }

        return due.Count;
    }

    private static Task NoteAsync(Work work, string kind, IEnumerable<SummaryCell> cells, CancellationToken ct)
    {
        const string Sql = """
            insert into summary_due (kind, collection_id, school_urn, year_group, subject, traceparent)
            select @Kind, collection_id, school_urn, year_group, subject, @Traceparent
            from unnest(@Collections, @Schools, @Years, @Subjects) as c (collection_id, school_urn, year_group, subject)
            order by collection_id, school_urn, year_group, subject
            """;
        return work.Connection.ExecuteAsync(work.Command(Sql, Parameters(kind, cells), ct));
    }

    private static object Parameters(string kind, IEnumerable<SummaryCell> cells)
    {
        var touched = cells.Distinct().ToList();
        return new
        {
            Kind = kind,
            Collections = touched.Select(c => c.CollectionId).ToArray(),
            Schools = touched.Select(c => c.SchoolUrn).ToArray(),
            Years = touched.Select(c => c.YearGroup).ToArray(),
            Subjects = touched.Select(c => c.Subject).ToArray(),
            Traceparent = Activity.Current?.Id,
        };
    }

    private sealed record DueCell
    {
        public required string Kind { get; init; }

        public required Guid CollectionId { get; init; }

        public required int SchoolUrn { get; init; }

        public required string YearGroup { get; init; }

        public required string Subject { get; init; }

        public string? Traceparent { get; init; }

        public SummaryCell Cell() => new() { CollectionId = CollectionId, SchoolUrn = SchoolUrn, YearGroup = YearGroup, Subject = Subject };
    }
}
