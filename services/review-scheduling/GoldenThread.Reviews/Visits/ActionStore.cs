using Dapper;
using GoldenThread.ServiceDefaults;
using Npgsql;

namespace GoldenThread.Reviews.Visits;

/// <summary>Something agreed at a visit.</summary>
internal sealed record ActionRow
{
    public required Guid ActionId { get; init; }

    public required long Version { get; init; }

    public required Guid VisitId { get; init; }

    public required int SchoolUrn { get; init; }

    public required string Text { get; init; }

    public required Guid OwnerPersonId { get; init; }

    public required DateOnly DueOn { get; init; }

    public DateOnly? DoneOn { get; init; }

    public Guid? FindingId { get; init; }
}

/// <summary>An action to be recorded.</summary>
internal sealed record NewAction(Guid VisitId, string Text, Guid OwnerPersonId, DateOnly DueOn, Guid? FindingId);

/// <summary>Which actions are listed.</summary>
internal sealed record ActionFilter(int? SchoolUrn, Guid? VisitId, Guid? OwnerPersonId, bool Overdue, bool Open);

/// <summary>Agreed actions.</summary>
internal sealed class ActionStore(NpgsqlDataSource source)
{
    private const string Columns =
        "a.action_id, a.version, a.visit_id, a.school_urn, a.text, a.owner_person_id, a.due_on, a.done_on, a.finding_id";

    private const string WithinReach =
        "exists (select 1 from whole_reach(@Issuer, @Subject, @Roles) g where g.school_urn is null or g.school_urn = a.school_urn)";

    /// <summary>Whether planning knows a person who is still with the trust on a day.</summary>
    public Task<bool> CanOwnAsync(Work work, Guid personId, DateOnly today, CancellationToken ct)
    {
        const string Sql = "select exists (select 1 from person where person_id = @personId and (left_on is null or left_on >= @today))";
        return work.Connection.ExecuteScalarAsync<bool>(work.Command(Sql, new { personId, today }, ct));
    }

    /// <summary>Whether a finding was recorded at a visit.</summary>
    public Task<bool> IsFindingOfAsync(Work work, Guid findingId, Guid visitId, CancellationToken ct)
    {
        const string Sql = "select exists (select 1 from finding where finding_id = @findingId and visit_id = @visitId)";
        return work.Connection.ExecuteScalarAsync<bool>(work.Command(Sql, new { findingId, visitId }, ct));
    }

    /// <summary>Records an action at a visit within reach whose day has come; null where there is no such visit.</summary>
    public Task<ActionRow?> AddAsync(Work work, Authority authority, NewAction action, DateOnly today, CancellationToken ct)
    {
        const string Sql = """
            insert into agreed_action as a (action_id, visit_id, school_urn, text, owner_person_id, due_on, finding_id)
            select @id, v.visit_id, v.school_urn, @Text, @OwnerPersonId, @DueOn, @FindingId
            from visit v
            where v.visit_id = @VisitId and v.state in (2, 3, 4) and v.on_day <= @today
              and exists (select 1 from whole_reach(@Issuer, @Subject, @Roles) g where g.school_urn is null or g.school_urn = v.school_urn)
            for share of v
            returning a.action_id, a.version, a.visit_id, a.school_urn, a.text, a.owner_person_id, a.due_on, a.done_on, a.finding_id
            """;
        return work.Connection.QuerySingleOrDefaultAsync<ActionRow>(work.Command(Sql, new
        {
            id = Guid.CreateVersion7(),
            action.VisitId,
            action.Text,
            action.OwnerPersonId,
            action.DueOn,
            action.FindingId,
            today,
            authority.Issuer,
            authority.Subject,
            authority.Roles,
        }, ct));
    }

    /// <summary>Actions within reach by due day, after a key.</summary>
    public async Task<IReadOnlyList<ActionRow>> ListAsync(
        Authority authority, ActionFilter filter, DateOnly today, DateOnly afterDay, Guid after, int count, CancellationToken ct)
    {
        const string Sql = $"""
            select {Columns}
            from agreed_action a
            where (@SchoolUrn::int is null or a.school_urn = @SchoolUrn)
              and (@VisitId::uuid is null or a.visit_id = @VisitId)
              and (@OwnerPersonId::uuid is null or a.owner_person_id = @OwnerPersonId)
              and (not @Overdue or (a.done_on is null and a.due_on < @today))
              and (not @Open or a.done_on is null)
              and (a.due_on, a.action_id) > (@afterDay, @after)
              and {WithinReach}
            order by a.due_on, a.action_id
            limit @count
            """;
        await using var connection = await source.OpenConnectionAsync(ct);
        return (await connection.QueryAsync<ActionRow>(new CommandDefinition(Sql, new
        {
            filter.SchoolUrn,
            filter.VisitId,
            filter.OwnerPersonId,
            filter.Overdue,
            filter.Open,
            today,
            afterDay,
            after,
            count,
            authority.Issuer,
            authority.Subject,
            authority.Roles,
        }, cancellationToken: ct))).AsList();
    }

    /// <summary>An action within reach; null where unknown or out of reach.</summary>
    public Task<ActionRow?> FindAsync(Work work, Authority authority, Guid actionId, CancellationToken ct)
    {
        const string Sql = $"select {Columns} from agreed_action a where a.action_id = @actionId and {WithinReach}";
        return work.Connection.QuerySingleOrDefaultAsync<ActionRow>(work.Command(
            Sql, new { actionId, authority.Issuer, authority.Subject, authority.Roles }, ct));
    }

    /// <summary>Writes an open action as it now is; null where it is not there, open, in this version.</summary>
    public Task<ActionRow?> SaveAsync(Work work, Authority authority, ActionRow action, long version, CancellationToken ct)
    {
        const string Sql = $"""
            update agreed_action a
            set text = @Text, owner_person_id = @OwnerPersonId, due_on = @DueOn, done_on = @DoneOn, version = a.version + 1,
                tx = pg_current_xact_id()
            where a.action_id = @ActionId and a.version = @version and a.done_on is null and {WithinReach}
            returning {Columns}
            """;
        return work.Connection.QuerySingleOrDefaultAsync<ActionRow>(work.Command(Sql, new
        {
            action.ActionId,
            action.Text,
            action.OwnerPersonId,
            action.DueOn,
            action.DoneOn,
            version,
            authority.Issuer,
            authority.Subject,
            authority.Roles,
        }, ct));
    }
}
