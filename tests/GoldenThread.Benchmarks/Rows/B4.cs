using GoldenThread.Benchmarks.Limits;
using GoldenThread.Benchmarks.Load;
using GoldenThread.Benchmarks.Product;

namespace GoldenThread.Benchmarks.Rows;

/// <summary>
/// From the commit of a result to the pupil's new status being readable, at 200 results a second posted through the gateway, against a bare round trip
/// through RabbitMQ at that rate. PostgreSQL itself says when both transactions committed (track_commit_timestamp): one clock, and nobody who polls.
/// It notes the time just before it waits for the disk, in assessment as in tracking, so that the two waits cancel out.
/// </summary>
internal static class B4
{
    private const int Rate = 200;
    private const int Callers = 16;
    private static readonly TimeSpan Span = TimeSpan.FromSeconds(10);

    public static async Task MeasureAsync(Bench bench)
    {
        var median = bench.Bar("B4", "commit of a result to its status, median, against RabbitMQ", "ms", Side.AtMost, 6);
        var slowest = bench.Bar("B4", "commit of a result to its status, 99th percentile, same", "ms", Side.AtMost, 10);
        var trust = await bench.TrustAsync();
        var token = await BenchHouse.TokenAsync();
        var turn = -1;
        await Bench.InRoundsAsync("B4", async () =>
        {
            await BenchHouse.QuietAsync();
            var sitting = trust.NewSitting();
            LoadRun.Paced(BenchHouse.GatewayPort, Callers, Rate, Span, () => NewResult(trust, token, Interlocked.Increment(ref turn), sitting));
            await BenchHouse.QuietAsync();
            var product = await TimesAsync(trust, sitting);
            var limit = await RoundTrip.TimesAsync(Rate, Span);
            return
            [
                (median, Figures.Quantile(product, 0.5), Figures.Quantile(limit, 0.5)),
                (slowest, Figures.Quantile(product, 0.99), Figures.Quantile(limit, 0.99)),
            ];
        });
    }

    // Each post is the first result of a mover in a subject in the open window, so that it brings one new status.
    private static byte[] NewResult(Trust trust, string token, int turn, DateOnly sitting)
    {
        var movers = trust.Movers;
        var (path, json) = trust.Entry(movers[(int)(turn * 7919L % movers.Count)], turn / movers.Count, sitting);
        return Request.Post(path, token, json);
    }

    private static async Task<List<double>> TimesAsync(Trust trust, DateOnly sitting)
    {
        var recorded = await BenchHouse.QueryAsync(
            "assessment",
            $"""
            select r.pupil_id, t.subject, pg_xact_commit_timestamp(r.xmin) from result r join test t on t.test_id = r.test_id
            where r.collection_id = '{trust.CollectionId}' and r.sitting = '{Trust.Iso(sitting)}'
            """,
            row => (Key: (row.GetGuid(0), row.GetString(1)), At: row.GetDateTime(2)));
        var judged = await BenchHouse.QueryAsync(
            "tracking",
            $"select pupil_id, subject, pg_xact_commit_timestamp(xmin) from progress_status where collection_id = '{trust.CollectionId}'",
            row => (Key: (row.GetGuid(0), row.GetString(1)), At: row.GetDateTime(2)));
        var statuses = judged.ToDictionary(status => status.Key, status => status.At);
        return recorded.Select(result => (statuses[result.Key] - result.At).TotalMilliseconds).ToList();
    }
}
