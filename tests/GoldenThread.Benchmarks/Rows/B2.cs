using System.Text;
using GoldenThread.Benchmarks.Limits;
using GoldenThread.Benchmarks.Load;
using GoldenThread.Benchmarks.Product;

namespace GoldenThread.Benchmarks.Rows;

/// <summary>A pupil's 30 results read through the gateway, against the floor's GET, and against YARP that passes the floor's JSON through.</summary>
internal static class B2
{
    private const int Callers = 8;

    public static async Task MeasureAsync(Bench bench)
    {
        var againstFloor = bench.Bar("B2", "30 results read by 8 callers, against the floor", "per second", Side.AtLeast, 0.6);
        var againstMany = bench.Bar("B2", "30 results read by 8 callers, against YARP before the floor", "per second", Side.AtLeast, 1.0);
        var againstOne = bench.Bar("B2", "30 results read by 1 caller, against YARP before the floor", "per second", Side.AtLeast, 0.8);
        var (trust, floor, gateway) = (await bench.TrustAsync(), await bench.FloorPortAsync(), BenchHouse.GatewayPort);
        await using var passThrough = await LimitProcess.StartAsync("pass-through", $"http://127.0.0.1:{floor}");
        var (product, limit) = (Reads(trust, await BenchHouse.TokenAsync()), Reads(trust, null));
        BothAnswerThirty(gateway, product, floor, limit);
        LoadRun.Flat(gateway, Callers, Bench.WarmUp, product);
        await BenchHouse.QuietAsync();
        await Bench.InRoundsAsync("B2", () =>
        {
            var many = LoadRun.Flat(gateway, Callers, Bench.Span, product).PerSecond;
            var manyOfFloor = LoadRun.Flat(floor, Callers, Bench.Span, limit).PerSecond;
            var manyPassed = LoadRun.Flat(passThrough.Port, Callers, Bench.Span, limit).PerSecond;
            var one = LoadRun.Flat(gateway, 1, Bench.Span, product).PerSecond;
            var onePassed = LoadRun.Flat(passThrough.Port, 1, Bench.Span, limit).PerSecond;
            return Task.FromResult<IReadOnlyList<(Bar, double, double)>>(
                [(againstFloor, many, manyOfFloor), (againstMany, many, manyPassed), (againstOne, one, onePassed)]);
        });
    }

    private static Func<byte[]> Reads(Trust trust, string? token)
    {
        var requests = trust.Readers.Select(pupil => Request.Get($"/v1/pupils/{pupil.Id}/results", token)).ToArray();
        var at = -1;
        return () => requests[(int)((uint)Interlocked.Increment(ref at) * 7919L % requests.Length)];
    }

    private static void BothAnswerThirty(int gateway, Func<byte[]> product, int floor, Func<byte[]> limit)
    {
        foreach (var (port, next) in new[] { (gateway, product), (floor, limit) })
        {
            using var caller = new Caller(port);
            var answer = Encoding.UTF8.GetString(caller.Send(next()));
            var count = answer.Split("\"resultId\"").Length - 1;
            if (count != 30)
                throw new InvalidOperationException($"{count} results instead of 30: {answer}");
        }
    }
}
