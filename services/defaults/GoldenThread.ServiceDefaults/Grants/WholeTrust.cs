using Dapper;
using Grpc.Core;

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

    /// <summary>
    /// PERMISSION_DENIED without a grant for the whole trust in a role that the rpc allows. Asked before anything is looked up: alike for every id, and
    /// whatever is there.
    /// </summary>
    public static async Task DemandWholeTrustAsync(this Work work, ServerCallContext context)
    {
        var by = context.Caller().As(RpcCatalogue.Rules[context.Method].Access!.Roles);
        if (!await work.HoldsWholeTrustAsync(by, context.CancellationToken))
        {
            throw Refusal.TrustGrantNeeded();
        }
    }
}
