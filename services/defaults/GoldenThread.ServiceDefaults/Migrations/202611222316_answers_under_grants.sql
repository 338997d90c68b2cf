-- The grants that a caller holds now, in the given roles: those of reach(), by their ids.
create or replace function held_grants(p_issuer text, p_subject text, p_roles smallint[])
    returns table (grant_id uuid)
    language sql stable
as $$
    select g.grant_id
    from access_grant g
    where g.issuer = p_issuer
      and g.subject = p_subject
      and g.role = any (p_roles)
      and g.valid_from <= now()
      and (g.valid_to is null or g.valid_to > now())
$$;

-- Under which grants a request was answered: it is answered alike again while all of these hold. Null for answers of before.
alter table idempotency add column grant_ids uuid[];
