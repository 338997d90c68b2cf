-- A group is sensitive of itself: the trust says so, or each clause reads a fact that always is. Or it is so since it reads an attribute that tells
-- who is in such a group. Only the first kind makes attributes sensitive: one hides the other for ever else. An instance of the version before, which
-- does not say, hides too much with the groups that it defines meanwhile, and not too little; defined once more they are as they should be.
alter table group_definition add column sensitive_itself boolean not null default true;
update group_definition set sensitive_itself = sensitive;

-- The kinds of facts that only some roles may see: those that always are (p_always), and attributes of the trust that tell who is in a sensitive
-- group, since a clause of it reads them without one of these beside them.
create function sensitive_facts(p_always text[])
    returns table (fact text)
    language sql stable
as $$
    select unnest(p_always)
    union
    select c.fact
    from group_definition d
    join group_condition c on c.group_code = d.group_code and c.version = d.version
    where d.superseded_at is null
      and d.sensitive_itself
      and starts_with(c.fact, 'attr:')
      and not exists (
          select 1
          from group_condition o
          where o.group_code = c.group_code and o.version = c.version and o.clause = c.clause and not o.negated and o.fact = any (p_always))
$$;
