using Dapper;
using GoldenThread.ServiceDefaults;
using Npgsql;

namespace GoldenThread.Reviews.Visits;

/// <summary>Something a visit found.</summary>
internal sealed record FindingRow
{
    public required Guid FindingId { get; init; }

    public required Guid VisitId { get; init; }

    public required int SchoolUrn { get; init; }

    public required short FocusArea { get; init; }

    public required short Kind { get; init; }

    public required string Text { get; init; }

    public Guid? AuthorPersonId { get; init; }

    public required DateTimeOffset RecordedAt { get; init; }
}

/// <summary>Findings: recorded once, never changed.</summary>
internal sealed class FindingStore(NpgsqlDataSource source)
{
    /// <summary>Records a finding at a visit within reach whose day has come; null where there is no such visit.</summary>
    public Task<FindingRow?> AddAsync(
        Work work, Authority authority, Guid visitId, short focusArea, short kind, string text, Guid? author, DateOnly today, CancellationToken ct)
    {
        const string Sql = """
            insert into finding (finding_id, visit_id, school_urn, focus_area, kind, text, author_person_id)
            select @id, v.visit_id, v.school_urn, @focusArea, @kind, @text, @author
            from visit v
            where v.visit_id = @visitId and v.state in (2, 3, 4) and v.on_day <= @today
              and exists (select 1 from whole_reach(@Issuer, @Subject, @Roles) g where g.school_urn is null or g.school_urn = v.school_urn)
            for share of v
            returning finding_id, visit_id, school_urn, focus_area, kind, text, author_person_id, recorded_at
            """;
        return work.Connection.QuerySingleOrDefaultAsync<FindingRow>(work.Command(Sql, new
        {
            id = Guid.CreateVersion7(),
            visitId,
            focusArea,
            kind,
            text,
            author,
            today,
            authority.Issuer,
            authority.Subject,
            authority.Roles,
        }, ct));
    }

    /// <summary>A visit's findings within reach, in order, after one.</summary>
    public async Task<IReadOnlyList<FindingRow>> ListAsync(Authority authority, Guid visitId, Guid after, int count, CancellationToken ct)
    {
        const string Sql = """
            select f.finding_id, f.visit_id, f.school_urn, f.focus_area, f.kind, f.text, f.author_person_id, f.recorded_at
            from finding f
            where f.visit_id = @visitId and f.finding_id > @after
              and exists (select 1 from whole_reach(@Issuer, @Subject, @Roles) g where g.school_urn is null or g.school_urn = f.school_urn)
            order by f.finding_id
            limit @count
            """;
        await using var connection = await source.OpenConnectionAsync(ct);
        return (await connection.QueryAsync<FindingRow>(new CommandDefinition(
            Sql, new { visitId, after, count, authority.Issuer, authority.Subject, authority.Roles }, cancellationToken: ct))).AsList();
    }
}
