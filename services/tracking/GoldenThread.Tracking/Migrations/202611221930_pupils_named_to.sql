-- Which pupils' names, identifiers and birthdays a caller may be told of: those at a school, in a year group and in a class within a grant where
-- the pupil is or will be; of one who is nowhere any more, where the pupil was last. Who taught a pupil before knows the name of that time, and
-- a new one (after an adoption, say) is not theirs to learn. Inlined into the query that asks.
create function pupils_named_to(p_issuer text, p_subject text, p_roles smallint[], p_today date)
    returns table (pupil_id uuid)
    language sql stable
as $$
    select e.pupil_id
    from enrolment e
    cross join lateral (select greatest(e.from_on, least(p_today, coalesce(e.to_on, p_today))) as on_day) d
    where e.superseded_at is null
      and coalesce(e.to_on, 'infinity') >= least(p_today, (
          select max(coalesce(l.to_on, 'infinity'))
          from enrolment l
          where l.pupil_id = e.pupil_id and l.superseded_at is null))
      and exists (
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
