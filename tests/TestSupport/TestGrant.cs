using GoldenThread.Type.V1;
using Npgsql;
using NpgsqlTypes;

namespace GoldenThread.TestSupport;

/// <summary>A grant of a test's caller: for the whole trust, unless it says otherwise.</summary>
public sealed record TestGrant(Role Role)
{
    public int? SchoolUrn { get; init; }

    public string[]? YearGroups { get; init; }

    public Guid[]? ClassIds { get; init; }

    public string[]? Subjects { get; init; }

    /// <summary>Puts the grant where a service keeps its copy of tracking's.</summary>
    public async Task GiveAsync(NpgsqlDataSource database, string issuer, string subject)
    {
        const string Sql = """
            insert into access_grant (grant_id, version, issuer, subject, role, school_urn, year_groups, class_ids, subjects, valid_from)
            values (gen_random_uuid(), 1, $1, $2, $3, $4, $5, $6, $7, now() - interval '1 day')
            """;
        await using var command = database.CreateCommand(Sql);
        command.Parameters.Add(new() { Value = issuer });
        command.Parameters.Add(new() { Value = subject });
        command.Parameters.Add(new() { Value = (short)Role });
        command.Parameters.Add(Given(SchoolUrn, NpgsqlDbType.Integer));
        command.Parameters.Add(Given(YearGroups, NpgsqlDbType.Array | NpgsqlDbType.Text));
        command.Parameters.Add(Given(ClassIds, NpgsqlDbType.Array | NpgsqlDbType.Uuid));
        command.Parameters.Add(Given(Subjects, NpgsqlDbType.Array | NpgsqlDbType.Text));
        await command.ExecuteNonQueryAsync();
    }

    private static NpgsqlParameter Given(object? value, NpgsqlDbType type) => new() { Value = value ?? DBNull.Value, NpgsqlDbType = type };
}
