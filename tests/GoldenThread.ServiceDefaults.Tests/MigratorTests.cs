using System.Reflection;
using GoldenThread.Infrastructure;
using GoldenThread.TestSupport;
using Npgsql;

namespace GoldenThread.ServiceDefaults.Tests;

/// <summary>A database comes up to a build once, whoever asks how often; what cannot be right is refused in words.</summary>
public sealed class MigratorTests
{
    private const string Role = "migrator_app";

    private static readonly MigrationSet Migrations = new(Assembly.GetExecutingAssembly());
    private static readonly TemplateDatabase Empty = new("migrator", (_, _) => Task.CompletedTask);
    private static readonly TemplateDatabase Migrated = new("migrator", (owner, role) => Migrator.RunAsync(owner, role, Migrations));

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task TwoMigratorsAtOnce_ApplyEachMigrationOnce()
    {
        await using var database = await Empty.CloneAsync();
        // The one that waits must not lose patience while the other works.
        var owner = new NpgsqlConnectionStringBuilder(database.OwnerConnectionString) { CommandTimeout = 1 }.ConnectionString;

        var applied = await Task.WhenAll(
            Migrator.RunAsync(owner, Role, Migrations, ct: Ct),
            Migrator.RunAsync(owner, Role, Migrations, ct: Ct));

        Assert.Equal([0, Migrations.Names.Count], applied.Order());
    }

    [Fact]
    public async Task MigrationChangedAfterwards_IsRefusedInWords()
    {
        await using var database = await Migrated.CloneAsync();
        await using var owner = NpgsqlDataSource.Create(database.OwnerConnectionString);
        await using var change = owner.CreateCommand("update schema_migration set checksum = 'of other words' where name = '202611220000_slow.sql'");
        Assert.Equal(1, await change.ExecuteNonQueryAsync(Ct));

        var refused = await Assert.ThrowsAsync<InvalidOperationException>(
            () => Migrator.RunAsync(database.OwnerConnectionString, Role, Migrations, ct: Ct));

        Assert.StartsWith("Migration 202611220000_slow.sql was changed after it had been applied.", refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("Host=127.0.0.1;Database=tracking")]
    public async Task WithoutTheRoleOfTheService_MigrateIsRefusedAndChangesNothing(string? application)
    {
        await using var database = await Empty.CloneAsync();
        string[] settings = application is null ? [] : [$"--Database:ConnectionString={application}"];

        var outcome = await Specimen.RunAsync(["migrate", $"--Database:OwnerConnectionString={database.OwnerConnectionString}", .. settings]);

        Assert.NotEqual(0, outcome.ExitCode);
        Assert.Contains("Database:ConnectionString is missing or names no user", outcome.Output, StringComparison.Ordinal);
        await using var owner = NpgsqlDataSource.Create(database.OwnerConnectionString);
        await using var tables = owner.CreateCommand("select count(*) from pg_tables where schemaname = 'public'");
        Assert.Equal(0L, await tables.ExecuteScalarAsync(Ct));
    }

    [Fact]
    public async Task Migrate_LetsTheServiceReadAndWrite()
    {
        await using var database = await Empty.CloneAsync();
        var command = new[]
        {
            "migrate", $"--Database:OwnerConnectionString={database.OwnerConnectionString}", $"--Database:ConnectionString={database.ConnectionString}",
        };

        var first = await Specimen.RunAsync(command);
        var second = await Specimen.RunAsync(command);

        Assert.Equal(0, first.ExitCode);
        Assert.EndsWith("migrations applied\n", first.Output, StringComparison.Ordinal);
        Assert.Equal(new Command.Outcome(0, "nothing to migrate\n"), second);
        await using var application = NpgsqlDataSource.Create(database.ConnectionString);
        await using var write = application.CreateCommand("insert into outbox (message_id, kind, body) values (gen_random_uuid(), 'x', '{}')");
        Assert.Equal(1, await write.ExecuteNonQueryAsync(Ct));
    }
}
