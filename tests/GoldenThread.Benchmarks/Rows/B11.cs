using System.Diagnostics;
using GoldenThread.Benchmarks.Product;
using GoldenThread.Cli.House;

namespace GoldenThread.Benchmarks.Rows;

/// <summary><c>./gt up</c> on a built tree, until all of it is ready, against starting PostgreSQL and RabbitMQ on the same data alone.</summary>
internal static class B11
{
    public static async Task MeasureAsync(Bench bench)
    {
        var start = bench.Bar("B11", "./gt up to ready, against PostgreSQL and RabbitMQ alone", "s", Side.AtMost, 2);
        await Bench.InRoundsAsync("B11", async () =>
        {
            await bench.House.DownAsync();
            var ground = new RunningHouse();
            var clock = Stopwatch.StartNew();
            var deeds = Deeds.Read();
            await Task.WhenAll(Ground.PostgresAsync(ground, deeds), Ground.RabbitAsync(ground, deeds));
            var alone = clock.Elapsed;
            await ground.StopAsync();
            clock.Restart();
            await bench.House.UpAsync(build: true);
            return [(start, clock.Elapsed.TotalSeconds, alone.TotalSeconds)];
        });
    }
}
