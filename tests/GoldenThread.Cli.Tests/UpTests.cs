using System.Diagnostics;
using System.Text.Json;
using GoldenThread.Cli.House;
using GoldenThread.Infrastructure;

namespace GoldenThread.Cli.Tests;

/// <summary>`./gt up` where a house runs already: one process of ours, and a gateway's address at which nobody answers.</summary>
public sealed class UpTests : IAsyncLifetime
{
    private const string Gateway = "http://127.0.0.1:9";

    private readonly string home = Directory.CreateTempSubdirectory("gt-cli-").FullName;
    private readonly Process lodger = Process.Start("sleep", "300");

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        var tenant = new Tenant("gateway", ProcessMark.Of(lodger.Id)!, ProcessSignal.Terminate, IsGround: false);
        await WriteAsync("state.json", new RunningHouse { Tenants = [tenant], GatewayUrl = Gateway });
    }

    public async ValueTask DisposeAsync()
    {
        await RunAsync("reset");
        lodger.Dispose();
    }

    [Fact]
    public async Task RunningHouseWithoutItsDemoTrust_IsSentIt_AndUpFailsWhereThatFails()
    {
        await WriteAsync("deeds.json", new Deeds { IsSeeded = false });

        var outcome = await RunAsync("up", "--no-build");

        Assert.Equal(1, outcome.ExitCode);
        Assert.Contains("sending the demo trust", outcome.Output, StringComparison.Ordinal);
        Assert.Contains($"no gateway answers at {Gateway}", outcome.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("is ready", outcome.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true, "up")]
    [InlineData(false, "up --no-seed")]
    public async Task RunningHouseThatNeedsNothing_IsLeftAsItIs(bool isSeeded, string asked)
    {
        await WriteAsync("deeds.json", new Deeds { IsSeeded = isSeeded });

        var outcome = await RunAsync(asked.Split(' '));

        Assert.Equal(0, outcome.ExitCode);
        Assert.Contains("already running", outcome.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("sending the demo trust", outcome.Output, StringComparison.Ordinal);
        Assert.False(lodger.HasExited);
    }

    [Fact]
    public async Task HouseWithAnEndedService_StillGivesTokens_AndVerifyNamesTheService()
    {
        using var service = Process.Start("sleep", "300");
        var (gateway, tracking) = (ProcessMark.Of(lodger.Id)!, ProcessMark.Of(service.Id)!);
        service.Kill();
        await service.WaitForExitAsync(Ct);
        await WriteAsync("state.json", new RunningHouse
        {
            Tenants = [new("tracking", tracking, ProcessSignal.Terminate, IsGround: false), new("gateway", gateway, ProcessSignal.Terminate, IsGround: false)],
            GatewayUrl = Gateway,
        });
        await WriteAsync("deeds.json", new Deeds { IsSeeded = true });

        var token = await RunAsync("token", "data-lead");
        var verify = await RunAsync("verify");

        // Nobody answers there, but it was asked.
        Assert.Contains("127.0.0.1:9", token.Output, StringComparison.Ordinal);
        Assert.Equal(1, verify.ExitCode);
        Assert.Contains("not all of the house runs, tracking ended", verify.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task DataWhosePasswordsAreGone_IsNamedWithTheRemedy_AndKeptUntilThen()
    {
        File.Delete(Path.Combine(home, "state.json"));
        var kept = Directory.CreateDirectory(Path.Combine(Tree.DataOf(home), "postgres", "data")).FullName;

        var outcome = await RunAsync("up", "--no-build");

        Assert.Equal(1, outcome.ExitCode);
        Assert.Contains($"{Tree.DataOf(home)} holds the data of an earlier working tree", outcome.Output, StringComparison.Ordinal);
        Assert.Contains("./gt reset", outcome.Output, StringComparison.Ordinal);
        Assert.True(Directory.Exists(kept));

        Assert.Equal(0, (await RunAsync("reset")).ExitCode);
        Assert.False(Directory.Exists(kept));
    }

    private Task WriteAsync<T>(string name, T content) => File.WriteAllTextAsync(Path.Combine(home, name), JsonSerializer.Serialize(content), Ct);

    private Task<Command.Outcome> RunAsync(params string[] args) => Command.TryAsync(
        ["dotnet", typeof(EnvFile).Assembly.Location, .. args], new Dictionary<string, string?> { ["GT_HOME"] = home }, Path.GetTempPath(), CancellationToken.None);
}
