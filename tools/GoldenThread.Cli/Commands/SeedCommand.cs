using System.CommandLine;
using System.Diagnostics;
using GoldenThread.Cli.House;
using GoldenThread.Demo.Seeding;
using GoldenThread.Demo.Trust;
using GoldenThread.Education;
using GoldenThread.Infrastructure;

namespace GoldenThread.Cli.Commands;

/// <summary><c>./gt seed</c>: sends the demo trust of <c>packs/demo-trust</c> through the public REST API. A second time changes nothing.</summary>
public static class SeedCommand
{
    private static readonly TimeSpan LongestCall = TimeSpan.FromMinutes(10);

    /// <summary>The command.</summary>
    public static System.CommandLine.Command Create()
    {
        var command = new System.CommandLine.Command("seed", "Send the demo trust through the public API; again, it changes nothing");
        command.SetAction((_, ct) => RunAsync(ct));
        return command;
    }

    /// <summary>Sends it to the running house; throws, saying what is wrong, when it is not whole afterwards.</summary>
    public static async Task<int> RunAsync(CancellationToken ct)
    {
        var gateway = RunningHouse.ReadWhole().GatewayUrl!;
        var clock = Stopwatch.StartNew();
        var packs = Tree.File("packs");
        using var http = new HttpClient { BaseAddress = new Uri($"{gateway}/"), Timeout = LongestCall };
        var seed = new SeedContext(
            DemoTrust.From(DemoPack.Read(packs)), packs, gateway, TimeProvider.System.Today(),
            async person => new RestApi(http, await SignIn.TokenAsync(gateway, person)),
            what => Console.WriteLine($"  {clock.Elapsed.TotalSeconds,5:0.0} s  {what}"));
        try
        {
            await TrustSeeder.SeedAsync(seed, ct);
        }
        catch (Exception e) when (e is RefusedException or TimeoutException or InvalidOperationException or HttpRequestException)
        {
            throw new InfrastructureException($"the demo trust is not whole: {e.Message}", e);
        }

        var deeds = Deeds.Read();
        deeds.IsSeeded = true;
        await deeds.WriteAsync();
        Console.WriteLine($"The demo trust is there ({clock.Elapsed.TotalSeconds:0.0} s). Did everything arrive everywhere? ./gt verify");
        return 0;
    }
}
