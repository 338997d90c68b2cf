-- Which pupils a caller may change: those of schools held whole, where the pupil is or will be, or was last. Inlined into the query that asks.
create function pupils_to_change(p_issuer text, p_subject text, p_roles smallint[], p_today date)
    returns table (pupil_id uuid)
    language sql stable
as $$
    select e.pupil_id
    from enrolment e
    where e.superseded_at is null
      and coalesce(e.to_on, 'infinity') >= least(p_today, (
          select max(coalesce(l.to_on, 'infinity'))
          from enrolment l
          where l.pupil_id = e.pupil_id and l.superseded_at is null))
      and exists (
          select 1
          from whole_reach(p_issuer, p_subject, p_roles) g
          where g.school_urn is null or g.school_urn = e.school_urn)
$$;
