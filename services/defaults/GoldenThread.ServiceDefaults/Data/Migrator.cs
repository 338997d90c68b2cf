using System.Reflection;
using System.Security.Cryptography;
using System.Text;
using Dapper;
using Npgsql;

namespace GoldenThread.ServiceDefaults;

/// <summary>The migrations a build carries: those of the defaults and the service's own, in the order of their names.</summary>
public sealed class MigrationSet
{
    private const string Folder = ".Migrations.";

    private readonly List<Migration> all;

    /// <summary>Reads the embedded <c>Migrations/*.sql</c> of the defaults and of a service.</summary>
    public MigrationSet(Assembly service)
    {
        all = new[] { typeof(MigrationSet).Assembly, service }.Distinct().SelectMany(Read).OrderBy(m => m.Name, StringComparer.Ordinal).ToList();
        Names = all.Select(m => m.Name).ToList();
    }

    /// <summary>Their names, in order.</summary>
    public IReadOnlyList<string> Names { get; }

    internal IReadOnlyList<Migration> All => all;

    private static IEnumerable<Migration> Read(Assembly assembly) =>
        from resource in assembly.GetManifestResourceNames()
        where resource.Contains(Folder, StringComparison.Ordinal) && resource.EndsWith(".sql", StringComparison.Ordinal)
        let name = resource[(resource.IndexOf(Folder, StringComparison.Ordinal) + Folder.Length)..]
        select new Migration(name, Text(assembly, resource));

    private static string Text(Assembly assembly, string resource)
    {
        using var reader = new StreamReader(assembly.GetManifestResourceStream(resource)!, Encoding.UTF8);
        return reader.ReadToEnd();
    }
}

internal sealed record Migration(string Name, string Sql)
{
    public string Checksum { get; } = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Sql)));
}

/// <summary>
/// Brings a database up to a build: each migration once, in order, in a transaction of its own, journaled; one migrator at a time. Runs as
/// the owner, as a step of a deployment, never in a service that starts.
/// </summary>
public static class Migrator
{
    private const long LockKey = 0x6774_6d69_6772;

    /// <summary>Migrates, then lets the application role read and write (but never change the audit).</summary>
    /// <param name="ownerConnectionString">Connection of the role that owns the tables.</param>
    /// <param name="applicationRole">The role the service runs under.</param>
    /// <param name="migrations">What to apply.</param>
    /// <param name="told">Hears the name of each migration applied.</param>
    /// <param name="ct">Cancellation.</param>
    /// <returns>How many were applied.</returns>
    public static async Task<int> RunAsync(
        string ownerConnectionString, string applicationRole, MigrationSet migrations, Action<string>? told = null, CancellationToken ct = default)
    {
        await using var source = NpgsqlDataSource.Create(ownerConnectionString);
        await using var connection = await source.OpenConnectionAsync(ct);
        // Another migrator takes as long as its migrations do.
        const string Lock = "select pg_advisory_lock(@LockKey)";
        await connection.ExecuteAsync(new CommandDefinition(Lock, new { LockKey }, commandTimeout: 0, cancellationToken: ct));
        await connection.ExecuteAsync("""
            create table if not exists schema_migration (
                name       text primary key,
                checksum   text not null,
                applied_at timestamptz not null default now()
            )
            """);
        var applied = (await connection.QueryAsync<(string Name, string Checksum)>("select name, checksum from schema_migration"))
            .ToDictionary(m => m.Name, m => m.Checksum, StringComparer.Ordinal);
        var count = 0;
        foreach (var migration in migrations.All)
        {
            if (applied.TryGetValue(migration.Name, out var checksum))
            {
                Demand(migration, checksum);
                continue;
            }

            await ApplyAsync(connection, migration, ct);
            told?.Invoke(migration.Name);
            count++;
        }

        await GrantAsync(connection, applicationRole);
        return count;
    }

    private static void Demand(Migration migration, string checksum)
    {
        if (migration.Checksum != checksum)
        {
            throw new InvalidOperationException(
                $"Migration {migration.Name} was changed after it had been applied. Restore it, and write a new migration for the change.");
        }
    }

    private static async Task ApplyAsync(NpgsqlConnection connection, Migration migration, CancellationToken ct)
    {
        await using var transaction = await connection.BeginTransactionAsync(ct);
        await connection.ExecuteAsync(new CommandDefinition(migration.Sql, transaction: transaction, commandTimeout: 0, cancellationToken: ct));
        await connection.ExecuteAsync("insert into schema_migration (name, checksum) values (@Name, @Checksum)",
            new { migration.Name, migration.Checksum }, transaction);
        await transaction.CommitAsync(ct);
    }

    private static async Task GrantAsync(NpgsqlConnection connection, string role)
    {
        // An identifier cannot be a parameter: the server quotes it.
        var quoted = await connection.ExecuteScalarAsync<string>("select quote_ident(@role)", new { role });
        await connection.ExecuteAsync($"""
            grant usage on schema public to {quoted};
            grant select, insert, update, delete on all tables in schema public to {quoted};
            grant usage, select on all sequences in schema public to {quoted};
            grant execute on all functions in schema public to {quoted};
            revoke update, delete, truncate on audit, audit_chain from {quoted};
            revoke insert, update, delete, truncate on schema_migration from {quoted};
            """);
    }
}
