-- The grants that a caller holds now, in the given roles: those of reach(), by their ids.
create function held_grants(p_issuer text, p_subject text, p_roles smallint[])
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

-- Under which grants a file was imported: who brought it sees its waiting rows while these hold. Null, and so no such sight, for files of before.
alter table result_import add column grant_ids uuid[];

-- Whether somebody other than who imported the file gave the row its values: they are not the importer's to see.
alter table quarantined_row add column mended_by_another boolean not null default false;
