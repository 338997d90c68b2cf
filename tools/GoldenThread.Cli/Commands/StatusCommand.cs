using System.CommandLine;
using GoldenThread.Cli.House;

namespace GoldenThread.Cli.Commands;

/// <summary><c>./gt status</c>: what runs, and whether it is ready. Exit code 0 only when all of it is.</summary>
public static class StatusCommand
{
    /// <summary>The command.</summary>
    public static System.CommandLine.Command Create()
    {
        var command = new System.CommandLine.Command("status", "What runs, and whether it is ready");
        command.SetAction((_, _) => RunAsync());
        return command;
    }

    private static async Task<int> RunAsync()
    {
        var house = RunningHouse.Read();
        if (house.Tenants.Count == 0)
        {
            Console.WriteLine("Nothing is running.");
            return 3;
        }

        using var http = new HttpClient { Timeout = TimeSpan.FromSeconds(5) };
        var allWell = true;
        foreach (var tenant in house.Tenants)
        {
            var state = await StateAsync(tenant, http);
            allWell &= state is "ready" or "running";
            Console.WriteLine($"{tenant.Name,-12} {state,-10} pid {tenant.Mark.Pid,-8} {tenant.ReadyUrl}");
        }

        Console.WriteLine(house.GatewayUrl is null ? "not completely started" : $"gateway {house.GatewayUrl}   gRPC {house.GatewayGrpcUrl}");
        return allWell ? 0 : 1;
    }

    private static async Task<string> StateAsync(Tenant tenant, HttpClient http)
    {
        if (!tenant.Mark.IsAlive)
            return "ended";
        if (tenant.ReadyUrl is null)
            return "running";
        return await Probe.IsReadyAsync(http, tenant.ReadyUrl) ? "ready" : "not ready";
    }
}
