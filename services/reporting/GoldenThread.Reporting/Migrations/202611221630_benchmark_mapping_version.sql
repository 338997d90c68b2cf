-- Which version of a mapping stands, so that of two who change it at once the second is told.
alter table benchmark_mapping add column version bigint not null default 1;
