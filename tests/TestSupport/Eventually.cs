using System.Diagnostics;
using Xunit;

namespace GoldenThread.TestSupport;

/// <summary>Waits for what will come true: on the condition itself, never for a guessed time.</summary>
public static class Eventually
{
    /// <summary>How long a wait may take unless it says otherwise: 30 seconds.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    /// <summary>Waits until <paramref name="condition"/> is true; fails the test with <paramref name="what"/> otherwise.</summary>
    public static async Task Async(Func<Task<bool>> condition, string what, TimeSpan? patience = null)
    {
        var clock = Stopwatch.StartNew();
        while (!await condition())
        {
            if (clock.Elapsed > (patience ?? Patience))
                Assert.Fail($"after {clock.Elapsed.TotalSeconds:0} s it was still not so: {what}");
            await Task.Delay(25, TestContext.Current.CancellationToken);
        }
    }

    /// <summary>Waits until <paramref name="assertion"/> no longer throws; then returns its answer. The last failure is the test's failure.</summary>
    public static async Task<T> Async<T>(Func<Task<T>> assertion, TimeSpan? patience = null)
    {
        var clock = Stopwatch.StartNew();
        while (true)
        {
            try
            {
                return await assertion();
            }
            catch (Exception e) when (e is not OperationCanceledException && clock.Elapsed < (patience ?? Patience))
            {
                await Task.Delay(25, TestContext.Current.CancellationToken);
            }
        }
    }

    /// <summary>Waits until <paramref name="assertion"/> no longer throws. The last failure is the test's failure.</summary>
    public static Task Async(Func<Task> assertion, TimeSpan? patience = null) =>
        Async(async () =>
        {
            await assertion();
            return true;
        }, patience);
}
