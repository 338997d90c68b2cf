-- Whether a test can place a pupil among others: it declares a norm and how far it is to be relied on.
create function is_normed(t test_copy) returns boolean
    language sql immutable
as $$
    select coalesce(t.mean is not null and t.sd > 0 and t.reliability > 0 and t.reliability < 1, false)
$$;

-- The extended codes of Chinese pupils begin with C alone (CMAL, CSNG, CTWN, COCH, and CHKC beside CHNE), and no other group's do. No release
-- had the narrower definition.
update group_condition set starting_with = '{C}' where group_code = 'ethnic-chinese' and version = 1 and starting_with = '{CH}';
