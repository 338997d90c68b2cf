using GoldenThread.StandIns.Tests.Echo.V1;
using Grpc.Core;
using Grpc.Core.Interceptors;

namespace GoldenThread.StandIns.Tests;

public sealed class CallKindTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Unary_AnswersTheRequest()
    {
        await using var server = await EchoServer.StartAsync();

        var response = await server.Client().SayAsync(new EchoRequest { Text = "Grüße" }, cancellationToken: Ct);

        Assert.Equal("Grüße", response.Text);
        Assert.Equal("/goldenthread.standins.echo.v1.Echo/Say", server.Journal.Last!.Method);
        Assert.StartsWith("ipv4:127.0.0.1:", server.Journal.Last.Peer);
        Assert.Equal(server.Address.Authority, server.Journal.Last.Host);
    }

    [Fact]
    public async Task BlockingUnary_AnswersTheRequest()
    {
        await using var server = await EchoServer.StartAsync();
        var client = server.Client();

        var response = await Task.Run(() => client.Say(new EchoRequest { Text = "blocked" }, cancellationToken: Ct), Ct);

        Assert.Equal("blocked", response.Text);
    }

    [Fact]
    public async Task ServerStreaming_AnswersInOrder()
    {
        await using var server = await EchoServer.StartAsync();

        using var call = server.Client().Repeat(new EchoRequest { Text = "line", Times = 500 }, cancellationToken: Ct);
        var texts = await call.ResponseStream.ReadAllAsync(Ct).Select(response => response.Text).ToListAsync(Ct);

        Assert.Equal(Enumerable.Range(0, 500).Select(index => $"line {index}"), texts);
        Assert.Equal(StatusCode.OK, call.GetStatus().StatusCode);
    }

    [Fact]
    public async Task ClientStreaming_AnswersOnceForAllRequests()
    {
        await using var server = await EchoServer.StartAsync();

        using var call = server.Client().Collect(cancellationToken: Ct);
        foreach (var text in new[] { "a", "b", "c" })
        {
            await call.RequestStream.WriteAsync(new EchoRequest { Text = text }, Ct);
        }

        await call.RequestStream.CompleteAsync();

        Assert.Equal("a,b,c", (await call).Text);
    }

    [Fact]
    public async Task DuplexStreaming_AnswersWhileTheClientStillSpeaks()
    {
        await using var server = await EchoServer.StartAsync();

        using var call = server.Client().Converse(cancellationToken: Ct);
        foreach (var text in new[] { "first", "second" })
        {
            await call.RequestStream.WriteAsync(new EchoRequest { Text = text }, Ct);
            Assert.True(await call.ResponseStream.MoveNext(Ct));
            Assert.Equal($"re: {text}", call.ResponseStream.Current.Text);
        }

        await call.RequestStream.CompleteAsync();

        Assert.False(await call.ResponseStream.MoveNext());
    }

    [Fact]
    public async Task WithHost_NamesTheHostInEachCall()
    {
        await using var server = await EchoServer.StartAsync();
        var watcher = new WatchingClientInterceptor();
        var client = new Echo.V1.Echo.EchoClient(server.Channel().Intercept(watcher));

        await client.SayAsync(new EchoRequest(), cancellationToken: Ct);
        await client.WithHost("school.example").SayAsync(new EchoRequest(), cancellationToken: Ct);

        Assert.Equal([null, "school.example"], watcher.Hosts);
    }

    [Fact]
    public async Task ClientWithoutChannel_RefusesEveryCall()
    {
        var client = new ChannellessClient();

        await Assert.ThrowsAnyAsync<SystemException>(async () => await client.SayAsync(new EchoRequest(), cancellationToken: Ct));
        Assert.ThrowsAny<SystemException>(() => client.Repeat(new EchoRequest(), cancellationToken: Ct));
        Assert.ThrowsAny<SystemException>(() => client.Collect(cancellationToken: Ct));
        Assert.ThrowsAny<SystemException>(() => client.Converse(cancellationToken: Ct));
    }

    private sealed class ChannellessClient : Echo.V1.Echo.EchoClient;
}
