using Dapper;
using GoldenThread.Education;
using GoldenThread.ServiceDefaults;
using Npgsql;

namespace GoldenThread.Assessment.Collections;

/// <summary>What a question about completeness is limited to; null where it is not.</summary>
internal sealed record CompletenessFilter(Guid CollectionId, int? SchoolUrn, string? YearGroup, string? EntrySubject);

/// <summary>How complete one subject of one year group of one school is.</summary>
internal sealed record CompletenessRow
{
    public required int SchoolUrn { get; init; }

    public required string YearGroup { get; init; }

    public required string Subject { get; init; }

    public required long Expected { get; init; }

    public required long Scored { get; init; }

    public required long Coded { get; init; }
}

/// <summary>An entry that is expected and not there.</summary>
internal sealed record MissingRow
{
    public required int SchoolUrn { get; init; }

    public required Guid PupilId { get; init; }

    public required Guid TestId { get; init; }

    public required string Subject { get; init; }

    public required string YearGroup { get; init; }
}

/// <summary>What one school still owes.</summary>
internal sealed record ChaseRow
{
    public required int SchoolUrn { get; init; }

    public required long Expected { get; init; }

    public required long Missing { get; init; }

    public required long Pupils { get; init; }

    public required bool Overdue { get; init; }
}

/// <summary>Every statement about what is expected in a collection and what is there.</summary>
internal sealed class CompletenessStore(NpgsqlDataSource source, TimeProvider clock)
{
    // An entry is expected of every pupil who is on roll, at the main school, on the due day in a year group that the test is collected
    // from. It is there once any source gave a score or a code, wherever it was sat; a score counts before a code.
    private const string EntriesOfAll = """
        select e.school_urn, e.year_group, t.subject, e.pupil_id, t.test_id, c.due_on, outcome.scored
        from collection c
        join collection_test ct on ct.collection_id = c.collection_id
        join test t on t.test_id = ct.test_id
        join pupil_enrolment e on e.is_main and e.year_group = any(ct.year_groups)
             and e.from_on <= c.due_on and (e.to_on is null or e.to_on >= c.due_on)
        cross join lateral (
            select bool_or(r.score is not null) as scored
            from result r
            where r.pupil_id = e.pupil_id and r.test_id = t.test_id and r.collection_id = c.collection_id
        ) outcome
        where c.collection_id = @CollectionId
        """;

    private const string Entries = $"""
        with grants as materialized (
            select school_urn, year_groups, class_ids, subjects from reach(@Issuer, @Subject, @Roles)
        ), entry as (
            {EntriesOfAll}
              and (@SchoolUrn::int is null or e.school_urn = @SchoolUrn)
              and (@YearGroup::text is null or e.year_group = @YearGroup)
              and (@EntrySubject::text is null or t.subject = @EntrySubject)
              and exists (
                  select from grants g
                  where (g.school_urn is null or g.school_urn = e.school_urn)
                    and (g.year_groups is null or e.year_group = any(g.year_groups))
                    and (g.subjects is null or t.subject = any(g.subjects))
                    and (g.class_ids is null or exists (
                        select from pupil_class pc
                        where pc.pupil_id = e.pupil_id and pc.class_id = any(g.class_ids)
                          and ((pc.from_on <= c.due_on and (pc.to_on is null or pc.to_on >= c.due_on))
                               or (pc.from_on <= @Today and (pc.to_on is null or pc.to_on >= @Today))))))
        )
        """;

    public async Task<List<CompletenessRow>> ListAsync(
        Authority by, CompletenessFilter filter, string[]? after, int limit, CancellationToken ct)
    {
        const string Sql = $"""
            {Entries}
            select school_urn, year_group, subject, count(*) as expected,
                   count(*) filter (where scored) as scored, count(*) filter (where not scored) as coded
            from entry
            where @AfterSchool::int is null or (school_urn, year_group, subject) > (@AfterSchool, @AfterYear, @AfterSubject)
            group by school_urn, year_group, subject
            order by school_urn, year_group, subject limit @limit
            """;
        var parameters = Parameters(by, filter, limit);
        parameters.Add("AfterSchool", after is null ? null : int.Parse(after[0], System.Globalization.CultureInfo.InvariantCulture));
        parameters.Add("AfterYear", after?[1]);
        parameters.Add("AfterSubject", after?[2]);
        return await QueryAsync<CompletenessRow>(Sql, parameters, ct);
    }

    public async Task<List<MissingRow>> ListMissingAsync(
        Authority by, CompletenessFilter filter, string[]? after, int limit, CancellationToken ct)
    {
        const string Sql = $"""
            {Entries}
            select school_urn, pupil_id, test_id, subject, year_group
            from entry
            where scored is null and (@AfterSchool::int is null or (school_urn, pupil_id, test_id) > (@AfterSchool, @AfterPupil, @AfterTest))
            order by school_urn, pupil_id, test_id limit @limit
            """;
        var parameters = Parameters(by, filter, limit);
        parameters.Add("AfterSchool", after is null ? null : int.Parse(after[0], System.Globalization.CultureInfo.InvariantCulture));
        parameters.Add("AfterPupil", after is null ? null : Guid.Parse(after[1]));
        parameters.Add("AfterTest", after is null ? null : Guid.Parse(after[2]));
        return await QueryAsync<MissingRow>(Sql, parameters, ct);
    }

    public async Task<List<ChaseRow>> ListChasesAsync(Authority by, Guid collectionId, int afterSchool, int limit, CancellationToken ct)
    {
        const string Sql = $"""
            {Entries}
            select school_urn, count(*) as expected, count(*) filter (where scored is null) as missing,
                   count(distinct pupil_id) filter (where scored is null) as pupils, bool_or(due_on < @Today) as overdue
            from entry
            where school_urn > @afterSchool
            group by school_urn
            having count(*) filter (where scored is null) > 0
            order by school_urn limit @limit
            """;
        var parameters = Parameters(by, new CompletenessFilter(collectionId, null, null, null), limit);
        parameters.Add("afterSchool", afterSchool);
        return await QueryAsync<ChaseRow>(Sql, parameters, ct);
    }

    /// <summary>How many entries the whole trust still owes.</summary>
    public static async Task<long> CountMissingAsync(Work work, Guid collectionId, CancellationToken ct)
    {
        const string Sql = $"select count(*) from ({EntriesOfAll}) entry where scored is null";
        return await work.Connection.ExecuteScalarAsync<long>(work.Command(Sql, new { CollectionId = collectionId }, ct));
    }

    private async Task<List<T>> QueryAsync<T>(string sql, DynamicParameters parameters, CancellationToken ct)
    {
        await using var connection = await source.OpenConnectionAsync(ct);
        return (await connection.QueryAsync<T>(new CommandDefinition(sql, parameters, cancellationToken: ct))).AsList();
    }

    private DynamicParameters Parameters(Authority by, CompletenessFilter filter, int limit)
    {
        var parameters = new DynamicParameters(by);
        parameters.AddDynamicParams(filter);
        parameters.AddDynamicParams(new { limit, Today = clock.Today() });
        return parameters;
    }
}
