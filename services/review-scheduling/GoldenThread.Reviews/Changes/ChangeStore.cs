using Dapper;
using Npgsql;

namespace GoldenThread.Reviews.Changes;

/// <summary>A position in the order of commits: transaction and row.</summary>
internal sealed record Position(string Tx, Guid Id)
{
    /// <summary>Before everything.</summary>
    public static Position Beginning { get; } = new("0", Guid.Empty);

    /// <summary>As it is given out.</summary>
    public string Text => $"{Tx}-{Id:N}";

    /// <summary>As it was given out; null where it was not.</summary>
    public static Position? Of(string text)
    {
        if (text.Length == 0)
        {
            return Beginning;
        }

        var parts = text.Split('-');
        return parts.Length == 2 && ulong.TryParse(parts[0], out _) && Guid.TryParseExact(parts[1], "N", out var id) ? new(parts[0], id) : null;
    }
}

/// <summary>A category entry as it is streamed.</summary>
internal sealed record CategoryChange
{
    public required string Tx { get; init; }

    public required Guid CategoryId { get; init; }

    public required int SchoolUrn { get; init; }

    public required long Version { get; init; }

    public required short Category { get; init; }

    public required DateOnly FromOn { get; init; }

    public DateOnly? DueOn { get; init; }

    public DateOnly? OverdueAfter { get; init; }
}

/// <summary>A visit as it is streamed.</summary>
internal sealed record VisitChange
{
    public required string Tx { get; init; }

    public required Guid VisitId { get; init; }

    public required long Version { get; init; }

    public required int SchoolUrn { get; init; }

    public required string AcademicYear { get; init; }

    public required string Entitlement { get; init; }

    public required short State { get; init; }

    public DateOnly? OnDay { get; init; }
}

/// <summary>An agreed action as it is streamed.</summary>
internal sealed record ActionChange
{
    public required string Tx { get; init; }

    public required Guid ActionId { get; init; }

    public required long Version { get; init; }

    public required Guid VisitId { get; init; }

    public required int SchoolUrn { get; init; }

    public required DateOnly DueOn { get; init; }

    public DateOnly? DoneOn { get; init; }
}

/// <summary>
/// What changed after a position. Only rows of transactions below the snapshot's xmin are told: nothing that commits later can come
/// before them. The order names the table's tx: the text that is selected would sort 1000 before 999.
/// </summary>
internal sealed class ChangeStore(NpgsqlDataSource source)
{
    private const int Batch = 500;

    public Task<IReadOnlyList<CategoryChange>> CategoriesAsync(Position after, CancellationToken ct)
    {
        const string Sql = """
            select tx::text as tx, category_id, school_urn, version, category, from_on, due_on, overdue_after
            from school_category
            where (tx, category_id) > (@Tx::xid8, @Id) and tx < pg_snapshot_xmin(pg_current_snapshot())
            order by school_category.tx, category_id
            limit @Batch
            """;
        return ReadAsync<CategoryChange>(Sql, after, ct);
    }

    public Task<IReadOnlyList<VisitChange>> VisitsAsync(Position after, CancellationToken ct)
    {
        const string Sql = """
            select tx::text as tx, visit_id, version, school_urn, academic_year, entitlement, state, on_day
            from visit
            where (tx, visit_id) > (@Tx::xid8, @Id) and tx < pg_snapshot_xmin(pg_current_snapshot())
            order by visit.tx, visit_id
            limit @Batch
            """;
        return ReadAsync<VisitChange>(Sql, after, ct);
    }

    public Task<IReadOnlyList<ActionChange>> ActionsAsync(Position after, CancellationToken ct)
    {
        const string Sql = """
            select tx::text as tx, action_id, version, visit_id, school_urn, due_on, done_on
            from agreed_action
            where (tx, action_id) > (@Tx::xid8, @Id) and tx < pg_snapshot_xmin(pg_current_snapshot())
            order by agreed_action.tx, action_id
            limit @Batch
            """;
        return ReadAsync<ActionChange>(Sql, after, ct);
    }

    private async Task<IReadOnlyList<T>> ReadAsync<T>(string sql, Position after, CancellationToken ct)
    {
        await using var connection = await source.OpenConnectionAsync(ct);
        return (await connection.QueryAsync<T>(new CommandDefinition(sql, new { after.Tx, after.Id, Batch }, cancellationToken: ct))).AsList();
    }
}
