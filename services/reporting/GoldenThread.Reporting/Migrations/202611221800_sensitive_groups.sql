-- Who is in a sensitive group is for some roles only. A group that reporting has not been told of counts as one until it is told.
alter table group_definition add column sensitive boolean not null default true;

-- The groups that come with the product, as tracking has them; tracking tells of a group only when it is defined.
insert into group_definition as d (group_code, definition_version, name, comparator_name, sensitive) values
    ('girls', 1, 'Girls', 'Boys', false),
    ('boys', 1, 'Boys', 'Girls', false),
    ('fsm', 1, 'Free school meals now', 'Not on free school meals', false),
    ('disadvantaged', 1, 'Disadvantaged', 'Not disadvantaged', false),
    ('sen-support', 1, 'SEN support', 'No SEN support', false),
    ('ehc-plan', 1, 'EHC plan', 'No EHC plan', false),
    ('send', 1, 'SEND', 'No SEND', false),
    ('eal', 1, 'English as an additional language', 'English first language', false),
    ('summer-born', 1, 'Summer-born (April to August)', 'Not summer-born', false),
    ('looked-after', 1, 'Looked after', 'Not looked after', true),
    ('previously-looked-after', 1, 'Previously looked after', 'Not previously looked after', true),
    ('lac-plac', 1, 'Looked after or previously looked after', 'Neither', true),
    ('ethnic-white', 1, 'White', 'Other ethnic groups', true),
    ('ethnic-mixed', 1, 'Mixed or multiple ethnic groups', 'Other ethnic groups', true),
    ('ethnic-asian', 1, 'Asian or Asian British', 'Other ethnic groups', true),
    ('ethnic-black', 1, 'Black, African, Caribbean or Black British', 'Other ethnic groups', true),
    ('ethnic-chinese', 1, 'Chinese', 'Other ethnic groups', true),
    ('ethnic-other', 1, 'Any other ethnic group', 'Other ethnic groups', true)
on conflict (group_code) do update set sensitive = excluded.sensitive where d.definition_version = excluded.definition_version;
