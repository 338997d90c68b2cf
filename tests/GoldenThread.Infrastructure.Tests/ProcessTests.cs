using System.Diagnostics;
using GoldenThread.Infrastructure;
using GoldenThread.TestSupport;
using Xunit;

namespace GoldenThread.Infrastructure.Tests;

public class ProcessTests
{
    [Fact]
    public async Task Child_WritesItsLog_AndEndsWhenAsked()
    {
        using var scratch = new Scratch();
        var child = await ChildProcess.StartAsync(
            "greeter", ["sh", "-c", "echo hello $WHO; exec sleep 600"], scratch.Log, new Dictionary<string, string?> { ["WHO"] = "thread" });
        await Eventually.Async(async () => await File.ReadAllTextAsync(scratch.Log) == "hello thread\n", "the log holds the greeting");
        Assert.True(child.IsAlive);
        await child.StopAsync(TimeSpan.FromSeconds(5));
        Assert.False(child.IsAlive);
    }

    [Fact]
    public async Task Child_GetsSettingsOfAnyName()
    {
        using var scratch = new Scratch();
        var settings = new Dictionary<string, string?> { ["Clients__svc-tracking__Secret"] = "golden", ["HOME"] = null };
        var child = await ChildProcess.StartAsync("asked", ["bash", "-c", "env; exec sleep 600"], scratch.Log, settings);
        await Eventually.Async(async () => (await File.ReadAllTextAsync(scratch.Log)).Contains("Clients__svc-tracking__Secret=golden"), "it was told");
        Assert.DoesNotContain("\nHOME=", await File.ReadAllTextAsync(scratch.Log));
        await child.KillAsync();
    }

    [Fact]
    public async Task Child_ThatIgnoresTheRequest_IsKilled()
    {
        using var scratch = new Scratch();
        var child = await ChildProcess.StartAsync("deaf", ["sh", "-c", "trap '' TERM; echo deaf; while :; do sleep 0.1; done"], scratch.Log);
        await Eventually.Async(async () => await File.ReadAllTextAsync(scratch.Log) == "deaf\n", "it no longer listens");
        await child.StopAsync(TimeSpan.FromMilliseconds(300));
        Assert.False(child.IsAlive);
    }

    [Fact]
    public async Task Child_ThatEndsWhileStarting_IsReportedWithItsLog()
    {
        using var scratch = new Scratch();
        var child = await ChildProcess.StartAsync("broken", ["sh", "-c", "sleep 0.1; echo the disk is full; exit 3"], scratch.Log);
        var failure = await Assert.ThrowsAsync<InfrastructureException>(
            () => child.ReadyAsync(() => Task.FromResult(false), TimeSpan.FromSeconds(20)));
        Assert.Contains("the disk is full", failure.Message);
    }

    [Fact]
    public async Task Mark_OfAnotherProcessUnderTheSameNumber_IsNeverSignalled()
    {
        using var scratch = new Scratch();
        var child = await ChildProcess.StartAsync("bystander", ["sleep", "600"], scratch.Log);
        var earlier = child.Mark with { Started = "1" };
        Assert.False(earlier.IsAlive);
        Assert.False(earlier.Send(ProcessSignal.Kill));
        Assert.True(child.IsAlive);
        await child.KillAsync();
    }

    [Fact]
    public async Task Keeper_EndsWhatItWatches_WhenItsOwnerIsGone()
    {
        using var scratch = new Scratch();
        var watched = Directory.CreateDirectory(Path.Combine(scratch.Folder, "watched"));
        var child = await ChildProcess.StartAsync("orphan", ["sleep", "600"], scratch.Log);
        using (var owner = Process.Start(new ProcessStartInfo("sh", ["-c", KeeperOf(watched.FullName, child.Mark.Pid)]))!)
        {
            await owner.WaitForExitAsync();
        }

        Assert.True(await child.Mark.GoneAsync(TimeSpan.FromSeconds(10)));
        await Eventually.Async(() => Task.FromResult(!watched.Exists || !Directory.Exists(watched.FullName)), "the folder is removed");
    }

    [Fact]
    public async Task Keeper_LetGo_TouchesNothing()
    {
        using var scratch = new Scratch();
        var child = await ChildProcess.StartAsync("kept", ["sleep", "600"], scratch.Log);
        new Keeper(scratch.Folder, child.Mark).Dispose();
        Assert.True(child.IsAlive);
        Assert.True(Directory.Exists(scratch.Folder));
        await child.KillAsync();
    }

    [Fact]
    public void FreePorts_AreDifferent_AndFree()
    {
        var ports = FreePorts.Take(20);
        Assert.Equal(20, ports.Distinct().Count());
        Assert.All(ports, port => Assert.True(FreePorts.IsFree(port)));
    }

    // What the system does when an owner is killed: the keeper's standard input comes to its end.
    private static string KeeperOf(string folder, int pid) => $"printf '' | sh -c '{Keeper.Script}' keeper '{folder}' {pid}";
}
