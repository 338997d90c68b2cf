-- Groups read a pupil's sex and month of birth as if they were facts, and they are not kept with days: when they last changed is. Null where they
-- did not, or before this was kept.
alter table pupil add column sex_changed_at timestamptz, add column birth_month_changed_at timestamptz;

-- Whether what a group reads of a pupil on a day became known, or was corrected, after the pupil had left a school: then the group tells the school
-- something that is not its to learn. A fact that merely ended since says nothing new of the day. Until a leaving is recorded the school knows of it all.
create or replace function learnt_since_leaving(p_pupil uuid, p_school_urn int, p_group text, p_on date)
    returns boolean
    language sql stable
as $$
    with last as (
        select e.from_on, e.to_on
        from enrolment e
        where e.pupil_id = p_pupil and e.school_urn = p_school_urn and e.superseded_at is null
        order by e.from_on desc
        limit 1
    ), gone as (
        select greatest((l.to_on + 1)::timestamp at time zone 'Europe/London', (
            select min(o.recorded_at)
            from enrolment o
            where o.pupil_id = p_pupil and o.school_urn = p_school_urn and o.from_on = l.from_on and o.to_on is not null)) as at
        from last l
        where l.to_on is not null
    ), reads as (
        select c.fact
        from group_definition d
        join group_condition c on c.group_code = d.group_code and c.version = d.version
        where d.group_code = p_group and d.superseded_at is null
    )
    select exists (
        select 1
        from gone g
        join pupil_fact f on f.pupil_id = p_pupil and f.from_on <= p_on
        where f.fact in (select r.fact from reads r)
        group by g.at, f.fact, f.value, f.from_on, least(coalesce(f.to_on, 'infinity'), p_on)
        having bool_or(f.recorded_at <= g.at and coalesce(f.superseded_at, 'infinity') > g.at) <> bool_or(f.superseded_at is null))
    or exists (
        select 1
        from gone g
        join pupil p on p.pupil_id = p_pupil
        join reads r on (r.fact = 'sex' and p.sex_changed_at > g.at) or (r.fact = 'birth-month' and p.birth_month_changed_at > g.at))
$$;
