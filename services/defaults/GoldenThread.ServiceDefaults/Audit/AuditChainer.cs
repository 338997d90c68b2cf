using Dapper;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace GoldenThread.ServiceDefaults;

/// <summary>
/// Links committed audit rows into a hash chain, after the fact: an altered or missing row breaks every hash behind it. One chainer
/// works at a time, under an advisory lock; no write ever waits for it. Now and then it tells the log how far the chain reaches: whoever would change
/// both has to change what the log system keeps, too.
/// </summary>
public sealed partial class AuditChainer(NpgsqlDataSource source, TimeProvider clock, ILogger<AuditChainer> log) : RecurringWork(Interval)
{
    private const long LockKey = 0x6774_6175_6469_74;
    private const int LargestBatch = 1000;
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan BetweenHeads = TimeSpan.FromHours(1);
    private AuditHead? untold;
    private DateTimeOffset? toldAt;

    /// <inheritdoc />
    protected override async Task TurnAsync(CancellationToken ct)
    {
        try
        {
            while (await LinkAsync(ct) == LargestBatch)
            {
                // More is waiting.
            }

            TellHead();
        }
        catch (Exception e) when (Transience.IsNotThereYet(e))
        {
            LogWaiting();
        }
    }

    /// <summary>Links the next rows and says how many.</summary>
    public async Task<int> LinkAsync(CancellationToken ct)
    {
        await using var connection = await source.OpenConnectionAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        if (!await connection.ExecuteScalarAsync<bool>("select pg_try_advisory_xact_lock(@LockKey)", new { LockKey }, transaction))
        {
            return 0;
        }

        var (position, hash) = await EndOfChainAsync(connection, transaction);
        var rows = (await connection.QueryAsync<Row>(NextRows, new { LargestBatch }, transaction)).AsList();
        if (rows.Count == 0)
        {
            return 0;
        }

        var hashes = new List<byte[]>(rows.Count);
        foreach (var row in rows)
        {
            hash = AuditChain.Link(hash, row.Content);
            hashes.Add(hash);
        }

        await connection.ExecuteAsync(Append, new
        {
            Positions = Enumerable.Range(1, rows.Count).Select(i => position + i).ToArray(),
            Ids = rows.Select(r => r.AuditId).ToArray(),
            Hashes = hashes.ToArray(),
        }, transaction);
        await transaction.CommitAsync(ct);
        untold = new AuditHead(position + rows.Count, Convert.ToHexStringLower(hash));
        return rows.Count;
    }

    private void TellHead()
    {
        if (untold is { } head && !(clock.GetUtcNow() - toldAt < BetweenHeads))
        {
            LogHead(head);
            (untold, toldAt) = (null, clock.GetUtcNow());
        }
    }

    private static async Task<(long Position, byte[] Hash)> EndOfChainAsync(NpgsqlConnection connection, NpgsqlTransaction transaction)
    {
        const string Sql = "select position, hash from audit_chain order by position desc limit 1";
        var end = await connection.QuerySingleOrDefaultAsync<EndRow>(Sql, transaction: transaction);
        return end is null ? (0, []) : (end.Position, end.Hash);
    }

    // Neither the id nor the time is the order of commits: a row counts once every transaction up to its own has ended.
    private const string NextRows = $"""
        select a.audit_id, {AuditChain.Content} as content
        from audit a
        where a.tx < pg_snapshot_xmin(pg_current_snapshot())
          and (a.tx, a.audit_id) > (
              coalesce((select c.tx from audit_chain c order by c.position desc limit 1), '0'::xid8),
              coalesce((select c.audit_id from audit_chain c order by c.position desc limit 1), 0))
        order by a.tx, a.audit_id
        limit @LargestBatch
        """;

    private const string Append = """
        insert into audit_chain (position, audit_id, tx, hash)
        select n.position, n.audit_id, a.tx, n.hash
        from unnest(@Positions, @Ids, @Hashes) as n(position, audit_id, hash)
        join audit a on a.audit_id = n.audit_id
        """;

    [LoggerMessage(Level = LogLevel.Warning, Message = "The audit chain waits for the database")]
    private partial void LogWaiting();

    [LoggerMessage(Level = LogLevel.Information, Message = "The audit chain reaches to {Head}")]
    private partial void LogHead(AuditHead head);

    private sealed record Row
    {
        public required long AuditId { get; init; }

        public required string Content { get; init; }
    }

    private sealed record EndRow
    {
        public required long Position { get; init; }

        public required byte[] Hash { get; init; }
    }
}
