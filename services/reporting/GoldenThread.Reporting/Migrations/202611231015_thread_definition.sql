-- By which definition of its group a thread was opened; null where tracking did not say, and then every definition that there was counts.
alter table thread add column definition_version int;

-- The latest definition of a group that was sensitive, 0 where none was: a thread opened under it, or before it, stays for those who might see it then.
-- Of a group that is open as these lines are run, earlier definitions are not known here.
alter table group_definition add column last_sensitive_version int not null default 0;
update group_definition set last_sensitive_version = definition_version where sensitive;
