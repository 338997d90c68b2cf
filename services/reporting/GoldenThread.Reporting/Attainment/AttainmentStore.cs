using Dapper;
using Npgsql;

namespace GoldenThread.Reporting.Attainment;

/// <summary>A collection as reporting knows it.</summary>
internal sealed record CollectionRow
{
    public required Guid CollectionId { get; init; }

    public required string Name { get; init; }

    public required string AcademicYear { get; init; }

    public required DateOnly DueOn { get; init; }

    public DateTimeOffset? LockedAt { get; init; }
}

/// <summary>A group's names, and whether it is for those only who may see sensitive facts.</summary>
internal sealed record GroupRow
{
    public required string GroupCode { get; init; }

    public required string Name { get; init; }

    public required string ComparatorName { get; init; }

    public required bool Sensitive { get; init; }
}

/// <summary>A school's name and whether it belonged to the trust on a day.</summary>
internal sealed record SchoolRow
{
    public required int SchoolUrn { get; init; }

    public required string Name { get; init; }

    public required bool IsMember { get; init; }
}

/// <summary>Reads attainment.</summary>
internal sealed class AttainmentStore(NpgsqlDataSource source)
{
    /// <summary>The collection; null where it is not known.</summary>
    public async Task<CollectionRow?> FindCollectionAsync(Guid collectionId, CancellationToken ct)
    {
        const string Sql = "select collection_id, name, academic_year, due_on, locked_at from collection where collection_id = @collectionId";
        await using var connection = await source.OpenConnectionAsync(ct);
        return await connection.QuerySingleOrDefaultAsync<CollectionRow>(new CommandDefinition(Sql, new { collectionId }, cancellationToken: ct));
    }

    /// <summary>The present URN of a school.</summary>
    public async Task<int> CurrentUrnAsync(int schoolUrn, CancellationToken ct)
    {
        await using var connection = await source.OpenConnectionAsync(ct);
        return await connection.ExecuteScalarAsync<int>(new CommandDefinition("select current_urn(@schoolUrn)", new { schoolUrn }, cancellationToken: ct));
    }

    /// <summary>All groups that are defined.</summary>
    public async Task<IReadOnlyDictionary<string, GroupRow>> GroupsAsync(CancellationToken ct)
    {
        const string Sql = "select group_code, name, comparator_name, sensitive from group_definition";
        await using var connection = await source.OpenConnectionAsync(ct);
        return (await connection.QueryAsync<GroupRow>(new CommandDefinition(Sql, cancellationToken: ct))).ToDictionary(g => g.GroupCode);
    }

    /// <summary>The groups that the fixed tables tell of.</summary>
    public async Task<IReadOnlySet<string>> FixedTableGroupsAsync(CancellationToken ct)
    {
        const string Sql = "select group_code from fixed_table_group";
        await using var connection = await source.OpenConnectionAsync(ct);
        return (await connection.QueryAsync<string>(new CommandDefinition(Sql, cancellationToken: ct))).ToHashSet();
    }

    /// <summary>All schools that stand today, and which belonged to the trust on a day, under their own URN or under one they replaced.</summary>
    public async Task<IReadOnlyDictionary<int, SchoolRow>> SchoolsAsync(DateOnly on, CancellationToken ct)
    {
        const string Sql = """
            select s.school_urn, s.name,
                exists (
                    select 1 from school_membership m
                    where current_urn(m.school_urn) = s.school_urn and m.from_on <= @on and (m.to_on is null or m.to_on >= @on)
                ) as is_member
            from school s
            where not exists (select 1 from school_lineage l where l.predecessor_urn = s.school_urn)
            """;
        await using var connection = await source.OpenConnectionAsync(ct);
        return (await connection.QueryAsync<SchoolRow>(new CommandDefinition(Sql, new { on }, cancellationToken: ct))).ToDictionary(s => s.SchoolUrn);
    }

    /// <summary>The sums of a collection by subject, under the schools' present URNs.</summary>
    public async Task<ILookup<string, SchoolSums>> SumsAsync(Guid collectionId, string? subject, CancellationToken ct)
    {
        const string Sql = """
            with schools as (
                select school_urn, current_urn(school_urn) as present_urn
                from (select distinct school_urn from attainment_summary where collection_id = @collectionId) s
            )
            select p.present_urn as school_urn, s.subject, s.year_group, s.group_code, s.n, s.n_met, s.n_excluded, s.n_scored,
                s.sum_score, s.sum_square, s.scale, s.mixed_scales, s.has_expected, s.counted_scale
            from attainment_summary s
            join schools p using (school_urn)
            where s.collection_id = @collectionId and (@subject::text is null or s.subject = @subject)
            order by s.subject, p.present_urn, s.year_group, s.group_code
            """;
        await using var connection = await source.OpenConnectionAsync(ct);
        var rows = await connection.QueryAsync<SumsRow>(new CommandDefinition(Sql, new { collectionId, subject }, cancellationToken: ct));
        return rows.ToLookup(r => r.Subject, r => r.ToSums());
    }

    /// <summary>
    /// The sums of a collection over those who were on the school's roll on a day, in the groups of that day: worked out now, by the function that
    /// works out the sums that are kept. Results sat elsewhere than at the main school of that day do not count.
    /// </summary>
    public async Task<ILookup<string, SchoolSums>> SumsOnAsync(Guid collectionId, string? subject, DateOnly on, CancellationToken ct)
    {
        const string Sql = """
            with cell as (
                select f.school_urn, f.year_group, t.subject
                from entered_tests(@collectionId) f
                join test t using (test_id)
                where @subject::text is null or t.subject = @subject
                group by f.school_urn, f.year_group, t.subject
            ),
            asked as (
                select array_agg(@collectionId) as collections, array_agg(school_urn) as schools, array_agg(year_group) as years, array_agg(subject) as subjects
                from cell
            ),
            present as materialized (
                select school_urn, current_urn(school_urn) as present_urn from (select distinct school_urn from cell) c
            )
            select p.present_urn as school_urn, s.subject, s.year_group, s.group_code, s.n, s.n_met, s.n_excluded, s.n_scored,
                s.sum_score, s.sum_square, s.scale, s.mixed_scales, s.has_expected, s.counted_scale
            from asked a
            cross join lateral attainment_sums(a.collections, a.schools, a.years, a.subjects, @on) s
            join present p using (school_urn)
            """;
        await using var connection = await source.OpenConnectionAsync(ct);
        var rows = await connection.QueryAsync<SumsRow>(new CommandDefinition(Sql, new { collectionId, subject, on }, cancellationToken: ct));
        return rows.ToLookup(r => r.Subject, r => r.ToSums());
    }

    private sealed record SumsRow
    {
        public required int SchoolUrn { get; init; }

        public required string Subject { get; init; }

        public required string YearGroup { get; init; }

        public required string GroupCode { get; init; }

        public required int N { get; init; }

        public required int NMet { get; init; }

        public required int NExcluded { get; init; }

        public required int NScored { get; init; }

        public required decimal SumScore { get; init; }

        public required decimal SumSquare { get; init; }

        public required string Scale { get; init; }

        public required bool MixedScales { get; init; }

        public required bool HasExpected { get; init; }

        public string? CountedScale { get; init; }

        public SchoolSums ToSums() => new(SchoolUrn, YearGroup, GroupCode, new CohortSums
        {
            N = N,
            Met = NMet,
            Excluded = NExcluded,
            Scored = NScored,
            Sum = SumScore,
            SumOfSquares = SumSquare,
            Scale = Scale,
            MixedScales = MixedScales,
            HasExpected = HasExpected,
            CountedScale = CountedScale,
        });
    }
}
