using System.Data;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.RegularExpressions;
using Dapper;
using Npgsql;

namespace GoldenThread.ServiceDefaults;

/// <summary>A link of the chain: its hash stands for its row and for every row before it. It names nobody, so that it may be written down anywhere.</summary>
/// <param name="Position">Its place, from 1.</param>
/// <param name="Hash">SHA-256, in hexadecimal digits.</param>
public sealed partial record AuditHead(long Position, string Hash)
{
    /// <summary>Reads what <see cref="ToString"/> wrote; null where it is none.</summary>
    public static AuditHead? Parse(string text) =>
        Written().Match(text) is { Success: true } match && long.TryParse(match.Groups[1].ValueSpan, out var position)
            ? new(position, match.Groups[2].Value)
            : null;

    /// <inheritdoc />
    public override string ToString() => $"{Position}:{Hash}";

    [GeneratedRegex(@"^(\d+):([0-9a-f]{64})\z")]
    private static partial Regex Written();
}

/// <summary>What a look at all rows and links found.</summary>
public sealed record AuditVerdict
{
    /// <summary>The first position at which the chain does not hold; null where all of it does.</summary>
    public long? BreaksAt { get; init; }

    /// <summary>The last link.</summary>
    public AuditHead? Head { get; init; }

    /// <summary>Whether the expected link is still there.</summary>
    public bool HasExpected { get; init; }

    /// <summary>Rows that lie before the chain's end, or in no time at all, and have no link.</summary>
    public long Unlinked { get; init; }

    /// <summary>The id of the first of them.</summary>
    public long? FirstUnlinked { get; init; }
}

/// <summary>
/// The chain over committed audit rows: hash(n) = SHA-256(hash(n-1) ‖ row n). It shows what was altered, taken away or put in between. That its newest
/// links and their rows were taken away together, or all linked anew, only somebody can show who has kept a head.
/// </summary>
public static class AuditChain
{
    // Everything that was written, as text that does not depend on the session's settings.
    internal const string Content = """
        concat_ws(chr(31), a.audit_id, extract(epoch from a.at), a.issuer, a.subject, coalesce(a.client_id, ''), a.action, a.purpose,
                  a.subject_kind, array_to_string(a.subject_ids, ','), coalesce(a.school_urn, 0), coalesce(a.detail, ''))
        """;

    private const int AsLongAsItTakes = 0;

    private const string WholeChain = $"""
        select c.position, c.hash, {Content} as content
        from audit_chain c
        left join audit a on a.audit_id = c.audit_id
        order by c.position
        """;

    // The chainer links in the order of (tx, audit_id) and passes nothing over; and no row comes from a transaction that has not begun.
    private const string LeftOut = """
        select count(*) as count, min(a.audit_id) as first
        from audit a
        where not exists (select from audit_chain c where c.audit_id = a.audit_id)
          and ((a.tx, a.audit_id) <= (select c.tx, c.audit_id from audit_chain c order by c.position desc limit 1)
            or a.tx >= pg_snapshot_xmax(pg_current_snapshot()))
        """;

    /// <summary>Looks at all of it.</summary>
    /// <param name="database">The service's database.</param>
    /// <param name="expected">A head that was written down; null for none.</param>
    /// <param name="ct">Cancellation.</param>
    public static async Task<AuditVerdict> CheckAsync(NpgsqlDataSource database, AuditHead? expected, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        // One snapshot, while rows come and are linked.
        await using var snapshot = await connection.BeginTransactionAsync(IsolationLevel.RepeatableRead, ct);
        var (hash, position, hasExpected) = (Array.Empty<byte>(), 0L, expected is null);
        await foreach (var link in connection.QueryUnbufferedAsync<LinkRow>(WholeChain, transaction: snapshot, commandTimeout: AsLongAsItTakes).WithCancellation(ct))
        {
            (hash, position) = (Link(hash, link.Content), link.Position);
            if (!hash.AsSpan().SequenceEqual(link.Hash))
            {
                return new AuditVerdict { BreaksAt = position, HasExpected = hasExpected };
            }

            hasExpected |= position == expected?.Position && Convert.ToHexStringLower(hash) == expected.Hash;
        }

        var leftOut = await connection.QuerySingleAsync<LeftOutRow>(
            new CommandDefinition(LeftOut, transaction: snapshot, commandTimeout: AsLongAsItTakes, cancellationToken: ct));
        return new AuditVerdict
        {
            Head = position == 0 ? null : new AuditHead(position, Convert.ToHexStringLower(hash)),
            HasExpected = hasExpected,
            Unlinked = leftOut.Count,
            FirstUnlinked = leftOut.First,
        };
    }

    internal static byte[] Link(byte[] previous, string content) => SHA256.HashData([.. previous, .. JsonSerializer.SerializeToUtf8Bytes(content)]);

    private sealed record LinkRow
    {
        public required long Position { get; init; }

        public required byte[] Hash { get; init; }

        public required string Content { get; init; }
    }

    private sealed record LeftOutRow
    {
        public required long Count { get; init; }

        public required long? First { get; init; }
    }
}
