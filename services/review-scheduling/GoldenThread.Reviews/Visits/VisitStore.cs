using Dapper;
using GoldenThread.Reviews.Plans.Planning;
using GoldenThread.ServiceDefaults;
using Npgsql;

namespace GoldenThread.Reviews.Visits;

/// <summary>A visit in force.</summary>
internal sealed record VisitRow
{
    public required Guid VisitId { get; init; }

    public required int SchoolUrn { get; init; }

    public required string AcademicYear { get; init; }

    public required string Entitlement { get; init; }

    public required int Number { get; init; }

    public required long Version { get; init; }

    public required short State { get; init; }

    public required short HalfDays { get; init; }

    public required DateOnly WindowFrom { get; init; }

    public required DateOnly WindowTo { get; init; }

    public required DateOnly TargetWeek { get; init; }

    public DateOnly? OnDay { get; init; }

    public required string[] Duties { get; init; }

    public required Guid[] People { get; init; }

    public string? Reason { get; init; }

    public int Findings { get; init; }

    public int OpenActions { get; init; }

    /// <summary>Whether something was found or agreed at it: then it took place, recorded as held or not.</summary>
    public bool Reached { get; init; }

    /// <summary>Whether the school's calendar, as it is now, has no school on its day, though it is still to be held there.</summary>
    public bool SchoolClosed { get; init; }

    /// <summary>As one that others must plan around.</summary>
    public KeptVisit ToKept() => new()
    {
        SchoolUrn = SchoolUrn,
        Entitlement = Entitlement,
        Number = Number,
        HalfDays = HalfDays,
        Window = new(WindowFrom, WindowTo),
        TargetWeek = TargetWeek,
        On = OnDay,
        Team = Duties.Zip(People, (duty, person) => new TeamMember(duty, person)).ToList(),
        CancelledBecause = State == (short)VisitState.Cancelled ? Reason ?? "" : null,
    };
}

/// <summary>Which visits are listed.</summary>
internal sealed record VisitFilter(int? SchoolUrn, string? AcademicYear, short? State, DateOnly? From, DateOnly? To);

/// <summary>Visits in force. A change names the version it changes, and the where clause says who may.</summary>
internal sealed class VisitStore(NpgsqlDataSource source)
{
    private const string SomethingCameOfIt = """
        (exists (select 1 from finding f where f.visit_id = v.visit_id)
         or exists (select 1 from agreed_action a where a.visit_id = v.visit_id))
        """;

    private const string SchoolIsClosed = """
        (v.state in (2, 3)
         and (exists (select 1 from calendar_closure c
                      where c.school_urn = v.school_urn and c.academic_year = v.academic_year and c.closed_on = v.on_day)
              or not exists (select 1 from calendar_term t
                             where t.school_urn = v.school_urn and t.academic_year = v.academic_year and v.on_day between t.from_on and t.to_on)))
        """;

    private const string Columns = $"""
        v.visit_id, v.school_urn, v.academic_year, v.entitlement, v.number, v.version, v.state, v.half_days, v.window_from, v.window_to,
        v.target_week, v.on_day, v.duties, v.people, v.reason,
        (select count(*)::int from finding f where f.visit_id = v.visit_id) as findings,
        (select count(*)::int from agreed_action a where a.visit_id = v.visit_id and a.done_on is null) as open_actions,
        {SomethingCameOfIt} as reached,
        {SchoolIsClosed} as school_closed
        """;

    private const string WithinReach =
        "exists (select 1 from whole_reach(@Issuer, @Subject, @Roles) g where g.school_urn is null or g.school_urn = v.school_urn)";

    /// <summary>Visits within reach by day, those without one last, after a key.</summary>
    public async Task<IReadOnlyList<VisitRow>> ListAsync(
        Authority authority, VisitFilter filter, DateOnly afterDay, Guid after, int count, CancellationToken ct)
    {
        const string Sql = $"""
            select {Columns}
            from visit v
            where (@SchoolUrn::int is null or v.school_urn = @SchoolUrn)
              and (@AcademicYear::text is null or v.academic_year = @AcademicYear)
              and (@State::smallint is null or v.state = @State)
              and (@From::date is null or v.on_day >= @From)
              and (@To::date is null or v.on_day <= @To)
              and (coalesce(v.on_day, 'infinity'::date), v.visit_id) > (@afterDay, @after)
              and {WithinReach}
            order by coalesce(v.on_day, 'infinity'::date), v.visit_id
            limit @count
            """;
        await using var connection = await source.OpenConnectionAsync(ct);
        return (await connection.QueryAsync<VisitRow>(new CommandDefinition(Sql, new
        {
            filter.SchoolUrn,
            filter.AcademicYear,
            filter.State,
            filter.From,
            filter.To,
            afterDay,
            after,
            count,
            authority.Issuer,
            authority.Subject,
            authority.Roles,
        }, cancellationToken: ct))).AsList();
    }

    /// <summary>A visit within reach; null where unknown or out of reach.</summary>
    public async Task<VisitRow?> FindAsync(Authority authority, Guid visitId, CancellationToken ct)
    {
        const string Sql = $"select {Columns} from visit v where v.visit_id = @visitId and {WithinReach}";
        await using var connection = await source.OpenConnectionAsync(ct);
        return await connection.QuerySingleOrDefaultAsync<VisitRow>(new CommandDefinition(
            Sql, new { visitId, authority.Issuer, authority.Subject, authority.Roles }, cancellationToken: ct));
    }

    /// <summary>The same inside a transaction.</summary>
    public Task<VisitRow?> FindAsync(Work work, Authority authority, Guid visitId, CancellationToken ct)
    {
        const string Sql = $"select {Columns} from visit v where v.visit_id = @visitId and {WithinReach}";
        return work.Connection.QuerySingleOrDefaultAsync<VisitRow>(work.Command(
            Sql, new { visitId, authority.Issuer, authority.Subject, authority.Roles }, ct));
    }

    /// <summary>All other visits of an academic year: what a moved visit must not collide with.</summary>
    public async Task<IReadOnlyList<VisitRow>> OthersAsync(Work work, VisitRow visit, CancellationToken ct)
    {
        const string Sql = $"select {Columns} from visit v where v.academic_year = @AcademicYear and v.visit_id <> @VisitId";
        return (await work.Connection.QueryAsync<VisitRow>(work.Command(Sql, new { visit.AcademicYear, visit.VisitId }, ct))).AsList();
    }

    /// <summary>
    /// Moves a visit that is not closed; null where it is not there in this version, or where something came of it already, though it was
    /// to be moved only unless that is so.
    /// </summary>
    public async Task<VisitRow?> MoveAsync(
        Work work, Authority authority, Guid visitId, long version, DateOnly on, string[] duties, Guid[] people, bool unlessReached,
        CancellationToken ct)
    {
        const string Sql = $"""
            update visit v
            set state = 2, on_day = @on, duties = @duties, people = @people, reason = null, version = v.version + 1, tx = pg_current_xact_id()
            where v.visit_id = @visitId and v.version = @version and v.state in (1, 2, 3)
              and not (@unlessReached and {SomethingCameOfIt})
              and {WithinReach}
            returning {Columns}
            """;
        await LockAsync(work, visitId, ct);
        return await work.Connection.QuerySingleOrDefaultAsync<VisitRow>(work.Command(
            Sql, new { visitId, version, on, duties, people, unlessReached, authority.Issuer, authority.Subject, authority.Roles }, ct));
    }

    /// <summary>Brings a visit from one of some states to another; null where it is not there in this version and one of them.</summary>
    public async Task<VisitRow?> AdvanceAsync(
        Work work, Authority authority, Guid visitId, long version, VisitState[] from, VisitState to, string? reason, DateOnly? notAfter,
        bool unlessReached, CancellationToken ct)
    {
        const string Sql = $"""
            update visit v
            set state = @to, reason = coalesce(@reason, v.reason), version = v.version + 1, tx = pg_current_xact_id()
            where v.visit_id = @visitId and v.version = @version and v.state = any (@from)
              and (@notAfter::date is null or v.on_day <= @notAfter)
              and not (@unlessReached and {SomethingCameOfIt})
              and {WithinReach}
            returning {Columns}
            """;
        await LockAsync(work, visitId, ct);
        return await work.Connection.QuerySingleOrDefaultAsync<VisitRow>(work.Command(Sql, new
        {
            visitId,
            version,
            from = from.Select(s => (short)s).ToArray(),
            to = (short)to,
            reason,
            notAfter,
            unlessReached,
            authority.Issuer,
            authority.Subject,
            authority.Roles,
        }, ct));
    }

    /// <summary>Waits for whoever is recording something at a visit: only a statement begun after that sees it.</summary>
    private static Task LockAsync(Work work, Guid visitId, CancellationToken ct)
    {
        const string Sql = "select 1 from visit where visit_id = @visitId for no key update";
        return work.Connection.ExecuteAsync(work.Command(Sql, new { visitId }, ct));
    }
}
