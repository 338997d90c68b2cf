using Dapper;
using GoldenThread.Education;
using GoldenThread.ServiceDefaults;
using Npgsql;

namespace GoldenThread.Assessment.Collections;

/// <summary>Every statement about collections.</summary>
internal sealed class CollectionStore(NpgsqlDataSource source)
{
    private const string Columns = "c.collection_id, c.name, c.academic_year, c.opens_on, c.due_on, c.locks_on, c.locked_at, c.version";

    public async Task<List<CollectionPlan>> ListAsync(
        (DateOnly OpensOn, Guid CollectionId)? after, string? academicYear, int limit, CancellationToken ct)
    {
        const string Sql = $"""
            select {Columns}
            from collection c
            where (@opensOn::date is null or c.opens_on < @opensOn or (c.opens_on = @opensOn and c.collection_id > @collectionId))
              and (@academicYear is null or c.academic_year = @academicYear)
            order by c.opens_on desc, c.collection_id limit @limit
            """;
        await using var connection = await source.OpenConnectionAsync(ct);
        var parameters = new { opensOn = after?.OpensOn, collectionId = after?.CollectionId, academicYear, limit };
        return await ReadAsync(connection, null, Sql, parameters, ct);
    }

    public async Task<CollectionPlan?> GetAsync(Guid collectionId, CancellationToken ct)
    {
        await using var connection = await source.OpenConnectionAsync(ct);
        return (await ByIdsAsync(connection, [collectionId], ct)).SingleOrDefault();
    }

    /// <summary>A collection as the work sees it.</summary>
    public static async Task<CollectionPlan?> GetAsync(Work work, Guid collectionId, CancellationToken ct) =>
        (await ByIdsAsync(work.Connection, [collectionId], ct)).SingleOrDefault();

    /// <summary>Collections by their ids, for rebuilds.</summary>
    public static async Task<List<CollectionPlan>> ByIdsAsync(NpgsqlConnection connection, Guid[] collectionIds, CancellationToken ct)
    {
        const string Sql = $"select {Columns} from collection c where c.collection_id = any(@collectionIds)";
        return await ReadAsync(connection, null, Sql, new { collectionIds }, ct);
    }

    /// <summary>The collection, held against change until the work ends: waits for who is just recording in it, and makes new ones wait.</summary>
    public static async Task<CollectionPlan?> HoldAsync(Work work, Guid collectionId, CancellationToken ct)
    {
        const string Sql = $"select {Columns} from collection c where c.collection_id = @collectionId for update";
        return (await ReadAsync(work.Connection, work.Transaction, Sql, new { collectionId }, ct)).SingleOrDefault();
    }

    /// <summary>The collection, kept from being locked until the work ends; many may keep it at once.</summary>
    public static async Task<CollectionPlan?> KeepOpenAsync(Work work, Guid collectionId, CancellationToken ct)
    {
        const string Sql = $"select {Columns} from collection c where c.collection_id = @collectionId for key share";
        return (await ReadAsync(work.Connection, work.Transaction, Sql, new { collectionId }, ct)).SingleOrDefault();
    }

    /// <summary>Adds a collection.</summary>
    public static async Task AddAsync(Work work, CollectionPlan plan, CancellationToken ct)
    {
        const string Sql = """
            insert into collection (collection_id, name, academic_year, year_from, year_to, opens_on, due_on, locks_on)
            values (@CollectionId, @Name, @AcademicYear, @YearFrom, @YearTo, @OpensOn, @DueOn, @LocksOn)
            """;
        try
        {
            await work.Connection.ExecuteAsync(work.Command(Sql, Parameters(plan), ct));
        }
        catch (PostgresException e) when (e.ConstraintName == "uq_collection_name")
        {
            throw Errors.CollectionNameTaken();
        }

        await ReplaceTestsAsync(work, plan, ct);
    }

    /// <summary>Saves a change of a collection that the work holds.</summary>
    public static async Task SaveAsync(Work work, CollectionPlan plan, CancellationToken ct)
    {
        const string Sql = """
            update collection
            set name = @Name, opens_on = @OpensOn, due_on = @DueOn, locks_on = @LocksOn, locked_at = @LockedAt,
                version = version + 1, tx = pg_current_xact_id()
            where collection_id = @CollectionId
            """;
        try
        {
            await work.Connection.ExecuteAsync(work.Command(Sql, Parameters(plan), ct));
        }
        catch (PostgresException e) when (e.ConstraintName == "uq_collection_name")
        {
            throw Errors.CollectionNameTaken();
        }
    }

    /// <summary>Whether results of one of these tests were recorded in the collection.</summary>
    public static async Task<bool> HasResultsAsync(Work work, Guid collectionId, Guid[] testIds, CancellationToken ct)
    {
        const string Sql = "select exists (select from result where collection_id = @collectionId and test_id = any(@testIds))";
        return testIds.Length > 0 && await work.Connection.ExecuteScalarAsync<bool>(work.Command(Sql, new { collectionId, testIds }, ct));
    }

    public static async Task ReplaceTestsAsync(Work work, CollectionPlan plan, CancellationToken ct)
    {
        const string Sql = """
            with wanted as (
                select t.test_id, t.ordinal, string_to_array(t.years, ',') as year_groups
                from unnest(@TestIds, @Years) with ordinality as t(test_id, years, ordinal)
            ), gone as (
                delete from collection_test where collection_id = @CollectionId and not (test_id = any(@TestIds))
            )
            insert into collection_test (collection_id, test_id, ordinal, year_groups)
            select @CollectionId, test_id, ordinal, year_groups from wanted
            on conflict (collection_id, test_id) do update set ordinal = excluded.ordinal, year_groups = excluded.year_groups
            """;
        var parameters = new
        {
            plan.CollectionId,
            TestIds = plan.Tests.Select(t => t.TestId).ToArray(),
            Years = plan.Tests.Select(t => string.Join(',', t.YearGroups)).ToArray(),
        };
        try
        {
            await work.Connection.ExecuteAsync(work.Command(Sql, parameters, ct));
        }
        catch (PostgresException e) when (e.ConstraintName == "fk_collection_test")
        {
            throw Errors.TestNotFound();
        }
    }

    private static object Parameters(CollectionPlan plan) => new
    {
        plan.CollectionId,
        plan.Name,
        AcademicYear = plan.AcademicYear.ToString(),
        YearFrom = plan.AcademicYear.FirstDay,
        YearTo = plan.AcademicYear.LastDay,
        plan.OpensOn,
        plan.DueOn,
        plan.LocksOn,
        plan.LockedAt,
    };

    private static async Task<List<CollectionPlan>> ReadAsync(
        NpgsqlConnection connection, NpgsqlTransaction? transaction, string sql, object parameters, CancellationToken ct)
    {
        const string TestSql = """
            select collection_id, test_id, year_groups from collection_test
            where collection_id = any(@collectionIds) order by collection_id, ordinal
            """;
        var rows = (await connection.QueryAsync<CollectionRow>(new CommandDefinition(sql, parameters, transaction, cancellationToken: ct))).AsList();
        var collectionIds = rows.Select(r => r.CollectionId).ToArray();
        var command = new CommandDefinition(TestSql, new { collectionIds }, transaction, cancellationToken: ct);
        var tests = (await connection.QueryAsync<CollectionTestRow>(command)).ToLookup(t => t.CollectionId);
        return rows.Select(r => r.With(tests[r.CollectionId])).ToList();
    }

    private sealed record CollectionTestRow
    {
        public required Guid CollectionId { get; init; }

        public required Guid TestId { get; init; }

        public required string[] YearGroups { get; init; }
    }

    private sealed record CollectionRow
    {
        public required Guid CollectionId { get; init; }

        public required string Name { get; init; }

        public required string AcademicYear { get; init; }

        public required DateOnly OpensOn { get; init; }

        public required DateOnly DueOn { get; init; }

        public required DateOnly LocksOn { get; init; }

        public DateTimeOffset? LockedAt { get; init; }

        public required long Version { get; init; }

        public CollectionPlan With(IEnumerable<CollectionTestRow> tests) => new()
        {
            CollectionId = CollectionId,
            Name = Name,
            AcademicYear = Education.AcademicYear.Parse(AcademicYear),
            OpensOn = OpensOn,
            DueOn = DueOn,
            LocksOn = LocksOn,
            LockedAt = LockedAt,
            Tests = tests.Select(t => new PlannedTest { TestId = t.TestId, YearGroups = t.YearGroups }).ToList(),
            Version = Version,
        };
    }
}
