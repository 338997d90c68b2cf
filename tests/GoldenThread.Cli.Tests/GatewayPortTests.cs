using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using GoldenThread.Cli.House;
using GoldenThread.Infrastructure;

namespace GoldenThread.Cli.Tests;

/// <summary>The gateway's port, by which the development issuer is named in every grant.</summary>
public sealed class GatewayPortTests : IDisposable
{
    private readonly TcpListener other = new(IPAddress.Loopback, FreePorts.Take());
    private readonly string home = Directory.CreateTempSubdirectory("gt-cli-").FullName;

    private int Port => ((IPEndPoint)other.LocalEndpoint).Port;

    public void Dispose()
    {
        other.Dispose();
        if (Directory.Exists(home))
            Directory.Delete(home, recursive: true);
    }

    [Fact]
    public void OnceChosen_ItStays()
    {
        var deeds = new Deeds();

        var chosen = deeds.GatewayPort();

        Assert.Equal(chosen, deeds.GatewayPort());
        Assert.Equal(chosen, deeds.Ports["gateway"]);
    }

    [Fact]
    public async Task WhereAnotherHasTakenIt_UpSaysWhichAndWhatToDo_AndTheIssuerKeepsItsName()
    {
        other.Start();
        var deeds = new Deeds { IsSeeded = true };
        deeds.Ports["gateway"] = Port;
        await File.WriteAllTextAsync(Path.Combine(home, "deeds.json"), JsonSerializer.Serialize(deeds), TestContext.Current.CancellationToken);

        var outcome = await RunAsync("up", "--no-build");

        Assert.Equal(1, outcome.ExitCode);
        Assert.Contains($"port {Port} on 127.0.0.1 is taken", outcome.Output, StringComparison.Ordinal);
        Assert.Contains("./gt reset", outcome.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", outcome.Output, StringComparison.Ordinal);
        Assert.Contains($"\"gateway\":{Port}", await File.ReadAllTextAsync(Path.Combine(home, "deeds.json"), TestContext.Current.CancellationToken), StringComparison.Ordinal);
        await RunAsync("reset");
    }

    private Task<Command.Outcome> RunAsync(params string[] args) => Command.TryAsync(
        ["dotnet", typeof(EnvFile).Assembly.Location, .. args], new Dictionary<string, string?> { ["GT_HOME"] = home }, home, CancellationToken.None);
}
