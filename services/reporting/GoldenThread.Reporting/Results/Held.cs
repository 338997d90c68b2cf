using Dapper;
using GoldenThread.ServiceDefaults;

namespace GoldenThread.Reporting.Results;

/// <summary>
/// Keeps a change of a definition and a change of what is summed by it from passing each other unseen: whoever sums holds the definitions
/// together with others until the commit, whoever changes one holds it alone. It works for what is not known yet. Who holds both collections
/// and tests takes the collections first.
/// </summary>
internal sealed class Held
{
    /// <summary>Tests, by how they judge a score.</summary>
    public static readonly Held Tests = new(1);

    /// <summary>Collections, by their due day.</summary>
    public static readonly Held Collections = new(2);

    private readonly int space;

    private Held(int space) => this.space = space;

    /// <summary>Holds some together with others.</summary>
    public Task ShareAsync(Work work, Guid[] ids, CancellationToken ct)
    {
        const string Sql = """
            select count(pg_advisory_xact_lock_shared(held.key)::text)
            from (select distinct hashtextextended(id::text, @space) as key from unnest(@ids) as id order by 1 offset 0) held
            """;
        return work.Connection.ExecuteAsync(work.Command(Sql, new { ids, space }, ct));
    }

    /// <summary>Holds one alone.</summary>
    public Task HoldAloneAsync(Work work, Guid id, CancellationToken ct)
    {
        const string Sql = "select pg_advisory_xact_lock(hashtextextended(@id::text, @space))";
        return work.Connection.ExecuteAsync(work.Command(Sql, new { id, space }, ct));
    }

    /// <summary>Holds the tests that pupils have results in, together with others.</summary>
    public static async Task ShareTestsOfPupilsAsync(Work work, Guid[] pupilIds, CancellationToken ct)
    {
        const string Sql = "select distinct test_id from fact_result where pupil_id = any (@pupilIds)";
        await Tests.ShareAsync(work, [.. await work.Connection.QueryAsync<Guid>(work.Command(Sql, new { pupilIds }, ct))], ct);
    }

    /// <summary>Holds the tests that a collection has results in, together with others.</summary>
    public static async Task ShareTestsOfCollectionAsync(Work work, Guid collectionId, CancellationToken ct)
    {
        const string Sql = "select distinct test_id from fact_result where collection_id = @collectionId";
        await Tests.ShareAsync(work, [.. await work.Connection.QueryAsync<Guid>(work.Command(Sql, new { collectionId }, ct))], ct);
    }
}
