using GoldenThread.Infrastructure;
using Npgsql;

namespace GoldenThread.TestSupport;

/// <summary>
/// A service's database as its migrator builds it, built once per test process and then cloned (some 50 ms each), so that every test class
/// has a database of its own. The roles are those of the running house: <c>{service}_owner</c> owns the tables, <c>{service}_app</c> owns none.
/// </summary>
/// <param name="service">The service's name in lower case, for example <c>assessment</c>.</param>
/// <param name="migrate">Runs the real migrator: gets the owner's connection string, and the name of the application role to grant to.</param>
/// <param name="own">The server; null for the one of this process.</param>
public sealed class TemplateDatabase(string service, Func<string, string, Task> migrate, PostgresServer? own = null)
{
    private const string Password = "test";

    private readonly SemaphoreSlim gate = new(1);
    private string? template;

    /// <summary>A fresh copy, which the caller disposes of.</summary>
    public async Task<TestDatabase> CloneAsync()
    {
        var server = own ?? await PostgresServer.SharedAsync();
        var name = $"{service}_{Secrets.ShortName()}";

        // PostgreSQL copies a database only while nobody is connected to it and no other copy is being made.
        await gate.WaitAsync();
        try
        {
            template ??= await BuildAsync(server);
            await server.ExecuteAsync($"create database {name} template {template} owner {service}_owner strategy file_copy");
        }
        finally
        {
            gate.Release();
        }

        return new TestDatabase(server, name, $"{service}_owner", $"{service}_app", Password);
    }

    private async Task<string> BuildAsync(PostgresServer server)
    {
        var name = $"template_{service}_{Secrets.ShortName()}";
        await CreateRolesAsync(server);
        await server.ExecuteAsync($"create database {name} owner {service}_owner");
        var owner = server.ConnectionStringFor(name, $"{service}_owner", Password);
        await migrate(owner, $"{service}_app");
        await using (var connection = new NpgsqlConnection(owner))
        {
            NpgsqlConnection.ClearPool(connection);
        }

        await server.ExecuteAsync($"select pg_terminate_backend(pid) from pg_stat_activity where datname = '{name}'");
        return name;
    }

    /// <summary>
    /// Roles belong to the server, which other test processes may share: whoever comes first makes them. The statements are one transaction, and the
    /// lock holds until it has committed.
    /// </summary>
    private Task CreateRolesAsync(PostgresServer server) => server.ExecuteAsync($"""
        select pg_advisory_xact_lock(7216405);
        do $$
        begin
            if not exists (select from pg_roles where rolname = '{service}_owner') then
                create role {service}_owner login password '{Password}';
            end if;
            if not exists (select from pg_roles where rolname = '{service}_app') then
                create role {service}_app login password '{Password}';
            end if;
        end
        $$;
        """);
}

/// <summary>One test class's own database.</summary>
public sealed class TestDatabase : IAsyncDisposable
{
    private readonly PostgresServer server;

    internal TestDatabase(PostgresServer server, string name, string owner, string application, string password)
    {
        this.server = server;
        Name = name;
        ConnectionString = server.ConnectionStringFor(name, application, password);
        OwnerConnectionString = server.ConnectionStringFor(name, owner, password);
    }

    /// <summary>The database's name on the server.</summary>
    public string Name { get; }

    /// <summary>As the application role, which owns no table: what the service runs with.</summary>
    public string ConnectionString { get; }

    /// <summary>As the owner role, which migrates.</summary>
    public string OwnerConnectionString { get; }

    /// <summary>Drops the database, ending whatever is still connected to it.</summary>
    public async ValueTask DisposeAsync() => await server.ExecuteAsync($"drop database if exists {Name} with (force)");
}
