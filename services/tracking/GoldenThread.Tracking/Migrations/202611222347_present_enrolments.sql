-- Where pupils are or will be; of those who are nowhere any more, where they were last. Whoever is told of a pupil, or changes one, reaches one of these.
create function present_enrolments(p_today date)
    returns table (pupil_id uuid, school_urn int, year_group text, from_on date, to_on date)
    language sql stable
as $$
    select e.pupil_id, e.school_urn, e.year_group, e.from_on, e.to_on
    from enrolment e
    where e.superseded_at is null
      and coalesce(e.to_on, 'infinity') >= least(p_today, (
          select max(coalesce(l.to_on, 'infinity'))
          from enrolment l
          where l.pupil_id = e.pupil_id and l.superseded_at is null))
$$;

-- Which pupils' names, identifiers, birthdays and facts a caller may be told of: those whose present school, year group and class are within a
-- grant. Who taught a pupil before knows what was known then, and what came since (after an adoption, say) is not theirs to learn. Inlined into the
-- query that asks.
create or replace function pupils_named_to(p_issuer text, p_subject text, p_roles smallint[], p_today date)
    returns table (pupil_id uuid)
    language sql stable
as $$
    select e.pupil_id
    from present_enrolments(p_today) e
    cross join lateral (select greatest(e.from_on, least(p_today, coalesce(e.to_on, p_today))) as on_day) d
    where exists (
        select 1
        from reach(p_issuer, p_subject, p_roles) g
        where (g.school_urn is null or g.school_urn = e.school_urn)
          and (g.year_groups is null or e.year_group = any (g.year_groups))
          and (g.class_ids is null or exists (
              select 1
              from class_membership m
              where m.pupil_id = e.pupil_id
                and m.class_id = any (g.class_ids)
                and m.superseded_at is null
                and m.from_on <= d.on_day
                and (m.to_on is null or m.to_on >= d.on_day))))
$$;

-- Which pupils a caller may change, or say that a row is about: those whose present school is held whole. Inlined into the query that asks.
create or replace function pupils_to_change(p_issuer text, p_subject text, p_roles smallint[], p_today date)
    returns table (pupil_id uuid)
    language sql stable
as $$
    select e.pupil_id
    from present_enrolments(p_today) e
    where exists (
        select 1
        from whole_reach(p_issuer, p_subject, p_roles) g
        where g.school_urn is null or g.school_urn = e.school_urn)
$$;
