using System.Text.Json;
using GoldenThread.Infrastructure;

namespace GoldenThread.Cli.House;

/// <summary>A process that we started and have to end.</summary>
/// <param name="Name">Its name, as in its log's file name.</param>
/// <param name="Mark">How to recognise it.</param>
/// <param name="StopSignal">What asks it to finish.</param>
/// <param name="IsGround">True for what the others stand on, which therefore ends last.</param>
/// <param name="ReadyUrl">Answers 200 when it is ready; null when it has no such door.</param>
public sealed record Tenant(string Name, ProcessMark Mark, ProcessSignal StopSignal, bool IsGround, string? ReadyUrl = null);

/// <summary>What runs now, as written down in <c>.gt/state.json</c> while it was started, so that a kill in between leaves nothing unknown.</summary>
public sealed class RunningHouse
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    /// <summary>All processes, in the order of their start.</summary>
    public List<Tenant> Tenants { get; init; } = [];

    /// <summary>The gateway's address, once it has one.</summary>
    public string? GatewayUrl { get; set; }

    /// <summary>The gateway's address for native gRPC, once it has one.</summary>
    public string? GatewayGrpcUrl { get; set; }

    /// <summary>The dashboard's address, where there is one.</summary>
    public string? DashboardUrl { get; set; }

    /// <summary>True while any of them runs.</summary>
    public bool IsAnyAlive => Tenants.Any(tenant => tenant.Mark.IsAlive);

    /// <summary>True when there are some and all of them run.</summary>
    public bool IsWhole => GatewayUrl is not null && Tenants.Count > 0 && Tenants.All(tenant => tenant.Mark.IsAlive);

    private static string Path => System.IO.Path.Combine(Tree.State, "state.json");

    /// <summary>Reads what was written down; empty when nothing was.</summary>
    public static RunningHouse Read() =>
        File.Exists(Path) ? JsonSerializer.Deserialize<RunningHouse>(File.ReadAllText(Path))! : new RunningHouse();

    /// <summary>The running house; throws, with the remedy, when it or a part of it is not.</summary>
    public static RunningHouse ReadWhole()
    {
        var house = Read();
        return house.IsWhole ? house : throw house.NotWhole();
    }

    /// <summary>The gateway's address, whatever became of those behind it; throws, with the remedy, when the gateway itself does not run.</summary>
    public static string ReadGateway()
    {
        var house = Read();
        return house.GatewayUrl is { } url && house.Tenants.Any(tenant => tenant.Name == "gateway" && tenant.Mark.IsAlive) ? url : throw house.NotWhole();
    }

    private InfrastructureException NotWhole()
    {
        var ended = Tenants.Where(tenant => !tenant.Mark.IsAlive).Select(tenant => tenant.Name).ToList();
        return new(ended.Count == 0 || ended.Count == Tenants.Count
            ? "the house is not running: start it with ./gt up"
            : $"not all of the house runs, {string.Join(" and ", ended)} ended: ./gt logs {ended[0]} says more, ./gt up starts it again");
    }

    /// <summary>Adds a process and writes it down.</summary>
    public void Add(Tenant tenant)
    {
        lock (Tenants)
        {
            Tenants.Add(tenant);
            Write();
        }
    }

    /// <summary>Writes it down.</summary>
    public void Write()
    {
        var draft = Path + ".draft";
        File.WriteAllText(draft, JsonSerializer.Serialize(this, Indented));
        File.Move(draft, Path, overwrite: true);
    }

    /// <summary>Ends all of it: first what answers callers, then what that stood on. Only processes that are still the ones we started.</summary>
    public async Task StopAsync()
    {
        foreach (var storey in Tenants.GroupBy(tenant => tenant.IsGround).OrderBy(storey => storey.Key))
        {
            await Task.WhenAll(storey.Select(tenant => tenant.Mark.StopAsync(tenant.StopSignal, TimeSpan.FromSeconds(30))));
        }

        if (File.Exists(Path))
            File.Delete(Path);
    }
}
