-- Definitions: what is tested, on which scale, in which window.

create table subject (
    code    text primary key,
    name    text not null,
    version bigint not null default 1
);

create table scale (
    code               text primary key,
    name               text not null,
    kind               smallint not null,
    lowest_score       numeric not null,
    highest_score      numeric not null,
    decimals           smallint not null,
    mean               numeric,
    standard_deviation numeric,
    version            bigint not null default 1,
    constraint ck_scale_range check (lowest_score < highest_score)
);

create table scale_code (
    scale             text not null references scale,
    code              text not null,
    ordinal           smallint not null,
    meaning           text not null,
    counts_as_not_met boolean not null,
    primary key (scale, code)
);

create table test (
    test_id       uuid primary key,
    name          text not null constraint uq_test_name unique,
    subject       text not null constraint fk_test_subject references subject,
    scale         text not null constraint fk_test_scale references scale,
    reliability   numeric,
    expected_from numeric,
    year_groups   text[] not null,
    version       bigint not null default 1,
    -- The transaction that last changed it: the order in which rebuilds read.
    tx            xid8 not null default pg_current_xact_id()
);
create index ix_test_tx on test (tx, test_id);

create table test_band (
    test_id    uuid not null references test,
    ordinal    smallint not null,
    name       text not null,
    from_score numeric not null,
    is_low     boolean not null,
    primary key (test_id, ordinal)
);

create table collection (
    collection_id uuid primary key,
    name          text not null constraint uq_collection_name unique,
    academic_year text not null,
    -- First and last day of the academic year: a sitting lies between them.
    year_from     date not null,
    year_to       date not null,
    opens_on      date not null,
    due_on        date not null,
    locks_on      date not null,
    locked_at     timestamptz,
    version       bigint not null default 1,
    tx            xid8 not null default pg_current_xact_id()
);
create index ix_collection_tx on collection (tx, collection_id);
create index ix_collection_opens_on on collection (opens_on desc, collection_id);

create table collection_test (
    collection_id uuid not null references collection,
    test_id       uuid not null constraint fk_collection_test references test,
    ordinal       smallint not null,
    year_groups   text[] not null,
    primary key (collection_id, test_id)
);

-- What assessment knows of pupils: copies, told by tracking. No name and no date of birth.

create table pupil (
    pupil_id uuid primary key,
    version  bigint not null,
    erased   boolean not null
);

-- Rows of a pupil at one school never overlap, nor do those of main schools: the copy is cleaned as it comes in.
create table pupil_enrolment (
    pupil_id   uuid not null,
    school_urn int not null,
    from_on    date not null,
    to_on      date,
    is_main    boolean not null,
    year_group text not null,
    primary key (pupil_id, school_urn, from_on)
);
create index ix_pupil_enrolment_school on pupil_enrolment (school_urn, from_on);

create table pupil_class (
    pupil_id uuid not null,
    class_id uuid not null,
    from_on  date not null,
    to_on    date,
    primary key (pupil_id, class_id, from_on)
);

create table pupil_identity (
    pupil_id uuid primary key,
    version  bigint not null
);

-- Whom a UPN names; nobody where two pupils had it before.
create table pupil_upn (
    upn       text primary key,
    pupil_id  uuid,
    is_former boolean not null
);
create index ix_pupil_upn_pupil on pupil_upn (pupil_id);

-- Results. A change set is what one call or one file recorded: who, when, how many. Rebuilds read change sets in the order of commit.
create table change_set (
    change_set_id uuid primary key,
    tx            xid8 not null default pg_current_xact_id(),
    recorded_at   timestamptz not null,
    issuer        text not null,
    subject       text not null,
    result_count  int not null
);
create index ix_change_set_tx on change_set (tx, change_set_id);

-- The version of each result that stands. Tests, collections and pupils are never deleted and every row comes from a statement that joins
-- them, so there is no foreign key to pay for on each of a million rows.
create table result (
    school_urn    int not null,
    result_id     uuid not null,
    pupil_id      uuid not null,
    test_id       uuid not null,
    collection_id uuid not null,
    sitting       date not null,
    source        text not null,
    year_group    text not null,
    score         numeric,
    code          text,
    version       int not null,
    recorded_at   timestamptz not null,
    change_set_id uuid not null,
    constraint pk_result primary key (school_urn, result_id),
    -- The natural key (school, source, pupil, test, sitting), the pupil first: the same index reads a pupil's results.
    constraint uq_result_key unique (pupil_id, school_urn, test_id, sitting, source),
    constraint ck_result_outcome check ((score is null) <> (code is null))
);
create index ix_result_change_set on result (change_set_id);

-- The versions that stood before.
create table result_version (
    school_urn    int not null,
    result_id     uuid not null,
    version       int not null,
    pupil_id      uuid not null,
    test_id       uuid not null,
    collection_id uuid not null,
    sitting       date not null,
    source        text not null,
    year_group    text not null,
    score         numeric,
    code          text,
    recorded_at   timestamptz not null,
    change_set_id uuid not null,
    superseded_at timestamptz not null,
    constraint pk_result_version primary key (school_urn, result_id, version)
);
create index ix_result_version_pupil on result_version (pupil_id);
create index ix_result_version_change_set on result_version (change_set_id);

-- Files, and the rows of them that wait.
create table result_import (
    import_id         uuid primary key,
    collection_id     uuid not null references collection,
    -- In whose name, and in which roles: rows that are tried again later reach no further than they did.
    issuer            text not null,
    subject           text not null,
    roles             smallint[] not null,
    source            text not null,
    row_count         int not null,
    new_count         int not null,
    changed_count     int not null,
    unchanged_count   int not null,
    quarantined_count int not null,
    imported_at       timestamptz not null
);

create table quarantined_row (
    quarantined_row_id uuid primary key,
    import_id          uuid not null references result_import,
    collection_id      uuid not null,
    line               int not null,
    state              smallint not null default 1,
    reason             text not null,
    detail             text not null,
    -- As the file gave them.
    upn                text not null,
    pupil_id           text not null,
    school_urn         text not null,
    subject            text not null,
    test               text not null,
    sat_on             text not null,
    score              text not null,
    code               text not null,
    -- The school as a number where it can be read: who may see the row.
    school             int,
    -- Hash of the values: the same row waits once.
    fingerprint        bytea not null,
    version            bigint not null default 1,
    quarantined_at     timestamptz not null,
    closed_at          timestamptz,
    asked_at           timestamptz
);
create unique index uq_quarantined_row_open on quarantined_row (collection_id, fingerprint) where state = 1;
create index ix_quarantined_row_import on quarantined_row (import_id, line);
create index ix_quarantined_row_unknown_upn on quarantined_row (upn) where state = 1 and reason = 'PUPIL_NOT_YET_KNOWN';
create index ix_quarantined_row_unknown_pupil on quarantined_row (pupil_id) where state = 1 and reason = 'PUPIL_NOT_YET_KNOWN';
create index ix_quarantined_row_closed_at on quarantined_row (closed_at) where closed_at is not null;
