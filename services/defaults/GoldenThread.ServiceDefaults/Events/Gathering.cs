using System.Collections.Concurrent;

namespace GoldenThread.ServiceDefaults;

/// <summary>
/// Lets what arrives while others are being worked through go together in the next turn. Nothing waits for company: who finds nobody at work starts at
/// once and alone.
/// </summary>
/// <param name="most">Most that go together.</param>
internal sealed class Gathering<T>(int most)
{
    private readonly SemaphoreSlim turn = new(1);
    private readonly ConcurrentQueue<(T Item, TaskCompletionSource Done)> waiting = new();

    /// <summary>Returns when the item was worked through, in whosever turn; throws when its work failed.</summary>
    public async Task AddAsync(T item, Func<IReadOnlyList<T>, Task> work)
    {
        var mine = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        waiting.Enqueue((item, mine));
        await turn.WaitAsync();
        try
        {
            while (!mine.Task.IsCompleted)
            {
                await WorkAsync(Take(), work);
            }
        }
        finally
        {
            turn.Release();
        }

        await mine.Task;
    }

    private List<(T Item, TaskCompletionSource Done)> Take()
    {
        var taken = new List<(T, TaskCompletionSource)>();
        while (taken.Count < most && waiting.TryDequeue(out var next))
        {
            taken.Add(next);
        }

        return taken;
    }

    private static async Task WorkAsync(List<(T Item, TaskCompletionSource Done)> taken, Func<IReadOnlyList<T>, Task> work)
    {
        try
        {
            await work([.. taken.Select(one => one.Item)]);
            taken.ForEach(one => one.Done.SetResult());
        }
        catch (Exception e) when (taken.Count == 1 || Transience.IsNotThereYet(e))
        {
            taken.ForEach(one => one.Done.SetException(e));
        }
        catch (Exception)
        {
            // One of them spoils it for all: each for itself, so that only that one fails.
            foreach (var one in taken)
            {
                await WorkAsync([one], work);
            }
        }
    }
}
