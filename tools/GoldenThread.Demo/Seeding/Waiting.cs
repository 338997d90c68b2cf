using System.Diagnostics;

namespace GoldenThread.Demo.Seeding;

/// <summary>Waits for what events will bring: on the condition itself, never for a guessed time.</summary>
public static class Waiting
{
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(100);

    /// <summary>Waits until it is so; throws <see cref="TimeoutException"/> with <paramref name="what"/> when it is not in time.</summary>
    public static async Task UntilAsync(string what, Func<Task<bool>> isSo, TimeSpan patience, CancellationToken ct)
    {
        var clock = Stopwatch.StartNew();
        while (!await isSo())
        {
            if (clock.Elapsed > patience)
                throw new TimeoutException($"after {clock.Elapsed.TotalSeconds:0} s it is still not so that {what}");
            await Task.Delay(Look, ct);
        }
    }
}
