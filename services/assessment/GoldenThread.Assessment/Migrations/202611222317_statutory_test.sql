-- Whether a test is the national assessment itself. A practice paper has its scale, and its scores, but published figures say nothing of it.
alter table test add column statutory boolean not null default false;
