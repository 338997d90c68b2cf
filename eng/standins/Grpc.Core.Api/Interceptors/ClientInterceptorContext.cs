namespace Grpc.Core.Interceptors;

/// <summary>A call as a client's interceptor sees it.</summary>
public struct ClientInterceptorContext<TRequest, TResponse>
    where TRequest : class
    where TResponse : class
{
    /// <summary>Describes the call.</summary>
    public ClientInterceptorContext(Method<TRequest, TResponse> method, string? host, CallOptions options)
    {
        Method = method;
        Host = host;
        Options = options;
    }

    /// <summary>The method to call.</summary>
    public Method<TRequest, TResponse> Method { get; }

    /// <summary>The host to name, or null for the channel's own.</summary>
    public string? Host { get; }

    /// <summary>What the client asks of the call.</summary>
    public CallOptions Options { get; }
}
