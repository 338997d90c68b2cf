using GoldenThread.Benchmarks.Limits;
using GoldenThread.Benchmarks.Product;

namespace GoldenThread.Benchmarks;

/// <summary>What the rows of a run share: the house, the trust in it, the floor beside it, and the bars measured so far.</summary>
internal sealed class Bench : IAsyncDisposable
{
    private Trust? trust;
    private LimitProcess? floor;

    /// <summary>Rounds that count; one more goes before them to warm up.</summary>
    public const int Rounds = 3;

    /// <summary>How long one measurement takes.</summary>
    public static readonly TimeSpan Span = TimeSpan.FromSeconds(5);

    /// <summary>How long a warm-up takes: five runtimes compile what they run often only once they ran it often.</summary>
    public static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(20);

    /// <summary>The product.</summary>
    public required BenchHouse House { get; init; }

    /// <summary>What was measured.</summary>
    public List<Bar> Bars { get; } = [];

    /// <summary>The trust, sent in when it is first asked for.</summary>
    public async Task<Trust> TrustAsync()
    {
        if (trust is null)
        {
            Say("sending in the trust that is measured");
            trust = await Trust.FoundAsync();
        }

        return trust;
    }

    /// <summary>The floor's port; it is started when it is first asked for, on a table that holds what the product's holds.</summary>
    public async Task<int> FloorPortAsync()
    {
        if (floor is null)
        {
            await TrustAsync();
            await BenchHouse.ExecuteAsync("assessment", """
                create schema floor;
                create table floor.result (like public.result including all);
                insert into floor.result select * from public.result;
                """);
            await BenchHouse.ExecuteAsync("assessment", "vacuum analyze");
            floor = await LimitProcess.StartAsync("floor", BenchHouse.Superuser("assessment"));
        }

        return floor.Port;
    }

    /// <summary>A bar of this run.</summary>
    public Bar Bar(string row, string what, string unit, Side side, double height)
    {
        var bar = new Bar(row, what, unit, side, height);
        Bars.Add(bar);
        return bar;
    }

    /// <summary>Measures in rounds; the first warms up and its figures are dropped.</summary>
    /// <param name="row">The row, for the log.</param>
    /// <param name="round">Measures once, and says what each bar of the row came to.</param>
    public static async Task InRoundsAsync(string row, Func<Task<IReadOnlyList<(Bar Bar, double Product, double Limit)>>> round)
    {
        for (var at = 0; at <= Rounds; at++)
        {
            var figures = await round();
            foreach (var (bar, product, limit) in figures)
            {
                if (at > 0)
                    bar.Rounds.Add(new Round(product, limit));
            }

            Say($"{row} {(at == 0 ? "warm-up" : $"round {at}")}: " + string.Join("; ", figures.Select(f => $"{f.Product:0.###} to {f.Limit:0.###} {f.Bar.Unit}")));
        }
    }

    /// <summary>Tells how far the run is.</summary>
    public static void Say(string words) => Console.WriteLine($"  {DateTime.Now:HH:mm:ss} {words}");

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        if (floor is not null)
            await floor.DisposeAsync();
        await House.DisposeAsync();
    }
}
