using Dapper;
using GoldenThread.Assessment.V1;
using GoldenThread.ServiceDefaults;
using Npgsql;

namespace GoldenThread.Assessment.Scales;

/// <summary>Every statement about scales.</summary>
internal sealed class ScaleStore(NpgsqlDataSource source)
{
    public async Task<List<ScaleDefinition>> ListAsync(string after, int limit, CancellationToken ct)
    {
        const string Sql = """
            select code, name, kind, lowest_score, highest_score, decimals, mean, standard_deviation, version
            from scale where code > @after order by code limit @limit
            """;
        await using var connection = await source.OpenConnectionAsync(ct);
        var rows = (await connection.QueryAsync<ScaleRow>(new CommandDefinition(Sql, new { after, limit }, cancellationToken: ct))).AsList();
        return await WithCodesAsync(connection, rows, null, ct);
    }

    public async Task<ScaleDefinition?> GetAsync(string code, CancellationToken ct)
    {
        await using var connection = await source.OpenConnectionAsync(ct);
        return await GetAsync(connection, code, null, ct);
    }

    /// <summary>A scale as the work sees it.</summary>
    public static Task<ScaleDefinition?> GetAsync(Work work, string code, CancellationToken ct) => GetAsync(work.Connection, code, work.Transaction, ct);

    /// <summary>Creates, or replaces the version the caller names; null where it is another.</summary>
    public static async Task<ScaleDefinition?> PutAsync(Work work, ScaleDefinition scale, long? ifVersion, CancellationToken ct)
    {
        const string Sql = """
            insert into scale as s (code, name, kind, lowest_score, highest_score, decimals, mean, standard_deviation)
            select @Code, @Name, @Kind, @LowestScore, @HighestScore, @Decimals, @Mean, @StandardDeviation
            where @ifVersion::bigint is null or exists (select from scale where code = @Code)
            on conflict (code) do update
            set name = excluded.name, kind = excluded.kind, lowest_score = excluded.lowest_score, highest_score = excluded.highest_score,
                decimals = excluded.decimals, mean = excluded.mean, standard_deviation = excluded.standard_deviation, version = s.version + 1
            where @ifVersion::bigint is null or s.version = @ifVersion
            returning version
            """;
        var parameters = new
        {
            scale.Code,
            scale.Name,
            Kind = (short)scale.Kind,
            scale.LowestScore,
            scale.HighestScore,
            Decimals = (short)scale.Decimals,
            scale.Mean,
            scale.StandardDeviation,
            ifVersion,
        };
        if (await work.Connection.ExecuteScalarAsync<long?>(work.Command(Sql, parameters, ct)) is not { } version)
        {
            return null;
        }

        await ReplaceCodesAsync(work, scale, ct);
        return scale with { Version = version };
    }

    /// <summary>How many standing results would no longer fit the scale as it is now written.</summary>
    public static async Task<long> CountMisfitsAsync(Work work, string scale, CancellationToken ct)
    {
        const string Sql = """
            select count(*)
            from result r
            join test t on t.test_id = r.test_id
            join scale s on s.code = t.scale
            where s.code = @scale
              and (r.score < s.lowest_score or r.score > s.highest_score or r.score <> round(r.score, s.decimals)
                   or (r.code is not null and not exists (select from scale_code c where c.scale = s.code and c.code = r.code)))
            """;
        return await work.Connection.ExecuteScalarAsync<long>(work.Command(Sql, new { scale }, ct));
    }

    private static async Task<ScaleDefinition?> GetAsync(NpgsqlConnection connection, string code, NpgsqlTransaction? transaction, CancellationToken ct)
    {
        const string Sql = """
            select code, name, kind, lowest_score, highest_score, decimals, mean, standard_deviation, version from scale where code = @code
            """;
        var rows = (await connection.QueryAsync<ScaleRow>(new CommandDefinition(Sql, new { code }, transaction, cancellationToken: ct))).AsList();
        return (await WithCodesAsync(connection, rows, transaction, ct)).SingleOrDefault();
    }

    private static async Task ReplaceCodesAsync(Work work, ScaleDefinition scale, CancellationToken ct)
    {
        const string Sql = """
            with gone as (delete from scale_code where scale = @Code and not (code = any(@Codes)))
            insert into scale_code (scale, code, ordinal, meaning, counts_as_not_met)
            select @Code, c.code, c.ordinal, c.meaning, c.counts_as_not_met
            from unnest(@Codes, @Meanings, @Counts) with ordinality as c(code, meaning, counts_as_not_met, ordinal)
            on conflict (scale, code) do update
            set ordinal = excluded.ordinal, meaning = excluded.meaning, counts_as_not_met = excluded.counts_as_not_met
            """;
        var parameters = new
        {
            scale.Code,
            Codes = scale.Codes.Select(c => c.Code).ToArray(),
            Meanings = scale.Codes.Select(c => c.Meaning).ToArray(),
            Counts = scale.Codes.Select(c => c.CountsAsNotMet).ToArray(),
        };
        await work.Connection.ExecuteAsync(work.Command(Sql, parameters, ct));
    }

    private static async Task<List<ScaleDefinition>> WithCodesAsync(
        NpgsqlConnection connection, List<ScaleRow> rows, NpgsqlTransaction? transaction, CancellationToken ct)
    {
        var codes = await CodesAsync(connection, rows.Select(r => r.Code).ToArray(), transaction, ct);
        return rows.Select(r => r.With(codes[r.Code].Select(c => c.Definition()).ToList())).ToList();
    }

    /// <summary>The codes of scales, in their order.</summary>
    public static async Task<ILookup<string, ScaleCodeRow>> CodesAsync(
        NpgsqlConnection connection, string[] scales, NpgsqlTransaction? transaction, CancellationToken ct)
    {
        const string Sql = """
            select scale, code, meaning, counts_as_not_met from scale_code where scale = any(@scales) order by scale, ordinal
            """;
        var rows = await connection.QueryAsync<ScaleCodeRow>(new CommandDefinition(Sql, new { scales }, transaction, cancellationToken: ct));
        return rows.ToLookup(r => r.Scale, StringComparer.Ordinal);
    }

    private sealed record ScaleRow
    {
        public required string Code { get; init; }

        public required string Name { get; init; }

        public required short Kind { get; init; }

        public required decimal LowestScore { get; init; }

        public required decimal HighestScore { get; init; }

        public required short Decimals { get; init; }

        public decimal? Mean { get; init; }

        public decimal? StandardDeviation { get; init; }

        public required long Version { get; init; }

        public ScaleDefinition With(IReadOnlyList<CodeDefinition> codes) => new()
        {
            Code = Code,
            Name = Name,
            Kind = (ScaleKind)Kind,
            LowestScore = LowestScore,
            HighestScore = HighestScore,
            Decimals = Decimals,
            Mean = Mean,
            StandardDeviation = StandardDeviation,
            Codes = codes,
            Version = Version,
        };
    }
}

/// <summary>A code of a scale as stored.</summary>
internal sealed record ScaleCodeRow
{
    public required string Scale { get; init; }

    public required string Code { get; init; }

    public required string Meaning { get; init; }

    public required bool CountsAsNotMet { get; init; }

    public CodeDefinition Definition() => new() { Code = Code, Meaning = Meaning, CountsAsNotMet = CountsAsNotMet };
}
