using Dapper;
using GoldenThread.Reviews.Offers;
using GoldenThread.Reviews.Plans.Planning;
using GoldenThread.ServiceDefaults;
using Npgsql;

namespace GoldenThread.Reviews.Plans;

/// <summary>A planned or a standing meeting as it is kept.</summary>
internal sealed record PlannedMeetingRow
{
    public required int SchoolUrn { get; init; }

    public required string Entitlement { get; init; }

    public required int Number { get; init; }

    public required short Cadence { get; init; }

    public Guid? PersonId { get; init; }

    public required DateOnly Week { get; init; }

    public DateOnly? OnDay { get; init; }

    public PlannedMeeting ToPlanned() => new()
    {
        SchoolUrn = SchoolUrn,
        Entitlement = Entitlement,
        Number = Number,
        Cadence = (Cadence)Cadence,
        PersonId = PersonId,
        Week = Week,
        On = OnDay,
    };
}

/// <summary>A planned visit as it is kept.</summary>
internal sealed record PlannedVisitRow
{
    public required int SchoolUrn { get; init; }

    public required string Entitlement { get; init; }

    public required int Number { get; init; }

    public required short HalfDays { get; init; }

    public required DateOnly WindowFrom { get; init; }

    public required DateOnly WindowTo { get; init; }

    public required DateOnly TargetWeek { get; init; }

    public DateOnly? OnDay { get; init; }

    public required string[] Duties { get; init; }

    public required Guid[] People { get; init; }

    public string? UnplacedReason { get; init; }

    public required bool Kept { get; init; }

    /// <summary>The same for the planner and the checker.</summary>
    public PlannedVisit ToPlanned() => new()
    {
        SchoolUrn = SchoolUrn,
        Entitlement = Entitlement,
        Number = Number,
        HalfDays = HalfDays,
        WindowFrom = WindowFrom,
        WindowTo = WindowTo,
        TargetWeek = TargetWeek,
        On = OnDay,
        Team = Duties.Zip(People, (duty, person) => new TeamMember(duty, person)).ToList(),
        UnplacedReason = UnplacedReason,
        Kept = Kept,
    };
}

/// <summary>Plans and what was planned in them.</summary>
internal sealed class PlanStore(NpgsqlDataSource source)
{
    private const string Columns = """
        p.plan_id, p.academic_year, p.version, p.state, p.seed, p.input_hash, p.cost, p.offer_version, p.plan_from, p.visits_owed,
        p.visits_placed, p.visits_unplaced, p.visits_kept, p.visits_changed, p.meetings, p.shortages::text as shortages,
        p.incomplete_series::text as incomplete_series, p.schools_without_category, p.author_person_id, p.visits_hash, p.made_at, p.published_at
        """;

    private const string HoldsTheTrust = "(select holds_whole_trust(@Issuer, @Subject, @Roles))";

    // A draft is for those who write plans.
    private const string SeenInItsState = "(p.state <> 1 or (select holds_whole_trust(@Issuer, @Subject, @WriterRoles)))";

    private const string FindSql = $"select {Columns} from plan p where p.plan_id = @planId and {HoldsTheTrust} and {SeenInItsState}";

    private static readonly short[] WriterRoles = [(short)Type.V1.Role.DeputyCeo, (short)Type.V1.Role.DataLead];

    /// <summary>Keeps a draft with its visits and meetings.</summary>
    public async Task AddAsync(Work work, PlanRecord plan, YearPlan content, CancellationToken ct)
    {
        const string Plan = """
            insert into plan
                (plan_id, academic_year, version, state, seed, input_hash, cost, offer_version, plan_from, visits_owed, visits_placed,
                 visits_unplaced, visits_kept, visits_changed, meetings, shortages, incomplete_series, schools_without_category,
                 author_person_id, visits_hash, made_at)
            values
                (@PlanId, @AcademicYear, @Version, @State, @Seed, @InputHash, @Cost, @OfferVersion, @PlanFrom, @VisitsOwed, @VisitsPlaced,
                 @VisitsUnplaced, @VisitsKept, @VisitsChanged, @Meetings, @Shortages::jsonb, @IncompleteSeries::jsonb,
                 @SchoolsWithoutCategory, @AuthorPersonId, @VisitsHash, @MadeAt)
            """;
        await work.Connection.ExecuteAsync(work.Command(Plan, plan, ct));
        await CopyVisitsAsync(work, plan.PlanId, content.Visits, ct);
        await CopyMeetingsAsync(work, plan.PlanId, content.Meetings, ct);
    }

    /// <summary>Keeps how many visits in force a draft would move, give another team, or leave without a day.</summary>
    public async Task<PlanRecord> CountChangesAsync(Work work, PlanRecord plan, CancellationToken ct)
    {
        const string Sql = """
            update plan
            set visits_changed = (
                select count(*)
                from visit v
                left join planned_visit p
                  on p.plan_id = @PlanId and (p.school_urn, p.entitlement, p.number) = (v.school_urn, v.entitlement, v.number)
                where v.academic_year = @AcademicYear and v.state in (1, 2) and (v.on_day, v.people) is distinct from (p.on_day, p.people))
            where plan_id = @PlanId
            returning visits_changed
            """;
        var changed = await work.Connection.ExecuteScalarAsync<int>(work.Command(Sql, new { plan.PlanId, plan.AcademicYear }, ct));
        return plan with { VisitsChanged = changed };
    }

    /// <summary>A plan, for who holds the whole trust; null where unknown or not to be seen.</summary>
    public Task<PlanRecord?> FindAsync(Authority authority, Guid planId, CancellationToken ct) => FindAsync(FindSql, authority, planId, ct);

    /// <summary>The same inside a transaction.</summary>
    public static Task<PlanRecord?> FindAsync(Work work, Authority authority, Guid planId, CancellationToken ct) =>
        work.Connection.QuerySingleOrDefaultAsync<PlanRecord>(work.Command(
            FindSql, new { planId, authority.Issuer, authority.Subject, authority.Roles, WriterRoles }, ct));

    /// <summary>A plan for the sake of its visits: for who reaches one of the schools it plans for. Null where unknown or not to be seen.</summary>
    public Task<PlanRecord?> FindVisitedAsync(Authority authority, Guid planId, CancellationToken ct)
    {
        const string Sql = $"""
            select {Columns}
            from plan p
            where p.plan_id = @planId
              and {SeenInItsState}
              and ({HoldsTheTrust}
                   or exists (select from planned_visit v
                              join whole_reach(@Issuer, @Subject, @Roles) g on g.school_urn = v.school_urn
                              where v.plan_id = p.plan_id))
            """;
        return FindAsync(Sql, authority, planId, ct);
    }

    /// <summary>Plans before an id, newest first.</summary>
    public async Task<IReadOnlyList<PlanRecord>> ListAsync(Authority authority, string? academicYear, Guid? before, int count, CancellationToken ct)
    {
        const string Sql = $"""
            select {Columns}
            from plan p
            where (@academicYear::text is null or p.academic_year = @academicYear)
              and (@before::uuid is null or p.plan_id < @before)
              and {HoldsTheTrust}
              and {SeenInItsState}
            order by p.plan_id desc
            limit @count
            """;
        await using var connection = await source.OpenConnectionAsync(ct);
        return (await connection.QueryAsync<PlanRecord>(new CommandDefinition(
            Sql,
            new { academicYear, before, count, authority.Issuer, authority.Subject, authority.Roles, WriterRoles },
            cancellationToken: ct))).AsList();
    }

    /// <summary>Visits of a plan within reach, after a key.</summary>
    public async Task<IReadOnlyList<PlannedVisitRow>> VisitsAsync(
        Authority authority, Guid planId, int? schoolUrn, bool unplacedOnly, (int Urn, string Entitlement, int Number) after, int count,
        CancellationToken ct)
    {
        const string Sql = """
            select v.school_urn, v.entitlement, v.number, v.half_days, v.window_from, v.window_to, v.target_week, v.on_day, v.duties, v.people,
                   v.unplaced_reason, v.kept
            from planned_visit v
            where v.plan_id = @planId
              and (@schoolUrn::int is null or v.school_urn = @schoolUrn)
              and (not @unplacedOnly or v.on_day is null)
              and (v.school_urn, v.entitlement, v.number) > (@Urn, @Entitlement, @Number)
              and exists (select 1 from whole_reach(@Issuer, @Subject, @Roles) g where g.school_urn is null or g.school_urn = v.school_urn)
            order by v.school_urn, v.entitlement, v.number
            limit @count
            """;
        await using var connection = await source.OpenConnectionAsync(ct);
        return (await connection.QueryAsync<PlannedVisitRow>(new CommandDefinition(Sql, new
        {
            planId,
            schoolUrn,
            unplacedOnly,
            after.Urn,
            after.Entitlement,
            after.Number,
            count,
            authority.Issuer,
            authority.Subject,
            authority.Roles,
        }, cancellationToken: ct))).AsList();
    }

    /// <summary>What a plan holds, for the checker.</summary>
    public async Task<YearPlan> ContentAsync(Work work, PlanRecord plan, CancellationToken ct)
    {
        const string Sql = """
            select school_urn, entitlement, number, half_days, window_from, window_to, target_week, on_day, duties, people, unplaced_reason, kept
            from planned_visit
            where plan_id = @PlanId
            order by school_urn, entitlement, number;
            select school_urn, entitlement, number, cadence, person_id, week, on_day
            from planned_meeting
            where plan_id = @PlanId
            order by school_urn, entitlement, number
            """;
        await using var rows = await work.Connection.QueryMultipleAsync(work.Command(Sql, new { plan.PlanId }, ct));
        var visits = (await rows.ReadAsync<PlannedVisitRow>()).Select(v => v.ToPlanned()).ToList();
        var meetings = (await rows.ReadAsync<PlannedMeetingRow>()).Select(m => m.ToPlanned()).ToList();
        return new()
        {
            Visits = visits,
            Meetings = meetings,
            Cost = plan.Cost,
            Shortages = plan.ShortageList,
            IncompleteSeries = plan.IncompleteSeriesList,
        };
    }

    /// <summary>Lets one change of a year's visits go on at a time, until the work ends.</summary>
    public static async Task LockYearAsync(Work work, string academicYear, CancellationToken ct)
    {
        const string Sql = """
            insert into planning_year (academic_year) values (@academicYear) on conflict do nothing;
            select academic_year from planning_year where academic_year = @academicYear for update
            """;
        await work.Connection.ExecuteAsync(work.Command(Sql, new { academicYear }, ct));
    }

    /// <summary>
    /// Waits for whoever is recording something at a visit that a plan may still move, and lets nobody begin to, until the work ends: only
    /// what is read after that knows of it. Visits are locked in the order of their ids; whoever records locks one, whoever moves one has
    /// locked the year before.
    /// </summary>
    public static Task LockMovableVisitsAsync(Work work, string academicYear, CancellationToken ct)
    {
        const string Sql = """
            select 1 from visit where academic_year = @academicYear and state in (1, 2) order by visit_id for no key update
            """;
        return work.Connection.ExecuteAsync(work.Command(Sql, new { academicYear }, ct));
    }

    /// <summary>Puts a draft in force and retires the one before; null where it is no draft in this version.</summary>
    public async Task<PlanRecord?> PublishAsync(Work work, Guid planId, long version, CancellationToken ct)
    {
        const string Sql = """
            update plan old set state = 3, version = old.version + 1
            from plan new
            where new.plan_id = @planId and new.state = 1 and new.version = @version
              and old.academic_year = new.academic_year and old.state = 2;
            update plan set state = 2, version = version + 1, published_at = now()
            where plan_id = @planId and state = 1 and version = @version
            returning plan_id, academic_year, version, state, seed, input_hash, cost, offer_version, plan_from, visits_owed,
                      visits_placed, visits_unplaced, visits_kept, visits_changed, meetings, shortages::text as shortages,
                      incomplete_series::text as incomplete_series, schools_without_category, author_person_id, visits_hash, made_at, published_at
            """;
        return await work.Connection.QuerySingleOrDefaultAsync<PlanRecord>(work.Command(Sql, new { planId, version }, ct));
    }

    private async Task<PlanRecord?> FindAsync(string sql, Authority authority, Guid planId, CancellationToken ct)
    {
        await using var connection = await source.OpenConnectionAsync(ct);
        return await connection.QuerySingleOrDefaultAsync<PlanRecord>(new CommandDefinition(
            sql, new { planId, authority.Issuer, authority.Subject, authority.Roles, WriterRoles }, cancellationToken: ct));
    }

    private static async Task CopyVisitsAsync(Work work, Guid planId, IReadOnlyList<PlannedVisit> visits, CancellationToken ct)
    {
        const string Sql = """
            copy planned_visit (plan_id, school_urn, entitlement, number, half_days, window_from, window_to, target_week, on_day, duties, people,
                                unplaced_reason, kept)
            from stdin (format binary)
            """;
        await using var copy = await work.Connection.BeginBinaryImportAsync(Sql, ct);
        foreach (var visit in visits)
        {
            await copy.StartRowAsync(ct);
            await copy.WriteAsync(planId, ct);
            await copy.WriteAsync(visit.SchoolUrn, ct);
            await copy.WriteAsync(visit.Entitlement, ct);
            await copy.WriteAsync(visit.Number, ct);
            await copy.WriteAsync((short)visit.HalfDays, ct);
            await copy.WriteAsync(visit.WindowFrom, ct);
            await copy.WriteAsync(visit.WindowTo, ct);
            await copy.WriteAsync(visit.TargetWeek, ct);
            await WriteAsync(copy, visit.On, ct);
            await copy.WriteAsync(visit.Team.Select(m => m.Duty).ToArray(), ct);
            await copy.WriteAsync(visit.Team.Select(m => m.PersonId).ToArray(), ct);
            await WriteAsync(copy, visit.UnplacedReason, ct);
            await copy.WriteAsync(visit.Kept, ct);
        }

        await copy.CompleteAsync(ct);
    }

    private static async Task CopyMeetingsAsync(Work work, Guid planId, IReadOnlyList<PlannedMeeting> meetings, CancellationToken ct)
    {
        const string Sql = """
            copy planned_meeting (plan_id, school_urn, entitlement, number, cadence, person_id, week, on_day)
            from stdin (format binary)
            """;
        await using var copy = await work.Connection.BeginBinaryImportAsync(Sql, ct);
        foreach (var meeting in meetings)
        {
            await copy.StartRowAsync(ct);
            await copy.WriteAsync(planId, ct);
            await copy.WriteAsync(meeting.SchoolUrn, ct);
            await copy.WriteAsync(meeting.Entitlement, ct);
            await copy.WriteAsync(meeting.Number, ct);
            await copy.WriteAsync((short)meeting.Cadence, ct);
            await WriteAsync(copy, meeting.PersonId, ct);
            await copy.WriteAsync(meeting.Week, ct);
            await WriteAsync(copy, meeting.On, ct);
        }

        await copy.CompleteAsync(ct);
    }

    private static Task WriteAsync<T>(NpgsqlBinaryImporter copy, T? value, CancellationToken ct) where T : struct =>
        value is { } present ? copy.WriteAsync(present, ct) : copy.WriteNullAsync(ct);

    private static Task WriteAsync(NpgsqlBinaryImporter copy, string? value, CancellationToken ct) =>
        value is null ? copy.WriteNullAsync(ct) : copy.WriteAsync(value, ct);
}
