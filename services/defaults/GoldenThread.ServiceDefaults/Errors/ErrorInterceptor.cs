using System.Data;
using System.Diagnostics;
using System.Net.Sockets;
using Grpc.Core;
using Grpc.Core.Interceptors;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace GoldenThread.ServiceDefaults;

/// <summary>The outermost interceptor: what is thrown inside leaves as a named error, and never with an exception's own text.</summary>
internal sealed partial class ErrorInterceptor(ILogger<ErrorInterceptor> log) : Interceptor
{
    public override Task<TResponse> UnaryServerHandler<TRequest, TResponse>(
        TRequest request, ServerCallContext context, UnaryServerMethod<TRequest, TResponse> continuation) =>
        GuardAsync(context, () => continuation(request, context));

    public override Task<TResponse> ClientStreamingServerHandler<TRequest, TResponse>(
        IAsyncStreamReader<TRequest> requestStream, ServerCallContext context, ClientStreamingServerMethod<TRequest, TResponse> continuation) =>
        GuardAsync(context, () => continuation(requestStream, context));

    public override Task ServerStreamingServerHandler<TRequest, TResponse>(
        TRequest request, IServerStreamWriter<TResponse> responseStream, ServerCallContext context,
        ServerStreamingServerMethod<TRequest, TResponse> continuation) =>
        GuardAsync(context, async () =>
        {
            await continuation(request, responseStream, context);
            return true;
        });

    public override Task DuplexStreamingServerHandler<TRequest, TResponse>(
        IAsyncStreamReader<TRequest> requestStream, IServerStreamWriter<TResponse> responseStream, ServerCallContext context,
        DuplexStreamingServerMethod<TRequest, TResponse> continuation) =>
        GuardAsync(context, async () =>
        {
            await continuation(requestStream, responseStream, context);
            return true;
        });

    private async Task<T> GuardAsync<T>(ServerCallContext context, Func<Task<T>> call)
    {
        // ASP.NET Core's own name for the span is the same for every rpc.
        Activity.Current?.DisplayName = context.Method[1..];
        try
        {
            return await call();
        }
        catch (RpcException)
        {
            throw;
        }
        catch (Exception e)
        {
            throw Translate(context, e);
        }
    }

    private RpcException Translate(ServerCallContext context, Exception e)
    {
        switch (e)
        {
            case OperationCanceledException or IOException when context.CancellationToken.IsCancellationRequested:
                return new RpcException(new Status(
                    context.Deadline <= DateTime.UtcNow ? StatusCode.DeadlineExceeded : StatusCode.Cancelled, "The call was given up."));
            case PostgresException { SqlState: PostgresErrorCodes.CharacterNotInRepertoire or PostgresErrorCodes.UntranslatableCharacter }:
                return Refusal.Invalid("TEXT_INVALID", "A text holds a character that cannot be stored, such as NUL. Remove it and send again.");
            case PostgresException { SqlState: PostgresErrorCodes.StringDataRightTruncation }:
                return Refusal.Invalid("TEXT_TOO_LONG", "A text is longer than allowed. Shorten it and send again.");
            case PostgresException { SqlState: PostgresErrorCodes.SerializationFailure or PostgresErrorCodes.DeadlockDetected }:
                return Refusal.Unavailable("BUSY", "Two changes met. Nothing was done; send it again.");
            default:
                // What was cancelled though the caller waits gave up inside, as an HttpClient does after its own patience.
                if (e is OperationCanceledException || Transience.IsUnavailable(e))
                {
                    LogUnavailable(context.Method, e.GetType().Name);
                    return Refusal.Unavailable("DEPENDENCY_UNAVAILABLE", "The service cannot reach what it needs at the moment. Nothing was done; try again.");
                }

                // Dapper's own words repeat the value that it could not read.
                LogFault(context.Method, e is DataException { InnerException: { } cause } ? cause : e);
                return Refusal.Internal();
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Method}: unavailable ({Kind})")]
    private partial void LogUnavailable(string method, string kind);

    [LoggerMessage(Level = LogLevel.Error, Message = "{Method}: unexpected fault")]
    private partial void LogFault(string method, Exception e);
}

/// <summary>Tells what passes by itself (a server that restarts, a connection that broke) from what will fail again.</summary>
public static class Transience
{
    /// <summary>Whether the failure means "not reachable now".</summary>
    public static bool IsUnavailable(Exception e) => e switch
    {
        PostgresException p => p.IsTransient
            || p.SqlState.StartsWith("08", StringComparison.Ordinal)
            || p.SqlState.StartsWith("53", StringComparison.Ordinal)
            || p.SqlState.StartsWith("57P", StringComparison.Ordinal)
            || p.SqlState is PostgresErrorCodes.SerializationFailure or PostgresErrorCodes.DeadlockDetected,
        NpgsqlException n => n.IsTransient || (n.InnerException is { } inner && IsUnavailable(inner)),
        // A call that could not even start, for want of our own token, is told as INTERNAL with the cause beside it.
        RpcException r => r.StatusCode is StatusCode.Unavailable or StatusCode.DeadlineExceeded
            || (r.Status.DebugException is { } cause && IsUnavailable(cause)),
        HttpRequestException or SocketException or IOException or TimeoutException => true,
        // Dapper reads values as they come, and tells so of a connection that breaks in the middle of one.
        DataException { InnerException: { } inner } => IsUnavailable(inner),
        InvalidOperationException { InnerException: { } inner } => IsUnavailable(inner),
        AggregateException { InnerException: { } inner } => IsUnavailable(inner),
        _ => false,
    };

    /// <summary>
    /// Whether the failure means that the database is not, or not yet, as this build needs it: not reachable, not created, not migrated, or in the middle
    /// of it. Readiness says in words which; what works in the background waits for it.
    /// </summary>
    public static bool IsNotThereYet(Exception e) => IsUnavailable(e) || e is PostgresException
    {
        SqlState: PostgresErrorCodes.InvalidCatalogName or PostgresErrorCodes.InvalidSchemaName
            or PostgresErrorCodes.InvalidPassword or PostgresErrorCodes.InvalidAuthorizationSpecification or PostgresErrorCodes.InsufficientPrivilege
            or PostgresErrorCodes.UndefinedTable or PostgresErrorCodes.UndefinedColumn or PostgresErrorCodes.UndefinedFunction
            or PostgresErrorCodes.UndefinedObject,
    };
}
