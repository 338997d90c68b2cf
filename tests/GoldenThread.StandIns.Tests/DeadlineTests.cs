using GoldenThread.StandIns.Tests.Echo.V1;
using Grpc.Core;

namespace GoldenThread.StandIns.Tests;

public sealed class DeadlineTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task PassedDeadline_EndsTheCallAtBothEnds()
    {
        await using var server = await EchoServer.StartAsync();

        var failure = await Assert.ThrowsAsync<RpcException>(async () => await server.Client().SayAsync(
            new EchoRequest { WaitForCancellation = true },
            deadline: DateTime.UtcNow.AddMilliseconds(500),
            cancellationToken: Ct));

        Assert.Equal(StatusCode.DeadlineExceeded, failure.StatusCode);
        await server.Journal.Cancelled.WaitAsync(Patience, Ct);
    }

    [Fact]
    public async Task Server_KnowsTheDeadline()
    {
        await using var server = await EchoServer.StartAsync();
        var deadline = DateTime.UtcNow.AddMinutes(1);

        await server.Client().SayAsync(new EchoRequest(), new CallOptions(cancellationToken: Ct).WithDeadline(deadline));

        Assert.Equal(DateTimeKind.Utc, server.Journal.Last!.Deadline.Kind);
        Assert.InRange(server.Journal.Last.Deadline, deadline.AddSeconds(-10), deadline.AddSeconds(10));
    }

    [Fact]
    public async Task NoDeadline_MeansNever()
    {
        await using var server = await EchoServer.StartAsync();

        await server.Client().SayAsync(new EchoRequest(), cancellationToken: Ct);

        Assert.Equal(DateTime.MaxValue, server.Journal.Last!.Deadline);
    }

    [Fact]
    public async Task CancelledUnary_IsCancelledAtTheServer()
    {
        await using var server = await EchoServer.StartAsync();
        using var cancellation = CancellationTokenSource.CreateLinkedTokenSource(Ct);

        var call = server.Client().SayAsync(new EchoRequest { WaitForCancellation = true }, cancellationToken: cancellation.Token);
        await Eventually(() => server.Journal.SayCalls == 1);
        await cancellation.CancelAsync();

        var failure = await Assert.ThrowsAsync<RpcException>(async () => await call);
        Assert.Equal(StatusCode.Cancelled, failure.StatusCode);
        await server.Journal.Cancelled.WaitAsync(Patience, Ct);
    }

    [Fact]
    public async Task DisposedStream_IsCancelledAtTheServer()
    {
        await using var server = await EchoServer.StartAsync();

        var call = server.Client().Repeat(new EchoRequest { Times = 1, WaitForCancellation = true }, cancellationToken: Ct);
        Assert.True(await call.ResponseStream.MoveNext(Ct));
        call.Dispose();

        await server.Journal.Cancelled.WaitAsync(Patience, Ct);
    }

    [Fact]
    public void CallOptions_ChangeInACopyOnly()
    {
        using var cancellation = new CancellationTokenSource();
        var headers = new Metadata();
        var deadline = DateTime.UtcNow;
        var write = new WriteOptions(WriteFlags.NoCompress);
        var original = new CallOptions();

        var changed = original
            .WithHeaders(headers)
            .WithDeadline(deadline)
            .WithCancellationToken(cancellation.Token)
            .WithWriteOptions(write)
            .WithWaitForReady();

        Assert.Same(headers, changed.Headers);
        Assert.Equal(deadline, changed.Deadline);
        Assert.Equal(cancellation.Token, changed.CancellationToken);
        Assert.Same(write, changed.WriteOptions);
        Assert.True(changed.IsWaitForReady);
        Assert.Equal(new CallOptions(), original);
        Assert.False(changed.WithWaitForReady(false).IsWaitForReady);
    }

    private static async Task Eventually(Func<bool> condition)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(Ct);
        patience.CancelAfter(Patience);
        while (!condition())
        {
            await Task.Delay(5, patience.Token);
        }
    }
}
