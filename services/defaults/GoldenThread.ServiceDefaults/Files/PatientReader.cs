using System.Diagnostics;
using Google.Protobuf;
using Grpc.Core;

namespace GoldenThread.ServiceDefaults;

/// <summary>
/// The messages of an upload, waited for as long as they come at a least rate: a sender that is gone without a word, or sends a byte now and then, holds
/// its place, a connection and locks. Within each span of patience at least so many bytes must have come, or the end. How long we take over a piece
/// ourselves does not count.
/// </summary>
internal sealed class PatientReader<T>(IAsyncStreamReader<T> messages, TimeSpan patience, int leastRate) : IAsyncStreamReader<T>
    where T : class
{
    private readonly long least = (long)Math.Ceiling(leastRate * patience.TotalSeconds);
    private TimeSpan waited;
    private long came;

    public T Current => messages.Current;

    public async Task<bool> MoveNext(CancellationToken cancellationToken)
    {
        // The reader beneath takes a call that was given up for a fault of ours.
        cancellationToken.ThrowIfCancellationRequested();
        if (waited >= patience)
        {
            throw Refusal.UploadStalled(patience, least);
        }

        using var wait = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        wait.CancelAfter(patience - waited);
        var began = Stopwatch.GetTimestamp();
        try
        {
            if (!await messages.MoveNext(wait.Token))
            {
                return false;
            }
        }
        catch (OperationCanceledException) when (wait.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            throw Refusal.UploadStalled(patience, least);
        }

        waited += Stopwatch.GetElapsedTime(began);
        came += ((IMessage)messages.Current).CalculateSize();
        if (came >= least)
        {
            (waited, came) = (TimeSpan.Zero, 0);
        }

        return true;
    }
}
