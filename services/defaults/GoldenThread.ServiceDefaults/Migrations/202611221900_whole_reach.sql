-- What a caller reaches whole: by grants without a limit to year groups, classes or subjects. Null means the whole trust.
-- Asked where a thing concerns a school as such (a visit, a category), since a grant for one class is no grant for these.
create function whole_reach(p_issuer text, p_subject text, p_roles smallint[])
    returns table (school_urn int)
    language sql stable
as $$
    select g.school_urn
    from reach(p_issuer, p_subject, p_roles) g
    where g.year_groups is null and g.class_ids is null and g.subjects is null
$$;

-- Whether a caller holds the whole trust: asked where a thing concerns all schools (a plan, a scale, a benchmark).
create function holds_whole_trust(p_issuer text, p_subject text, p_roles smallint[])
    returns boolean
    language sql stable
as $$
    select exists (select from whole_reach(p_issuer, p_subject, p_roles) g where g.school_urn is null)
$$;
