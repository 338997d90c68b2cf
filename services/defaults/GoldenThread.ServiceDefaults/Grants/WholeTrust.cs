using Dapper;

namespace GoldenThread.ServiceDefaults;

/// <summary>Asks for the widest authority there is.</summary>
public static class WholeTrust
{
    /// <summary>Whether the caller holds a grant for the whole trust without any limit, in one of the roles.</summary>
    public static Task<bool> HoldsWholeTrustAsync(this Work work, Authority by, CancellationToken ct)
    {
        const string Sql = "select holds_whole_trust(@Issuer, @Subject, @Roles)";
        return work.Connection.ExecuteScalarAsync<bool>(work.Command(Sql, by, ct));
    }
}
