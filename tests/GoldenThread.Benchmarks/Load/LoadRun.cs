using System.Diagnostics;

namespace GoldenThread.Benchmarks.Load;

/// <summary>What a run of callers came to.</summary>
/// <param name="PerSecond">Requests answered per second.</param>
/// <param name="MedianMs">Median time of a request in milliseconds.</param>
internal sealed record LoadFigures(double PerSecond, double MedianMs);

/// <summary>Callers at work: each on a thread and a connection of its own, one request after the other.</summary>
internal static class LoadRun
{
    /// <summary>Lets callers send as fast as they are answered.</summary>
    /// <param name="port">Where to, on 127.0.0.1.</param>
    /// <param name="callers">How many at once.</param>
    /// <param name="duration">For how long.</param>
    /// <param name="next">The next request of any caller; asked for by several threads.</param>
    public static LoadFigures Flat(int port, int callers, TimeSpan duration, Func<byte[]> next)
    {
        var times = new List<double>[callers];
        var clock = Stopwatch.StartNew();
        Together(callers, at =>
        {
            using var caller = new Caller(port);
            var own = times[at] = new List<double>(16_384);
            while (clock.Elapsed < duration)
            {
                var started = Stopwatch.GetTimestamp();
                caller.Send(next());
                own.Add(Stopwatch.GetElapsedTime(started).TotalMilliseconds);
            }
        });
        var all = times.SelectMany(own => own).ToArray();
        return new LoadFigures(all.Length / clock.Elapsed.TotalSeconds, Figures.Quantile(all, 0.5));
    }

    /// <summary>Lets callers send at a given rate, whether or not the answers keep up.</summary>
    /// <param name="port">Where to, on 127.0.0.1.</param>
    /// <param name="callers">How many share the rate.</param>
    /// <param name="perSecond">Requests per second of all together.</param>
    /// <param name="duration">For how long.</param>
    /// <param name="next">The next request of any caller; asked for by several threads.</param>
    public static void Paced(int port, int callers, int perSecond, TimeSpan duration, Func<byte[]> next)
    {
        var clock = Stopwatch.StartNew();
        Together(callers, at =>
        {
            using var caller = new Caller(port);
            for (var turn = at; turn < perSecond * duration.TotalSeconds; turn += callers)
            {
                Pace.WaitUntil(clock, TimeSpan.FromSeconds((double)turn / perSecond));
                caller.Send(next());
            }
        });
    }

    private static void Together(int callers, Action<int> work)
    {
        Exception? failure = null;
        var threads = Enumerable.Range(0, callers).Select(at => new Thread(() =>
        {
            try
            {
                work(at);
            }
            catch (Exception e)
            {
                failure = e;
            }
        })).ToList();
        threads.ForEach(thread => thread.Start());
        threads.ForEach(thread => thread.Join());
        if (failure is not null)
            throw new InvalidOperationException("a caller failed", failure);
    }
}

/// <summary>Keeps a rate.</summary>
internal static class Pace
{
    /// <summary>Waits until the clock shows <paramref name="moment"/>; not at all when it is past.</summary>
    public static void WaitUntil(Stopwatch clock, TimeSpan moment)
    {
        var left = moment - clock.Elapsed;
        if (left > TimeSpan.Zero)
            Thread.Sleep(left);
    }
}
