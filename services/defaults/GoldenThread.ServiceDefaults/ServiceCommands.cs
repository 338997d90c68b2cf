using System.Globalization;
using System.Reflection;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Npgsql;

namespace GoldenThread.ServiceDefaults;

/// <summary>What a service's program does other than serve.</summary>
public static class ServiceCommands
{
    /// <summary>Runs `migrate`, `check-audit` or `audit` where it is asked for on the command line; true when it was, and the process should end.</summary>
    public static async Task<bool> RunIfAskedAsync(WebApplicationBuilder builder, string[] args, Assembly assembly)
    {
        var options = builder.Configuration.GetSection("Database").Get<DatabaseOptions>() ?? new DatabaseOptions();
        try
        {
            switch (args)
            {
                case ["migrate", ..]:
                    await MigrateAsync(options, assembly);
                    return true;
                case ["check-audit", .. var words]:
                    await CheckAuditAsync(options, words);
                    return true;
                case ["audit", .. var words]:
                    await ListAuditAsync(options, words);
                    return true;
                default:
                    return false;
            }
        }
        catch (CommandRefusedException e)
        {
            await Console.Error.WriteLineAsync(e.Message);
            Environment.ExitCode = 2;
            return true;
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

    private static async Task CheckAuditAsync(DatabaseOptions options, string[] words)
    {
        var expected = new CommandOptions(words, "expect").Read("expect", AuditHead.Parse, "1234:9f86d0…, as an earlier check printed it");
        await using var source = NpgsqlDataSource.Create(options.ConnectionString);
        var verdict = await AuditChain.CheckAsync(source, expected, CancellationToken.None);
        var faults = FaultsOf(verdict, expected).ToList();
        if (faults.Count == 0)
        {
            Console.WriteLine(verdict.Head is { } head ? $"the audit chain holds; its head is {head}" : "the audit chain holds; nothing is linked yet");
            return;
        }

        faults.ForEach(Console.WriteLine);
        Environment.ExitCode = 1;
    }

    private static IEnumerable<string> FaultsOf(AuditVerdict verdict, AuditHead? expected)
    {
        if (verdict.BreaksAt is { } position)
        {
            yield return $"the audit chain breaks at position {position}: that row was altered or deleted, or a link before it is missing";
            yield break;
        }

        if (verdict.Unlinked > 0)
        {
            yield return $"the audit chain leaves out {verdict.Unlinked} rows, first the one with audit_id {verdict.FirstUnlinked}: they were put in afterwards";
        }

        if (!verdict.HasExpected)
        {
            yield return $"the audit chain does not hold {expected}: its newest rows were taken away, or it was linked anew";
        }
    }

    private static async Task ListAuditAsync(DatabaseOptions options, string[] words)
    {
        var given = new CommandOptions(words, "subject", "whom", "school", "since", "until");
        var question = new AuditQuestion
        {
            Subject = given.Text("subject"),
            Whom = given.Text("whom"),
            School = given.Read<int>("school", text => int.TryParse(text, CultureInfo.InvariantCulture, out var urn) ? urn : null, "123456"),
            Since = given.Read<DateTimeOffset>("since", Instant, "2026-11-01"),
            Until = given.Read<DateTimeOffset>("until", Instant, "2026-11-22T15:30:00Z"),
        };
        await using var source = NpgsqlDataSource.Create(options.ConnectionString);
        await using var output = new StreamWriter(Console.OpenStandardOutput());
        await AuditList.WriteAsync(source, question, output);
    }

    // A day is its beginning; what names no zone is UTC.
    private static DateTimeOffset? Instant(string text) => DateTimeOffset.TryParseExact(
        text,
        ["yyyy-MM-dd", "yyyy-MM-dd'T'HH:mmK", "yyyy-MM-dd'T'HH:mm:ssK", "yyyy-MM-dd'T'HH:mm:ss.FFFFFFFK"],
        CultureInfo.InvariantCulture,
        DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal,
        out var instant) ? instant : null;
}
