using Grpc.Core;
using Grpc.Core.Interceptors;

namespace GoldenThread.StandIns.Tests;

/// <summary>Notes each call of a client and wraps its streams, as tracing interceptors do.</summary>
public sealed class WatchingClientInterceptor : Interceptor
{
    /// <summary>The calls, and the messages of their streams, in order.</summary>
    public List<string> Seen { get; } = [];

    /// <summary>The hosts that unary calls named.</summary>
    public List<string?> Hosts { get; } = [];

    public override TResponse BlockingUnaryCall<TRequest, TResponse>(
        TRequest request,
        ClientInterceptorContext<TRequest, TResponse> context,
        BlockingUnaryCallContinuation<TRequest, TResponse> continuation)
    {
        Seen.Add("blocking");
        return continuation(request, context);
    }

    public override AsyncUnaryCall<TResponse> AsyncUnaryCall<TRequest, TResponse>(
        TRequest request,
        ClientInterceptorContext<TRequest, TResponse> context,
        AsyncUnaryCallContinuation<TRequest, TResponse> continuation)
    {
        Seen.Add("unary");
        Hosts.Add(context.Host);
        var call = continuation(request, context);
        return new AsyncUnaryCall<TResponse>(
            call.ResponseAsync,
            call.ResponseHeadersAsync,
            call.GetStatus,
            call.GetTrailers,
            call.Dispose);
    }

    public override AsyncServerStreamingCall<TResponse> AsyncServerStreamingCall<TRequest, TResponse>(
        TRequest request,
        ClientInterceptorContext<TRequest, TResponse> context,
        AsyncServerStreamingCallContinuation<TRequest, TResponse> continuation)
    {
        Seen.Add("server streaming");
        var call = continuation(request, context);
        return new AsyncServerStreamingCall<TResponse>(
            new WatchedReader<TResponse>(call.ResponseStream, Seen.Add),
            call.ResponseHeadersAsync,
            call.GetStatus,
            call.GetTrailers,
            call.Dispose);
    }

    public override AsyncClientStreamingCall<TRequest, TResponse> AsyncClientStreamingCall<TRequest, TResponse>(
        ClientInterceptorContext<TRequest, TResponse> context,
        AsyncClientStreamingCallContinuation<TRequest, TResponse> continuation)
    {
        Seen.Add("client streaming");
        var call = continuation(context);
        return new AsyncClientStreamingCall<TRequest, TResponse>(
            new WatchedClientWriter<TRequest>(call.RequestStream, Seen.Add),
            call.ResponseAsync,
            call.ResponseHeadersAsync,
            call.GetStatus,
            call.GetTrailers,
            call.Dispose);
    }

    public override AsyncDuplexStreamingCall<TRequest, TResponse> AsyncDuplexStreamingCall<TRequest, TResponse>(
        ClientInterceptorContext<TRequest, TResponse> context,
        AsyncDuplexStreamingCallContinuation<TRequest, TResponse> continuation)
    {
        Seen.Add("duplex");
        var call = continuation(context);
        return new AsyncDuplexStreamingCall<TRequest, TResponse>(
            new WatchedClientWriter<TRequest>(call.RequestStream, Seen.Add),
            new WatchedReader<TResponse>(call.ResponseStream, Seen.Add),
            call.ResponseHeadersAsync,
            call.GetStatus,
            call.GetTrailers,
            call.Dispose);
    }
}

/// <summary>Notes each call of a server and wraps its streams.</summary>
public sealed class JournalingServerInterceptor(ServerJournal journal) : Interceptor
{
    public override Task<TResponse> UnaryServerHandler<TRequest, TResponse>(
        TRequest request,
        ServerCallContext context,
        UnaryServerMethod<TRequest, TResponse> continuation)
    {
        journal.Write("unary");
        return continuation(request, context);
    }

    public override Task<TResponse> ClientStreamingServerHandler<TRequest, TResponse>(
        IAsyncStreamReader<TRequest> requestStream,
        ServerCallContext context,
        ClientStreamingServerMethod<TRequest, TResponse> continuation)
    {
        journal.Write("client streaming");
        return continuation(new WatchedReader<TRequest>(requestStream, journal.Write), context);
    }

    public override Task ServerStreamingServerHandler<TRequest, TResponse>(
        TRequest request,
        IServerStreamWriter<TResponse> responseStream,
        ServerCallContext context,
        ServerStreamingServerMethod<TRequest, TResponse> continuation)
    {
        journal.Write("server streaming");
        return continuation(request, new WatchedServerWriter<TResponse>(responseStream, journal.Write), context);
    }

    public override Task DuplexStreamingServerHandler<TRequest, TResponse>(
        IAsyncStreamReader<TRequest> requestStream,
        IServerStreamWriter<TResponse> responseStream,
        ServerCallContext context,
        DuplexStreamingServerMethod<TRequest, TResponse> continuation)
    {
        journal.Write("duplex");
        return continuation(
            new WatchedReader<TRequest>(requestStream, journal.Write),
            new WatchedServerWriter<TResponse>(responseStream, journal.Write),
            context);
    }
}

internal sealed class WatchedReader<T>(IAsyncStreamReader<T> inner, Action<string> note) : IAsyncStreamReader<T>
{
    public T Current => inner.Current;

    public async Task<bool> MoveNext(CancellationToken cancellationToken)
    {
        var found = await inner.MoveNext(cancellationToken);
        if (found)
        {
            note("read");
        }

        return found;
    }
}

internal class WatchedWriter<T>(IAsyncStreamWriter<T> inner, Action<string> note) : IAsyncStreamWriter<T>
{
    public WriteOptions? WriteOptions
    {
        get => inner.WriteOptions;
        set => inner.WriteOptions = value;
    }

    public Task WriteAsync(T message) => WriteAsync(message, CancellationToken.None);

    public Task WriteAsync(T message, CancellationToken cancellationToken)
    {
        note("write");
        return inner.WriteAsync(message, cancellationToken);
    }
}

internal sealed class WatchedServerWriter<T>(IServerStreamWriter<T> inner, Action<string> note)
    : WatchedWriter<T>(inner, note), IServerStreamWriter<T>;

internal sealed class WatchedClientWriter<T>(IClientStreamWriter<T> inner, Action<string> note)
    : WatchedWriter<T>(inner, note), IClientStreamWriter<T>
{
    private readonly IClientStreamWriter<T> inner = inner;

    public Task CompleteAsync() => inner.CompleteAsync();
}
