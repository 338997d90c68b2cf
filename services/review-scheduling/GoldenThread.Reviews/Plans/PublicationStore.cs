using Dapper;
using GoldenThread.Reviews.Plans.Planning;
using GoldenThread.ServiceDefaults;

namespace GoldenThread.Reviews.Plans;

/// <summary>A visit that publishing changed.</summary>
internal sealed record ChangedVisit
{
    public required Guid VisitId { get; init; }

    public required long Version { get; init; }

    public required int SchoolUrn { get; init; }

    public required string AcademicYear { get; init; }

    public required string Entitlement { get; init; }

    public required short State { get; init; }

    public DateOnly? OnDay { get; init; }
}

/// <summary>Turns a plan into the year's visits and meetings: only what differs is written.</summary>
internal static class PublicationStore
{
    /// <summary>Visits as the plan has them; those that are kept stay untouched, those that were withdrawn and are owed again come back.</summary>
    public static async Task<IReadOnlyList<ChangedVisit>> WriteVisitsAsync(Work work, PlanRecord plan, YearPlan content, CancellationToken ct)
    {
        const string Sql = """
            insert into visit as known
                (visit_id, school_urn, academic_year, entitlement, number, state, half_days, window_from, window_to, target_week, on_day,
                 duties, people, reason)
            select k.visit_id, p.school_urn, @AcademicYear, p.entitlement, p.number, case when p.on_day is null then 1 else 2 end, p.half_days,
                   p.window_from, p.window_to, p.target_week, p.on_day, p.duties, p.people, p.unplaced_reason
            from planned_visit p
            join unnest(@Ids, @Urns, @Entitlements, @Numbers) as k(visit_id, school_urn, entitlement, number)
              on (k.school_urn, k.entitlement, k.number) = (p.school_urn, p.entitlement, p.number)
            where p.plan_id = @PlanId and not p.kept
            on conflict on constraint uq_visit_entitlement do update
            set version = known.version + 1, tx = pg_current_xact_id(), state = excluded.state, half_days = excluded.half_days,
                window_from = excluded.window_from, window_to = excluded.window_to, target_week = excluded.target_week,
                on_day = excluded.on_day, duties = excluded.duties, people = excluded.people, reason = excluded.reason, withdrawn = false
            where known.withdrawn
               or (known.state in (1, 2)
                   and (known.on_day, known.people, known.duties, known.half_days, known.reason)
                       is distinct from (excluded.on_day, excluded.people, excluded.duties, excluded.half_days, excluded.reason))
            returning visit_id, version, school_urn, academic_year, entitlement, state, on_day
            """;
        var placed = content.Visits.Where(v => !v.Kept).ToList();
        return (await work.Connection.QueryAsync<ChangedVisit>(work.Command(Sql, new
        {
            plan.PlanId,
            plan.AcademicYear,
            Ids = placed.Select(_ => Guid.CreateVersion7()).ToArray(),
            Urns = placed.Select(v => v.SchoolUrn).ToArray(),
            Entitlements = placed.Select(v => v.Entitlement).ToArray(),
            Numbers = placed.Select(v => v.Number).ToArray(),
        }, ct))).AsList();
    }

    /// <summary>
    /// Withdraws visits that are no longer owed, because the category or the offer changed; those that are kept stay. They are cancelled,
    /// but not by hand: a later plan may owe them again.
    /// </summary>
    public static async Task<IReadOnlyList<ChangedVisit>> WithdrawTheRestAsync(Work work, PlanRecord plan, CancellationToken ct)
    {
        const string Sql = """
            update visit v
            set state = 5, withdrawn = true, version = v.version + 1, tx = pg_current_xact_id(),
                reason = 'No longer owed by the offer to the school''s category.'
            where v.academic_year = @AcademicYear
              and v.state in (1, 2)
              and not exists (
                  select 1 from planned_visit p
                  where p.plan_id = @PlanId
                    and (p.school_urn, p.entitlement, p.number) = (v.school_urn, v.entitlement, v.number))
            returning v.visit_id, v.version, v.school_urn, v.academic_year, v.entitlement, v.state, v.on_day
            """;
        return (await work.Connection.QueryAsync<ChangedVisit>(work.Command(Sql, new { plan.PlanId, plan.AcademicYear }, ct))).AsList();
    }

    /// <summary>
    /// Series and meetings as the plan has them; what was held or cancelled, and what lies before the plan, stays: the plan gives its
    /// numbers to no other meeting. A series of which dates lack shows up to which day all that is owed is counted.
    /// </summary>
    public static Task WriteMeetingsAsync(Work work, PlanRecord plan, YearPlan content, CancellationToken ct)
    {
        const string Sql = """
            insert into meeting_series as known (series_id, school_urn, academic_year, entitlement, cadence, person_id)
            select k.series_id, p.school_urn, @AcademicYear, p.entitlement, p.cadence, p.person_id
            from (select distinct school_urn, entitlement, cadence, person_id from planned_meeting where plan_id = @PlanId) p
            join unnest(@SeriesIds, @SeriesUrns, @SeriesEntitlements) as k(series_id, school_urn, entitlement)
              on (k.school_urn, k.entitlement) = (p.school_urn, p.entitlement)
            on conflict on constraint uq_meeting_series do update set cadence = excluded.cadence, person_id = excluded.person_id;

            update meeting_series s
            set owed_known_until = (
                select k.known_until from unnest(@KnownUrns, @KnownEntitlements, @KnownUntil) as k(school_urn, entitlement, known_until)
                where (k.school_urn, k.entitlement) = (s.school_urn, s.entitlement))
            where s.academic_year = @AcademicYear;

            delete from meeting m
            using meeting_series s
            where s.series_id = m.series_id and s.academic_year = @AcademicYear and m.state = 1 and coalesce(m.on_day, m.week + 4) >= @PlanFrom
              and not exists (
                  select 1 from planned_meeting p
                  where p.plan_id = @PlanId and (p.school_urn, p.entitlement, p.number) = (s.school_urn, s.entitlement, m.number));

            insert into meeting as known (meeting_id, series_id, school_urn, number, week, on_day, state)
            select k.meeting_id, s.series_id, p.school_urn, p.number, p.week, p.on_day, 1
            from planned_meeting p
            join meeting_series s on (s.school_urn, s.academic_year, s.entitlement) = (p.school_urn, @AcademicYear, p.entitlement)
            join unnest(@Ids, @Urns, @Entitlements, @Numbers) as k(meeting_id, school_urn, entitlement, number)
              on (k.school_urn, k.entitlement, k.number) = (p.school_urn, p.entitlement, p.number)
            where p.plan_id = @PlanId
            on conflict on constraint uq_meeting_number do update
            set version = known.version + 1, week = excluded.week, on_day = excluded.on_day
            where known.state = 1 and (known.week, known.on_day) is distinct from (excluded.week, excluded.on_day);

            delete from meeting_series s
            where s.academic_year = @AcademicYear and not exists (select 1 from meeting m where m.series_id = s.series_id)
            """;
        var series = content.Meetings.Select(m => (m.SchoolUrn, m.Entitlement)).Distinct().ToList();
        return work.Connection.ExecuteAsync(work.Command(Sql, new
        {
            plan.PlanId,
            plan.AcademicYear,
            plan.PlanFrom,
            SeriesIds = series.Select(_ => Guid.CreateVersion7()).ToArray(),
            SeriesUrns = series.Select(s => s.SchoolUrn).ToArray(),
            SeriesEntitlements = series.Select(s => s.Entitlement).ToArray(),
            KnownUrns = content.IncompleteSeries.Select(s => s.SchoolUrn).ToArray(),
            KnownEntitlements = content.IncompleteSeries.Select(s => s.Entitlement).ToArray(),
            KnownUntil = content.IncompleteSeries.Select(s => s.KnownUntil).ToArray(),
            Ids = content.Meetings.Select(_ => Guid.CreateVersion7()).ToArray(),
            Urns = content.Meetings.Select(m => m.SchoolUrn).ToArray(),
            Entitlements = content.Meetings.Select(m => m.Entitlement).ToArray(),
            Numbers = content.Meetings.Select(m => m.Number).ToArray(),
        }, ct));
    }
}
