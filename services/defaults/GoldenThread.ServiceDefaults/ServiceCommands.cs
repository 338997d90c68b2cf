using System.Reflection;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Npgsql;

namespace GoldenThread.ServiceDefaults;

/// <summary>What a service's program does other than serve.</summary>
public static class ServiceCommands
{
    /// <summary>Runs `migrate` or `check-audit` where it is asked for on the command line; true when it was, and the process should end.</summary>
    public static async Task<bool> RunIfAskedAsync(WebApplicationBuilder builder, string[] args, Assembly assembly)
    {
        var options = builder.Configuration.GetSection("Database").Get<DatabaseOptions>() ?? new DatabaseOptions();
        switch (args)
        {
            case ["migrate", ..]:
                await MigrateAsync(options, assembly);
                return true;
            case ["check-audit", ..]:
                await CheckAuditAsync(options);
                return true;
            default:
                return false;
        }
    }

    private static async Task MigrateAsync(DatabaseOptions options, Assembly assembly)
    {
        var owner = options.OwnerConnectionString
            ?? throw new InvalidOperationException("Database:OwnerConnectionString is missing; `migrate` runs as the owner of the tables.");
        var count = await Migrator.RunAsync(owner, ApplicationRole(options), new MigrationSet(assembly), name => Console.WriteLine($"applied {name}"));
        Console.WriteLine(count == 0 ? "nothing to migrate" : $"{count} migrations applied");
    }

    private static string ApplicationRole(DatabaseOptions options) =>
        new NpgsqlConnectionStringBuilder(options.ConnectionString).Username is { Length: > 0 } role
            ? role
            : throw new InvalidOperationException(
                "Database:ConnectionString is missing or names no user; `migrate` grants the tables to the role that the service runs under. "
                + "Example: Database__ConnectionString=\"Host=127.0.0.1;Database=assessment;Username=assessment_app\"");

    private static async Task CheckAuditAsync(DatabaseOptions options)
    {
        await using var source = NpgsqlDataSource.Create(options.ConnectionString);
        if (await AuditChainer.FirstBreakAsync(source, CancellationToken.None) is not { } position)
        {
            Console.WriteLine("the audit chain holds");
            return;
        }

        Console.WriteLine($"the audit chain breaks at position {position}: that row was altered or deleted, or a link before it is missing");
        Environment.ExitCode = 1;
    }
}
