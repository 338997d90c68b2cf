-- The version that callers see, as the etag. It rises with what everybody sees who is told of the pupil: one that rose with a sensitive fact, or with
-- the definition of a group, would tell who is meant. Events go by the other, which rises with every change.
alter table pupil add column shown_version bigint not null default 1;
update pupil set shown_version = version;
