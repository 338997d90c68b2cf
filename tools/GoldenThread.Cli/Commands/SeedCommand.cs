using System.CommandLine;
using System.Diagnostics;
using GoldenThread.Cli.House;
using GoldenThread.Demo.Seeding;
using GoldenThread.Demo.Trust;
using GoldenThread.Education;
using GoldenThread.Infrastructure;

namespace GoldenThread.Cli.Commands;

/// <summary>
/// <c>./gt seed</c>: sends the demo trust of <c>packs/demo-trust</c> through the public REST API, to the house of <c>./gt up</c> or to the one behind
/// another gateway. A second time changes nothing.
/// </summary>
public static class SeedCommand
{
    private static readonly TimeSpan LongestCall = TimeSpan.FromMinutes(10);

    /// <summary>The command.</summary>
    public static System.CommandLine.Command Create()
    {
        var gateway = new Option<string?>("--gateway") { Description = "Another house than that of ./gt up, by its gateway's address; it may have no schools of its own" };
        var tokens = new Option<string?>("--token-file")
        {
            Description = $"Tokens where that house has no development issuer: a line for each of {SeedPeople.Needed}, with the name, a blank and the token",
        };
        var command = new System.CommandLine.Command("seed", "Send the demo trust through the public API; again, it changes nothing") { gateway, tokens };
        command.SetAction((parsed, ct) => (parsed.GetValue(gateway), parsed.GetValue(tokens)) switch
        {
            (null, null) => RunAsync(ct),
            (null, _) => throw new InfrastructureException("--token-file goes with --gateway, for example: ./gt seed --gateway https://api.example.org --token-file tokens"),
            ({ } address, var file) => RunElsewhereAsync(Checked(address), file, ct),
        });
        return command;
    }

    /// <summary>Sends it to the running house; throws, saying what is wrong, when it is not whole afterwards, or the house has schools of its own.</summary>
    public static async Task<int> RunAsync(CancellationToken ct)
    {
        var gateway = RunningHouse.ReadWhole().GatewayUrl!;
        var deeds = Deeds.Read();
        // Who adds a school to the demo trust may still send the trust again.
        Func<SeedContext, CancellationToken, Task> send = deeds.IsSeeded ? TrustSeeder.SeedAsync : SeedUnmixedAsync;
        var took = await SendAsync(gateway, await SeedPeople.AtDevelopmentIssuerAsync(gateway, ct), send, ct);
        deeds.IsSeeded = true;
        await deeds.WriteAsync();
        Console.WriteLine($"The demo trust is there ({took.TotalSeconds:0.0} s). Did everything arrive everywhere? ./gt verify");
        return 0;
    }

    private static async Task<int> RunElsewhereAsync(string gateway, string? tokenFile, CancellationToken ct)
    {
        var people = tokenFile is null ? await SeedPeople.AtDevelopmentIssuerAsync(gateway, ct) : SeedPeople.OfTokens(tokenFile);
        var took = await SendAsync(gateway, people, SeedUnmixedAsync, ct);
        Console.WriteLine($"The demo trust is at {gateway} ({took.TotalSeconds:0.0} s).");
        return 0;
    }

    private static async Task SeedUnmixedAsync(SeedContext seed, CancellationToken ct)
    {
        await TrustSeeder.RequireNoOtherSchoolsAsync(seed, ct);
        await TrustSeeder.SeedAsync(seed, ct);
    }

    // Tokens go along with every call.
    private static string Checked(string address) =>
        Uri.TryCreate(address, UriKind.Absolute, out var uri) && (uri.Scheme == Uri.UriSchemeHttps || (uri.Scheme == Uri.UriSchemeHttp && uri.IsLoopback))
            ? address.TrimEnd('/')
            : throw new InfrastructureException($"--gateway {address} is not an address with https, or with http on this machine, such as http://127.0.0.1:5000");

    private static async Task<TimeSpan> SendAsync(string gateway, SeedPeople people, Func<SeedContext, CancellationToken, Task> send, CancellationToken ct)
    {
        var clock = Stopwatch.StartNew();
        var packs = Tree.File("packs");
        using var http = new HttpClient { BaseAddress = new Uri($"{gateway}/"), Timeout = LongestCall };
        var seed = new SeedContext(
            DemoTrust.From(DemoPack.Read(packs)), packs, people.IdentityOf, TimeProvider.System.Today(),
            async person => new RestApi(http, await people.TokenAsync(person)),
            what => Console.WriteLine($"  {clock.Elapsed.TotalSeconds,5:0.0} s  {what}"));
        try
        {
            await send(seed, ct);
        }
        catch (OtherSchoolsException e)
        {
            throw new InfrastructureException($"the demo trust was not sent: {e.Message}", e);
        }
        catch (Exception e) when (e is RefusedException or TimeoutException or InvalidOperationException or HttpRequestException)
        {
            throw new InfrastructureException($"the demo trust is not whole: {e.Message}\nSending it again goes on from there: ./gt seed", e);
        }

        return clock.Elapsed;
    }
}
