using Dapper;
using GoldenThread.ServiceDefaults;

namespace GoldenThread.Tracking.Pupils;

/// <summary>Statements over a whole roster: the caller's deadline ends them, not a fixed time.</summary>
internal static class LongWork
{
    /// <summary>A command without a timeout of its own.</summary>
    public static CommandDefinition LongCommand(this Work work, string sql, object? parameters, CancellationToken ct) =>
        new(sql, parameters, work.Transaction, commandTimeout: 0, cancellationToken: ct);
}
