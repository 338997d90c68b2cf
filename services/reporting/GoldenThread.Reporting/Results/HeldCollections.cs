using Dapper;
using GoldenThread.ServiceDefaults;

namespace GoldenThread.Reporting.Results;

/// <summary>
/// Keeps a change of a collection's due day and new results of it from passing each other unseen, as <see cref="HeldTests"/> does for tests.
/// Who holds both takes the collections first.
/// </summary>
internal static class HeldCollections
{
    /// <summary>Holds collections together with others.</summary>
    public static Task ShareAsync(Work work, Guid[] collectionIds, CancellationToken ct)
    {
        const string Sql = """
            select count(pg_advisory_xact_lock_shared(held.key)::text)
            from (select hashtextextended(id::text, 2) as key from unnest(@collectionIds) as id order by 1 offset 0) held
            """;
        return work.Connection.ExecuteAsync(work.Command(Sql, new { collectionIds }, ct));
    }

    /// <summary>Holds a collection alone.</summary>
    public static Task HoldAloneAsync(Work work, Guid collectionId, CancellationToken ct)
    {
        const string Sql = "select pg_advisory_xact_lock(hashtextextended(@collectionId::text, 2))";
        return work.Connection.ExecuteAsync(work.Command(Sql, new { collectionId }, ct));
    }
}
