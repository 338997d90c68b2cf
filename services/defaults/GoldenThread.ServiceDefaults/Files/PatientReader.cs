using Grpc.Core;

namespace GoldenThread.ServiceDefaults;

/// <summary>
/// The messages of an upload, each waited for so long and no longer: a sender that is gone without a word holds its place, a connection and locks. How
/// long we take over a piece ourselves does not count.
/// </summary>
internal sealed class PatientReader<T>(IAsyncStreamReader<T> messages, TimeSpan patience) : IAsyncStreamReader<T>
    where T : class
{
    public T Current => messages.Current;

    public async Task<bool> MoveNext(CancellationToken cancellationToken)
    {
        // The reader beneath takes a call that was given up for a fault of ours.
        cancellationToken.ThrowIfCancellationRequested();
        using var wait = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        wait.CancelAfter(patience);
        try
        {
            return await messages.MoveNext(wait.Token);
        }
        catch (OperationCanceledException) when (wait.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            throw Refusal.UploadStalled(patience);
        }
    }
}
