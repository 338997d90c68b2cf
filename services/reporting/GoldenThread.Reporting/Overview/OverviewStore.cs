using Dapper;
using Npgsql;

namespace GoldenThread.Reporting.Overview;

/// <summary>What is going on at a school, by its present URN.</summary>
internal sealed record SchoolWorkRow
{
    public required int SchoolUrn { get; init; }

    public string? Category { get; init; }

    public DateOnly? CategoryFrom { get; init; }

    public DateOnly? CategoryDueOn { get; init; }

    public DateOnly? CategoryOverdueAfter { get; init; }

    public required int OpenThreads { get; init; }

    public required int ThreadsPastReview { get; init; }

    public required int OpenThreadActions { get; init; }

    public required int OverdueThreadActions { get; init; }

    public required int OpenAgreedActions { get; init; }

    public required int OverdueAgreedActions { get; init; }

    /// <summary>Whether any visit of the year is known, of any school.</summary>
    public required bool VisitsKnown { get; init; }

    public required int VisitsOwed { get; init; }

    public required int VisitsHeld { get; init; }

    public required int VisitsPlanned { get; init; }

    public required int VisitsUnplaced { get; init; }
}

/// <summary>Pupils of a school of whom as many subjects each have the same statuses at a collection.</summary>
internal sealed record AlikePupilsRow
{
    public required int SchoolUrn { get; init; }

    /// <summary>In how many subjects each of them is stuck; and so on.</summary>
    public required int Stuck { get; init; }

    public required int SlowMoving { get; init; }

    public required int FallingBehind { get; init; }

    /// <summary>Falling behind where no fit could judge them: a decline can be seen, and nothing else.</summary>
    public required int FallingWithoutFit { get; init; }

    public required int OtherwiseJudged { get; init; }

    public required int NoData { get; init; }

    /// <summary>How many they are.</summary>
    public required int Pupils { get; init; }

    /// <summary>In how many subjects a status was expected of each.</summary>
    public int Expected => Stuck + SlowMoving + FallingBehind + FallingWithoutFit + OtherwiseJudged + NoData;
}

/// <summary>Entries that came and that were expected of a school.</summary>
internal sealed record CompletenessRow
{
    public required int SchoolUrn { get; init; }

    public required int Entries { get; init; }

    public required int Expected { get; init; }
}

/// <summary>Reads what the trust overview tells beside attainment.</summary>
internal sealed class OverviewStore(NpgsqlDataSource source)
{
    /// <summary>
    /// Category, threads, actions and visits of every school that stands. Threads on groups that are sensitive, or were since the thread was opened, and
    /// on those that nothing has been told of, count in some schools only.
    /// </summary>
    public async Task<IReadOnlyDictionary<int, SchoolWorkRow>> WorkAsync(
        string academicYear, DateOnly today, int[] withSensitiveThreads, CancellationToken ct)
    {
        const string Sql = """
            with schools as (
                select school_urn, current_urn(school_urn) as present_urn
                from (
                    select school_urn from school union select school_urn from thread union select school_urn from visit
                    union select school_urn from agreed_action union select school_urn from category_entry
                ) s
            ),
            -- A school's newest entry that has begun, as reviews have it; of schools that became one, that which began last.
            begun as (
                select distinct on (c.school_urn) c.school_urn, c.category, c.from_on, c.due_on, c.overdue_after
                from category_entry c
                where c.from_on <= @today
                order by c.school_urn, c.version desc
            ),
            category as (
                select distinct on (h.present_urn) h.present_urn, c.category, c.from_on, c.due_on, c.overdue_after
                from begun c join schools h using (school_urn)
                order by h.present_urn, c.from_on desc
            ),
            threads as (
                select h.present_urn,
                    count(*) as open,
                    count(*) filter (where t.review_on < @today) as past_review,
                    coalesce(sum(cardinality(t.open_actions_due_on)), 0) as open_actions,
                    coalesce(sum((select count(*) from unnest(t.open_actions_due_on) as due where due < @today)), 0) as overdue_actions
                from thread t join schools h using (school_urn)
                where t.state = 'open'
                  and (h.present_urn = any (@withSensitiveThreads)
                      or exists (
                          select from group_definition d
                          where d.group_code = t.group_code and not d.sensitive
                            and coalesce(t.definition_version, 1) between d.last_sensitive_version + 1 and d.definition_version))
                group by h.present_urn
            ),
            agreed as (
                select h.present_urn, count(*) as open, count(*) filter (where a.due_on < @today) as overdue
                from agreed_action a join schools h using (school_urn)
                where a.done_on is null
                group by h.present_urn
            ),
            visits as (
                select h.present_urn,
                    count(*) filter (where v.state <> 'cancelled') as owed,
                    count(*) filter (where v.state = 'held') as held,
                    count(*) filter (where v.state in ('planned', 'confirmed') and v.on_day >= @today) as planned,
                    count(*) filter (where v.state = 'unplaced') as unplaced
                from visit v join schools h using (school_urn)
                where v.academic_year = @academicYear
                group by h.present_urn
            )
            select distinct h.present_urn as school_urn,
                c.category, c.from_on as category_from, c.due_on as category_due_on, c.overdue_after as category_overdue_after,
                coalesce(t.open, 0)::int as open_threads,
                coalesce(t.past_review, 0)::int as threads_past_review,
                coalesce(t.open_actions, 0)::int as open_thread_actions,
                coalesce(t.overdue_actions, 0)::int as overdue_thread_actions,
                coalesce(a.open, 0)::int as open_agreed_actions,
                coalesce(a.overdue, 0)::int as overdue_agreed_actions,
                (select exists (select from visit where academic_year = @academicYear)) as visits_known,
                coalesce(v.owed, 0)::int as visits_owed,
                coalesce(v.held, 0)::int as visits_held,
                coalesce(v.planned, 0)::int as visits_planned,
                coalesce(v.unplaced, 0)::int as visits_unplaced
            from schools h
            left join category c using (present_urn)
            left join threads t using (present_urn)
            left join agreed a using (present_urn)
            left join visits v using (present_urn)
            """;
        await using var connection = await source.OpenConnectionAsync(ct);
        var rows = await connection.QueryAsync<SchoolWorkRow>(new CommandDefinition(Sql, new { academicYear, today, withSensitiveThreads }, cancellationToken: ct));
        return rows.ToDictionary(r => r.SchoolUrn);
    }

    /// <summary>
    /// How many pupils of some schools have which statuses at a collection, over all subjects and year groups, as tracking counts them: pupils on
    /// roll (main school) on the due day, in the subjects of the tests that the collection takes from their year group. A status counts wherever
    /// the pupil sat, unless it rests on something that was sat elsewhere once the pupil had left: that is the next school's. One that does not
    /// count or is not there is no data.
    /// </summary>
    public async Task<ILookup<int, AlikePupilsRow>> StatusesAsync(Guid collectionId, DateOnly dueOn, int[] schoolUrns, CancellationToken ct)
    {
        const string Sql = """
            -- Materialised, so that the lineage is followed once for each school, and not for each pupil.
            with schools as materialized (
                select school_urn, current_urn(school_urn) as present_urn
                from (
                    select school_urn from pupil_enrolment union select school_urn from status_summary where collection_id = @collectionId
                    union select predecessor_urn from school_lineage union select successor_urn from school_lineage
                ) s
            ),
            -- What the collection takes; where nothing has been told of its tests, what anybody of the school's year group has a status in.
            owed as (
                select distinct h.present_urn, t.subject, y.year_group
                from collection_test c join test t using (test_id) cross join unnest(c.year_groups) as y (year_group)
                cross join (select distinct present_urn from schools where present_urn = any (@schoolUrns)) h
                where c.collection_id = @collectionId
                union
                select h.present_urn, s.subject, s.year_group
                from status_summary s join schools h using (school_urn)
                where s.collection_id = @collectionId and h.present_urn = any (@schoolUrns)
                  and not exists (select from collection_test where collection_id = @collectionId)
            ),
            on_roll as (
                select distinct h.present_urn, e.year_group, e.pupil_id
                from pupil_enrolment e join schools h using (school_urn)
                where h.present_urn = any (@schoolUrns)
                  and e.is_main and e.from_on <= @dueOn and (e.to_on is null or e.to_on >= @dueOn)
            ),
            expected as (
                select distinct r.present_urn, r.pupil_id, o.subject from on_roll r join owed o using (present_urn, year_group)
            ),
            held as (
                select distinct r.present_urn, r.pupil_id, s.subject, s.fit_version,
                    case
                        -- Asked of the few who have a status from another school.
                        when h.present_urn is distinct from r.present_urn and exists (
                            select
                            from fact_result f join test t using (test_id)
                            where f.pupil_id = s.pupil_id and f.collection_id = s.collection_id and f.school_urn = s.school_urn and t.subject = s.subject
                              and not exists (
                                  select
                                  from pupil_enrolment e join schools own using (school_urn)
                                  where e.pupil_id = s.pupil_id and own.present_urn = r.present_urn and (e.to_on is null or e.to_on >= f.sat_on)))
                        then 'no-data'
                        else s.status
                    end as status
                from on_roll r
                join pupil_status s on s.pupil_id = r.pupil_id and s.collection_id = @collectionId
                left join schools h on h.school_urn = s.school_urn
            ),
            by_pupil as (
                select present_urn,
                    count(*) filter (where s.status = 'stuck') as stuck,
                    count(*) filter (where s.status = 'slow-moving') as slow_moving,
                    count(*) filter (where s.status = 'falling-behind' and s.fit_version is not null) as falling_behind,
                    count(*) filter (where s.status = 'falling-behind' and s.fit_version is null) as falling_without_fit,
                    count(*) filter (where s.status not in ('stuck', 'slow-moving', 'falling-behind', 'no-data')) as otherwise_judged,
                    count(*) filter (where coalesce(s.status, 'no-data') = 'no-data') as no_data
                from expected x full join held s using (present_urn, pupil_id, subject)
                group by present_urn, pupil_id
            )
            select present_urn as school_urn, stuck::int, slow_moving::int, falling_behind::int, falling_without_fit::int, otherwise_judged::int,
                no_data::int, count(*)::int as pupils
            from by_pupil
            group by present_urn, stuck, slow_moving, falling_behind, falling_without_fit, otherwise_judged, no_data
            """;
        await using var connection = await source.OpenConnectionAsync(ct);
        var rows = await connection.QueryAsync<AlikePupilsRow>(new CommandDefinition(Sql, new { collectionId, dueOn, schoolUrns }, cancellationToken: ct));
        return rows.ToLookup(r => r.SchoolUrn);
    }

    /// <summary>
    /// Entries expected of some schools, and how many of these came, as assessment counts them: one of every pupil on roll (main school) on the
    /// due day in each test that the collection takes from the year group, wherever it was sat. Where nothing has been told of the collection's
    /// tests, one in each subject that anybody of the year group has a result in.
    /// </summary>
    public async Task<IReadOnlyDictionary<int, CompletenessRow>> CompletenessAsync(
        Guid collectionId, DateOnly dueOn, int[] schoolUrns, CancellationToken ct)
    {
        const string Sql = """
            with owed as (
                select dense_rank() over (order by c.test_id) as entry, c.test_id, y.year_group
                from collection_test c cross join unnest(c.year_groups) as y (year_group)
                where c.collection_id = @collectionId
                union all
                select dense_rank() over (order by t.subject), t.test_id, a.year_group
                from (select distinct subject, year_group from attainment_summary where collection_id = @collectionId and group_code = '') a
                join test t using (subject)
                where not exists (select from collection_test where collection_id = @collectionId)
            ),
            -- Materialised, so that the lineage is followed once for each school, and not for each pupil.
            schools as materialized (
                select school_urn, current_urn(school_urn) as present_urn from (select distinct school_urn from pupil_enrolment) s
            ),
            on_roll as (
                select distinct on (h.present_urn, e.pupil_id) h.present_urn, e.pupil_id, e.year_group
                from pupil_enrolment e join schools h using (school_urn)
                where h.present_urn = any (@schoolUrns)
                  and e.is_main and e.from_on <= @dueOn and (e.to_on is null or e.to_on >= @dueOn)
                order by h.present_urn, e.pupil_id, e.from_on desc
            ),
            expected as (
                select r.present_urn, sum(r.pupils * o.entries) as entries
                from (select present_urn, year_group, count(*) as pupils from on_roll group by present_urn, year_group) r
                join (select year_group, count(distinct entry) as entries from owed group by year_group) o using (year_group)
                group by r.present_urn
            ),
            came as (
                select present_urn, count(*) as entries
                from (
                    select distinct r.present_urn, r.pupil_id, o.entry
                    from on_roll r
                    join fact_result f on f.pupil_id = r.pupil_id and f.collection_id = @collectionId
                    join owed o on o.test_id = f.test_id and o.year_group = r.year_group
                ) e
                group by present_urn
            )
            select x.present_urn as school_urn, coalesce(c.entries, 0)::int as entries, x.entries::int as expected
            from expected x left join came c using (present_urn)
            """;
        await using var connection = await source.OpenConnectionAsync(ct);
        var rows = await connection.QueryAsync<CompletenessRow>(
            new CommandDefinition(Sql, new { collectionId, dueOn, schoolUrns }, cancellationToken: ct));
        return rows.ToDictionary(r => r.SchoolUrn);
    }
}
