-- Which groups the fixed tables tell of, to roles without access to pupils. Groups that contain one another, or that add up to one another
-- (SEN support and EHC plans to SEND, free school meals within disadvantaged, ethnic groups to all), must not stand in them together: the
-- difference of two large groups can be one pupil. These are free of one another. Data: a trust that adds one answers for that.
create table fixed_table_group (
    group_code text primary key
);
insert into fixed_table_group (group_code) values ('disadvantaged'), ('send'), ('eal'), ('girls'), ('summer-born');
