using Dapper;
using GoldenThread.ServiceDefaults;
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
    /// The group and its comparator, counted; null where the gap is not within the caller's reach. A pupil counts once, by the latest scored
    /// result; the group is that of the day on which the collection was due. A grant of some classes does not answer for a school.
    /// </summary>
    public async Task<CountedGap?> CountAsync(GapQuestion gap, Authority authority, Authority sensitive, CancellationToken ct)
    {
        const string Sql = """
            with definition as (
                select d.group_code, d.version, d.name, d.comparator_name, d.sensitive
                from group_definition d
                where d.group_code = @Group and d.superseded_at is null
            ), permitted as (
                select 1 as one
                from definition d
                where (@SchoolUrn::int is null or exists (select 1 from school where school_urn = @SchoolUrn))
                  and exists (
                      select 1
                      from reach(@Issuer, @Holder, case when d.sensitive then @SensitiveRoles else @Roles end) g
                      where (g.school_urn is null or g.school_urn = @SchoolUrn) and g.class_ids is null
                        and (g.subjects is null or @Subject = any (g.subjects))
                        and (g.year_groups is null or @YearGroup = any (g.year_groups)))
            ), cohort as (
                select distinct on (r.pupil_id) r.pupil_id, r.score::double precision as score, t.scale, t.expected_from, c.due_on,
                    r.score is not null or exists (
                        select 1 from jsonb_array_elements(t.codes) k
                        where k ->> 'code' = r.code and (k ->> 'countsAsNotMet')::boolean) as counts
                from permitted, result_copy r
                join test_copy t on t.test_id = r.test_id
                join collection_copy c on c.collection_id = r.collection_id
                where r.collection_id = @CollectionId and t.subject = @Subject
                  and (@SchoolUrn::int is null or r.school_urn = @SchoolUrn)
                  and (@YearGroup::text is null or r.year_group = @YearGroup)
                order by r.pupil_id, (r.score is null), r.sat_on desc, r.recorded_at desc
            ), sided as (
                select k.*, exists (
                    select 1 from group_membership m
                    where m.pupil_id = k.pupil_id and m.group_code = @Group
                      and m.from_on <= k.due_on and (m.to_on is null or m.to_on >= k.due_on)) as in_group
                from cohort k
            )
            select d.version, d.name, d.comparator_name,
                max(s.due_on) as "on",
                count(distinct s.scale)::int as scales,
                count(*) filter (where s.in_group and s.counts and s.expected_from is not null)::int as group_pupils,
                count(*) filter (where s.in_group and s.score >= s.expected_from)::int as group_met,
                count(s.score) filter (where s.in_group)::int as group_scored,
                coalesce(avg(s.score) filter (where s.in_group), 0) as group_mean,
                stddev_samp(s.score) filter (where s.in_group) as group_sd,
                count(*) filter (where not s.in_group and s.counts and s.expected_from is not null)::int as other_pupils,
                count(*) filter (where not s.in_group and s.score >= s.expected_from)::int as other_met,
                count(s.score) filter (where not s.in_group)::int as other_scored,
                coalesce(avg(s.score) filter (where not s.in_group), 0) as other_mean,
                stddev_samp(s.score) filter (where not s.in_group) as other_sd
            from definition d, permitted, sided s
            group by d.version, d.name, d.comparator_name
            """;
        await using var connection = await source.OpenConnectionAsync(ct);
        return await connection.QuerySingleOrDefaultAsync<CountedGap>(new CommandDefinition(Sql, new
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
        }, cancellationToken: ct));
    }
}

/// <summary>A gap as counted.</summary>
public sealed record CountedGap
{
    public required int Version { get; init; }

    public required string Name { get; init; }

    public required string ComparatorName { get; init; }

    public required DateOnly On { get; init; }

    public required int Scales { get; init; }

    public required int GroupPupils { get; init; }

    public required int GroupMet { get; init; }

    public required int GroupScored { get; init; }

    public required double GroupMean { get; init; }

    public double? GroupSd { get; init; }

    public required int OtherPupils { get; init; }

    public required int OtherMet { get; init; }

    public required int OtherScored { get; init; }

    public required double OtherMean { get; init; }

    public double? OtherSd { get; init; }
}
