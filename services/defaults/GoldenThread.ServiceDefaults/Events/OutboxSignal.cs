namespace GoldenThread.ServiceDefaults;

/// <summary>Wakes this process's relay after a commit, so that an event leaves at once and not at the next poll.</summary>
public sealed class OutboxSignal : IDisposable
{
    private readonly SemaphoreSlim pending = new(0, 1);

    /// <summary>Says that this many events were committed.</summary>
    public void Wake(int events)
    {
        if (events == 0 || pending.CurrentCount > 0)
        {
            return;
        }

        try
        {
            pending.Release();
        }
        catch (SemaphoreFullException)
        {
            // Somebody else woke it in the same moment.
        }
    }

    internal Task<bool> WaitAsync(TimeSpan atMost, CancellationToken ct) => pending.WaitAsync(atMost, ct);

    /// <inheritdoc />
    public void Dispose() => pending.Dispose();
}
