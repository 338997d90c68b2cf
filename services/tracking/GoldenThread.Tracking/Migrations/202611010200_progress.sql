-- What tracking keeps of assessment's facts, and what it concludes from them.

create table collection_copy (
    collection_id uuid primary key,
    version       bigint not null,
    name          text not null,
    academic_year text not null,
    due_on        date not null,
    locked_at     timestamptz
);

create table test_copy (
    test_id       uuid primary key,
    version       bigint not null,
    subject       text not null,
    scale         text not null,
    mean          numeric,
    sd            numeric,
    reliability   numeric,
    expected_from numeric,
    -- Bands from low to high: [{"name": …, "from": …, "isLow": …}]; codes: [{"code": …, "countsAsNotMet": …}].
    bands         jsonb not null,
    codes         jsonb not null
);
create index ix_test_copy_subject on test_copy (subject);

-- The latest version known of each result. The key leads with the school.
create table result_copy (
    school_urn    int not null,
    result_id     uuid not null,
    version       int not null,
    pupil_id      uuid not null,
    test_id       uuid not null,
    collection_id uuid not null,
    sat_on        date not null,
    year_group    text not null,
    score         numeric,
    code          text,
    recorded_at   timestamptz not null,
    primary key (school_urn, result_id)
);
create index ix_result_copy_pupil on result_copy (pupil_id);
create index ix_result_copy_collection on result_copy (collection_id, test_id);

-- Frozen prior-score regressions: one more version each time a collection locks.
create table prior_score_fit (
    prior_test_id   uuid not null,
    current_test_id uuid not null,
    year_group      text not null,
    version         int not null,
    n               int not null,
    slope           double precision not null,
    intercept       double precision not null,
    residual_sd     double precision not null,
    prior_mean      double precision not null,
    prior_sd        double precision not null,
    prior_reliability double precision not null,
    current_mean    double precision not null,
    current_sd      double precision not null,
    current_reliability double precision not null,
    collection_id   uuid not null,
    fitted_at       timestamptz not null,
    primary key (prior_test_id, current_test_id, year_group, version)
);

create table progress_status (
    pupil_id       uuid not null,
    subject        text not null,
    collection_id  uuid not null,
    version        bigint not null,
    school_urn     int not null,
    year_group     text not null,
    status         smallint not null,
    reason         text,
    band           text,
    residual       double precision,
    residual_low   double precision,
    residual_high  double precision,
    points_spanned smallint not null,
    fit_version    int,
    change_set_id  uuid not null,
    judged_at      timestamptz not null,
    primary key (pupil_id, subject, collection_id)
);
create index ix_progress_status_school on progress_status (school_urn, collection_id, subject);
create index ix_progress_status_change_set on progress_status (change_set_id);

create table thread (
    thread_id        uuid primary key,
    school_urn       int not null,
    version          bigint not null,
    group_code       text not null,
    subject          text not null,
    year_group       text,
    collection_id    uuid not null,
    gap              bytea not null,
    objective        text not null,
    owner_person_id  uuid not null,
    review_on        date not null,
    target_pupil_ids uuid[] not null,
    state            smallint not null,
    outcome          text,
    opened_at        timestamptz not null
);
create index ix_thread_school on thread (school_urn, thread_id);

create table thread_action (
    action_id       uuid primary key,
    thread_id       uuid not null references thread (thread_id),
    what            text not null,
    owner_person_id uuid not null,
    due_on          date not null,
    state           smallint not null,
    settled_on      date,
    note            text
);
create index ix_thread_action_thread on thread_action (thread_id);
