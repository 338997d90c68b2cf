-- Whether a test is the national assessment itself, as assessment tells of it: published figures stand beside its results, and beside no practice
-- paper's on the same scale. No test is until it is told so.
alter table test add column statutory boolean not null default false;
