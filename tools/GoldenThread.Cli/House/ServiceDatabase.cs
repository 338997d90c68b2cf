using Npgsql;

namespace GoldenThread.Cli.House;

/// <summary>The two ways into a service's database.</summary>
public sealed record ServiceDatabase
{
    /// <summary>As the role that owns the tables; for `migrate` only.</summary>
    public required string Owner { get; init; }

    /// <summary>As the role that the service runs with.</summary>
    public required string Application { get; init; }

    /// <summary>
    /// Makes a service's database and its two roles where they are missing: <c>{name}_owner</c> owns the tables and migrates,
    /// <c>{name}_app</c> owns none and is what the service runs with.
    /// </summary>
    /// <param name="server">Connection string of a role that may make databases and roles.</param>
    /// <param name="name">Name of the service.</param>
    /// <param name="deeds">Where the roles' passwords are.</param>
    public static async Task<ServiceDatabase> MakeAsync(string server, string name, Deeds deeds)
    {
        await using var source = NpgsqlDataSource.Create(server);
        // What is made on a server of the house's own goes with its folder, and must not be looked for elsewhere.
        var elsewhere = deeds.Postgres?.Server == server ? deeds.Postgres : null;
        var (owner, application) = (deeds.Secret($"{name}-database-owner"), deeds.Secret($"{name}-database-app"));
        await MakeRoleAsync(source, $"{name}_owner", owner, elsewhere);
        await MakeRoleAsync(source, $"{name}_app", application, elsewhere);
        if (!await AskAsync(source, $"select exists (select from pg_database where datname = '{name}')"))
        {
            await ExecuteAsync(source, $"create database {name} owner {name}_owner");
            elsewhere?.Databases.Add(name);
        }

        await ExecuteAsync(source, $"revoke connect on database {name} from public");
        await ExecuteAsync(source, $"grant connect on database {name} to {name}_owner, {name}_app");
        return new ServiceDatabase { Owner = For($"{name}_owner", owner), Application = For($"{name}_app", application) };

        string For(string user, string password) =>
            new NpgsqlConnectionStringBuilder(server) { Database = name, Username = user, Password = password }.ConnectionString;
    }

    // Names of roles and databases cannot be parameters; these are names of our own services, the passwords hexadecimal digits of our own making.
    private static async Task MakeRoleAsync(NpgsqlDataSource source, string role, string password, Elsewhere? elsewhere)
    {
        var exists = await AskAsync(source, $"select exists (select from pg_roles where rolname = '{role}')");
        await ExecuteAsync(source, $"{(exists ? "alter" : "create")} role {role} login password '{password}'");
        if (!exists)
            elsewhere?.Roles.Add(role);
    }

    private static async Task<bool> AskAsync(NpgsqlDataSource source, string sql)
    {
        await using var command = source.CreateCommand(sql);
        return (bool)(await command.ExecuteScalarAsync())!;
    }

    private static async Task ExecuteAsync(NpgsqlDataSource source, string sql)
    {
        await using var command = source.CreateCommand(sql);
        await command.ExecuteNonQueryAsync();
    }
}
