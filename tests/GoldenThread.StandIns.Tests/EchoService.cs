using GoldenThread.StandIns.Tests.Echo.V1;
using Grpc.Core;

namespace GoldenThread.StandIns.Tests;

/// <summary>What the server saw of the calls, for the tests to ask.</summary>
public sealed class ServerJournal
{
    private readonly List<string> lines = [];
    private readonly TaskCompletionSource cancelled = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Ends when a handler saw its call cancelled.</summary>
    public Task Cancelled => cancelled.Task;

    /// <summary>What the interceptors wrote, in order.</summary>
    public IReadOnlyList<string> Lines
    {
        get
        {
            lock (lines)
            {
                return lines.ToArray();
            }
        }
    }

    /// <summary>The number of calls that reached <c>Say</c>.</summary>
    public int SayCalls { get; set; }

    /// <summary>The last call's context, as far as a test asks for it.</summary>
    public SeenCall? Last { get; set; }

    public void Write(string line)
    {
        lock (lines)
        {
            lines.Add(line);
        }
    }

    public void SayCancelled() => cancelled.TrySetResult();
}

/// <summary>One call as the handler saw it.</summary>
public sealed record SeenCall(
    string Method,
    string Host,
    string Peer,
    DateTime Deadline,
    Metadata Headers,
    AuthContext Auth,
    string? GrpcEncoding);

/// <summary>Answers with what it was asked, and with the caller's <c>echo-</c> headers as headers and trailers.</summary>
public sealed class EchoService(ServerJournal journal) : Echo.V1.Echo.EchoBase
{
    public override async Task<EchoResponse> Say(EchoRequest request, ServerCallContext context)
    {
        journal.SayCalls++;
        Note(context);
        if (request.FailWith == (int)StatusCode.Unavailable && journal.SayCalls > 1)
        {
            return new EchoResponse { Text = $"{request.Text} at attempt {journal.SayCalls}" };
        }

        if (request.FailWith != 0)
        {
            throw new RpcException(new Status((StatusCode)request.FailWith, $"refused: {request.Text}"), Echoed(context));
        }

        if (request.WaitForCancellation)
        {
            await WaitForCancellation(context);
        }

        await context.WriteResponseHeadersAsync(Echoed(context));
        foreach (var entry in Echoed(context))
        {
            context.ResponseTrailers.Add(entry);
        }

        return new EchoResponse { Text = request.Text };
    }

    public override async Task Repeat(EchoRequest request, IServerStreamWriter<EchoResponse> responseStream, ServerCallContext context)
    {
        Note(context);
        for (var index = 0; index < request.Times; index++)
        {
            await responseStream.WriteAsync(new EchoResponse { Text = $"{request.Text} {index}" }, context.CancellationToken);
        }

        if (request.WaitForCancellation)
        {
            await WaitForCancellation(context);
        }
    }

    public override async Task<EchoResponse> Collect(IAsyncStreamReader<EchoRequest> requestStream, ServerCallContext context)
    {
        Note(context);
        var texts = new List<string>();
        while (await requestStream.MoveNext())
        {
            texts.Add(requestStream.Current.Text);
        }

        return new EchoResponse { Text = string.Join(',', texts) };
    }

    public override async Task Converse(
        IAsyncStreamReader<EchoRequest> requestStream,
        IServerStreamWriter<EchoResponse> responseStream,
        ServerCallContext context)
    {
        Note(context);
        await foreach (var request in requestStream.ReadAllAsync(context.CancellationToken))
        {
            await responseStream.WriteAsync(new EchoResponse { Text = $"re: {request.Text}" });
        }
    }

    private static Metadata Echoed(ServerCallContext context)
    {
        var echoed = new Metadata();
        foreach (var entry in context.RequestHeaders.Where(entry => entry.Key.StartsWith("echo-", StringComparison.Ordinal)))
        {
            echoed.Add(entry);
        }

        return echoed;
    }

    private async Task WaitForCancellation(ServerCallContext context)
    {
        try
        {
            await Task.Delay(Timeout.Infinite, context.CancellationToken);
        }
        catch (OperationCanceledException)
        {
            journal.SayCancelled();
            throw;
        }
    }

    private void Note(ServerCallContext context) => journal.Last = new SeenCall(
        context.Method,
        context.Host,
        context.Peer,
        context.Deadline,
        context.RequestHeaders,
        context.AuthContext,
        context.GetHttpContext().Request.Headers["grpc-encoding"]);
}
