-- Sums of attainment in sets. Which result counts and how it parts into groups is told in one place, for the sums that are kept and for those of a
-- day that is asked for, and costs the same for each result, however many a pupil has in a collection. No number changes.

-- Where else a pupil has results in a collection is read off the index, whether there are two or two hundred. Built beside the one it replaces:
-- while it builds results wait to be taken in, and reads do not stop. The old one goes in a migration of its own: dropped here, where writes are
-- held back, it would wait for a statement that has begun to read and waits to write (a deadlock).
create index ix_fact_result_pupil_cell on fact_result (pupil_id, collection_id, school_urn, year_group);

-- The groups a pupil is in on a day; before the first day on roll, those of that day.
create function groups_on(p_pupil uuid, p_day date) returns setof text
    language sql stable
as $$
    select distinct g.group_code
    from (select greatest(p_day, min(e.from_on)) as day from pupil_enrolment e where e.pupil_id = p_pupil) d
    join pupil_group g on g.pupil_id = p_pupil and g.from_on <= d.day and (g.to_on is null or g.to_on >= d.day)
$$;

-- The result by which each pupil counts in cells: in a collection and subject one over all schools and year groups, and in the cell of that result
-- alone. A result with a score comes before one without, then that of a test with a norm, then that of the main school of the day, then the
-- latest sitting. The day, of which the groups are too, is the collection's due day, and that of the sitting while the collection is not known;
-- where a day is asked for it is that one, and only results of that day's main school count, under whichever URN of its lineage. A pupil that
-- the roster has not told of, or that was erased, is not counted.
--
-- Reads by index from the cells to their pupils and from each of these to the results, however many there are ("offset 0" keeps it in that
-- order): what the planner guesses of rows that come out of arrays is no ground for any other.
create function counted_results(p_collections uuid[], p_schools int[], p_years text[], p_subjects text[], p_on date)
    returns table (
        collection_id uuid, school_urn int, year_group text, subject text, pupil_id uuid, test_id uuid, score numeric, code text, groups text[])
    language sql stable rows 100000
    set enable_nestloop = off
    set enable_sort = on
    set enable_seqscan = on
    set enable_bitmapscan = off
    set jit = off
as $$
    with collected as materialized (
        select c.collection_id, c.subjects, coalesce(p_on, k.due_on) as day, array(select t.test_id from test t where t.subject = any (c.subjects)) as test_ids
        from (
            select collection_id, array_agg(distinct subject) as subjects
            from unnest(p_collections, p_subjects) as c (collection_id, subject)
            group by collection_id
        ) c
        left join collection k on k.collection_id = c.collection_id
    ),
    -- URNs of one school, where a day is asked for.
    lineage as materialized (
        select array_agg(urn) as urns
        from (select predecessor_urn as urn from school_lineage union select successor_urn from school_lineage) l
        where p_on is not null
        group by current_urn(urn)
    ),
    entered as (
        select distinct f.pupil_id, f.collection_id
        from (
            select distinct collection_id, school_urn, year_group
            from unnest(p_collections, p_schools, p_years) as c (collection_id, school_urn, year_group)
        ) c
        join collected d on d.collection_id = c.collection_id
        cross join lateral (
            select f.pupil_id, f.collection_id from fact_result f
            where f.collection_id = c.collection_id and f.school_urn = c.school_urn and f.year_group = c.year_group
              and f.test_id = any (d.test_ids)
            offset 0
        ) f
    ),
    pupils as (
        select e.pupil_id, e.collection_id, d.subjects, d.day, s.main_schools,
            case when d.day is not null then array(select g.code from groups_on(e.pupil_id, d.day) as g (code)) end as groups
        from entered e
        join collected d on d.collection_id = e.collection_id
        cross join lateral (select from pupil p where p.pupil_id = e.pupil_id and p.version > 0 and not p.erased offset 0) p
        cross join lateral (
            select array_agg(m.school_urn) as main_schools from pupil_enrolment m
            where m.pupil_id = e.pupil_id and m.is_main and m.from_on <= d.day and (m.to_on is null or m.to_on >= d.day)
            offset 0
        ) s
        offset 0
    )
    select e.collection_id, f.school_urn, f.year_group, f.subject, e.pupil_id, f.test_id, f.score, f.code,
        coalesce(e.groups, array(select g.code from groups_on(e.pupil_id, f.sat_on) as g (code)))
    from pupils e
    cross join lateral (
        select distinct on (t.subject) f.school_urn, f.year_group, t.subject, f.test_id, f.score, f.code, f.sat_on
        from fact_result f
        join test t on t.test_id = f.test_id
        cross join lateral (select case
            when e.day is null then exists (
                select from pupil_enrolment m
                where m.pupil_id = e.pupil_id and m.school_urn = f.school_urn and m.is_main
                  and m.from_on <= f.sat_on and (m.to_on is null or m.to_on >= f.sat_on))
            else coalesce(f.school_urn = any (e.main_schools), false) or exists (
                select from lineage l where f.school_urn = any (l.urns) and l.urns && e.main_schools)
        end as at_main) m
        where f.pupil_id = e.pupil_id and f.collection_id = e.collection_id and t.subject = any (e.subjects) and (p_on is null or m.at_main)
        order by t.subject, (f.score is null), t.normed desc, m.at_main desc, f.sat_on desc, f.recorded_at desc, f.result_id desc
    ) f
$$;

-- The sums of cells over the results that count there: of the whole cohort ('' in group_code) and of each group in it.
create function attainment_sums(p_collections uuid[], p_schools int[], p_years text[], p_subjects text[], p_on date)
    returns table (
        school_urn int, collection_id uuid, subject text, year_group text, group_code text,
        n int, n_met int, n_excluded int, n_scored int, sum_score numeric, sum_square numeric,
        scale text, mixed_scales boolean, has_expected boolean, counted_scale text)
    language sql stable
    set work_mem = '32MB'
    set enable_nestloop = off
    set enable_seqscan = on
    set enable_sort = off
    set jit = off
as $$
    with cell as (
        select *
        from unnest(p_collections, p_schools, p_years, p_subjects) with ordinality as c (collection_id, school_urn, year_group, subject, number)
    ),
    judged as (
        select c.number, r.test_id, r.groups, r.score, r.score * r.score as square, r.score >= t.expected_from as met,
            r.score is not null or coalesce(k.counts_as_not_met, false) as in_denominator
        from counted_results(p_collections, p_schools, p_years, p_subjects, p_on) r
        join cell c using (collection_id, school_urn, year_group, subject)
        join test t on t.test_id = r.test_id
        left join test_code k on k.test_id = r.test_id and k.code = r.code
        offset 0
    ),
    -- By test first: scale and expected standard are the test's.
    by_test as (
        select j.number, j.test_id, g.group_code,
            count(*) as pupils,
            count(*) filter (where j.in_denominator) as n,
            count(*) filter (where j.met) as n_met,
            count(j.score) as n_scored,
            sum(j.score) as sum_score,
            sum(j.square) as sum_square
        from judged j
        cross join unnest(''::text || j.groups) as g (group_code)
        group by j.number, j.test_id, g.group_code
    )
    select c.school_urn, c.collection_id, c.subject, c.year_group, s.group_code,
        sum(s.n)::int,
        sum(s.n_met)::int,
        sum(s.pupils - s.n)::int,
        sum(s.n_scored)::int,
        coalesce(sum(s.sum_score), 0),
        coalesce(sum(s.sum_square), 0),
        coalesce(min(t.scale) filter (where s.n_scored > 0), ''),
        coalesce(min(t.scale) filter (where s.n_scored > 0) <> max(t.scale) filter (where s.n_scored > 0), false),
        bool_and(t.expected_from is not null),
        case
            when min(t.scale) filter (where s.n > 0) <> max(t.scale) filter (where s.n > 0) then null
            else coalesce(min(t.scale) filter (where s.n > 0), '')
        end
    from by_test s
    join cell c using (number)
    join test t on t.test_id = s.test_id
    group by c.school_urn, c.collection_id, c.subject, c.year_group, s.group_code
$$;

-- Works one or more cells out anew. What was there is found by its key: right after a large file nobody has counted yet how large the table is.
create or replace function recompute_attainment(
    p_collections uuid[], p_schools int[], p_years text[], p_subjects text[]) returns void
    language sql
    set enable_seqscan = off
as $$
    delete from attainment_summary s
    using unnest(p_collections, p_schools, p_years, p_subjects) as c (collection_id, school_urn, year_group, subject)
    where s.school_urn = c.school_urn and s.collection_id = c.collection_id and s.subject = c.subject and s.year_group = c.year_group;

    insert into attainment_summary (
        school_urn, collection_id, subject, year_group, group_code,
        n, n_met, n_excluded, n_scored, sum_score, sum_square, scale, mixed_scales, has_expected, counted_scale)
    select school_urn, collection_id, subject, year_group, group_code,
        n, n_met, n_excluded, n_scored, sum_score, sum_square, scale, mixed_scales, has_expected, counted_scale
    from attainment_sums(p_collections, p_schools, p_years, p_subjects, null)
$$;
