using System.Text;
using GoldenThread.Benchmarks.Load;
using GoldenThread.Benchmarks.Product;

namespace GoldenThread.Benchmarks.Rows;

/// <summary>
/// A pupil's results read with one million and with ten million stored (<c>GT_BENCH_ROWS10</c> names another number for the larger): what grows must not be
/// felt. Median times at 1 caller.
/// </summary>
internal static class B7
{
    private static readonly int Many = BenchSettings.Number("GT_BENCH_ROWS10", 10_000_000);
    private static readonly int Few = Many / 10;

    public static async Task MeasureAsync(Bench bench)
    {
        var growth = bench.Bar("B7", $"a pupil's results with {Many:N0} stored, against {Few:N0}", "ms", Side.AtMost, 1.2);
        Bench.Say($"filling {Few:N0} and {Many:N0} results");
        await using var few = await StoredResults.StartAsync("bench_few", Few);
        await using var many = await StoredResults.StartAsync("bench_many", Many);
        var token = await BenchHouse.TokenAsync();
        foreach (var stored in new[] { few, many })
        {
            using var caller = new Caller(stored.GatewayPort);
            var answer = Encoding.UTF8.GetString(caller.Send(stored.Reads(token)()));
            if (answer.Split("\"resultId\"").Length - 1 != 30)
                throw new InvalidOperationException($"not 30 results: {answer}");
        }

        await Bench.InRoundsAsync("B7", () =>
        {
            var ofMany = LoadRun.Flat(many.GatewayPort, 1, Bench.Span, many.Reads(token)).MedianMs;
            var ofFew = LoadRun.Flat(few.GatewayPort, 1, Bench.Span, few.Reads(token)).MedianMs;
            return Task.FromResult<IReadOnlyList<(Bar, double, double)>>([(growth, ofMany, ofFew)]);
        });
    }
}
