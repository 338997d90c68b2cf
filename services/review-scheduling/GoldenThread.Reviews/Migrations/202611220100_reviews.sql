-- Copies of what tracking owns, filled by its events; versions are compared, so that order does not matter.
create table school (
    school_urn int primary key,
    version    bigint not null,
    name       text not null,
    phase      text not null,
    locality   text
);

-- When a school belonged to the trust; an open end means it still does.
create table school_membership (
    school_urn int not null references school,
    from_on    date not null,
    to_on      date,
    primary key (school_urn, from_on)
);

create table calendar (
    school_urn    int not null,
    academic_year text not null,
    version       bigint not null,
    primary key (school_urn, academic_year)
);

create table calendar_term (
    school_urn    int not null,
    academic_year text not null,
    position      int not null,
    name          text not null,
    from_on       date not null,
    to_on         date not null,
    primary key (school_urn, academic_year, position),
    foreign key (school_urn, academic_year) references calendar
);

create table calendar_closure (
    school_urn    int not null,
    academic_year text not null,
    closed_on     date not null,
    kind          text not null,
    primary key (school_urn, academic_year, closed_on),
    foreign key (school_urn, academic_year) references calendar
);

-- People without names: what planning needs of them.
create table person (
    person_id  uuid primary key,
    version    bigint not null,
    issuer     text,
    subject    text,
    duties     text[] not null,
    school_urn int,
    left_on    date
);
create index ix_person_sign_in on person (issuer, subject);

create table availability (
    person_id     uuid primary key references person,
    version       bigint not null,
    weekdays      smallint[] not null,
    days_per_week int not null check (days_per_week between 0 and 5),
    days_per_year int not null check (days_per_year between 0 and 260),
    half_days     boolean not null
);

create table leave (
    leave_id  uuid primary key,
    person_id uuid not null references person,
    from_on   date not null,
    to_on     date not null,
    check (to_on >= from_on)
);
create index ix_leave_person on leave (person_id, from_on);

-- The trust's engagement offer: a document that is read and written whole, every version kept.
create table offer (
    academic_year  text not null,
    version        bigint not null,
    body           jsonb not null,
    author_issuer  text not null,
    author_subject text not null,
    written_at     timestamptz not null default now(),
    constraint pk_offer primary key (academic_year, version)
);

-- Positions of the change feed are (tx, id): neither ids nor a sequence are in the order of commits.
create table school_category (
    school_urn       int not null references school,
    version          bigint not null,
    category_id      uuid not null unique,
    category         smallint not null check (category between 1 and 4),
    from_on          date not null,
    running_from     date not null,
    due_on           date,
    overdue_after    date,
    reason           text not null,
    evidence         jsonb not null,
    author_issuer    text not null,
    author_subject   text not null,
    author_person_id uuid,
    set_at           timestamptz not null default now(),
    tx               xid8 not null default pg_current_xact_id(),
    constraint pk_school_category primary key (school_urn, version)
);
create index ix_school_category_change on school_category (tx, category_id);

-- Held while a plan is published or a visit is moved: two changes of one year never pass each other.
create table planning_year (
    academic_year text primary key
);

create table plan (
    plan_id                  uuid primary key,
    academic_year            text not null,
    version                 bigint not null default 1,
    state                   smallint not null,
    seed                    int not null,
    input_hash              text not null,
    cost                    double precision not null,
    offer_version           bigint not null,
    plan_from               date not null,
    visits_owed             int not null,
    visits_placed           int not null,
    visits_unplaced         int not null,
    visits_kept             int not null,
    visits_changed          int not null,
    meetings                int not null,
    shortages               jsonb not null,
    schools_without_category int[] not null,
    author_person_id        uuid,
    made_at                 timestamptz not null default now(),
    published_at            timestamptz
);
create index ix_plan_year on plan (academic_year, plan_id desc);
create unique index uq_plan_published on plan (academic_year) where state = 2;

-- A plan's visits as they were made; what became of them is in visit.
create table planned_visit (
    plan_id         uuid not null references plan,
    school_urn      int not null,
    entitlement     text not null,
    number          int not null,
    half_days       smallint not null,
    window_from     date not null,
    window_to       date not null,
    target_week     date not null,
    on_day          date,
    duties          text[] not null,
    people          uuid[] not null,
    unplaced_reason text,
    kept            boolean not null,
    primary key (plan_id, school_urn, entitlement, number)
);

create table planned_meeting (
    plan_id     uuid not null references plan,
    school_urn  int not null,
    entitlement text not null,
    number      int not null,
    cadence     smallint not null,
    person_id   uuid,
    week        date not null,
    on_day      date,
    primary key (plan_id, school_urn, entitlement, number)
);

-- The year's visits in force.
create table visit (
    visit_id      uuid primary key,
    school_urn    int not null references school,
    academic_year text not null,
    entitlement   text not null,
    number        int not null,
    version       bigint not null default 1,
    state         smallint not null,
    half_days     smallint not null,
    window_from   date not null,
    window_to     date not null,
    target_week   date not null,
    on_day        date,
    duties        text[] not null,
    people        uuid[] not null,
    reason        text,
    tx            xid8 not null default pg_current_xact_id(),
    constraint uq_visit_entitlement unique (school_urn, academic_year, entitlement, number),
    check ((on_day is null) = (state = 1) or state = 5)
);
create index ix_visit_day on visit (on_day, visit_id);
create index ix_visit_change on visit (tx, visit_id);

create table meeting_series (
    series_id     uuid primary key,
    school_urn    int not null references school,
    academic_year text not null,
    entitlement   text not null,
    cadence       smallint not null,
    person_id     uuid,
    constraint uq_meeting_series unique (school_urn, academic_year, entitlement)
);

create table meeting (
    meeting_id uuid primary key,
    series_id  uuid not null references meeting_series,
    school_urn int not null,
    number     int not null,
    version    bigint not null default 1,
    week       date not null,
    on_day     date,
    state      smallint not null,
    reason     text,
    constraint uq_meeting_number unique (series_id, number)
);

create table finding (
    finding_id       uuid primary key,
    visit_id         uuid not null references visit,
    school_urn       int not null,
    focus_area       smallint not null,
    kind             smallint not null,
    text             text not null,
    author_person_id uuid,
    recorded_at      timestamptz not null default now()
);
create index ix_finding_visit on finding (visit_id, finding_id);

create table agreed_action (
    action_id       uuid primary key,
    version         bigint not null default 1,
    visit_id        uuid not null references visit,
    school_urn      int not null,
    text            text not null,
    owner_person_id uuid not null references person,
    due_on          date not null,
    done_on         date,
    finding_id      uuid references finding,
    tx              xid8 not null default pg_current_xact_id()
);
create index ix_agreed_action_due on agreed_action (due_on, action_id);
create index ix_agreed_action_visit on agreed_action (visit_id);
create index ix_agreed_action_change on agreed_action (tx, action_id);
