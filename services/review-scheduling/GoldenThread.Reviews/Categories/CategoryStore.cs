using System.Text.Json;
using Dapper;
using GoldenThread.Reviews.Offers;
using GoldenThread.ServiceDefaults;
using Npgsql;

namespace GoldenThread.Reviews.Categories;

/// <summary>A piece of evidence as it is kept.</summary>
/// <param name="Kind">Number of the kind.</param>
/// <param name="Text">What it says.</param>
/// <param name="Link">Where it is kept; null where it is not linked.</param>
internal sealed record EvidenceItem(int Kind, string Text, string? Link);

/// <summary>An entry of a school's history.</summary>
internal sealed record CategoryEntry
{
    public required Guid CategoryId { get; init; }

    public required int SchoolUrn { get; init; }

    public required long Version { get; init; }

    public required short Category { get; init; }

    public required DateOnly FromOn { get; init; }

    public required DateOnly RunningFrom { get; init; }

    public DateOnly? DueOn { get; init; }

    public DateOnly? OverdueAfter { get; init; }

    public required string Reason { get; init; }

    public required string Evidence { get; init; }

    public Guid? AuthorPersonId { get; init; }

    public required DateTimeOffset SetAt { get; init; }

    public required bool Current { get; init; }

    public Clock Clock => new(RunningFrom, DueOn, OverdueAfter);

    public IReadOnlyList<EvidenceItem> EvidenceItems => JsonSerializer.Deserialize<List<EvidenceItem>>(Evidence) ?? [];
}

/// <summary>Schools' categories: entries are added, never changed.</summary>
internal sealed class CategoryStore(NpgsqlDataSource source)
{
    /// <summary>Locks a school within reach, so that two entries never get one number. False where it is unknown or out of reach.</summary>
    public async Task<bool> LockSchoolAsync(Work work, int schoolUrn, Authority authority, CancellationToken ct)
    {
        const string Sql = """
            select s.school_urn
            from school s
            where s.school_urn = @schoolUrn
              and exists (select 1 from whole_reach(@Issuer, @Subject, @Roles) g where g.school_urn is null or g.school_urn = s.school_urn)
            for update of s
            """;
        return await work.Connection.ExecuteScalarAsync<int?>(work.Command(
            Sql, new { schoolUrn, authority.Issuer, authority.Subject, authority.Roles }, ct)) is not null;
    }

    /// <summary>First day of the last entry; null for a school without one.</summary>
    public Task<DateOnly?> LastFromAsync(Work work, int schoolUrn, CancellationToken ct)
    {
        const string Sql = "select from_on from school_category where school_urn = @schoolUrn order by version desc limit 1";
        return work.Connection.QuerySingleOrDefaultAsync<DateOnly?>(work.Command(Sql, new { schoolUrn }, ct));
    }

    /// <summary>The run that an entry from a day on follows; null where it is the first.</summary>
    public async Task<CategoryRun?> RunBeforeAsync(Work work, int schoolUrn, DateOnly from, CancellationToken ct)
    {
        const string Sql = """
            select category, from_on, running_from
            from school_category
            where school_urn = @schoolUrn and from_on < @from
            order by version desc
            limit 1
            """;
        var row = await work.Connection.QuerySingleOrDefaultAsync<RunRow>(work.Command(Sql, new { schoolUrn, from }, ct));
        return row is null ? null : new((Category)row.Category, row.FromOn, row.RunningFrom);
    }

    /// <summary>Adds an entry under the next number of the school's history.</summary>
    public Task<CategoryEntry> AddAsync(
        Work work, int schoolUrn, Category category, DateOnly from, Clock clock, string reason, IReadOnlyList<EvidenceItem> evidence,
        Guid? author, DateOnly today, CancellationToken ct)
    {
        const string Sql = """
            insert into school_category
                (school_urn, version, category_id, category, from_on, running_from, due_on, overdue_after, reason, evidence,
                 author_issuer, author_subject, author_person_id)
            select @schoolUrn, coalesce(max(version), 0) + 1, @id, @category, @from, @RunningFrom, @DueOn, @OverdueAfter, @reason, @evidence::jsonb,
                   @Issuer, @Subject, @author
            from school_category
            where school_urn = @schoolUrn
            returning category_id, school_urn, version, category, from_on, running_from, due_on, overdue_after, reason,
                      evidence::text as evidence, author_person_id, set_at, from_on <= @today as current
            """;
        return work.Connection.QuerySingleAsync<CategoryEntry>(work.Command(Sql, new
        {
            schoolUrn,
            id = Guid.CreateVersion7(),
            category = (short)category,
            from,
            clock.RunningFrom,
            clock.DueOn,
            clock.OverdueAfter,
            reason,
            evidence = JsonSerializer.Serialize(evidence),
            work.Caller.Issuer,
            work.Caller.Subject,
            author,
            today,
        }, ct));
    }

    /// <summary>A school's history within reach, newest first, after an entry; null where the school is unknown or out of reach.</summary>
    public async Task<IReadOnlyList<CategoryEntry>?> HistoryAsync(
        int schoolUrn, Authority authority, long? before, int count, DateOnly today, CancellationToken ct)
    {
        const string Within = """
            select exists (
                select 1
                from school s
                join whole_reach(@Issuer, @Subject, @Roles) g on g.school_urn is null or g.school_urn = s.school_urn
                where s.school_urn = @schoolUrn)
            """;
        const string Sql = """
            select c.category_id, c.school_urn, c.version, c.category, c.from_on, c.running_from, c.due_on, c.overdue_after, c.reason,
                   c.evidence::text as evidence, c.author_person_id, c.set_at,
                   c.version = (select max(h.version) from school_category h where h.school_urn = c.school_urn and h.from_on <= @today) as current
            from school_category c
            where c.school_urn = @schoolUrn
              and (@before::bigint is null or c.version < @before)
              and exists (select 1 from whole_reach(@Issuer, @Subject, @Roles) g where g.school_urn is null or g.school_urn = c.school_urn)
            order by c.version desc
            limit @count
            """;
        await using var connection = await source.OpenConnectionAsync(ct);
        var parameters = new { schoolUrn, before, count, today, authority.Issuer, authority.Subject, authority.Roles };
        if (!await connection.ExecuteScalarAsync<bool>(new CommandDefinition(Within, parameters, cancellationToken: ct)))
        {
            return null;
        }

        return (await connection.QueryAsync<CategoryEntry>(new CommandDefinition(Sql, parameters, cancellationToken: ct))).AsList();
    }

    /// <summary>The entries that hold on a day, of all schools within reach, by URN.</summary>
    public async Task<IReadOnlyList<CategoryEntry>> CurrentAsync(
        Authority authority, Category? category, int afterUrn, int count, DateOnly today, CancellationToken ct)
    {
        const string Sql = """
            select c.category_id, c.school_urn, c.version, c.category, c.from_on, c.running_from, c.due_on, c.overdue_after, c.reason,
                   c.evidence::text as evidence, c.author_person_id, c.set_at, true as current
            from school s
            cross join lateral (
                select h.* from school_category h
                where h.school_urn = s.school_urn and h.from_on <= @today
                order by h.version desc
                limit 1) c
            where s.school_urn > @afterUrn
              and (@category::smallint is null or c.category = @category)
              and exists (select 1 from whole_reach(@Issuer, @Subject, @Roles) g where g.school_urn is null or g.school_urn = s.school_urn)
            order by s.school_urn
            limit @count
            """;
        await using var connection = await source.OpenConnectionAsync(ct);
        return (await connection.QueryAsync<CategoryEntry>(new CommandDefinition(
            Sql,
            new { authority.Issuer, authority.Subject, authority.Roles, category = (short?)category, afterUrn, count, today },
            cancellationToken: ct))).AsList();
    }

    private sealed record RunRow
    {
        public required short Category { get; init; }

        public required DateOnly FromOn { get; init; }

        public required DateOnly RunningFrom { get; init; }
    }
}
