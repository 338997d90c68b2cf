-- Who sent a row knows what it says while nobody else gave it other cells.
alter table quarantined_row add column mended_by_another boolean not null default false;
