namespace Grpc.Core;

/// <summary>Takes the methods of a service one by one; a server derives its routes from them.</summary>
public class ServiceBinderBase
{
    /// <summary>Takes a method of one request and one response. The handler is null when only the shape is asked for.</summary>
    public virtual void AddMethod<TRequest, TResponse>(
        Method<TRequest, TResponse> method,
        UnaryServerMethod<TRequest, TResponse>? handler)
        where TRequest : class
        where TResponse : class => throw Refuse(method);

    /// <summary>Takes a method of many requests and one response.</summary>
    public virtual void AddMethod<TRequest, TResponse>(
        Method<TRequest, TResponse> method,
        ClientStreamingServerMethod<TRequest, TResponse>? handler)
        where TRequest : class
        where TResponse : class => throw Refuse(method);

    /// <summary>Takes a method of one request and many responses.</summary>
    public virtual void AddMethod<TRequest, TResponse>(
        Method<TRequest, TResponse> method,
        ServerStreamingServerMethod<TRequest, TResponse>? handler)
        where TRequest : class
        where TResponse : class => throw Refuse(method);

    /// <summary>Takes a method of many requests and many responses.</summary>
    public virtual void AddMethod<TRequest, TResponse>(
        Method<TRequest, TResponse> method,
        DuplexStreamingServerMethod<TRequest, TResponse>? handler)
        where TRequest : class
        where TResponse : class => throw Refuse(method);

    private NotSupportedException Refuse(IMethod method) => new($"{GetType().Name} does not take {method.Type} methods such as {method.FullName}.");
}
