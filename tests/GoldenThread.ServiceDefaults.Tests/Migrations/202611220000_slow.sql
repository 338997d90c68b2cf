-- Takes longer than the patience with which MigratorTests lets another migrator wait.
create table slow (slow_id int primary key);
select pg_sleep(2);
