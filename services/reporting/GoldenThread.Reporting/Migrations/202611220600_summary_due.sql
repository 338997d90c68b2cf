-- Sums that are no longer up to date. Only ever added to and taken away, so that those who note one cell at once do not wait for each other.
create table summary_due (
    due_id        bigint generated always as identity primary key,
    kind          text not null,
    collection_id uuid not null,
    school_urn    int not null,
    year_group    text not null,
    subject       text not null
);
