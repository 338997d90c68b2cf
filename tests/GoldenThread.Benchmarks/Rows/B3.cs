using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Headers;
using System.Text.Json.Nodes;
using GoldenThread.Benchmarks.Product;
using GoldenThread.Cli.House;
using GoldenThread.Infrastructure;
using Npgsql;

namespace GoldenThread.Benchmarks.Rows;

/// <summary>
/// A CSV of a million results imported through the gateway (<c>GT_BENCH_ROWS</c> names another number), against psql's \copy of the same rows into a
/// table with the same keys and indexes; and how much memory that took.
/// </summary>
internal static class B3
{
    private const double MostMegabytes = 200;
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(100);
    private static readonly int Rows = BenchSettings.Number("GT_BENCH_ROWS", 1_000_000);

    public static async Task MeasureAsync(Bench bench)
    {
        var speed = bench.Bar("B3", $"{Rows:N0} results imported, against \\copy", "rows per second", Side.AtLeast, 0.5);
        var assessment = bench.Bar("B3", "memory of assessment above idle, against 200 MB", "MB", Side.AtMost, 1);
        var gateway = bench.Bar("B3", "memory of the gateway above idle, against 200 MB", "MB", Side.AtMost, 1);
        var trust = await bench.TrustAsync();
        await bench.FloorPortAsync();
        await BenchHouse.QuietAsync();
        var idle = (Assessment: BenchHouse.ResidentMegabytes("assessment"), Gateway: BenchHouse.ResidentMegabytes("gateway"));
        await Bench.InRoundsAsync("B3", async () =>
        {
            var (file, table) = (Path.Combine(Tree.State, "results.csv"), Path.Combine(Tree.State, "table.csv"));
            await WriteAsync(trust, file, table);
            var most = (Assessment: 0.0, Gateway: 0.0);
            using var done = new CancellationTokenSource();
            var looking = Task.Run(async () =>
            {
                while (!done.IsCancellationRequested)
                {
                    most.Assessment = Math.Max(most.Assessment, BenchHouse.ResidentMegabytes("assessment"));
                    most.Gateway = Math.Max(most.Gateway, BenchHouse.ResidentMegabytes("gateway"));
                    await Task.Delay(Look);
                }
            });
            var imported = await ImportAsync(trust, file);
            await done.CancelAsync();
            await looking;
            await BenchHouse.QuietAsync();
            var copied = await CopyAsync(table);
            return
            [
                (speed, Rows / imported.TotalSeconds, Rows / copied.TotalSeconds),
                (assessment, most.Assessment - idle.Assessment, MostMegabytes),
                (gateway, most.Gateway - idle.Gateway, MostMegabytes),
            ];
        });
    }

    // The same rows twice: as a school sends them, and as the table holds them.
    private static async Task WriteAsync(Trust trust, string file, string table)
    {
        await using var sent = new StreamWriter(file);
        await using var held = new StreamWriter(table);
        await sent.WriteLineAsync("UPN,URN,Test,Date,Score");
        var (writers, changeSet, sitting) = (trust.Writers, Guid.CreateVersion7(), default(DateOnly));
        var recorded = DateTime.UtcNow.ToString("O", CultureInfo.InvariantCulture);
        for (var at = 0; at < Rows; at++)
        {
            var (pupil, test) = (writers[at % writers.Count], at / writers.Count % Trust.Tests);
            if (at % (writers.Count * Trust.Tests) == 0)
                sitting = trust.NewSitting();
            var (day, score) = (Trust.Iso(sitting), Trust.ScoreOf(pupil, test));
            sent.WriteLine($"{pupil.Upn},{pupil.SchoolUrn},{Trust.TestName(test)},{day},{score}");
            held.WriteLine($"{pupil.SchoolUrn},{Guid.CreateVersion7()},{pupil.Id},{trust.TestIds[test]},{trust.CollectionId},{day},import,4,{score},,1,{recorded},{changeSet}");
        }
    }

    private static async Task<TimeSpan> ImportAsync(Trust trust, string file)
    {
        using var http = new HttpClient { Timeout = Timeout.InfiniteTimeSpan };
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", await BenchHouse.TokenAsync());
        http.DefaultRequestHeaders.Add("Idempotency-Key", Guid.CreateVersion7().ToString());
        await using var stream = File.OpenRead(file);
        using var content = new StreamContent(stream);
        content.Headers.ContentType = new MediaTypeHeaderValue("text/csv");
        var clock = Stopwatch.StartNew();
        using var answer = await http.PostAsync($"http://127.0.0.1:{BenchHouse.GatewayPort}/v1/collections/{trust.CollectionId}/results:import", content);
        var text = await answer.Content.ReadAsStringAsync();
        var took = clock.Elapsed;
        return answer.IsSuccessStatusCode && (int?)JsonNode.Parse(text)!["newCount"] == Rows ? took : throw new InvalidOperationException(text);
    }

    private static async Task<TimeSpan> CopyAsync(string table)
    {
        var psql = Path.Combine(PrivatePostgres.FindBinaries()!, "psql");
        var target = new NpgsqlConnectionStringBuilder(BenchHouse.Superuser("assessment"));
        string[] command =
        [
            psql, "-h", target.Host!, "-p", target.Port.ToString(), "-U", target.Username!, "-d", target.Database!, "-q", "-v", "ON_ERROR_STOP=1",
            "-c", $"\\copy floor.result from '{table}' csv",
        ];
        var clock = Stopwatch.StartNew();
        await Command.RunAsync(command, new Dictionary<string, string?> { ["PGPASSWORD"] = target.Password });
        return clock.Elapsed;
    }
}
