using Dapper;
using GoldenThread.ServiceDefaults;

namespace GoldenThread.Reporting.Results;

/// <summary>
/// Keeps a change of a test's definition and a change of what is summed by it from passing each other unseen: whoever sums holds the tests
/// together with others until the commit, whoever changes a test holds it alone. It works for tests that are not known yet.
/// </summary>
internal static class HeldTests
{
    /// <summary>Holds tests together with others.</summary>
    public static Task ShareAsync(Work work, Guid[] testIds, CancellationToken ct)
    {
        const string Sql = """
            select count(pg_advisory_xact_lock_shared(held.key)::text)
            from (select hashtextextended(id::text, 1) as key from unnest(@testIds) as id order by 1 offset 0) held
            """;
        return work.Connection.ExecuteAsync(work.Command(Sql, new { testIds }, ct));
    }

    /// <summary>Holds the tests that pupils have results in, together with others.</summary>
    public static Task ShareOfPupilsAsync(Work work, Guid[] pupilIds, CancellationToken ct)
    {
        const string Sql = """
            select count(pg_advisory_xact_lock_shared(held.key)::text)
            from (
                select distinct hashtextextended(f.test_id::text, 1) as key from fact_result f where f.pupil_id = any (@pupilIds) order by 1 offset 0
            ) held
            """;
        return work.Connection.ExecuteAsync(work.Command(Sql, new { pupilIds }, ct));
    }

    /// <summary>Holds the tests that a collection has results in, together with others.</summary>
    public static Task ShareOfCollectionAsync(Work work, Guid collectionId, CancellationToken ct)
    {
        const string Sql = """
            select count(pg_advisory_xact_lock_shared(held.key)::text)
            from (
                select distinct hashtextextended(f.test_id::text, 1) as key from fact_result f where f.collection_id = @collectionId
                order by 1 offset 0
            ) held
            """;
        return work.Connection.ExecuteAsync(work.Command(Sql, new { collectionId }, ct));
    }

    /// <summary>Holds a test alone.</summary>
    public static Task HoldAloneAsync(Work work, Guid testId, CancellationToken ct)
    {
        const string Sql = "select pg_advisory_xact_lock(hashtextextended(@testId::text, 1))";
        return work.Connection.ExecuteAsync(work.Command(Sql, new { testId }, ct));
    }
}
