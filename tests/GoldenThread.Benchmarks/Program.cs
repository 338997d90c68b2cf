using GoldenThread.Benchmarks;
using GoldenThread.Benchmarks.Limits;
using GoldenThread.Benchmarks.Product;
using GoldenThread.Benchmarks.Rows;

switch (args)
{
    // The limits are this program too, each as a process of its own.
    case ["floor", var port, var database]:
        await Floor.RunAsync(int.Parse(port), database);
        return 0;
    case ["pass-through", var port, var destination]:
        await PassThrough.RunAsync(int.Parse(port), destination);
        return 0;
    case ["hello", var port]:
        await Hello.RunAsync(int.Parse(port));
        return 0;
}

// In the order in which they run.
var memory = new B10();
(string Name, Func<Bench, Task> Measure)[] rows =
[
    ("B11", B11.MeasureAsync), ("B10", memory.IdleAsync), ("B1", B1.MeasureAsync), ("B2", B2.MeasureAsync), ("B4", B4.MeasureAsync),
    ("B3", B3.MeasureAsync), ("B10", memory.AfterAsync), ("B7", B7.MeasureAsync),
];
var wanted = args.Select(name => name.ToUpperInvariant()).ToHashSet();
if (wanted.Contains("B10"))
    wanted.UnionWith(["B1", "B2", "B3", "B4"]);
if (wanted.Except(rows.Select(row => row.Name)).FirstOrDefault() is { } unknown)
{
    Console.Error.WriteLine($"no benchmark is called {unknown}; there are {string.Join(", ", rows.Select(row => row.Name).Distinct())}");
    return 2;
}

var started = DateTimeOffset.UtcNow;
BenchHouse.ChooseHome();
Bench.Say("starting the house");
await using var bench = new Bench { House = await BenchHouse.OpenAsync() };
foreach (var row in rows.Where(row => wanted.Count == 0 || wanted.Contains(row.Name)))
{
    await row.Measure(bench);
}

return Report.Write(bench.Bars, started) ? 0 : 1;
