-- By which definition of its group a thread was opened. Of one that does not say, every definition that there was counts.
alter table thread add column definition_version int not null default 1;

-- In which of a caller's roles a thread is seen: in those for sensitive facts where its group was sensitive by the definition under which it was
-- opened, or by any since; in none where there is no such group. What a definition hid does not come to light with the next.
create function roles_for_thread(p_group text, p_version int, p_roles smallint[], p_sensitive_roles smallint[]) returns smallint[]
    language sql stable
as $$
    select case bool_or(d.sensitive) when true then p_sensitive_roles when false then p_roles end
    from group_definition d
    where d.group_code = p_group and d.version >= p_version
$$;
