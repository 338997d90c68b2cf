-- Every category of a school by the day it begins, so that one that begins later does not take the place of the one in force.
create table category_entry (
    school_urn    int not null,
    from_on       date not null,
    version       bigint not null,
    category      text not null,
    due_on        date,
    overdue_after date,
    primary key (school_urn, from_on)
);
insert into category_entry (school_urn, from_on, version, category, due_on, overdue_after)
select school_urn, from_on, version, category, due_on, overdue_after from school_category;

-- What the version before still takes in while both run comes over too.
create function school_category_to_entry() returns trigger
    language plpgsql
as $$
begin
    insert into category_entry as e (school_urn, from_on, version, category, due_on, overdue_after)
    values (new.school_urn, new.from_on, new.version, new.category, new.due_on, new.overdue_after)
    on conflict (school_urn, from_on) do update
    set version = excluded.version, category = excluded.category, due_on = excluded.due_on, overdue_after = excluded.overdue_after
    where e.version < excluded.version;
    return null;
end
$$;
create trigger tr_school_category_to_entry after insert or update on school_category
    for each row execute function school_category_to_entry();
