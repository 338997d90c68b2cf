using Dapper;
using GoldenThread.ServiceDefaults;
using GoldenThread.Tracking.Events.V1;
using GoldenThread.Tracking.Groups;
using Npgsql;

namespace GoldenThread.Tracking.Pupils;

/// <summary>
/// Ends every change of pupils alike: the versions of those in touched_pupil rise, their groups are evaluated anew, and the events that
/// other services live by are put into the same transaction.
/// </summary>
internal static class ChangeSets
{
    private const int MostInline = 300;
    private const string HoldGroups = "select pg_advisory_xact_lock_shared(hashtextextended('tracking group definitions', 0))";

    /// <summary>
    /// Where a change notes whom it touched, whether a UPN was among it, and whether what everybody sees was. Ends with the transaction. No group
    /// is defined meanwhile, so that nobody is evaluated by a definition that has just been replaced.
    /// </summary>
    public static Task OpenAsync(Work work, CancellationToken ct)
    {
        const string Sql = $"""
            {HoldGroups};
            create temporary table touched_pupil (
                pupil_id uuid primary key, identifiers boolean not null, shown boolean not null
            ) on commit drop
            """;
        return work.Connection.ExecuteAsync(work.LongCommand(Sql, null, ct));
    }

    /// <summary>Keeps groups from being defined before a pupil is locked: who defines one holds the definitions first and all pupils then.</summary>
    public static Task HoldGroupsAsync(Work work, CancellationToken ct) => work.Connection.ExecuteAsync(work.LongCommand(HoldGroups, null, ct));

    /// <summary>Notes one pupil.</summary>
    public static Task TouchAsync(Work work, Guid pupilId, bool identifiers, bool shown, CancellationToken ct)
    {
        const string Sql = """
            insert into touched_pupil (pupil_id, identifiers, shown) values (@pupilId, @identifiers, @shown)
            on conflict (pupil_id) do update
            set identifiers = touched_pupil.identifiers or excluded.identifiers, shown = touched_pupil.shown or excluded.shown
            """;
        return work.Connection.ExecuteAsync(work.LongCommand(Sql, new { pupilId, identifiers, shown }, ct));
    }

    /// <summary>Raises versions, evaluates groups and publishes; answers how many pupils were touched.</summary>
    public static async Task<int> CloseAsync(Work work, DateTimeOffset now, CancellationToken ct)
    {
        const string Raise = """
            update pupil p
            set version = p.version + 1,
                shown_version = p.shown_version + t.shown::int,
                change_set_id = @changeSetId,
                identifiers_change_set_id = case when t.identifiers then @changeSetId else p.identifiers_change_set_id end,
                changed_at = now(),
                tx = pg_current_xact_id()
            from touched_pupil t
            where p.pupil_id = t.pupil_id
            """;
        const string Touched = "select pupil_id, identifiers from touched_pupil order by pupil_id limit @limit";
        const string Identified = "select count(*) from touched_pupil where identifiers";
        var changeSetId = Guid.CreateVersion7();
        var count = await work.Connection.ExecuteAsync(work.LongCommand(Raise, new { changeSetId }, ct));
        if (count == 0)
        {
            return 0;
        }

        await GroupStore.EvaluateAsync(work, ct);
        await PublishPupilsAsync(work, changeSetId, now, count, ct);
        var identified = await work.Connection.ExecuteScalarAsync<int>(work.LongCommand(Identified, null, ct));
        if (identified > 0)
        {
            await PublishIdentifiersAsync(work, changeSetId, identified, ct);
        }

        var some = (await work.Connection.QueryAsync<TouchedRow>(work.LongCommand(Touched, new { limit = MostInline }, ct))).AsList();
        work.Audit("pupil", some.Select(t => t.PupilId.ToString()), null, $"change set {changeSetId}, {count} pupils");
        return count;
    }

    private static async Task PublishPupilsAsync(Work work, Guid changeSetId, DateTimeOffset now, int count, CancellationToken ct)
    {
        IReadOnlyList<PupilSnapshot>? rows = null;
        if (count <= MostInline)
        {
            var ids = await TouchedIdsAsync(work, identifiersOnly: false, ct);
            rows = await PupilSnapshots.ReadAsync(work.Connection, work.Transaction, ids, ct);
        }

        work.Publish(new PupilsChanged { ChangeSetId = changeSetId, RecordedAt = now, Count = count, Rows = rows });
    }

    private static async Task PublishIdentifiersAsync(Work work, Guid changeSetId, int count, CancellationToken ct)
    {
        IReadOnlyList<PupilIdentifiers>? rows = null;
        if (count <= MostInline)
        {
            var ids = await TouchedIdsAsync(work, identifiersOnly: true, ct);
            rows = await PupilSnapshots.ReadIdentifiersAsync(work.Connection, work.Transaction, ids, ct);
        }

        work.Publish(new PupilIdentifiersChanged { ChangeSetId = changeSetId, Count = count, Rows = rows });
    }

    private static async Task<Guid[]> TouchedIdsAsync(Work work, bool identifiersOnly, CancellationToken ct)
    {
        const string Sql = "select pupil_id from touched_pupil where identifiers or not @identifiersOnly order by pupil_id";
        return (await work.Connection.QueryAsync<Guid>(work.LongCommand(Sql, new { identifiersOnly }, ct))).ToArray();
    }

    private sealed record TouchedRow
    {
        public required Guid PupilId { get; init; }

        public required bool Identifiers { get; init; }
    }
}
