-- A visit that a plan cancelled because it was no longer owed. Unlike one that was cancelled by hand, a later plan may owe it again.
alter table visit
    add column withdrawn boolean not null default false,
    add constraint ck_visit_withdrawn check (not withdrawn or state = 5);

update visit set withdrawn = true where state = 5 and reason = 'No longer owed by the offer to the school''s category.';
