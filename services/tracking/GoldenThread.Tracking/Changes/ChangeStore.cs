using System.Runtime.CompilerServices;
using Dapper;
using GoldenThread.Tracking.Calendars;
using GoldenThread.Tracking.Events.V1;
using GoldenThread.Tracking.Grants;
using GoldenThread.Tracking.Groups;
using GoldenThread.Tracking.Internal.V1;
using GoldenThread.Tracking.People;
using GoldenThread.Tracking.Pupils;
using GoldenThread.Tracking.Schools;
using Npgsql;

namespace GoldenThread.Tracking.Changes;

/// <summary>
/// Every statement by which other services catch up or rebuild. A position is a transaction and a row's key: rows whose transaction may
/// still be running, or that come after one, wait for the next call, since neither ids nor times follow the order of commits.
/// </summary>
internal sealed class ChangeStore(NpgsqlDataSource source)
{
    private const int Batch = 500;

    /// <summary>The pupils whose last change was this change set.</summary>
    public async IAsyncEnumerable<Events.V1.PupilSnapshot> PupilsOfAsync(Guid changeSet, [EnumeratorCancellation] CancellationToken ct)
    {
        const string Sql = """
            select pupil_id from pupil where change_set_id = @changeSet and pupil_id > @after order by pupil_id limit @Batch
            """;
        await using var connection = await source.OpenConnectionAsync(ct);
        var after = Guid.Empty;
        while (await IdsAsync(connection, Sql, changeSet, after, ct) is { Length: > 0 } ids)
        {
            foreach (var pupil in await PupilSnapshots.ReadAsync(connection, null, ids, ct))
            {
                yield return pupil;
            }

            after = ids[^1];
        }
    }

    /// <summary>The identifiers of the pupils whose last change of a UPN was this change set.</summary>
    public async IAsyncEnumerable<Events.V1.PupilIdentifiers> IdentifiersOfAsync(Guid changeSet, [EnumeratorCancellation] CancellationToken ct)
    {
        const string Sql = """
            select pupil_id from pupil where identifiers_change_set_id = @changeSet and pupil_id > @after order by pupil_id limit @Batch
            """;
        await using var connection = await source.OpenConnectionAsync(ct);
        var after = Guid.Empty;
        while (await IdsAsync(connection, Sql, changeSet, after, ct) is { Length: > 0 } ids)
        {
            foreach (var identifiers in await PupilSnapshots.ReadIdentifiersAsync(connection, null, ids, ct))
            {
                yield return identifiers;
            }

            after = ids[^1];
        }
    }

    /// <summary>The pupils who have, or had, one of the UPNs.</summary>
    public async Task<List<Events.V1.PupilIdentifiers>> ResolveAsync(string[] upns, CancellationToken ct)
    {
        const string Sql = """
            select pupil_id from pupil where upn = any (@upns) and not erased
            union
            select f.pupil_id from pupil_former_upn f join pupil p on p.pupil_id = f.pupil_id and not p.erased where f.upn = any (@upns)
            """;
        await using var connection = await source.OpenConnectionAsync(ct);
        var ids = await connection.QueryAsync<Guid>(new CommandDefinition(Sql, new { upns }, cancellationToken: ct));
        return await PupilSnapshots.ReadIdentifiersAsync(connection, null, ids.ToArray(), ct);
    }

    /// <summary>Things of a kind after a position, in the order of commits, each with its own position.</summary>
    public async IAsyncEnumerable<StreamChangesResponse> ChangesAsync(
        ChangeKind kind, Position after, [EnumeratorCancellation] CancellationToken ct)
    {
        await using var connection = await source.OpenConnectionAsync(ct);
        var at = after;
        while (await ReadAsync(connection, kind, at, ct) is { Count: > 0 } changes)
        {
            foreach (var (position, change) in changes)
            {
                change.Position = position.ToToken(kind);
                yield return change;
                at = position;
            }
        }
    }

    private static async Task<Guid[]> IdsAsync(NpgsqlConnection connection, string sql, Guid changeSet, Guid after, CancellationToken ct) =>
        (await connection.QueryAsync<Guid>(new CommandDefinition(sql, new { changeSet, after, Batch }, cancellationToken: ct))).ToArray();

    private static Task<List<(Position At, StreamChangesResponse Change)>> ReadAsync(
        NpgsqlConnection connection, ChangeKind kind, Position after, CancellationToken ct) => kind switch
        {
            ChangeKind.School => SchoolsAsync(connection, after, ct),
            ChangeKind.Calendar => CalendarsAsync(connection, after, ct),
            ChangeKind.Person => PeopleAsync(connection, after, ct),
            ChangeKind.Grant => GrantsAsync(connection, after, ct),
            ChangeKind.Pupil => PupilsAsync(connection, after, ct),
            ChangeKind.PupilIdentifiers => IdentifiersAsync(connection, after, ct),
            ChangeKind.Group => GroupsAsync(connection, after, ct),
            _ => throw Errors.PositionInvalid(),
        };

    private static async Task<List<(Position At, StreamChangesResponse Change)>> SchoolsAsync(
        NpgsqlConnection connection, Position after, CancellationToken ct)
    {
        const string Sql = """
            select tx::text as tx, school_urn::text as key, school_urn, version, laestab, name, phase, age_from, age_to, locality
            from school
            where (tx, school_urn) > (@Tx::xid8, @Key::int) and tx < pg_snapshot_xmin(pg_current_snapshot())
            order by school.tx, school_urn
            limit @Batch
            """;
        var (at, rows) = await QueryAsync<SchoolRow>(connection, Sql, after.Or("0"), ct);
        var schools = await SchoolStore.WithDetailsAsync(connection, null, rows, ct);
        return at.Zip(schools, (p, s) => (p, new StreamChangesResponse { School = s.ToSnapshot() })).ToList();
    }

    private static async Task<List<(Position At, StreamChangesResponse Change)>> CalendarsAsync(
        NpgsqlConnection connection, Position after, CancellationToken ct)
    {
        const string Sql = """
            select tx::text as tx, school_urn || ' ' || academic_year as key, school_urn, academic_year, version
            from calendar
            where (tx, school_urn, academic_year) > (@Tx::xid8, split_part(@Key, ' ', 1)::int, split_part(@Key, ' ', 2))
              and tx < pg_snapshot_xmin(pg_current_snapshot())
            order by calendar.tx, school_urn, academic_year
            limit @Batch
            """;
        var (at, rows) = await QueryAsync<CalendarRow>(connection, Sql, after.Or("0 "), ct);
        var calendars = await CalendarStore.WithDetailsAsync(connection, null, rows, ct);
        return at.Zip(calendars, (p, c) => (p, new StreamChangesResponse { Calendar = c.ToSnapshot() })).ToList();
    }

    private static async Task<List<(Position At, StreamChangesResponse Change)>> PeopleAsync(
        NpgsqlConnection connection, Position after, CancellationToken ct)
    {
        const string Sql = """
            select tx::text as tx, person_id::text as key, person_id, version, name, duties, school_urn, issuer, subject, left_on
            from person
            where (tx, person_id) > (@Tx::xid8, @Key::uuid) and tx < pg_snapshot_xmin(pg_current_snapshot())
            order by person.tx, person_id
            limit @Batch
            """;
        var (at, rows) = await QueryAsync<PersonRow>(connection, Sql, after.Or(Guid.Empty.ToString()), ct);
        return at.Zip(rows, (p, r) => (p, new StreamChangesResponse { Person = r.ToPerson().ToSnapshot() })).ToList();
    }

    private static async Task<List<(Position At, StreamChangesResponse Change)>> GrantsAsync(
        NpgsqlConnection connection, Position after, CancellationToken ct)
    {
        const string Sql = """
            select tx::text as tx, grant_id::text as key, grant_id, version, issuer, subject, role, school_urn, year_groups, class_ids, subjects,
                   valid_from, valid_to, reason
            from role_grant
            where (tx, grant_id) > (@Tx::xid8, @Key::uuid) and tx < pg_snapshot_xmin(pg_current_snapshot())
            order by role_grant.tx, grant_id
            limit @Batch
            """;
        var (at, rows) = await QueryAsync<GrantRow>(connection, Sql, after.Or(Guid.Empty.ToString()), ct);
        return at.Zip(rows, (p, r) => (p, new StreamChangesResponse { Grant = r.ToGrant().ToSnapshot() })).ToList();
    }

    private static async Task<List<(Position At, StreamChangesResponse Change)>> PupilsAsync(
        NpgsqlConnection connection, Position after, CancellationToken ct)
    {
        var at = await PupilPositionsAsync(connection, after, ct);
        var ids = at.Select(p => Guid.Parse(p.Key)).ToArray();
        var pupils = (await PupilSnapshots.ReadAsync(connection, null, ids, ct)).ToDictionary(p => p.PupilId);
        return at.Select(p => (p, new StreamChangesResponse { Pupil = pupils[Guid.Parse(p.Key)].ToSnapshot() })).ToList();
    }

    private static async Task<List<(Position At, StreamChangesResponse Change)>> IdentifiersAsync(
        NpgsqlConnection connection, Position after, CancellationToken ct)
    {
        var at = await PupilPositionsAsync(connection, after, ct);
        var ids = at.Select(p => Guid.Parse(p.Key)).ToArray();
        var pupils = (await PupilSnapshots.ReadIdentifiersAsync(connection, null, ids, ct)).ToDictionary(p => p.PupilId);
        return at.Select(p => (p, new StreamChangesResponse { Identifiers = pupils[Guid.Parse(p.Key)].ToMessage() })).ToList();
    }

    private static async Task<List<(Position At, StreamChangesResponse Change)>> GroupsAsync(
        NpgsqlConnection connection, Position after, CancellationToken ct)
    {
        const string Sql = """
            select tx::text as tx, group_code as key, group_code, version, name, comparator_name, sensitive, sensitive_itself, built_in
            from group_definition
            where (tx, group_code) > (@Tx::xid8, @Key) and superseded_at is null and tx < pg_snapshot_xmin(pg_current_snapshot())
            order by group_definition.tx, group_code
            limit @Batch
            """;
        var (at, rows) = await QueryAsync<GroupRow>(connection, Sql, after, ct);
        var groups = await GroupStore.WithClausesAsync(connection, null, rows, ct);
        return at.Zip(groups, (p, g) => (p, new StreamChangesResponse { Group = g.ToSnapshot() })).ToList();
    }

    private static async Task<List<Position>> PupilPositionsAsync(NpgsqlConnection connection, Position after, CancellationToken ct)
    {
        const string Sql = """
            select tx::text as tx, pupil_id::text as key
            from pupil
            where (tx, pupil_id) > (@Tx::xid8, @Key::uuid) and tx < pg_snapshot_xmin(pg_current_snapshot())
            order by pupil.tx, pupil_id
            limit @Batch
            """;
        var from = after.Or(Guid.Empty.ToString());
        var rows = await connection.QueryAsync<PositionRow>(
            new CommandDefinition(Sql, new { from.Tx, from.Key, Batch }, cancellationToken: ct));
        return rows.Select(r => new Position(r.Tx, r.Key)).ToList();
    }

    private static async Task<(List<Position> At, List<T> Rows)> QueryAsync<T>(
        NpgsqlConnection connection, string sql, Position after, CancellationToken ct)
    {
        var command = new CommandDefinition(sql, new { after.Tx, after.Key, Batch }, cancellationToken: ct);
        await using var reader = await connection.ExecuteReaderAsync(command);
        var toPosition = reader.GetRowParser<PositionRow>(length: 2);
        var toRow = reader.GetRowParser<T>(startIndex: 2);
        var at = new List<Position>();
        var rows = new List<T>();
        while (await reader.ReadAsync(ct))
        {
            var position = toPosition(reader);
            at.Add(new Position(position.Tx, position.Key));
            rows.Add(toRow(reader));
        }

        return (at, rows);
    }

    private sealed record PositionRow
    {
        public required string Tx { get; init; }

        public required string Key { get; init; }
    }
}
