-- Which tests a collection takes from which year groups: of whom a status is expected. No rows where assessment has not told of them.
create table collected_test (
    collection_id uuid not null references collection_copy,
    test_id       uuid not null,
    year_groups   text[] not null,
    primary key (collection_id, test_id)
);
