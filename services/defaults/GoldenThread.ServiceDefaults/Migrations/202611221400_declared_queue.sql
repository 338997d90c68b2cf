-- The service's queues that the broker has had. Once there, they keep what is told while the service is away.
create table declared_queue (
    queue       text primary key,
    declared_at timestamptz not null default now()
);
