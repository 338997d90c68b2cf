-- A group that is no longer sensitive, or whose members are told of by another definition than the one known here, stays sensitive until everybody
-- counted in it is a member by the open definition: what a definition says and who is in the group come by separate events.
-- opens: it is to become open. opens_after: its members are all told of; it opens once no sum that was noted as due up to this one is left to be made.
alter table group_definition
    add column opens boolean not null default false,
    add column opens_after bigint,
    add constraint ck_group_definition_opens check (sensitive or not opens);
