using GoldenThread.Benchmarks.Limits;
using GoldenThread.Benchmarks.Load;
using GoldenThread.Benchmarks.Product;

namespace GoldenThread.Benchmarks.Rows;

/// <summary>Resident memory of each process: idle against an empty web application of the same runtime, and after the rows with load against idle.</summary>
internal sealed class B10
{
    private readonly Dictionary<string, double> idle = [];

    /// <summary>Before anything was asked of the house.</summary>
    public async Task IdleAsync(Bench bench)
    {
        var bars = BenchHouse.Lodgers.ToDictionary(name => name, name => bench.Bar("B10", $"memory of {name} when idle, against hello-world", "MB", Side.AtMost, 2));
        await Bench.InRoundsAsync("B10", async () =>
        {
            await using var hello = await LimitProcess.StartAsync("hello");
            using var caller = new Caller(hello.Port);
            caller.Send(Request.Get("/", null));
            await BenchHouse.QuietAsync();
            var least = BenchHouse.ResidentMegabytes(hello.Pid);
            return [.. bars.Select(bar => (bar.Value, idle[bar.Key] = BenchHouse.ResidentMegabytes(bar.Key), least))];
        });
    }

    /// <summary>After the load.</summary>
    public async Task AfterAsync(Bench bench)
    {
        var bars = BenchHouse.Lodgers.ToDictionary(name => name, name => bench.Bar("B10", $"memory of {name} after the load, against idle", "MB", Side.AtMost, 3));
        await Bench.InRoundsAsync("B10", async () =>
        {
            await BenchHouse.QuietAsync();
            return [.. bars.Select(bar => (bar.Value, BenchHouse.ResidentMegabytes(bar.Key), idle[bar.Key]))];
        });
    }
}
