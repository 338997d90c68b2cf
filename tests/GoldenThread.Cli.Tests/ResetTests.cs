using System.Text.Json;
using GoldenThread.Cli.House;
using GoldenThread.Infrastructure;
using GoldenThread.TestSupport;
using Npgsql;

namespace GoldenThread.Cli.Tests;

/// <summary>`./gt reset` of a house on a PostgreSQL that is not its own.</summary>
public sealed class ResetTests : IDisposable
{
    // As it was built for itself: the copy beside the tests lacks what these have of ASP.NET Core.
    private static readonly string Program =
        Repository.File($"tools/GoldenThread.Cli/bin/{new DirectoryInfo(AppContext.BaseDirectory).Parent!.Name}/net10.0/GoldenThread.Cli.dll");

    private readonly string home = Directory.CreateTempSubdirectory("gt-cli-").FullName;
    private readonly string name = $"reset_{Secrets.ShortName()}".ToLowerInvariant();

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        if (Directory.Exists(home))
            Directory.Delete(home, recursive: true);
    }

    [Fact]
    public async Task WhatTheHouseMadeThere_IsDropped_AndWhatWasThereBefore_Stays()
    {
        var postgres = await PostgresServer.SharedAsync();
        var before = $"{name}_before";
        await postgres.ExecuteAsync($"create role {before}_owner login");
        await postgres.ExecuteAsync($"create database {before}");
        var deeds = new Deeds { Postgres = new Elsewhere(postgres.ConnectionString, [], []) };
        await ServiceDatabase.MakeAsync(postgres.ConnectionString, name, deeds);
        await ServiceDatabase.MakeAsync(postgres.ConnectionString, before, deeds);
        Assert.Equal([name, $"{name}_app", before, $"{before}_app", $"{before}_owner", $"{name}_owner"], await ThereAsync(postgres));
        await WriteAsync(deeds);

        var outcome = await RunAsync("reset");

        Assert.True(outcome.ExitCode == 0, outcome.Output);
        Assert.Equal([before, $"{before}_owner"], await ThereAsync(postgres));
        Assert.False(Directory.Exists(home));
        await postgres.ExecuteAsync($"drop database {before}");
        await postgres.ExecuteAsync($"drop role {before}_owner");
    }

    [Fact]
    public async Task WhatCannotBeDropped_IsNamed()
    {
        await WriteAsync(new Deeds { Postgres = new Elsewhere("Host=127.0.0.1;Port=9;Username=nobody", ["tracking"], ["tracking_owner"]), Broker = "broker/ours" });

        var outcome = await RunAsync("reset");

        Assert.Equal(1, outcome.ExitCode);
        Assert.Contains("127.0.0.1:9 there stay: database tracking, role tracking_owner", outcome.Output, StringComparison.Ordinal);
        Assert.Contains("queues and exchanges at broker/ours stay", outcome.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", outcome.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task WhereThereIsNothing_IsDoneAtOnce()
    {
        Directory.Delete(home);

        var outcome = await RunAsync("reset");

        Assert.True(outcome.ExitCode == 0, outcome.Output);
    }

    [Fact]
    public async Task WhatIsMadeOnTheHousesOwnServer_IsNotLookedForElsewhere()
    {
        var postgres = await PostgresServer.SharedAsync();
        var deeds = new Deeds { Postgres = new Elsewhere("Host=elsewhere;Username=postgres", [], []) };

        await ServiceDatabase.MakeAsync(postgres.ConnectionString, name, deeds);

        Assert.Equal((0, 0), (deeds.Postgres.Databases.Count, deeds.Postgres.Roles.Count));
        await postgres.ExecuteAsync($"drop database {name}");
        await postgres.ExecuteAsync($"drop role {name}_owner, {name}_app");
    }

    [Fact]
    public void AnotherServer_IsNotTakenForTheOneThatHoldsTheDatabases()
    {
        var made = new Elsewhere("Host=one;Username=postgres;Password=old", ["tracking"], []);

        Assert.Equal("Host=one;Username=postgres;Password=new", made.At("Host=one;Username=postgres;Password=new").Server);
        Assert.Contains("two:5432", Assert.Throws<InfrastructureException>(() => made.At("Host=two;Username=postgres")).Message, StringComparison.Ordinal);
    }

    private async Task<List<string>> ThereAsync(PostgresServer postgres)
    {
        await using var source = NpgsqlDataSource.Create(postgres.ConnectionString);
        await using var command = source.CreateCommand(
            "select datname::text from pg_database where starts_with(datname, $1) union all select rolname::text from pg_roles where starts_with(rolname, $1)");
        command.Parameters.Add(new NpgsqlParameter { Value = name });
        await using var reader = await command.ExecuteReaderAsync(Ct);
        var names = new List<string>();
        while (await reader.ReadAsync(Ct))
        {
            names.Add(reader.GetString(0));
        }

        return [.. names.Order(StringComparer.Ordinal)];
    }

    private Task WriteAsync(Deeds deeds) => File.WriteAllTextAsync(Path.Combine(home, "deeds.json"), JsonSerializer.Serialize(deeds), Ct);

    private Task<Command.Outcome> RunAsync(params string[] args) => Command.TryAsync(
        ["dotnet", Program, .. args], new Dictionary<string, string?> { ["GT_HOME"] = home }, Path.GetTempPath(), CancellationToken.None);
}
