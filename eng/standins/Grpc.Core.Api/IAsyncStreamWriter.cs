namespace Grpc.Core;

/// <summary>The sending end of a stream of messages.</summary>
/// <typeparam name="T">The message.</typeparam>
public interface IAsyncStreamWriter<in T>
{
    /// <summary>How the next messages are written; null means the call's default.</summary>
    WriteOptions? WriteOptions { get; set; }

    /// <summary>Sends one message. Only one write may be pending.</summary>
    Task WriteAsync(T message);

    /// <summary>Sends one message unless cancelled. A writer that cannot cancel refuses a token that could.</summary>
    Task WriteAsync(T message, CancellationToken cancellationToken)
    {
        if (cancellationToken.CanBeCanceled)
        {
            throw new NotSupportedException("Cancellation of stream writes is not supported by this gRPC implementation.");
        }

        return WriteAsync(message);
    }
}

/// <summary>The client's end of a stream of requests.</summary>
/// <typeparam name="T">The request.</typeparam>
public interface IClientStreamWriter<in T> : IAsyncStreamWriter<T>
{
    /// <summary>Says that no more requests follow.</summary>
    Task CompleteAsync();
}

/// <summary>The server's end of a stream of responses. It ends when the handler returns.</summary>
/// <typeparam name="T">The response.</typeparam>
public interface IServerStreamWriter<in T> : IAsyncStreamWriter<T>
{
}
