using GoldenThread.Cli.House;
using GoldenThread.Infrastructure;

namespace GoldenThread.Benchmarks.Limits;

/// <summary>A limit as a process of its own: this program in another mode.</summary>
internal sealed class LimitProcess : IAsyncDisposable
{
    private readonly ChildProcess child;
    private readonly Keeper keeper;

    private LimitProcess(ChildProcess child, Keeper keeper, int port)
    {
        this.child = child;
        this.keeper = keeper;
        Port = port;
    }

    /// <summary>Where it listens on 127.0.0.1.</summary>
    public int Port { get; }

    /// <summary>Its process number.</summary>
    public int Pid => child.Mark.Pid;

    /// <summary>Starts <c>floor</c>, <c>pass-through</c> or <c>hello</c> and waits until it answers.</summary>
    public static async Task<LimitProcess> StartAsync(string mode, params string[] arguments)
    {
        var port = FreePorts.Take();
        var log = Path.Combine(Tree.Logs, $"{mode}.log");
        var environment = new Dictionary<string, string?> { ["ASPNETCORE_URLS"] = null, ["ASPNETCORE_HTTP_PORTS"] = null };
        string[] command = ["dotnet", typeof(LimitProcess).Assembly.Location, mode, port.ToString(), .. arguments];
        var child = await ChildProcess.StartAsync(mode, command, log, environment);
        var keeper = new Keeper(log, child.Mark);
        await child.ReadyAsync(() => Task.FromResult(!FreePorts.IsFree(port)), TimeSpan.FromSeconds(30));
        return new LimitProcess(child, keeper, port);
    }

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        await child.StopAsync(TimeSpan.FromSeconds(10));
        keeper.Dispose();
    }
}
