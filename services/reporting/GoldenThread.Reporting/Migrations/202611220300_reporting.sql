-- Read models. Everything here is a copy of what events told, or a sum of it; names and dates of birth are in tracking only.

-- Schools -----------------------------------------------------------------------------------------------------------------------------
create table school (
    school_urn int primary key,
    version    bigint not null,
    name       text not null,
    laestab    text,
    phase      text not null
);

create table school_membership (
    school_urn int not null references school,
    from_on    date not null,
    to_on      date,
    primary key (school_urn, from_on)
);

-- predecessor → successor; chains are followed by current_urn.
create table school_lineage (
    predecessor_urn int not null,
    successor_urn   int not null,
    primary key (predecessor_urn, successor_urn)
);
create index ix_school_lineage_successor on school_lineage (successor_urn);

-- The URN that stands at the end of a school's lineage today. A URN that nothing replaced is its own.
create function current_urn(p_school_urn int) returns int
    language sql stable
as $$
    with recursive chain as (
        select p_school_urn as urn, 0 as depth
        union all
        select l.successor_urn, c.depth + 1 from chain c join school_lineage l on l.predecessor_urn = c.urn where c.depth < 20
    )
    select urn from chain order by depth desc, urn desc limit 1
$$;

-- Pupils without identity -------------------------------------------------------------------------------------------------------------
-- version 0: a result or a status named the pupil before the roster did.
create table pupil (
    pupil_id uuid primary key,
    version  bigint not null,
    erased   boolean not null default false
);

create table pupil_enrolment (
    school_urn int not null,
    pupil_id   uuid not null,
    from_on    date not null,
    to_on      date,
    is_main    boolean not null,
    year_group text not null,
    primary key (school_urn, pupil_id, from_on)
);
create index ix_pupil_enrolment_pupil on pupil_enrolment (pupil_id);

create table pupil_class (
    pupil_id uuid not null,
    class_id uuid not null,
    from_on  date not null,
    to_on    date,
    primary key (pupil_id, class_id, from_on)
);

create table pupil_group (
    pupil_id           uuid not null,
    group_code         text not null,
    from_on            date not null,
    to_on              date,
    definition_version int not null,
    primary key (pupil_id, group_code, from_on)
);

create table group_definition (
    group_code         text primary key,
    definition_version int not null,
    name               text not null,
    comparator_name    text not null
);

-- Results -----------------------------------------------------------------------------------------------------------------------------
create table collection (
    collection_id uuid primary key,
    version       bigint not null,
    name          text not null,
    academic_year text not null,
    opens_on      date not null,
    due_on        date not null,
    locks_on      date not null,
    locked_at     timestamptz
);

create table test (
    test_id       uuid primary key,
    version       bigint not null,
    name          text not null,
    subject       text not null,
    scale         text not null,
    expected_from numeric
);

create table test_code (
    test_id           uuid not null references test,
    code              text not null,
    counts_as_not_met boolean not null,
    primary key (test_id, code)
);

-- The latest version of every result.
create table fact_result (
    school_urn    int not null,
    result_id     uuid not null,
    version       int not null,
    pupil_id      uuid not null,
    test_id       uuid not null,
    collection_id uuid not null,
    year_group    text not null,
    sat_on        date not null,
    score         numeric,
    code          text,
    recorded_at   timestamptz not null,
    primary key (school_urn, result_id)
);
create index ix_fact_result_cell on fact_result (collection_id, school_urn, year_group, test_id);
create index ix_fact_result_pupil on fact_result (pupil_id, collection_id);
create index ix_fact_result_test on fact_result (test_id);

-- One row per sum that is kept; consumers take it in order before they work the sum out anew, so that none is lost.
create table summary_cell (
    kind          text not null,
    collection_id uuid not null,
    school_urn    int not null,
    year_group    text not null,
    subject       text not null,
    primary key (kind, collection_id, school_urn, year_group, subject)
);

-- Sums of a cohort ('' in group_code) and of each group in it, by membership on the day of the sitting. The rest is cohort minus group.
create table attainment_summary (
    school_urn    int not null,
    collection_id uuid not null,
    subject       text not null,
    year_group    text not null,
    group_code    text not null,
    n             int not null,
    n_met         int not null,
    n_excluded    int not null,
    n_scored      int not null,
    sum_score     numeric not null,
    sum_square    numeric not null,
    scale         text not null,
    mixed_scales  boolean not null,
    has_expected  boolean not null,
    primary key (school_urn, collection_id, subject, year_group, group_code)
);
create index ix_attainment_summary_collection on attainment_summary (collection_id, subject);

-- Works one or more cells out anew from the facts. A pupil counts once per cell, by the latest sitting; a pupil that the roster has not
-- told of, or that was erased, is not counted.
create function recompute_attainment(
    p_collections uuid[], p_schools int[], p_years text[], p_subjects text[]) returns void
    language sql
as $$
    delete from attainment_summary s
    using unnest(p_collections, p_schools, p_years, p_subjects) as c (collection_id, school_urn, year_group, subject)
    where s.school_urn = c.school_urn and s.collection_id = c.collection_id and s.subject = c.subject and s.year_group = c.year_group;

    insert into attainment_summary (
        school_urn, collection_id, subject, year_group, group_code,
        n, n_met, n_excluded, n_scored, sum_score, sum_square, scale, mixed_scales, has_expected)
    with counted as (
        select distinct on (c.collection_id, c.school_urn, c.year_group, c.subject, f.pupil_id)
            c.collection_id, c.school_urn, c.year_group, c.subject, f.pupil_id, f.sat_on, f.score, f.code, f.test_id, t.scale, t.expected_from
        from unnest(p_collections, p_schools, p_years, p_subjects) as c (collection_id, school_urn, year_group, subject)
        join test t on t.subject = c.subject
        join fact_result f
          on f.collection_id = c.collection_id and f.school_urn = c.school_urn and f.year_group = c.year_group and f.test_id = t.test_id
        join pupil p on p.pupil_id = f.pupil_id and p.version > 0 and not p.erased
        order by c.collection_id, c.school_urn, c.year_group, c.subject, f.pupil_id, f.sat_on desc, f.recorded_at desc, f.result_id desc
    ),
    judged as (
        select r.*,
            r.score is not null or coalesce(k.counts_as_not_met, false) as in_denominator
        from counted r
        left join test_code k on k.test_id = r.test_id and k.code = r.code
    ),
    parts as (
        select j.*, '' as group_code from judged j
        union all
        select j.*, g.group_code
        from judged j
        join lateral (
            select distinct m.group_code from pupil_group m
            where m.pupil_id = j.pupil_id and m.from_on <= j.sat_on and (m.to_on is null or m.to_on >= j.sat_on)
        ) g on true
    )
    select
        school_urn, collection_id, subject, year_group, group_code,
        count(*) filter (where in_denominator),
        count(*) filter (where score >= expected_from),
        count(*) filter (where not in_denominator),
        count(score),
        coalesce(sum(score), 0),
        coalesce(sum(score * score), 0),
        coalesce(min(scale) filter (where score is not null), ''),
        coalesce(min(scale) filter (where score is not null) <> max(scale) filter (where score is not null), false),
        bool_and(expected_from is not null)
    from parts
    group by school_urn, collection_id, subject, year_group, group_code;
$$;

-- Progress ----------------------------------------------------------------------------------------------------------------------------
create table pupil_status (
    school_urn    int not null,
    pupil_id      uuid not null,
    subject       text not null,
    collection_id uuid not null,
    version       bigint not null,
    year_group    text not null,
    status        text not null,
    fit_version   int,
    primary key (school_urn, pupil_id, subject, collection_id),
    constraint uq_pupil_status unique (pupil_id, subject, collection_id)
);
create index ix_pupil_status_cell on pupil_status (collection_id, school_urn, year_group, subject);

create table status_summary (
    school_urn    int not null,
    collection_id uuid not null,
    subject       text not null,
    year_group    text not null,
    status        text not null,
    n             int not null,
    primary key (school_urn, collection_id, subject, year_group, status)
);
create index ix_status_summary_collection on status_summary (collection_id);

create function recompute_statuses(
    p_collections uuid[], p_schools int[], p_years text[], p_subjects text[]) returns void
    language sql
as $$
    delete from status_summary s
    using unnest(p_collections, p_schools, p_years, p_subjects) as c (collection_id, school_urn, year_group, subject)
    where s.school_urn = c.school_urn and s.collection_id = c.collection_id and s.subject = c.subject and s.year_group = c.year_group;

    insert into status_summary (school_urn, collection_id, subject, year_group, status, n)
    select c.school_urn, c.collection_id, c.subject, c.year_group, s.status, count(*)
    from unnest(p_collections, p_schools, p_years, p_subjects) as c (collection_id, school_urn, year_group, subject)
    join pupil_status s
      on s.collection_id = c.collection_id and s.school_urn = c.school_urn and s.year_group = c.year_group and s.subject = c.subject
    group by c.school_urn, c.collection_id, c.subject, c.year_group, s.status;
$$;

-- Threads, categories, visits, agreed actions -----------------------------------------------------------------------------------------
create table thread (
    school_urn           int not null,
    thread_id            uuid not null,
    version              bigint not null,
    group_code           text not null,
    subject              text not null,
    state                text not null,
    review_on            date not null,
    open_actions_due_on  date[] not null,
    actions_done         int not null,
    primary key (school_urn, thread_id)
);

create table school_category (
    school_urn    int primary key,
    version       bigint not null,
    category      text not null,
    from_on       date not null,
    due_on        date,
    overdue_after date
);

create table visit (
    school_urn    int not null,
    visit_id      uuid not null,
    version       bigint not null,
    academic_year text not null,
    entitlement   text not null,
    state         text not null,
    on_day        date,
    primary key (school_urn, visit_id)
);

create table agreed_action (
    school_urn int not null,
    action_id  uuid not null,
    version    bigint not null,
    visit_id   uuid not null,
    due_on     date not null,
    done_on    date,
    primary key (school_urn, action_id)
);

-- Published figures -------------------------------------------------------------------------------------------------------------------
create table benchmark_mapping (
    mapping_id text primary key,
    document   jsonb not null,
    set_at     timestamptz not null default now()
);

create table benchmark (
    geography            smallint not null,
    area                 text not null,
    measure              text not null,
    breakdown            text not null,
    academic_year_ending int not null,
    release              text not null,
    area_name            text not null,
    value                numeric,
    low                  numeric,
    high                 numeric,
    withheld             text,
    unit                 text not null,
    source               text not null,
    pupils               int,
    national_sd          double precision,
    pack                 text not null,
    primary key (geography, area, measure, breakdown, academic_year_ending, release),
    constraint ck_benchmark_shown check ((value is null) <> (withheld is null))
);
create index ix_benchmark_measure on benchmark (measure, breakdown, academic_year_ending);

-- Which measure stands beside which figure of ours. Data: a trust that uses other codes corrects it.
create table benchmark_use (
    measure    text not null,
    subject    text not null,
    year_group text not null,
    shows      text not null,
    scale      text,
    primary key (subject, year_group, shows),
    constraint ck_benchmark_use_shows check (shows in ('percent_met', 'mean_score'))
);
insert into benchmark_use (measure, subject, year_group, shows, scale) values
    ('ks2_reading_expected', 'reading', '6', 'percent_met', null),
    ('ks2_writing_ta_expected', 'writing', '6', 'percent_met', null),
    ('ks2_maths_expected', 'maths', '6', 'percent_met', null),
    ('ks2_maths_expected', 'mathematics', '6', 'percent_met', null),
    ('ks2_gps_expected', 'gps', '6', 'percent_met', null),
    ('ks2_rwm_expected', 'rwm', '6', 'percent_met', null),
    ('phonics_y1_expected', 'phonics', '1', 'percent_met', null),
    ('eyfs_gld', 'gld', 'R', 'percent_met', null),
    ('ks2_reading_mean_scaled', 'reading', '6', 'mean_score', 'scaled'),
    ('ks2_maths_mean_scaled', 'maths', '6', 'mean_score', 'scaled'),
    ('ks2_maths_mean_scaled', 'mathematics', '6', 'mean_score', 'scaled'),
    ('ks2_gps_mean_scaled', 'gps', '6', 'mean_score', 'scaled'),
    ('mtc_mean_score', 'multiplication-tables', '4', 'mean_score', null);

-- The same group nationally, and others nationally. Data as well.
create table benchmark_group (
    group_code       text primary key,
    same_group       text not null,
    others           text
);
insert into benchmark_group (group_code, same_group, others) values
    ('disadvantaged', 'disadvantaged=yes', 'disadvantaged=no'),
    ('girls', 'sex=girl', 'sex=boy'),
    ('boys', 'sex=boy', 'sex=girl'),
    ('sex-f', 'sex=girl', 'sex=boy'),
    ('sex-m', 'sex=boy', 'sex=girl'),
    ('sen-support', 'sen=support', 'sen=none'),
    ('ehc-plan', 'sen=ehcp', 'sen=none');

-- Years and measures that must not be compared without a word.
create table comparability_break (
    measure_prefix text not null,
    last_before    int not null,
    first_after    int not null,
    words          text not null,
    primary key (measure_prefix, last_before)
);
insert into comparability_break (measure_prefix, last_before, first_after, words) values
    ('ks2_rwm', 2017, 2018, 'The writing framework changed in 2018: reading, writing and maths combined for 2016 and 2017 do not compare with later years.'),
    ('ks2_writing', 2017, 2018, 'The writing framework changed in 2018: writing for 2016 and 2017 does not compare with later years.'),
    ('ks2_', 2019, 2022, 'There were no tests in 2020 and 2021: compare across these years with care.'),
    ('phonics_', 2019, 2022, 'There was no check in 2020 and 2021: compare across these years with care.'),
    ('eyfs_', 2019, 2022, 'The early years profile changed in 2022 and was not collected in 2020 and 2021: earlier years do not compare.');
