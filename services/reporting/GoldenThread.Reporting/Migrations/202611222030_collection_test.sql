-- Which tests a collection takes from which year groups. No rows where assessment has not told of them (messages from before it did).
create table collection_test (
    collection_id uuid not null references collection,
    test_id       uuid not null,
    year_groups   text[] not null,
    primary key (collection_id, test_id)
);
