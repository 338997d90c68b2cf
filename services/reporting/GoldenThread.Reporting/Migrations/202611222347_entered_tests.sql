-- Of which tests a collection has results, by the school and year group of the result. Leaps over the index from one to the next: costs what there are
-- of these, however many results each has. Any other way would read the table again for each leap, so the planner is left no other.
create function entered_tests(p_collection uuid) returns table (school_urn int, year_group text, test_id uuid)
    language sql stable rows 5000
    set enable_seqscan = off
    set enable_bitmapscan = off
    set enable_sort = off
    set jit = off
as $$
    with recursive entered as (
        (
            select f.school_urn, f.year_group, f.test_id
            from fact_result f
            where f.collection_id = p_collection
            order by f.school_urn, f.year_group, f.test_id
            limit 1
        )
        union all
        select n.school_urn, n.year_group, n.test_id
        from entered e
        cross join lateral (
            select f.school_urn, f.year_group, f.test_id
            from fact_result f
            where f.collection_id = p_collection and (f.school_urn, f.year_group, f.test_id) > (e.school_urn, e.year_group, e.test_id)
            order by f.school_urn, f.year_group, f.test_id
            limit 1
        ) n
    )
    select school_urn, year_group, test_id from entered
$$;
