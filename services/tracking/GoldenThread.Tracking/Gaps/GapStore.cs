using Dapper;
using GoldenThread.ServiceDefaults;
using GoldenThread.Statistics;
using Npgsql;

namespace GoldenThread.Tracking.Gaps;

/// <summary>Which gap is asked for.</summary>
/// <param name="Group">Code of the group.</param>
/// <param name="CollectionId">The collection.</param>
/// <param name="Subject">Code of the subject.</param>
/// <param name="SchoolUrn">One school; null for the trust.</param>
/// <param name="YearGroup">One year group; null for all that sat.</param>
public sealed record GapQuestion(string Group, Guid CollectionId, string Subject, int? SchoolUrn, string? YearGroup);

/// <summary>The statement that counts a gap.</summary>
public sealed class GapStore(NpgsqlDataSource source)
{
    /// <summary>
    /// The group and its comparator, counted; null where the gap is not within the caller's reach. A pupil counts once over all schools: by a
    /// result with a score, on a test with a norm, at the main school of the day on which the collection was due, sat last; in this order. The
    /// group is that of the same day, or of a later joiner's first, and so are the schools that make up the trust. A pupil who left the school,
    /// is not told to the caller now, and of whom what the group reads became known since, is on neither side. A grant of some classes does not
    /// answer for a school.
    /// </summary>
    public async Task<CountedGap?> CountAsync(GapQuestion gap, Authority authority, Authority sensitive, DateOnly today, CancellationToken ct)
    {
        const string Sql = """
            with recursive definition as (
                select d.group_code, d.version, d.name, d.comparator_name
                from group_definition d
                where d.group_code = @Group and d.superseded_at is null
            ), permitted as (
                select 1 as one
                from definition d
                where (@SchoolUrn::int is null or exists (select 1 from school where school_urn = @SchoolUrn))
                  and exists (
                      select 1
                      from reach(@Issuer, @Holder, roles_for_group(d.group_code, @Roles, @SensitiveRoles)) g
                      where (g.school_urn is null or g.school_urn = @SchoolUrn) and g.class_ids is null
                        and (g.subjects is null or @Subject = any (g.subjects))
                        and (g.year_groups is null or @YearGroup = any (g.year_groups)))
            ), lineage (school_urn, stands_as) as (
                select school_urn, school_urn from school_membership
                union select school_urn, school_urn from result_copy where collection_id = @CollectionId
                union select l.school_urn, s.school_urn from lineage l join school_lineage s on s.predecessor_urn = l.stands_as
            ), standing as (
                select l.school_urn, l.stands_as
                from lineage l
                where not exists (select 1 from school_lineage s where s.predecessor_urn = l.stands_as)
            ), member as (
                select s.school_urn
                from standing s
                where exists (
                    select 1
                    from standing o
                    join school_membership m on m.school_urn = o.school_urn
                    join collection_copy c on c.collection_id = @CollectionId
                    where o.stands_as = s.stands_as and m.from_on <= c.due_on and (m.to_on is null or m.to_on >= c.due_on))
            ), counted as (
                select distinct on (r.pupil_id) r.pupil_id, r.school_urn, r.year_group, r.score, t.scale, t.expected_from, c.due_on,
                    r.score is not null or exists (
                        select 1 from jsonb_array_elements(t.codes) k
                        where k ->> 'code' = r.code and (k ->> 'countsAsNotMet')::boolean) as counts,
                    case
                        when e.pupil_id is not null then c.due_on
                        else greatest(c.due_on, (
                            select min(first.from_on) from enrolment first where first.pupil_id = r.pupil_id and first.superseded_at is null))
                    end as grouped_on
                from permitted, result_copy r
                join test_copy t on t.test_id = r.test_id
                join collection_copy c on c.collection_id = r.collection_id
                left join enrolment e on e.pupil_id = r.pupil_id and e.superseded_at is null and e.is_main
                    and e.from_on <= c.due_on and (e.to_on is null or e.to_on >= c.due_on)
                where r.collection_id = @CollectionId and t.subject = @Subject
                  and (@SchoolUrn::int is null or r.pupil_id in (
                      select o.pupil_id from result_copy o where o.collection_id = @CollectionId and o.school_urn = @SchoolUrn))
                order by r.pupil_id, (r.score is null), (not is_normed(t)), (e.school_urn is distinct from r.school_urn),
                    r.sat_on desc, r.recorded_at desc, r.result_id desc
            ), cohort as (
                select *
                from counted r
                where (r.school_urn = @SchoolUrn or (@SchoolUrn::int is null and r.school_urn in (select school_urn from member)))
                  and (@YearGroup::text is null or r.year_group = @YearGroup)
                  and (@SchoolUrn::int is null
                      or not learnt_since_leaving(r.pupil_id, @SchoolUrn, @Group, r.grouped_on)
                      or exists (
                          select 1
                          from pupils_named_to(@Issuer, @Holder, roles_for_group(@Group, @Roles, @SensitiveRoles), @today) n
                          where n.pupil_id = r.pupil_id))
            ), sided as (
                select k.*, exists (
                    select 1 from group_membership m
                    where m.pupil_id = k.pupil_id and m.group_code = @Group
                      and m.from_on <= k.grouped_on and (m.to_on is null or m.to_on >= k.grouped_on)) as in_group
                from cohort k
            )
            select d.version, d.name, d.comparator_name, s.school_urn, max(s.due_on) as "on",
                coalesce(array_agg(distinct s.scale) filter (where s.score is not null), '{}') as scales,
                coalesce(bool_and(s.expected_from is not null) filter (where s.counts), true) as has_expected,
                count(*) filter (where s.in_group and s.counts and s.expected_from is not null)::int as group_pupils,
                count(*) filter (where s.in_group and s.score >= s.expected_from)::int as group_met,
                count(s.score) filter (where s.in_group)::int as group_scored,
                coalesce(sum(s.score) filter (where s.in_group), 0) as group_sum,
                coalesce(sum(s.score * s.score) filter (where s.in_group), 0) as group_sum_of_squares,
                count(*) filter (where not s.in_group and s.counts and s.expected_from is not null)::int as other_pupils,
                count(*) filter (where not s.in_group and s.score >= s.expected_from)::int as other_met,
                count(s.score) filter (where not s.in_group)::int as other_scored,
                coalesce(sum(s.score) filter (where not s.in_group), 0) as other_sum,
                coalesce(sum(s.score * s.score) filter (where not s.in_group), 0) as other_sum_of_squares
            from definition d, permitted, sided s
            group by d.version, d.name, d.comparator_name, s.school_urn
            """;
        await using var connection = await source.OpenConnectionAsync(ct);
        var rows = (await connection.QueryAsync<CountedRow>(new CommandDefinition(Sql, new
        {
            authority.Issuer,
            Holder = authority.Subject,
            authority.Roles,
            SensitiveRoles = sensitive.Roles,
            gap.Group,
            gap.CollectionId,
            gap.Subject,
            gap.SchoolUrn,
            gap.YearGroup,
            today,
        }, cancellationToken: ct))).AsList();
        return rows.Count == 0 ? null : new CountedGap
        {
            Version = rows[0].Version,
            Name = rows[0].Name,
            ComparatorName = rows[0].ComparatorName,
            On = rows[0].On,
            Scales = rows.SelectMany(row => row.Scales).Distinct().Count(),
            HasExpected = rows.All(row => row.HasExpected),
            Schools = rows.Select(row => (
                new CountedSide(row.GroupPupils, row.GroupMet, row.GroupScored, row.GroupSum, row.GroupSumOfSquares),
                new CountedSide(row.OtherPupils, row.OtherMet, row.OtherScored, row.OtherSum, row.OtherSumOfSquares))).ToList(),
        };
    }

    private sealed record CountedRow
    {
        public required int Version { get; init; }

        public required string Name { get; init; }

        public required string ComparatorName { get; init; }

        public required DateOnly On { get; init; }

        public required string[] Scales { get; init; }

        public required bool HasExpected { get; init; }

        public required int GroupPupils { get; init; }

        public required int GroupMet { get; init; }

        public required int GroupScored { get; init; }

        public required decimal GroupSum { get; init; }

        public required decimal GroupSumOfSquares { get; init; }

        public required int OtherPupils { get; init; }

        public required int OtherMet { get; init; }

        public required int OtherScored { get; init; }

        public required decimal OtherSum { get; init; }

        public required decimal OtherSumOfSquares { get; init; }
    }
}

/// <summary>A gap as counted.</summary>
public sealed record CountedGap
{
    /// <summary>Version of the group's definition.</summary>
    public required int Version { get; init; }

    /// <summary>Name of the group.</summary>
    public required string Name { get; init; }

    /// <summary>Name of those who are not in it.</summary>
    public required string ComparatorName { get; init; }

    /// <summary>The day of which the groups are.</summary>
    public required DateOnly On { get; init; }

    /// <summary>How many scales the scores are on.</summary>
    public required int Scales { get; init; }

    /// <summary>Whether every test that somebody counts by has an expected standard.</summary>
    public required bool HasExpected { get; init; }

    /// <summary>Both sides in each school; one where one school was asked for.</summary>
    public required IReadOnlyList<(CountedSide Group, CountedSide Others)> Schools { get; init; }

    /// <summary>The group in all schools.</summary>
    public CountedSide Group => Schools.Select(school => school.Group).Aggregate((a, b) => a + b);

    /// <summary>The others in all schools.</summary>
    public CountedSide Others => Schools.Select(school => school.Others).Aggregate((a, b) => a + b);
}

/// <summary>One side of a gap, counted. Sums are decimal: nothing is lost where scores lie close together.</summary>
/// <param name="Pupils">Pupils in the denominator of "met".</param>
/// <param name="Met">Of these, at or above the expected standard.</param>
/// <param name="Scored">Pupils with a score.</param>
/// <param name="Sum">Sum of the scores.</param>
/// <param name="SumOfSquares">Sum of the squared scores.</param>
public sealed record CountedSide(int Pupils, int Met, int Scored, decimal Sum, decimal SumOfSquares)
{
    /// <summary>As a proportion.</summary>
    public Proportion Proportion => new(Met, Pupils);

    /// <summary>As a sample of scores.</summary>
    public Sample Sample => Sample.OfSums(Scored, Sum, SumOfSquares);

    /// <summary>Both together.</summary>
    public static CountedSide operator +(CountedSide a, CountedSide b) =>
        new(a.Pupils + b.Pupils, a.Met + b.Met, a.Scored + b.Scored, a.Sum + b.Sum, a.SumOfSquares + b.SumOfSquares);
}
