using Dapper;
using GoldenThread.ServiceDefaults;
using Npgsql;

namespace GoldenThread.Assessment.Subjects;

/// <summary>A subject as stored.</summary>
internal sealed record SubjectRow
{
    public required string Code { get; init; }

    public required string Name { get; init; }

    public required long Version { get; init; }
}

/// <summary>Every statement about subjects.</summary>
internal sealed class SubjectStore(NpgsqlDataSource source)
{
    public async Task<List<SubjectRow>> ListAsync(string after, int limit, CancellationToken ct)
    {
        const string Sql = "select code, name, version from subject where code > @after order by code limit @limit";
        await using var connection = await source.OpenConnectionAsync(ct);
        return (await connection.QueryAsync<SubjectRow>(new CommandDefinition(Sql, new { after, limit }, cancellationToken: ct))).AsList();
    }

    public async Task<SubjectRow?> GetAsync(string code, CancellationToken ct)
    {
        const string Sql = "select code, name, version from subject where code = @code";
        await using var connection = await source.OpenConnectionAsync(ct);
        return await connection.QuerySingleOrDefaultAsync<SubjectRow>(new CommandDefinition(Sql, new { code }, cancellationToken: ct));
    }

    /// <summary>Creates, or renames the version the caller names; null where it is another.</summary>
    public static async Task<SubjectRow?> PutAsync(Work work, string code, string name, long? ifVersion, CancellationToken ct)
    {
        const string Sql = """
            insert into subject as s (code, name)
            select @code, @name
            where @ifVersion::bigint is null or exists (select from subject where code = @code)
            on conflict (code) do update
            set name = excluded.name, version = s.version + case when s.name = excluded.name then 0 else 1 end
            where @ifVersion::bigint is null or s.version = @ifVersion
            returning code, name, version
            """;
        return await work.Connection.QuerySingleOrDefaultAsync<SubjectRow>(work.Command(Sql, new { code, name, ifVersion }, ct));
    }
}
