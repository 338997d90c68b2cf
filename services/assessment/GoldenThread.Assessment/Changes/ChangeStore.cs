using System.Runtime.CompilerServices;
using Dapper;
using GoldenThread.Assessment.Collections;
using GoldenThread.Assessment.Results;
using GoldenThread.Assessment.Tests;
using Npgsql;

namespace GoldenThread.Assessment.Changes;

/// <summary>What changed in one transaction: a change set, a test or a collection.</summary>
internal sealed record ChangeRow
{
    public const string OfResults = "results";
    public const string OfTest = "test";
    public const string OfCollection = "collection";

    /// <summary>Number of the transaction that made the change.</summary>
    public required string Tx { get; init; }

    public required string Kind { get; init; }

    public required Guid Id { get; init; }

    /// <summary>Results of the change set; 1 for the rest.</summary>
    public required int Size { get; init; }
}

/// <summary>Count and digest of the results of one school in one collection.</summary>
internal sealed record DigestRow
{
    public required int SchoolUrn { get; init; }

    public required Guid CollectionId { get; init; }

    public required long Count { get; init; }

    public required string Digest { get; init; }
}

/// <summary>Every statement that other services' copies are made from.</summary>
internal sealed class ChangeStore(NpgsqlDataSource source)
{
    private const string Columns = """
        school_urn, result_id, pupil_id, test_id, collection_id, sitting, source, year_group, score, code, version, recorded_at
        """;

    /// <summary>Every result version that a change set recorded, whether it still stands or not, one by one as they are read.</summary>
    public async IAsyncEnumerable<ResultRow> StreamChangeSetAsync(Guid changeSetId, [EnumeratorCancellation] CancellationToken ct)
    {
        const string Sql = $"""
            select {Columns} from result where change_set_id = @changeSetId
            union all
            select {Columns} from result_version where change_set_id = @changeSetId
            """;
        await using var connection = await source.OpenConnectionAsync(ct);
        await foreach (var row in connection.QueryUnbufferedAsync<ResultRow>(Sql, new { changeSetId }, commandTimeout: 0).WithCancellation(ct))
        {
            yield return row;
        }
    }

    /// <summary>The standing results of small change sets, each with its set.</summary>
    public async Task<List<(Guid ChangeSetId, ResultRow Row)>> ResultsInAsync(Guid[] changeSetIds, CancellationToken ct)
    {
        const string Sql = $"select change_set_id, {Columns} from result where change_set_id = any(@changeSetIds)";
        await using var connection = await source.OpenConnectionAsync(ct);
        var command = new CommandDefinition(Sql, new { changeSetIds }, cancellationToken: ct);
        return (await connection.QueryAsync<Guid, ResultRow, (Guid, ResultRow)>(command, (set, row) => (set, row), splitOn: "school_urn")).AsList();
    }

    /// <summary>
    /// The changes after a position, in the order of commit. A transaction is told of once everything that began before it has ended: only
    /// below the snapshot's xmin can no earlier change turn up any more.
    /// </summary>
    public async Task<List<ChangeRow>> ListAsync(string afterTx, Guid afterId, int limit, CancellationToken ct)
    {
        const string Sql = """
            select tx::text as tx, kind, id, size
            from (
                select tx, 'results' as kind, change_set_id as id, result_count as size from change_set
                union all
                select tx, 'test', test_id, 1 from test
                union all
                select tx, 'collection', collection_id, 1 from collection
            ) change
            where (tx, id) > (cast(@afterTx as xid8), @afterId) and tx < pg_snapshot_xmin(pg_current_snapshot())
            order by change.tx, id limit @limit
            """;
        await using var connection = await source.OpenConnectionAsync(ct);
        return (await connection.QueryAsync<ChangeRow>(new CommandDefinition(Sql, new { afterTx, afterId, limit }, cancellationToken: ct))).AsList();
    }

    public async Task<Dictionary<Guid, TestDefinition>> TestsAsync(Guid[] testIds, CancellationToken ct)
    {
        await using var connection = await source.OpenConnectionAsync(ct);
        return (await TestStore.ByIdsAsync(connection, testIds, ct)).ToDictionary(t => t.TestId);
    }

    public async Task<Dictionary<Guid, CollectionPlan>> CollectionsAsync(Guid[] collectionIds, CancellationToken ct)
    {
        await using var connection = await source.OpenConnectionAsync(ct);
        return (await CollectionStore.ByIdsAsync(connection, collectionIds, ct)).ToDictionary(c => c.CollectionId);
    }

    public async Task<List<DigestRow>> DigestAsync(int? schoolUrn, Guid? collectionId, CancellationToken ct)
    {
        const string Sql = """
            select school_urn, collection_id, count(*) as count,
                   sum(hashtextextended(result_id::text || ':' || version, 0)::numeric)::text as digest
            from result
            where (@schoolUrn::int is null or school_urn = @schoolUrn) and (@collectionId::uuid is null or collection_id = @collectionId)
            group by school_urn, collection_id
            order by school_urn, collection_id
            """;
        await using var connection = await source.OpenConnectionAsync(ct);
        var command = new CommandDefinition(Sql, new { schoolUrn, collectionId }, commandTimeout: 0, cancellationToken: ct);
        return (await connection.QueryAsync<DigestRow>(command)).AsList();
    }
}
