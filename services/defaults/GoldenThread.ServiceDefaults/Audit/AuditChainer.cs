using System.Security.Cryptography;
using System.Text.Json;
using Dapper;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace GoldenThread.ServiceDefaults;

/// <summary>
/// Links committed audit rows into a hash chain, after the fact: an altered or missing row breaks every hash behind it. One chainer
/// works at a time, under an advisory lock; no write ever waits for it.
/// </summary>
public sealed partial class AuditChainer(NpgsqlDataSource source, ILogger<AuditChainer> log) : RecurringWork(Interval)
{
    private const long LockKey = 0x6774_6175_6469_74;
    private const int LargestBatch = 1000;
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(5);

    /// <inheritdoc />
    protected override async Task TurnAsync(CancellationToken ct)
    {
        try
        {
            while (await LinkAsync(ct) == LargestBatch)
            {
                // More is waiting.
            }
        }
        catch (Exception e) when (Transience.IsUnavailable(e) || e is PostgresException { SqlState: PostgresErrorCodes.UndefinedTable })
        {
            // Where nobody has migrated yet, readiness says so, as long as the process lives.
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
            hash = Link(hash, row.Content);
            hashes.Add(hash);
        }

        await connection.ExecuteAsync(Append, new
        {
            Positions = Enumerable.Range(1, rows.Count).Select(i => position + i).ToArray(),
            Ids = rows.Select(r => r.AuditId).ToArray(),
            Hashes = hashes.ToArray(),
        }, transaction);
        await transaction.CommitAsync(ct);
        return rows.Count;
    }

    /// <summary>The first position at which the chain does not hold; null where all of it does.</summary>
    public static async Task<long?> FirstBreakAsync(NpgsqlDataSource database, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        var hash = Array.Empty<byte>();
        await foreach (var link in connection.QueryUnbufferedAsync<LinkRow>(WholeChain).WithCancellation(ct))
        {
            hash = Link(hash, link.Content);
            if (!hash.AsSpan().SequenceEqual(link.Hash))
            {
                return link.Position;
            }
        }

        return null;
    }

    private static byte[] Link(byte[] previous, string content) => SHA256.HashData([.. previous, .. JsonSerializer.SerializeToUtf8Bytes(content)]);

    private static async Task<(long Position, byte[] Hash)> EndOfChainAsync(NpgsqlConnection connection, NpgsqlTransaction transaction)
    {
        const string Sql = "select position, hash from audit_chain order by position desc limit 1";
        var end = await connection.QuerySingleOrDefaultAsync<EndRow>(Sql, transaction: transaction);
        return end is null ? (0, []) : (end.Position, end.Hash);
    }

    // Everything that was written, as text that does not depend on the session's settings.
    private const string Content = """
        concat_ws(chr(31), a.audit_id, extract(epoch from a.at), a.issuer, a.subject, coalesce(a.client_id, ''), a.action, a.purpose,
                  a.subject_kind, array_to_string(a.subject_ids, ','), coalesce(a.school_urn, 0), coalesce(a.detail, ''))
        """;

    // Neither the id nor the time is the order of commits: a row counts once every transaction up to its own has ended.
    private const string NextRows = $"""
        select a.audit_id, {Content} as content
        from audit a
        where a.tx < pg_snapshot_xmin(pg_current_snapshot())
          and (a.tx, a.audit_id) > (
              coalesce((select c.tx from audit_chain c order by c.position desc limit 1), '0'::xid8),
              coalesce((select c.audit_id from audit_chain c order by c.position desc limit 1), 0))
        order by a.tx, a.audit_id
        limit @LargestBatch
        """;

    private const string WholeChain = $"""
        select c.position, c.hash, {Content} as content
        from audit_chain c
        left join audit a on a.audit_id = c.audit_id
        order by c.position
        """;

    private const string Append = """
        insert into audit_chain (position, audit_id, tx, hash)
        select n.position, n.audit_id, a.tx, n.hash
        from unnest(@Positions, @Ids, @Hashes) as n(position, audit_id, hash)
        join audit a on a.audit_id = n.audit_id
        """;

    [LoggerMessage(Level = LogLevel.Warning, Message = "The audit chain waits for the database")]
    private partial void LogWaiting();

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

    private sealed record LinkRow
    {
        public required long Position { get; init; }

        public required byte[] Hash { get; init; }

        public required string Content { get; init; }
    }
}
