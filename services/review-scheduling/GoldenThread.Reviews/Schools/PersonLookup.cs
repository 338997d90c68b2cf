using Dapper;
using GoldenThread.ServiceDefaults;

namespace GoldenThread.Reviews.Schools;

/// <summary>Who a caller is among the people that tracking knows.</summary>
internal static class PersonLookup
{
    /// <summary>The person of a sign-in; null where it belongs to none (a partner, say).</summary>
    public static Task<Guid?> OfCallerAsync(Work work, CancellationToken ct)
    {
        const string Sql = "select person_id from person where issuer = @Issuer and subject = @Subject limit 1";
        return work.Connection.ExecuteScalarAsync<Guid?>(work.Command(Sql, new { work.Caller.Issuer, work.Caller.Subject }, ct));
    }
}
