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
/// Works cells out anew within the transaction that changed what lies under them. Each cell is held in order from before the sum is taken
/// until the commit, so that of two consumers at once the second sees what the first wrote.
/// </summary>
internal sealed class SummaryCells
{
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

    /// <summary>Brings attainment up to date.</summary>
    public Task RefreshAttainmentAsync(Work work, IEnumerable<SummaryCell> cells, CancellationToken ct) =>
        RefreshAsync(work, "attainment", "select recompute_attainment(@Collections, @Schools, @Years, @Subjects)", cells, ct);

    /// <summary>Brings the counts of statuses up to date.</summary>
    public Task RefreshStatusesAsync(Work work, IEnumerable<SummaryCell> cells, CancellationToken ct) =>
        RefreshAsync(work, "statuses", "select recompute_statuses(@Collections, @Schools, @Years, @Subjects)", cells, ct);

    private static async Task RefreshAsync(Work work, string kind, string recompute, IEnumerable<SummaryCell> cells, CancellationToken ct)
    {
        var touched = cells.Distinct().ToList();
        if (touched.Count == 0)
        {
            return;
        }

        var parameters = new
        {
            Kind = kind,
            Collections = touched.Select(c => c.CollectionId).ToArray(),
            Schools = touched.Select(c => c.SchoolUrn).ToArray(),
            Years = touched.Select(c => c.YearGroup).ToArray(),
            Subjects = touched.Select(c => c.Subject).ToArray(),
        };
        await work.Connection.ExecuteAsync(work.Command(Hold, parameters, ct));
        await work.Connection.ExecuteAsync(work.Command(recompute, parameters, ct));
    }
}
