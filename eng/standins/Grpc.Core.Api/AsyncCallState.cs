namespace Grpc.Core;

/// <summary>What the four kinds of call have in common: headers, status, trailers and a way to give up.</summary>
internal sealed class AsyncCallState(
    Func<object, Task<Metadata>> responseHeadersAsync,
    Func<object, Status> getStatusFunc,
    Func<object, Metadata> getTrailersFunc,
    Action<object> disposeAction,
    object state)
{
    private static readonly object NoState = new();

    public AsyncCallState(
        Task<Metadata> responseHeadersAsync,
        Func<Status> getStatusFunc,
        Func<Metadata> getTrailersFunc,
        Action disposeAction)
        : this(_ => responseHeadersAsync, _ => getStatusFunc(), _ => getTrailersFunc(), _ => disposeAction(), NoState)
    {
    }

    public Task<Metadata> ResponseHeadersAsync() => responseHeadersAsync(state);

    public Status GetStatus() => getStatusFunc(state);

    public Metadata GetTrailers() => getTrailersFunc(state);

    public void Dispose() => disposeAction(state);
}
