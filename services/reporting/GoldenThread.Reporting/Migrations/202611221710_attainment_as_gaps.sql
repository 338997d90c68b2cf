-- Works one or more cells out anew from the facts, by the rules by which tracking counts a gap. A pupil counts once per cell: by a result with
-- a score before one without, then by the latest sitting. Groups are those of the day on which the collection was due; of the day of the
-- sitting while the collection is not known. A pupil that the roster has not told of, or that was erased, is not counted.
create or replace function recompute_attainment(
    p_collections uuid[], p_schools int[], p_years text[], p_subjects text[]) returns void
    language sql
as $$
    delete from attainment_summary s
    using unnest(p_collections, p_schools, p_years, p_subjects) as c (collection_id, school_urn, year_group, subject)
    where s.school_urn = c.school_urn and s.collection_id = c.collection_id and s.subject = c.subject and s.year_group = c.year_group;

    insert into attainment_summary (
        school_urn, collection_id, subject, year_group, group_code,
        n, n_met, n_excluded, n_scored, sum_score, sum_square, scale, mixed_scales, has_expected)
    with counted as (
        select distinct on (c.collection_id, c.school_urn, c.year_group, c.subject, f.pupil_id)
            c.collection_id, c.school_urn, c.year_group, c.subject, f.pupil_id, coalesce(k.due_on, f.sat_on) as grouped_on,
            f.score, f.code, f.test_id, t.scale, t.expected_from
        from unnest(p_collections, p_schools, p_years, p_subjects) as c (collection_id, school_urn, year_group, subject)
        join test t on t.subject = c.subject
        join fact_result f
          on f.collection_id = c.collection_id and f.school_urn = c.school_urn and f.year_group = c.year_group and f.test_id = t.test_id
        join pupil p on p.pupil_id = f.pupil_id and p.version > 0 and not p.erased
        left join collection k on k.collection_id = f.collection_id
        order by c.collection_id, c.school_urn, c.year_group, c.subject, f.pupil_id,
            (f.score is null), f.sat_on desc, f.recorded_at desc, f.result_id desc
    ),
    judged as (
        select r.*,
            r.score is not null or coalesce(k.counts_as_not_met, false) as in_denominator
        from counted r
        left join test_code k on k.test_id = r.test_id and k.code = r.code
    ),
    parts as (
        select j.*, '' as group_code from judged j
        union all
        select j.*, g.group_code
        from judged j
        join lateral (
            select distinct m.group_code from pupil_group m
            where m.pupil_id = j.pupil_id and m.from_on <= j.grouped_on and (m.to_on is null or m.to_on >= j.grouped_on)
        ) g on true
    )
    select
        school_urn, collection_id, subject, year_group, group_code,
        count(*) filter (where in_denominator),
        count(*) filter (where score >= expected_from),
        count(*) filter (where not in_denominator),
        count(score),
        coalesce(sum(score), 0),
        coalesce(sum(score * score), 0),
        coalesce(min(scale) filter (where score is not null), ''),
        coalesce(min(scale) filter (where score is not null) <> max(scale) filter (where score is not null), false),
        bool_and(expected_from is not null)
    from parts
    group by school_urn, collection_id, subject, year_group, group_code;
$$;

insert into summary_due (kind, collection_id, school_urn, year_group, subject)
select distinct 'attainment', collection_id, school_urn, year_group, subject from attainment_summary;
