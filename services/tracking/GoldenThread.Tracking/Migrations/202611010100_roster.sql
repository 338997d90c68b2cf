-- The roster half of tracking: schools, calendars, people, grants, classes, pupils with dated facts, groups.
-- tx is the transaction that wrote a row last: with the row's key it is the position of StreamChanges.

-- UUIDv7 (RFC 9562, 5.7): 48 bits of milliseconds, then randomness. For rows that are made in sets.
create function uuid_v7() returns uuid
    language sql volatile parallel safe
as $$
    select encode(
        set_bit(set_bit(
            overlay(uuid_send(gen_random_uuid())
                placing substring(int8send((extract(epoch from clock_timestamp()) * 1000)::bigint) from 3)
                from 1 for 6),
            52, 1), 53, 1),
        'hex')::uuid
$$;

create table school (
    school_urn int primary key constraint ck_school_urn check (school_urn between 100000 and 999999),
    version    bigint not null default 1,
    laestab    text constraint ck_school_laestab check (laestab ~ '^[0-9]{7}$'),
    name       text not null,
    phase      smallint not null,
    age_from   smallint,
    age_to     smallint,
    locality   text,
    changed_at timestamptz not null default now(),
    tx         xid8 not null default pg_current_xact_id()
);
create index ix_school_tx on school (tx, school_urn);

create table school_membership (
    school_urn int not null references school,
    from_on    date not null,
    to_on      date,
    primary key (school_urn, from_on),
    check (to_on is null or to_on >= from_on)
);

-- A school that was replaced need not be in the register: figures of any year may stand under its URN.
create table school_lineage (
    school_urn      int not null references school,
    predecessor_urn int not null,
    primary key (school_urn, predecessor_urn),
    check (predecessor_urn <> school_urn)
);
create index ix_school_lineage_predecessor on school_lineage (predecessor_urn);

create table calendar (
    school_urn    int not null references school,
    academic_year text not null,
    version       bigint not null default 1,
    changed_at    timestamptz not null default now(),
    tx            xid8 not null default pg_current_xact_id(),
    primary key (school_urn, academic_year)
);
create index ix_calendar_tx on calendar (tx, school_urn, academic_year);

create table calendar_term (
    school_urn    int not null,
    academic_year text not null,
    position      smallint not null,
    name          text not null,
    from_on       date not null,
    to_on         date not null,
    primary key (school_urn, academic_year, position),
    foreign key (school_urn, academic_year) references calendar,
    check (to_on >= from_on)
);

create table calendar_closure (
    school_urn    int not null,
    academic_year text not null,
    on_day        date not null,
    kind          text not null check (kind in ('inset', 'closure')),
    name          text,
    primary key (school_urn, academic_year, on_day),
    foreign key (school_urn, academic_year) references calendar
);

create table person (
    person_id  uuid primary key,
    version    bigint not null default 1,
    name       text not null,
    duties     text[] not null,
    school_urn int references school,
    issuer     text,
    subject    text,
    left_on    date,
    changed_at timestamptz not null default now(),
    tx         xid8 not null default pg_current_xact_id(),
    constraint uq_person_sign_in unique (issuer, subject),
    check ((issuer is null) = (subject is null))
);
create index ix_person_school on person (school_urn);
create index ix_person_tx on person (tx, person_id);

-- What was given, by whom and why. What holds is in access_grant, as in every other service.
create table role_grant (
    grant_id         uuid primary key,
    version          bigint not null default 1,
    issuer           text not null,
    subject          text not null,
    role             smallint not null,
    school_urn       int references school,
    year_groups      text[],
    class_ids        uuid[],
    subjects         text[],
    valid_from       timestamptz not null,
    valid_to         timestamptz,
    reason           text not null,
    given_by_issuer  text not null,
    given_by_subject text not null,
    given_at         timestamptz not null default now(),
    ended_reason     text,
    tx               xid8 not null default pg_current_xact_id(),
    check (valid_to is null or valid_to > valid_from)
);
create index ix_role_grant_holder on role_grant (issuer, subject);
create index ix_role_grant_tx on role_grant (tx, grant_id);

create table school_class (
    class_id      uuid primary key,
    version       bigint not null default 1,
    school_urn    int not null references school,
    academic_year text not null,
    name          text not null,
    kind          text not null check (kind in ('registration', 'teaching')),
    year_groups   text[] not null,
    subject       text,
    created_at    timestamptz not null default now(),
    constraint uq_school_class_name unique (school_urn, academic_year, name)
);

create table pupil (
    pupil_id                  uuid primary key,
    version                   bigint not null default 1,
    upn                       text,
    forename                  text not null,
    surname                   text not null,
    preferred_forename        text,
    preferred_surname         text,
    born_on                   date not null,
    sex                       text not null check (sex in ('F', 'M')),
    erased                    boolean not null default false,
    created_at                timestamptz not null default now(),
    changed_at                timestamptz not null default now(),
    change_set_id             uuid not null,
    identifiers_change_set_id uuid not null,
    tx                        xid8 not null default pg_current_xact_id(),
    constraint uq_pupil_upn unique (upn)
);
create index ix_pupil_who on pupil (lower(surname), lower(forename), born_on);
create index ix_pupil_change_set on pupil (change_set_id);
create index ix_pupil_identifiers_change_set on pupil (identifiers_change_set_id);
create index ix_pupil_tx on pupil (tx, pupil_id);

create table pupil_former_upn (
    upn         text not null,
    pupil_id    uuid not null references pupil,
    recorded_at timestamptz not null default now(),
    primary key (upn, pupil_id)
);
create index ix_pupil_former_upn_pupil on pupil_former_upn (pupil_id);

create table pupil_former_name (
    pupil_id    uuid not null references pupil,
    recorded_at timestamptz not null default now(),
    forename    text not null,
    surname     text not null,
    primary key (pupil_id, recorded_at)
);

-- Dated facts keep both times: from_on and to_on say when it was so, recorded_at and superseded_at when we knew it so.
create table enrolment (
    enrolment_id  uuid primary key default uuid_v7(),
    pupil_id      uuid not null references pupil,
    school_urn    int not null references school,
    year_group    text not null,
    is_main       boolean not null,
    from_on       date not null,
    to_on         date,
    recorded_at   timestamptz not null default now(),
    superseded_at timestamptz,
    check (to_on is null or to_on >= from_on)
);
create unique index uq_enrolment_start on enrolment (pupil_id, school_urn, from_on) where superseded_at is null;
create index ix_enrolment_school on enrolment (school_urn, pupil_id) where superseded_at is null;

create table class_membership (
    membership_id uuid primary key default uuid_v7(),
    pupil_id      uuid not null references pupil,
    class_id      uuid not null references school_class,
    school_urn    int not null,
    kind          text not null,
    from_on       date not null,
    to_on         date,
    recorded_at   timestamptz not null default now(),
    superseded_at timestamptz,
    check (to_on is null or to_on >= from_on)
);
create unique index uq_class_membership_start on class_membership (pupil_id, class_id, from_on) where superseded_at is null;
create index ix_class_membership_class on class_membership (class_id, pupil_id) where superseded_at is null;

create table pupil_fact (
    fact_id       uuid primary key default uuid_v7(),
    pupil_id      uuid not null references pupil,
    fact          text not null,
    value         text not null,
    from_on       date not null,
    to_on         date,
    recorded_at   timestamptz not null default now(),
    superseded_at timestamptz,
    check (to_on is null or to_on >= from_on)
);
create unique index uq_pupil_fact_start on pupil_fact (pupil_id, fact, from_on) where superseded_at is null;
create index ix_pupil_fact_history on pupil_fact (pupil_id, from_on, fact_id);

-- Which pupils a caller may see on a day: on the roll, in a year group and a class within a grant. Inlined into the query that asks.
create function pupils_within_reach(p_issuer text, p_subject text, p_roles smallint[], p_on date)
    returns table (pupil_id uuid)
    language sql stable
as $$
    select e.pupil_id
    from enrolment e
    where e.superseded_at is null
      and e.from_on <= p_on
      and (e.to_on is null or e.to_on >= p_on)
      and exists (
          select 1
          from reach(p_issuer, p_subject, p_roles) g
          where (g.school_urn is null or g.school_urn = e.school_urn)
            and (g.year_groups is null or e.year_group = any (g.year_groups))
            and (g.class_ids is null or exists (
                select 1
                from class_membership m
                where m.pupil_id = e.pupil_id
                  and m.class_id = any (g.class_ids)
                  and m.superseded_at is null
                  and m.from_on <= p_on
                  and (m.to_on is null or m.to_on >= p_on))))
$$;

-- Definitions are kept as alternatives (clauses) of conditions that hold together, so that one statement evaluates them all.
create table group_definition (
    group_code      text not null,
    version         int not null,
    name            text not null,
    comparator_name text not null,
    sensitive       boolean not null,
    built_in        boolean not null default false,
    defined_at      timestamptz not null default now(),
    superseded_at   timestamptz,
    tx              xid8 not null default pg_current_xact_id(),
    primary key (group_code, version)
);
create unique index uq_group_definition_current on group_definition (group_code) where superseded_at is null;
create index ix_group_definition_tx on group_definition (tx, group_code);

create table group_condition (
    group_code    text not null,
    version       int not null,
    clause        smallint not null,
    position      smallint not null,
    fact          text not null,
    in_values     text[] not null default '{}',
    starting_with text[] not null default '{}',
    within_years  smallint not null default 0,
    ever          boolean not null default false,
    negated       boolean not null default false,
    primary key (group_code, version, clause, position),
    foreign key (group_code, version) references group_definition
);

create table group_membership (
    pupil_id           uuid not null references pupil,
    group_code         text not null,
    definition_version int not null,
    from_on            date not null,
    to_on              date,
    primary key (pupil_id, group_code, from_on)
);
create index ix_group_membership_group on group_membership (group_code, pupil_id);

create table roster_import (
    import_id   uuid primary key,
    issuer      text not null,
    subject     text not null,
    from_on     date not null,
    rows        int not null,
    added       int not null,
    changed     int not null,
    unchanged   int not null,
    quarantined int not null,
    imported_at timestamptz not null default now()
);

create table quarantined_row (
    row_id              uuid primary key default uuid_v7(),
    version             bigint not null default 1,
    import_id           uuid not null references roster_import,
    line                int not null,
    school_urn          int,
    from_on             date not null,
    cells               jsonb not null,
    row_hash            bytea not null,
    problems            jsonb not null,
    candidate_pupil_ids uuid[] not null default '{}',
    issuer              text not null,
    subject             text not null,
    quarantined_at      timestamptz not null default now(),
    closed_at           timestamptz,
    closed_because      text
);
-- The same bad row waits once, however often its file is sent.
create unique index uq_quarantined_row_open on quarantined_row (row_hash) where closed_at is null;
create index ix_quarantined_row_school on quarantined_row (school_urn, row_id);
create index ix_quarantined_row_closed on quarantined_row (closed_at) where closed_at is not null;

-- A person's word that somebody of this name, birthday, school and UPN (hashed) is this pupil: the same file again asks nobody again.
create table confirmed_match (
    identity_hash bytea primary key,
    pupil_id      uuid not null references pupil,
    issuer        text not null,
    subject       text not null,
    confirmed_at  timestamptz not null default now()
);
create index ix_confirmed_match_pupil on confirmed_match (pupil_id);

-- Groups that come with the product. A trust may define any of them anew.
insert into group_definition (group_code, version, name, comparator_name, sensitive, built_in)
values
    ('girls', 1, 'Girls', 'Boys', false, true),
    ('boys', 1, 'Boys', 'Girls', false, true),
    ('fsm', 1, 'Free school meals now', 'Not on free school meals', false, true),
    ('disadvantaged', 1, 'Disadvantaged', 'Not disadvantaged', false, true),
    ('sen-support', 1, 'SEN support', 'No SEN support', false, true),
    ('ehc-plan', 1, 'EHC plan', 'No EHC plan', false, true),
    ('send', 1, 'SEND', 'No SEND', false, true),
    ('eal', 1, 'English as an additional language', 'English first language', false, true),
    ('summer-born', 1, 'Summer-born (April to August)', 'Not summer-born', false, true),
    ('looked-after', 1, 'Looked after', 'Not looked after', true, true),
    ('previously-looked-after', 1, 'Previously looked after', 'Not previously looked after', true, true),
    ('lac-plac', 1, 'Looked after or previously looked after', 'Neither', true, true),
    ('ethnic-white', 1, 'White', 'Other ethnic groups', true, true),
    ('ethnic-mixed', 1, 'Mixed or multiple ethnic groups', 'Other ethnic groups', true, true),
    ('ethnic-asian', 1, 'Asian or Asian British', 'Other ethnic groups', true, true),
    ('ethnic-black', 1, 'Black, African, Caribbean or Black British', 'Other ethnic groups', true, true),
    ('ethnic-chinese', 1, 'Chinese', 'Other ethnic groups', true, true),
    ('ethnic-other', 1, 'Any other ethnic group', 'Other ethnic groups', true, true);

insert into group_condition (group_code, version, clause, position, fact, in_values, starting_with, within_years, ever, negated)
values
    ('girls', 1, 1, 1, 'sex', '{F}', '{}', 0, false, false),
    ('boys', 1, 1, 1, 'sex', '{M}', '{}', 0, false, false),
    ('fsm', 1, 1, 1, 'fsm', '{yes}', '{}', 0, false, false),
    -- DfE's list is the authority where it says anything of a pupil; what we know ourselves counts only where it is silent.
    ('disadvantaged', 1, 1, 1, 'disadvantaged', '{yes}', '{}', 0, false, false),
    ('disadvantaged', 1, 2, 1, 'fsm', '{yes}', '{}', 6, false, false),
    ('disadvantaged', 1, 2, 2, 'disadvantaged', '{}', '{}', 0, false, true),
    ('disadvantaged', 1, 3, 1, 'looked-after', '{yes}', '{}', 0, true, false),
    ('disadvantaged', 1, 3, 2, 'disadvantaged', '{}', '{}', 0, false, true),
    ('disadvantaged', 1, 4, 1, 'previously-looked-after', '{}', '{}', 0, true, false),
    ('disadvantaged', 1, 4, 2, 'disadvantaged', '{}', '{}', 0, false, true),
    ('sen-support', 1, 1, 1, 'sen', '{K}', '{}', 0, false, false),
    ('ehc-plan', 1, 1, 1, 'sen', '{E}', '{}', 0, false, false),
    ('send', 1, 1, 1, 'sen', '{K,E}', '{}', 0, false, false),
    ('eal', 1, 1, 1, 'eal', '{yes}', '{}', 0, false, false),
    ('summer-born', 1, 1, 1, 'birth-month', '{4,5,6,7,8}', '{}', 0, false, false),
    ('looked-after', 1, 1, 1, 'looked-after', '{yes}', '{}', 0, false, false),
    ('previously-looked-after', 1, 1, 1, 'previously-looked-after', '{}', '{}', 0, true, false),
    ('lac-plac', 1, 1, 1, 'looked-after', '{yes}', '{}', 0, false, false),
    ('lac-plac', 1, 2, 1, 'previously-looked-after', '{}', '{}', 0, true, false),
    -- The first letter of a DfE ethnic code is its main group, extended codes included.
    ('ethnic-white', 1, 1, 1, 'ethnicity', '{}', '{W}', 0, false, false),
    ('ethnic-mixed', 1, 1, 1, 'ethnicity', '{}', '{M}', 0, false, false),
    ('ethnic-asian', 1, 1, 1, 'ethnicity', '{}', '{A}', 0, false, false),
    ('ethnic-black', 1, 1, 1, 'ethnicity', '{}', '{B}', 0, false, false),
    ('ethnic-chinese', 1, 1, 1, 'ethnicity', '{}', '{CH}', 0, false, false),
    ('ethnic-other', 1, 1, 1, 'ethnicity', '{}', '{O}', 0, false, false);
