using Dapper;
using GoldenThread.Assessment.Scales;
using GoldenThread.ServiceDefaults;
using Npgsql;

namespace GoldenThread.Assessment.Tests;

/// <summary>Every statement about tests.</summary>
internal sealed class TestStore(NpgsqlDataSource source)
{
    private const string Columns = """
        t.test_id, t.name, t.subject, t.scale, t.reliability, t.expected_from, t.year_groups, t.statutory, t.version,
        s.lowest_score, s.highest_score, s.mean, s.standard_deviation
        """;

    public async Task<List<TestDefinition>> ListAsync(Guid after, string? subject, int limit, CancellationToken ct)
    {
        const string Sql = $"""
            select {Columns}
            from test t join scale s on s.code = t.scale
            where t.test_id > @after and (@subject is null or t.subject = @subject)
            order by t.test_id limit @limit
            """;
        await using var connection = await source.OpenConnectionAsync(ct);
        return await ReadAsync(connection, null, Sql, new { after, subject, limit }, ct);
    }

    public async Task<TestDefinition?> GetAsync(Guid testId, CancellationToken ct)
    {
        await using var connection = await source.OpenConnectionAsync(ct);
        return (await ByIdsAsync(connection, [testId], ct)).SingleOrDefault();
    }

    /// <summary>A test as the work sees it.</summary>
    public static async Task<TestDefinition?> GetAsync(Work work, Guid testId, CancellationToken ct) =>
        (await ByIdsAsync(work.Connection, [testId], ct)).SingleOrDefault();

    /// <summary>Tests by their ids, for rebuilds.</summary>
    public static async Task<List<TestDefinition>> ByIdsAsync(NpgsqlConnection connection, Guid[] testIds, CancellationToken ct)
    {
        const string Sql = $"select {Columns} from test t join scale s on s.code = t.scale where t.test_id = any(@testIds)";
        return await ReadAsync(connection, null, Sql, new { testIds }, ct);
    }

    /// <summary>Adds a test.</summary>
    public static async Task AddAsync(Work work, TestDefinition test, CancellationToken ct)
    {
        const string Sql = """
            insert into test (test_id, name, subject, scale, reliability, expected_from, year_groups, statutory)
            values (@TestId, @Name, @Subject, @Scale, @Reliability, @ExpectedFrom, @YearGroups, @Statutory)
            """;
        try
        {
            await work.Connection.ExecuteAsync(work.Command(Sql, Parameters(test, 0), ct));
        }
        catch (PostgresException e) when (e.ConstraintName == "uq_test_name")
        {
            throw Errors.TestNameTaken();
        }
        catch (PostgresException e) when (e.ConstraintName == "fk_test_subject")
        {
            throw Errors.SubjectNotFound(test.Subject);
        }

        await ReplaceBandsAsync(work, test, ct);
    }

    /// <summary>Saves a change of the version the caller read; false where it is another by now.</summary>
    public static async Task<bool> SaveAsync(Work work, TestDefinition test, long ifVersion, CancellationToken ct)
    {
        const string Sql = """
            update test
            set name = @Name, reliability = @Reliability, expected_from = @ExpectedFrom, year_groups = @YearGroups, statutory = @Statutory,
                version = version + 1, tx = pg_current_xact_id()
            where test_id = @TestId and version = @ifVersion
            """;
        try
        {
            if (await work.Connection.ExecuteAsync(work.Command(Sql, Parameters(test, ifVersion), ct)) == 0)
            {
                return false;
            }
        }
        catch (PostgresException e) when (e.ConstraintName == "uq_test_name")
        {
            throw Errors.TestNameTaken();
        }

        await ReplaceBandsAsync(work, test, ct);
        return true;
    }

    /// <summary>Gives each test of a scale a new version, since the scale changed beneath it.</summary>
    public static async Task<List<TestDefinition>> TouchByScaleAsync(Work work, string scale, CancellationToken ct)
    {
        const string Touch = "update test set version = version + 1, tx = pg_current_xact_id() where scale = @scale";
        const string Sql = $"select {Columns} from test t join scale s on s.code = t.scale where t.scale = @scale";
        await work.Connection.ExecuteAsync(work.Command(Touch, new { scale }, ct));
        return await ReadAsync(work.Connection, work.Transaction, Sql, new { scale }, ct);
    }

    private static object Parameters(TestDefinition test, long ifVersion) => new
    {
        test.TestId,
        test.Name,
        test.Subject,
        test.Scale,
        test.Reliability,
        test.ExpectedFrom,
        test.YearGroups,
        test.Statutory,
        ifVersion,
    };

    private static async Task ReplaceBandsAsync(Work work, TestDefinition test, CancellationToken ct)
    {
        const string Sql = """
            with gone as (delete from test_band where test_id = @TestId and ordinal > cardinality(@Names))
            insert into test_band (test_id, ordinal, name, from_score, is_low)
            select @TestId, b.ordinal, b.name, b.from_score, b.is_low
            from unnest(@Names, @Scores, @Lows) with ordinality as b(name, from_score, is_low, ordinal)
            on conflict (test_id, ordinal) do update set name = excluded.name, from_score = excluded.from_score, is_low = excluded.is_low
            """;
        var parameters = new
        {
            test.TestId,
            Names = test.Bands.Select(b => b.Name).ToArray(),
            Scores = test.Bands.Select(b => b.FromScore).ToArray(),
            Lows = test.Bands.Select(b => b.IsLow).ToArray(),
        };
        await work.Connection.ExecuteAsync(work.Command(Sql, parameters, ct));
    }

    private static async Task<List<TestDefinition>> ReadAsync(
        NpgsqlConnection connection, NpgsqlTransaction? transaction, string sql, object parameters, CancellationToken ct)
    {
        const string BandSql = """
            select test_id, name, from_score, is_low from test_band where test_id = any(@testIds) order by test_id, ordinal
            """;
        var rows = (await connection.QueryAsync<TestRow>(new CommandDefinition(sql, parameters, transaction, cancellationToken: ct))).AsList();
        var testIds = rows.Select(r => r.TestId).ToArray();
        var bands = (await connection.QueryAsync<BandRow>(new CommandDefinition(BandSql, new { testIds }, transaction, cancellationToken: ct)))
            .ToLookup(b => b.TestId);
        var codes = await ScaleStore.CodesAsync(connection, rows.Select(r => r.Scale).Distinct().ToArray(), transaction, ct);
        return rows
            .Select(r => r.With(
                bands[r.TestId].Select(b => new BandDefinition { Name = b.Name, FromScore = b.FromScore, IsLow = b.IsLow }).ToList(),
                codes[r.Scale].Select(c => c.Definition()).ToList()))
            .ToList();
    }

    private sealed record BandRow
    {
        public required Guid TestId { get; init; }

        public required string Name { get; init; }

        public required decimal FromScore { get; init; }

        public required bool IsLow { get; init; }
    }

    private sealed record TestRow
    {
        public required Guid TestId { get; init; }

        public required string Name { get; init; }

        public required string Subject { get; init; }

        public required string Scale { get; init; }

        public decimal? Reliability { get; init; }

        public decimal? ExpectedFrom { get; init; }

        public required string[] YearGroups { get; init; }

        public required bool Statutory { get; init; }

        public required long Version { get; init; }

        public required decimal LowestScore { get; init; }

        public required decimal HighestScore { get; init; }

        public decimal? Mean { get; init; }

        public decimal? StandardDeviation { get; init; }

        public TestDefinition With(IReadOnlyList<BandDefinition> bands, IReadOnlyList<CodeDefinition> codes) => new()
        {
            TestId = TestId,
            Name = Name,
            Subject = Subject,
            Scale = Scale,
            LowestScore = LowestScore,
            HighestScore = HighestScore,
            Mean = Mean,
            StandardDeviation = StandardDeviation,
            Reliability = Reliability,
            ExpectedFrom = ExpectedFrom,
            Bands = bands,
            YearGroups = YearGroups,
            Codes = codes,
            Statutory = Statutory,
            Version = Version,
        };
    }
}
