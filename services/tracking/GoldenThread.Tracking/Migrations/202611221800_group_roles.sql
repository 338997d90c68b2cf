-- In which of a caller's roles a group is seen: in those for sensitive facts where it is sensitive, in none where there is no such group.
-- No group (null) is everybody.
create function roles_for_group(p_group text, p_roles smallint[], p_sensitive_roles smallint[]) returns smallint[]
    language sql stable
as $$
    select case
        when p_group is null then p_roles
        else (
            select case when d.sensitive then p_sensitive_roles else p_roles end
            from group_definition d
            where d.group_code = p_group and d.superseded_at is null)
    end
$$;
