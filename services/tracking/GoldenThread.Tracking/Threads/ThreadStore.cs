using Dapper;
using GoldenThread.ServiceDefaults;
using GoldenThread.Tracking.Gaps;
using GoldenThread.Tracking.V1;
using Npgsql;
using ThreadState = GoldenThread.Tracking.V1.ThreadState;

namespace GoldenThread.Tracking.Threads;

/// <summary>Every statement about threads and their actions.</summary>
public sealed class ThreadStore(NpgsqlDataSource source)
{
    // A thread belongs to the whole school, so a grant of some classes does not reach it; one of some subjects reaches theirs. One on a group that is
    // sensitive, or was since the thread was opened, is for those who may see who is in it.
    private const string Grants = """
        select 1 from reach(@Issuer, @Subject, roles_for_thread(t.group_code, t.definition_version, @Roles, @SensitiveRoles)) g
        where (g.school_urn is null or g.school_urn = t.school_urn) and g.class_ids is null
          and (g.subjects is null or t.subject = any (g.subjects))
        """;

    private const string WithinReach = $"exists ({Grants} and (g.year_groups is null or t.year_group = any (g.year_groups)))";

    // A grant of some years names the target pupils who were in them when the thread was opened: leavers and movers stay in the cohort as it was.
    private const string Columns = $"""
        t.thread_id, t.school_urn, t.version, t.gap, t.objective, t.owner_person_id, t.review_on, t.state, t.outcome, t.opened_at,
        array(
            select p.pupil_id
            from unnest(t.target_pupil_ids) with ordinality as p(pupil_id, place)
            where exists (
                {Grants} and (g.year_groups is null or exists (
                    select 1
                    from enrolment e
                    where e.pupil_id = p.pupil_id and e.school_urn = t.school_urn and e.superseded_at is null
                      and e.year_group = any (g.year_groups)
                      and (t.opened_at at time zone 'Europe/London')::date between e.from_on and coalesce(e.to_on, 'infinity'))))
            order by p.place) as target_pupil_ids
        """;

    private const string One = $"select {Columns} from thread t where t.thread_id = @threadId and {WithinReach}";

    /// <summary>One thread; null outside the grant.</summary>
    public async Task<GapThread?> FindAsync(Guid threadId, Authority authority, Authority sensitive, CancellationToken ct)
    {
        await using var connection = await source.OpenConnectionAsync(ct);
        return await FindAsync(connection, One, threadId, authority, sensitive, ct);
    }

    /// <summary>One thread as it stays until the work ends; null outside the grant.</summary>
    public static Task<GapThread?> LockAsync(Work work, Guid threadId, Authority authority, Authority sensitive, CancellationToken ct) =>
        FindAsync(work.Connection, $"{One} for no key update of t", threadId, authority, sensitive, ct);

    /// <summary>Threads of a school after a keyset: those with overdue actions first, then by age.</summary>
    public async Task<IReadOnlyList<GapThread>> ListAsync(
        int schoolUrn, ThreadState state, bool overdueOnly, DateOnly today, (bool Calm, Guid ThreadId)? after, int most,
        Authority authority, Authority sensitive, CancellationToken ct)
    {
        const string Sql = $"""
            with listed as (
                select {Columns}, not exists (
                    select 1 from thread_action a where a.thread_id = t.thread_id and a.state = 1 and a.due_on < @today) as calm
                from thread t
                where t.school_urn = @schoolUrn and (@state = 0 or t.state = @state) and {WithinReach}
            )
            select * from listed t
            where (not @overdueOnly or not calm)
              and (@afterThread::uuid is null or (t.calm, t.thread_id) > (@afterCalm, @afterThread))
            order by t.calm, t.thread_id
            limit @most
            """;
        await using var connection = await source.OpenConnectionAsync(ct);
        var rows = (await connection.QueryAsync<ThreadRow>(new CommandDefinition(Sql, new
        {
            authority.Issuer,
            authority.Subject,
            authority.Roles,
            SensitiveRoles = sensitive.Roles,
            schoolUrn,
            state = (short)state,
            overdueOnly,
            today,
            afterCalm = after?.Calm,
            afterThread = after?.ThreadId,
            most,
        }, cancellationToken: ct))).AsList();
        return await WithActionsAsync(connection, rows, ct);
    }

    /// <summary>Which of these people are with the trust on a day.</summary>
    public async Task<bool> IsWithTrustAsync(Work work, Guid personId, DateOnly on, CancellationToken ct)
    {
        const string Sql = "select exists (select 1 from person where person_id = @personId and (left_on is null or left_on >= @on))";
        return await work.Connection.ExecuteScalarAsync<bool>(work.Command(Sql, new { personId, on }, ct));
    }

    /// <summary>How many of these pupils are on the roll of the gap's school on a day, and in a year group within the caller's reach.</summary>
    public async Task<int> CountOnRollAsync(
        Work work, IReadOnlyCollection<Guid> pupils, GapQuestion gap, DateOnly on, Authority authority, Authority sensitive, CancellationToken ct)
    {
        const string Sql = """
            select count(distinct e.pupil_id)::int
            from enrolment e
            where e.pupil_id = any (@Pupils) and e.school_urn = @SchoolUrn and e.superseded_at is null
              and e.from_on <= @on and (e.to_on is null or e.to_on >= @on)
              and exists (
                  select 1 from reach(@Issuer, @Holder, roles_for_group(@Group, @Roles, @SensitiveRoles)) g
                  where (g.school_urn is null or g.school_urn = e.school_urn) and g.class_ids is null
                    and (g.subjects is null or @Subject = any (g.subjects))
                    and (g.year_groups is null or e.year_group = any (g.year_groups)))
            """;
        return await work.Connection.ExecuteScalarAsync<int>(work.Command(Sql, new
        {
            authority.Issuer,
            Holder = authority.Subject,
            authority.Roles,
            SensitiveRoles = sensitive.Roles,
            Pupils = pupils.ToArray(),
            gap.Group,
            gap.Subject,
            gap.SchoolUrn,
            on,
        }, ct));
    }

    /// <summary>Keeps a new thread.</summary>
    public Task AddAsync(Work work, GapThread thread, CancellationToken ct)
    {
        const string Sql = """
            insert into thread
                (thread_id, school_urn, version, group_code, definition_version, subject, year_group, collection_id, gap, objective,
                 owner_person_id, review_on, target_pupil_ids, state, outcome, opened_at)
            values
                (@ThreadId, @SchoolUrn, @Version, @Group, @DefinitionVersion, @Subject, @YearGroup, @CollectionId, @Gap, @Objective,
                 @OwnerPersonId, @ReviewOn, @Targets, @State, @Outcome, @OpenedAt)
            """;
        return work.Connection.ExecuteAsync(work.Command(Sql, new
        {
            thread.ThreadId,
            thread.SchoolUrn,
            thread.Version,
            thread.Gap.Group,
            thread.Gap.DefinitionVersion,
            thread.Gap.Subject,
            YearGroup = thread.Gap.HasYearGroup ? thread.Gap.YearGroup : null,
            CollectionId = Guid.Parse(thread.Gap.CollectionId),
            Gap = Google.Protobuf.MessageExtensions.ToByteArray(thread.Gap),
            thread.Objective,
            thread.OwnerPersonId,
            thread.ReviewOn,
            Targets = thread.TargetPupilIds.ToArray(),
            State = (short)thread.State,
            thread.Outcome,
            thread.OpenedAt,
        }, ct));
    }

    /// <summary>Keeps a changed thread where it still is the version that was read; false where somebody else was faster.</summary>
    public async Task<bool> SaveAsync(Work work, GapThread thread, CancellationToken ct)
    {
        const string Sql = """
            update thread set version = @Version, state = @State, outcome = @Outcome
            where thread_id = @ThreadId and version = @Version - 1
            """;
        return await work.Connection.ExecuteAsync(work.Command(
            Sql, new { thread.ThreadId, thread.Version, State = (short)thread.State, thread.Outcome }, ct)) == 1;
    }

    /// <summary>Keeps an action as it now is.</summary>
    public Task SaveActionAsync(Work work, Guid threadId, ThreadAction action, CancellationToken ct)
    {
        const string Sql = """
            insert into thread_action (action_id, thread_id, what, owner_person_id, due_on, state, settled_on, note)
            values (@ActionId, @threadId, @What, @OwnerPersonId, @DueOn, @State, @SettledOn, @Note)
            on conflict (action_id) do update set state = excluded.state, settled_on = excluded.settled_on, note = excluded.note
            """;
        return work.Connection.ExecuteAsync(work.Command(Sql, new
        {
            action.ActionId,
            threadId,
            action.What,
            action.OwnerPersonId,
            action.DueOn,
            State = (short)action.State,
            action.SettledOn,
            action.Note,
        }, ct));
    }

    /// <summary>
    /// Scores of target pupils before and after, each pair on one and the same scale and sat where the caller reaches, with what regression to the
    /// mean needs: the mean and number of all who sat before on the scale in the pupil's year group, how many of them are beyond the caller's reach,
    /// and the reliability, unknown where either test's is.
    /// </summary>
    public async Task<IReadOnlyList<PairRow>> PairsAsync(GapThread thread, Guid after, Authority authority, Authority sensitive, CancellationToken ct)
    {
        const string Sql = """
            with own as materialized (
                select g.school_urn, g.year_groups
                from reach(@Issuer, @Holder, @Roles) g
                where g.class_ids is null and (g.subjects is null or @Subject = any (g.subjects))
            ), scored as (
                select distinct on (r.pupil_id, r.collection_id, t.scale) r.pupil_id, r.collection_id, r.school_urn, r.year_group,
                    r.score::double precision as score, t.scale, t.reliability::double precision as reliability, c.due_on
                from result_copy r
                join test_copy t on t.test_id = r.test_id
                join collection_copy c on c.collection_id = r.collection_id
                where r.collection_id in (@Before, @after) and t.subject = @Subject and r.score is not null
                order by r.pupil_id, r.collection_id, t.scale, r.sat_on desc, r.recorded_at desc, r.result_id desc
            ), population as (
                select s.scale, s.year_group, avg(s.score) as mean, count(*)::int as pupils,
                    count(*) filter (where not exists (
                        select 1 from own g
                        where (g.school_urn is null or g.school_urn = s.school_urn)
                          and (g.year_groups is null or s.year_group = any (g.year_groups))))::int as beyond_reach
                from scored s
                where s.collection_id = @Before
                group by s.scale, s.year_group
            ), target as (
                select s.*
                from scored s
                where s.pupil_id = any (@Targets)
                  and exists (
                      select 1 from reach(@Issuer, @Holder, roles_for_thread(@Group, @DefinitionVersion, @Roles, @SensitiveRoles)) g
                      where (g.school_urn is null or g.school_urn = s.school_urn) and g.class_ids is null
                        and (g.subjects is null or @Subject = any (g.subjects))
                        and (g.year_groups is null or s.year_group = any (g.year_groups)))
            )
            select b.pupil_id, b.scale, b.score as before, a.score as after, p.mean as population_mean, p.pupils as population, p.beyond_reach,
                case when a.reliability is not null and b.reliability is not null then least(a.reliability, b.reliability) end as reliability
            from target b
            join target a on a.pupil_id = b.pupil_id and a.collection_id = @after and a.scale = b.scale and a.due_on > b.due_on
            join population p on p.scale = b.scale and p.year_group = b.year_group
            where b.collection_id = @Before
            order by b.pupil_id, b.scale
            """;
        await using var connection = await source.OpenConnectionAsync(ct);
        return (await connection.QueryAsync<PairRow>(new CommandDefinition(Sql, new
        {
            Before = Guid.Parse(thread.Gap.CollectionId),
            after,
            authority.Issuer,
            Holder = authority.Subject,
            authority.Roles,
            SensitiveRoles = sensitive.Roles,
            thread.Gap.Group,
            thread.Gap.DefinitionVersion,
            thread.Gap.Subject,
            Targets = thread.TargetPupilIds.ToArray(),
        }, cancellationToken: ct))).AsList();
    }

    /// <summary>Whether a collection is due after the thread's own, or one of them is unknown.</summary>
    public async Task<bool> IsLaterAsync(GapThread thread, Guid after, CancellationToken ct)
    {
        const string Sql = """
            select not exists (
                select 1
                from collection_copy b
                join collection_copy a on a.collection_id = @after and a.due_on <= b.due_on
                where b.collection_id = @before)
            """;
        await using var connection = await source.OpenConnectionAsync(ct);
        return await connection.ExecuteScalarAsync<bool>(
            new CommandDefinition(Sql, new { before = Guid.Parse(thread.Gap.CollectionId), after }, cancellationToken: ct));
    }

    private static async Task<GapThread?> FindAsync(
        NpgsqlConnection connection, string sql, Guid threadId, Authority authority, Authority sensitive, CancellationToken ct)
    {
        var rows = (await connection.QueryAsync<ThreadRow>(new CommandDefinition(
            sql, new { authority.Issuer, authority.Subject, authority.Roles, SensitiveRoles = sensitive.Roles, threadId }, cancellationToken: ct))).AsList();
        return rows.Count == 0 ? null : (await WithActionsAsync(connection, rows, ct))[0];
    }

    private static async Task<IReadOnlyList<GapThread>> WithActionsAsync(NpgsqlConnection connection, IReadOnlyList<ThreadRow> rows, CancellationToken ct)
    {
        const string Sql = """
            select thread_id, action_id, what, owner_person_id, due_on, state, settled_on, note
            from thread_action
            where thread_id = any (@Threads)
            """;
        var actions = (await connection.QueryAsync<ActionRow>(new CommandDefinition(
            Sql, new { Threads = rows.Select(r => r.ThreadId).ToArray() }, cancellationToken: ct))).ToLookup(a => a.ThreadId);
        return rows.Select(r => new GapThread
        {
            ThreadId = r.ThreadId,
            SchoolUrn = r.SchoolUrn,
            Version = r.Version,
            Gap = Gap.Parser.ParseFrom(r.Gap),
            Objective = r.Objective,
            OwnerPersonId = r.OwnerPersonId,
            ReviewOn = r.ReviewOn,
            TargetPupilIds = r.TargetPupilIds,
            State = (ThreadState)r.State,
            Outcome = r.Outcome,
            OpenedAt = r.OpenedAt,
            Actions = actions[r.ThreadId].Select(a => new ThreadAction
            {
                ActionId = a.ActionId,
                What = a.What,
                OwnerPersonId = a.OwnerPersonId,
                DueOn = a.DueOn,
                State = (ActionState)a.State,
                SettledOn = a.SettledOn,
                Note = a.Note,
            }).ToList(),
        }).ToList();
    }

    private sealed record ThreadRow
    {
        public required Guid ThreadId { get; init; }

        public required int SchoolUrn { get; init; }

        public required long Version { get; init; }

        public required byte[] Gap { get; init; }

        public required string Objective { get; init; }

        public required Guid OwnerPersonId { get; init; }

        public required DateOnly ReviewOn { get; init; }

        public required Guid[] TargetPupilIds { get; init; }

        public required short State { get; init; }

        public string? Outcome { get; init; }

        public required DateTimeOffset OpenedAt { get; init; }
    }

    private sealed record ActionRow
    {
        public required Guid ThreadId { get; init; }

        public required Guid ActionId { get; init; }

        public required string What { get; init; }

        public required Guid OwnerPersonId { get; init; }

        public required DateOnly DueOn { get; init; }

        public required short State { get; init; }

        public DateOnly? SettledOn { get; init; }

        public string? Note { get; init; }
    }
}

/// <summary>A target pupil's scores before and after.</summary>
public sealed record PairRow
{
    public required Guid PupilId { get; init; }

    public required string Scale { get; init; }

    public required double Before { get; init; }

    public required double After { get; init; }

    public required double PopulationMean { get; init; }

    /// <summary>How many that mean is of.</summary>
    public required int Population { get; init; }

    /// <summary>How many of these the caller does not reach.</summary>
    public required int BeyondReach { get; init; }

    public double? Reliability { get; init; }
}
