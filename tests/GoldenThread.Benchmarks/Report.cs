using System.Runtime.InteropServices;
using System.Text.Json;
using GoldenThread.Cli.House;

namespace GoldenThread.Benchmarks;

/// <summary>What a run leaves behind: the table on the screen, and <c>artifacts/bench.json</c>.</summary>
internal static class Report
{
    private static readonly JsonSerializerOptions Indented = new(JsonSerializerDefaults.Web) { WriteIndented = true };

    /// <summary>Prints the table and writes the file; true when every bar holds.</summary>
    public static bool Write(IReadOnlyList<Bar> bars, DateTimeOffset started)
    {
        var file = Tree.File("artifacts/bench.json");
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        File.WriteAllText(file, JsonSerializer.Serialize(new { started, took = DateTimeOffset.UtcNow - started, machine = Machine(), bars }, Indented));
        Console.WriteLine();
        Console.WriteLine("Median ratio of product and limit (lowest–highest round), bar, medians of both");
        foreach (var bar in bars)
        {
            Console.WriteLine(bar);
        }

        var failing = bars.Where(bar => !bar.Holds).ToList();
        Console.WriteLine(failing.Count == 0 ? "every bar holds" : $"{failing.Count} of {bars.Count} bars do not hold: {string.Join(", ", failing.Select(bar => $"{bar.Row} ({bar.What})"))}");
        return failing.Count == 0;
    }

    private static object Machine() => new
    {
        Cores = Environment.ProcessorCount,
        Processor = File.ReadLines("/proc/cpuinfo").FirstOrDefault(line => line.StartsWith("model name", StringComparison.Ordinal))?.Split(':')[1].Trim(),
        MemoryMegabytes = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes >> 20,
        System = RuntimeInformation.OSDescription,
        Runtime = RuntimeInformation.FrameworkDescription,
        // Others at work on the machine show here.
        Load = File.Exists("/proc/loadavg") ? File.ReadAllText("/proc/loadavg").Trim() : null,
    };
}
