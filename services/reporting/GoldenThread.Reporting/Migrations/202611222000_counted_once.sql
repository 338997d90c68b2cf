-- Whether a test can place a pupil among others: it declares a norm and how far it is to be relied on. Of a test that was told of before this
-- column was there it is not known until the test changes again.
alter table test add column normed boolean not null default false;

-- The one scale of all who count in the percentage, with a score or without: '' where nobody counts, null where two scales met.
alter table attainment_summary add column counted_scale text;

-- Works one or more cells out anew from the facts, by the rules by which tracking counts a gap. A pupil counts once per collection and subject
-- over all schools and year groups: by a result with a score before one without, then by a test with a norm, then at the main school of the day
-- on which the collection was due, then by the latest sitting; and in the cell of that result alone. Groups are those of the due day, or of a
-- later joiner's first day on roll; the day of the sitting stands for the due day while the collection is not known. A pupil that the roster has
-- not told of, or that was erased, is not counted.
create or replace function recompute_attainment(
    p_collections uuid[], p_schools int[], p_years text[], p_subjects text[]) returns void
    language sql
as $$
    delete from attainment_summary s
    using unnest(p_collections, p_schools, p_years, p_subjects) as c (collection_id, school_urn, year_group, subject)
    where s.school_urn = c.school_urn and s.collection_id = c.collection_id and s.subject = c.subject and s.year_group = c.year_group;

    insert into attainment_summary (
        school_urn, collection_id, subject, year_group, group_code,
        n, n_met, n_excluded, n_scored, sum_score, sum_square, scale, mixed_scales, has_expected, counted_scale)
    with cell as (
        select * from unnest(p_collections, p_schools, p_years, p_subjects) as c (collection_id, school_urn, year_group, subject)
    ),
    entered as (
        select distinct c.collection_id, c.subject, f.pupil_id
        from cell c
        join test t on t.subject = c.subject
        join fact_result f
          on f.collection_id = c.collection_id and f.school_urn = c.school_urn and f.year_group = c.year_group and f.test_id = t.test_id
        join pupil p on p.pupil_id = f.pupil_id and p.version > 0 and not p.erased
    ),
    counted as (
        select distinct on (e.collection_id, e.subject, f.pupil_id)
            e.collection_id, f.school_urn, f.year_group, e.subject, f.pupil_id, d.due_on, f.score, f.code, f.test_id, t.scale, t.expected_from
        from entered e
        join fact_result f on f.pupil_id = e.pupil_id and f.collection_id = e.collection_id
        join test t on t.test_id = f.test_id and t.subject = e.subject
        left join collection k on k.collection_id = f.collection_id
        cross join lateral (select coalesce(k.due_on, f.sat_on) as due_on) d
        order by e.collection_id, e.subject, f.pupil_id,
            (f.score is null),
            (not t.normed),
            (not exists (
                select from pupil_enrolment m
                where m.pupil_id = f.pupil_id and m.school_urn = f.school_urn and m.is_main
                  and m.from_on <= d.due_on and (m.to_on is null or m.to_on >= d.due_on))),
            f.sat_on desc, f.recorded_at desc, f.result_id desc
    ),
    judged as (
        select r.*,
            r.score is not null or coalesce(k.counts_as_not_met, false) as in_denominator,
            greatest(r.due_on, (select min(m.from_on) from pupil_enrolment m where m.pupil_id = r.pupil_id)) as grouped_on
        from counted r
        join cell using (collection_id, school_urn, year_group, subject)
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
        s.school_urn, s.collection_id, s.subject, s.year_group, s.group_code,
        count(*) filter (where s.in_denominator),
        count(*) filter (where s.score >= s.expected_from),
        count(*) filter (where not s.in_denominator),
        count(s.score),
        coalesce(sum(s.score), 0),
        coalesce(sum(s.score * s.score), 0),
        coalesce(min(s.scale) filter (where s.score is not null), ''),
        coalesce(min(s.scale) filter (where s.score is not null) <> max(s.scale) filter (where s.score is not null), false),
        bool_and(s.expected_from is not null),
        case
            when min(s.scale) filter (where s.in_denominator) <> max(s.scale) filter (where s.in_denominator) then null
            else coalesce(min(s.scale) filter (where s.in_denominator), '')
        end
    from parts s
    group by s.school_urn, s.collection_id, s.subject, s.year_group, s.group_code;
$$;

insert into summary_due (kind, collection_id, school_urn, year_group, subject)
select distinct 'attainment', collection_id, school_urn, year_group, subject from attainment_summary;
