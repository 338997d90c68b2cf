using GoldenThread.Infrastructure;
using Npgsql;

namespace GoldenThread.Cli.House;

/// <summary>What a house made on a PostgreSQL that <c>GT_POSTGRES</c> named, so that <c>./gt reset</c> drops that and nothing else.</summary>
/// <param name="Server">Connection string of the role that made it.</param>
/// <param name="Databases">Databases that were not there before.</param>
/// <param name="Roles">Roles that were not there before.</param>
public sealed record Elsewhere(string Server, List<string> Databases, List<string> Roles)
{
    /// <summary>The same, with how the server is reached now; throws where that is another server.</summary>
    public Elsewhere At(string server) => Place(server) == Place(Server)
        ? this with { Server = server }
        : throw new InfrastructureException($"GT_POSTGRES names {Place(server)}, and this house's databases are at {Place(Server)}: name that, or begin anew with ./gt reset");

    /// <summary>Drops all of it; throws, naming what stays, where the server does not let us.</summary>
    public async Task DropAsync()
    {
        // Role after database: it owns what is in it. What it may do in databases that were there before goes with it.
        var steps = Databases.Select(name => (What: $"database {name}", Sql: $"drop database if exists {name} with (force)"))
            .Concat(Roles.Select(name => (
                What: $"role {name}",
                Sql: $"do $$ begin if exists (select from pg_roles where rolname = '{name}') then drop owned by {name}; drop role {name}; end if; end $$"))).ToList();
        var at = 0;
        try
        {
            await using var source = NpgsqlDataSource.Create(Server);
            for (; at < steps.Count; at++)
            {
                await using var command = source.CreateCommand(steps[at].Sql);
                await command.ExecuteNonQueryAsync();
            }
        }
        catch (NpgsqlException e)
        {
            throw new InfrastructureException($"on the PostgreSQL at {Place(Server)} there stay: {string.Join(", ", steps.Skip(at).Select(step => step.What))} ({e.Message})", e);
        }
    }

    private static string Place(string server)
    {
        var named = new NpgsqlConnectionStringBuilder(server);
        return $"{named.Host}:{named.Port}";
    }
}
