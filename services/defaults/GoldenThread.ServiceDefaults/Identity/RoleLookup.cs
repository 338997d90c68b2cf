using System.Collections.Concurrent;
using Dapper;
using Npgsql;

namespace GoldenThread.ServiceDefaults;

/// <summary>
/// Which roles a caller holds anywhere, from this service's copy of the grants. Remembered for two seconds: it only decides between
/// "forbidden" and "go on"; what the caller then reaches is decided in SQL, on the grants as they are.
/// </summary>
internal sealed class RoleLookup(NpgsqlDataSource source, TimeProvider clock)
{
    private static readonly TimeSpan Remembered = TimeSpan.FromSeconds(2);
    private const int MostRemembered = 10_000;

    private readonly ConcurrentDictionary<(string Issuer, string Subject), (long Roles, DateTimeOffset Until)> held = new();

    public async ValueTask<bool> HoldsAnyAsync(Caller caller, IEnumerable<Type.V1.Role> roles, CancellationToken ct)
    {
        var wanted = roles.Aggregate(0L, (mask, role) => mask | (1L << (int)role));
        return (await RolesAsync(caller, ct) & wanted) != 0;
    }

    private async ValueTask<long> RolesAsync(Caller caller, CancellationToken ct)
    {
        var now = clock.GetUtcNow();
        var key = (caller.Issuer, caller.Subject);
        if (held.TryGetValue(key, out var known) && known.Until > now)
        {
            return known.Roles;
        }

        var roles = await ReadAsync(caller, ct);
        if (roles == 0)
        {
            held.TryRemove(key, out _);
            return 0;
        }

        if (held.Count >= MostRemembered)
        {
            held.Clear();
        }

        held[key] = (roles, now + Remembered);
        return roles;
    }

    private async Task<long> ReadAsync(Caller caller, CancellationToken ct)
    {
        const string Sql = """
            select coalesce(bit_or(1::bigint << role), 0)
            from access_grant
            where issuer = @Issuer and subject = @Subject and valid_from <= now() and (valid_to is null or valid_to > now())
            """;
        await using var connection = await source.OpenConnectionAsync(ct);
        return await connection.ExecuteScalarAsync<long>(new CommandDefinition(Sql, new { caller.Issuer, caller.Subject }, cancellationToken: ct));
    }
}
