-- What every service keeps beside its own tables.

-- Events that were committed and are not yet on the bus. The relay deletes what the broker has confirmed.
create table outbox (
    outbox_id   bigint generated always as identity primary key,
    message_id  uuid not null unique,
    kind        text not null,
    body        text not null,
    traceparent text,
    created_at  timestamptz not null default clock_timestamp()
);

-- Messages whose effect is committed: claimed in the transaction of the effect.
create table inbox (
    consumer    text not null,
    message_id  uuid not null,
    handled_at  timestamptz not null default now(),
    primary key (consumer, message_id)
);
create index ix_inbox_handled_at on inbox (handled_at);

-- Answers to requests that carried an Idempotency-Key, stored with their effect.
create table idempotency (
    client       text not null,
    rpc          text not null,
    key          text not null,
    request_hash bytea not null,
    answer       bytea not null,
    created_at   timestamptz not null default now(),
    constraint pk_idempotency primary key (client, rpc, key)
);
create index ix_idempotency_created_at on idempotency (created_at);

-- Who did or read what. Append only; rows are linked afterwards, so that no write waits for another's hash.
create table audit (
    audit_id     bigint generated always as identity,
    tx           xid8 not null default pg_current_xact_id(),
    at           timestamptz not null default clock_timestamp(),
    issuer       text not null,
    subject      text not null,
    client_id    text,
    action       text not null,
    purpose      text not null,
    subject_kind text not null,
    subject_ids  text[] not null,
    school_urn   int,
    detail       text,
    primary key (audit_id)
);
create index ix_audit_at on audit (at);
create index ix_audit_chain_order on audit (tx, audit_id);

-- The chain over committed audit rows: hash(n) = SHA-256(hash(n-1) ‖ row n).
create table audit_chain (
    position bigint primary key,
    audit_id bigint not null unique,
    tx       xid8 not null,
    hash     bytea not null
);

-- This service's copy of the grants that tracking owns. What is not here is not granted.
create table access_grant (
    grant_id    uuid primary key,
    version     bigint not null,
    issuer      text not null,
    subject     text not null,
    role        smallint not null,
    school_urn  int,
    year_groups text[],
    class_ids   uuid[],
    subjects    text[],
    valid_from  timestamptz not null,
    valid_to    timestamptz
);
create index ix_access_grant_holder on access_grant (issuer, subject);

-- How far a caller reaches now, in the given roles; null means without limit. Inlined by the planner into the query that asks.
create function reach(p_issuer text, p_subject text, p_roles smallint[])
    returns table (school_urn int, year_groups text[], class_ids uuid[], subjects text[])
    language sql stable
as $$
    select g.school_urn, g.year_groups, g.class_ids, g.subjects
    from access_grant g
    where g.issuer = p_issuer
      and g.subject = p_subject
      and g.role = any (p_roles)
      and g.valid_from <= now()
      and (g.valid_to is null or g.valid_to > now())
$$;
