using GoldenThread.Benchmarks.Load;
using GoldenThread.Benchmarks.Product;

namespace GoldenThread.Benchmarks.Rows;

/// <summary>One result posted through the gateway, against the floor's POST.</summary>
internal static class B1
{
    private const int Callers = 8;

    public static async Task MeasureAsync(Bench bench)
    {
        var throughput = bench.Bar("B1", "results posted by 8 callers, against the floor", "per second", Side.AtLeast, 0.5);
        var time = bench.Bar("B1", "median time of a POST by 1 caller, against the floor", "ms", Side.AtMost, 2.5);
        var (trust, floor, gateway) = (await bench.TrustAsync(), await bench.FloorPortAsync(), BenchHouse.GatewayPort);
        var token = await BenchHouse.TokenAsync();
        LoadRun.Flat(gateway, Callers, Bench.WarmUp, NewPosts(trust, token));
        await BenchHouse.QuietAsync();
        await Bench.InRoundsAsync("B1", async () =>
        {
            // The product's callers come first, so that its consumers are the ones that may not run on into the floor's turn.
            var many = LoadRun.Flat(gateway, Callers, Bench.Span, NewPosts(trust, token));
            await BenchHouse.QuietAsync();
            var manyOfFloor = LoadRun.Flat(floor, Callers, Bench.Span, NewPosts(trust, null));
            var one = LoadRun.Flat(gateway, 1, Bench.Span, NewPosts(trust, token));
            await BenchHouse.QuietAsync();
            var oneOfFloor = LoadRun.Flat(floor, 1, Bench.Span, NewPosts(trust, null));
            return [(throughput, many.PerSecond, manyOfFloor.PerSecond), (time, one.MedianMs, oneOfFloor.MedianMs)];
        });
    }

    // Each post is a result that is not there yet: another pupil each time, then another test, all on a day of their own.
    private static Func<byte[]> NewPosts(Trust trust, string? token)
    {
        var (writers, sitting, at) = (trust.Writers, trust.NewSitting(), -1);
        return () =>
        {
            var turn = Interlocked.Increment(ref at);
            // Neighbours in time are of different schools, as callers are.
            var pupil = writers[(int)((turn * 7919L) % writers.Count)];
            var (path, json) = trust.Entry(pupil, (turn / writers.Count) % Trust.Tests, sitting);
            return Request.Post(path, token, json);
        };
    }
}
