using GoldenThread.StandIns.Tests.Echo.V1;
using Grpc.Core;
using Grpc.Core.Interceptors;

namespace GoldenThread.StandIns.Tests;

public sealed class InterceptorTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task BothSides_StandAroundAllFourKinds()
    {
        await using var server = await EchoServer.StartAsync(grpc => grpc.Interceptors.Add<JournalingServerInterceptor>());
        var watcher = new WatchingClientInterceptor();
        var client = new Echo.V1.Echo.EchoClient(server.Channel().Intercept(watcher));

        await client.SayAsync(new EchoRequest { Text = "x" }, cancellationToken: Ct);
        await Task.Run(() => client.Say(new EchoRequest { Text = "x" }, cancellationToken: Ct), Ct);
        using (var repeat = client.Repeat(new EchoRequest { Text = "x", Times = 3 }, cancellationToken: Ct))
        {
            Assert.Equal(3, await repeat.ResponseStream.ReadAllAsync(Ct).CountAsync(Ct));
            Assert.NotNull(await repeat.ResponseHeadersAsync);
            Assert.Equal(StatusCode.OK, repeat.GetStatus().StatusCode);
            Assert.NotNull(repeat.GetTrailers());
        }

        using (var collect = client.Collect(cancellationToken: Ct))
        {
            await collect.RequestStream.WriteAsync(new EchoRequest { Text = "a" }, Ct);
            await collect.RequestStream.WriteAsync(new EchoRequest { Text = "b" }, Ct);
            await collect.RequestStream.CompleteAsync();
            Assert.Equal("a,b", (await collect).Text);
            Assert.Equal(StatusCode.OK, collect.GetStatus().StatusCode);
        }

        using (var converse = client.Converse(cancellationToken: Ct))
        {
            await converse.RequestStream.WriteAsync(new EchoRequest { Text = "q" }, Ct);
            await converse.RequestStream.CompleteAsync();
            Assert.Equal("re: q", (await converse.ResponseStream.ReadAllAsync(Ct).SingleAsync(Ct)).Text);
            Assert.Equal(StatusCode.OK, converse.GetStatus().StatusCode);
        }

        string[] seenByClient =
        [
            "unary", "blocking", "server streaming", "read", "read", "read",
            "client streaming", "write", "write", "duplex", "write", "read",
        ];
        Assert.Equal(seenByClient, watcher.Seen);
        string[] seenByServer =
        [
            "unary", "unary", "server streaming", "write", "write", "write",
            "client streaming", "read", "read", "duplex", "read", "write",
        ];
        Assert.Equal(seenByServer, server.Journal.Lines);
    }

    [Fact]
    public async Task Several_TakeControlInTheOrderGiven()
    {
        await using var server = await EchoServer.StartAsync();
        var client = new Echo.V1.Echo.EchoClient(server.Channel().Intercept(new NamingInterceptor("a"), new NamingInterceptor("b")));

        await client.SayAsync(new EchoRequest(), cancellationToken: Ct);

        Assert.Equal("a,b", server.Journal.Last!.Headers.GetValue("path"));
    }

    [Fact]
    public async Task LastAdded_TakesControlFirst()
    {
        await using var server = await EchoServer.StartAsync();
        var invoker = server.Channel().CreateCallInvoker().Intercept(new NamingInterceptor("inner")).Intercept(new NamingInterceptor("outer"));

        await new Echo.V1.Echo.EchoClient(invoker).SayAsync(new EchoRequest(), cancellationToken: Ct);

        Assert.Equal("outer,inner", server.Journal.Last!.Headers.GetValue("path"));
    }

    [Fact]
    public async Task HeaderDelegate_ChangesTheHeadersOfEveryKind()
    {
        await using var server = await EchoServer.StartAsync();
        var client = new Echo.V1.Echo.EchoClient(server.Channel().Intercept(headers =>
        {
            headers.Add("purpose", "moderation");
            return headers;
        }));

        await client.SayAsync(new EchoRequest(), cancellationToken: Ct);
        Assert.Equal("moderation", server.Journal.Last!.Headers.GetValue("purpose"));

        using var converse = client.Converse(cancellationToken: Ct);
        await converse.RequestStream.CompleteAsync();
        Assert.False(await converse.ResponseStream.MoveNext(Ct));
        Assert.EndsWith("Converse", server.Journal.Last.Method);
        Assert.Equal("moderation", server.Journal.Last.Headers.GetValue("purpose"));
    }

    [Fact]
    public async Task ServerInterceptor_TurnsAnExceptionIntoAStatus()
    {
        await using var server = await EchoServer.StartAsync(grpc => grpc.Interceptors.Add<RefusingServerInterceptor>());

        var failure = await Assert.ThrowsAsync<RpcException>(
            async () => await server.Client().SayAsync(new EchoRequest { Text = "x" }, cancellationToken: Ct));

        Assert.Equal(StatusCode.PermissionDenied, failure.StatusCode);
        Assert.Equal("NO_SCOPE", failure.Trailers.GetValue("reason"));
    }

    [Fact]
    public async Task UserState_PassesFromInterceptorToInterceptor()
    {
        await using var server = await EchoServer.StartAsync(grpc =>
        {
            grpc.Interceptors.Add<StateSettingInterceptor>();
            grpc.Interceptors.Add<StateReadingInterceptor>();
        });

        await server.Client().SayAsync(new EchoRequest(), cancellationToken: Ct);

        Assert.Equal(["caller is head"], server.Journal.Lines);
    }

    private sealed class NamingInterceptor(string name) : Interceptor
    {
        public override AsyncUnaryCall<TResponse> AsyncUnaryCall<TRequest, TResponse>(
            TRequest request,
            ClientInterceptorContext<TRequest, TResponse> context,
            AsyncUnaryCallContinuation<TRequest, TResponse> continuation)
        {
            var before = context.Options.Headers?.GetValue("path");
            var headers = new Metadata { { "path", before is null ? name : $"{before},{name}" } };
            return continuation(
                request,
                new ClientInterceptorContext<TRequest, TResponse>(context.Method, context.Host, context.Options.WithHeaders(headers)));
        }
    }

    private sealed class RefusingServerInterceptor : Interceptor
    {
        public override Task<TResponse> UnaryServerHandler<TRequest, TResponse>(
            TRequest request,
            ServerCallContext context,
            UnaryServerMethod<TRequest, TResponse> continuation) =>
            throw new RpcException(new Status(StatusCode.PermissionDenied, "not yours"), new Metadata { { "reason", "NO_SCOPE" } });
    }

    private sealed class StateSettingInterceptor : Interceptor
    {
        public override Task<TResponse> UnaryServerHandler<TRequest, TResponse>(
            TRequest request,
            ServerCallContext context,
            UnaryServerMethod<TRequest, TResponse> continuation)
        {
            context.UserState["caller"] = "head";
            return continuation(request, context);
        }
    }

    private sealed class StateReadingInterceptor(ServerJournal journal) : Interceptor
    {
        public override Task<TResponse> UnaryServerHandler<TRequest, TResponse>(
            TRequest request,
            ServerCallContext context,
            UnaryServerMethod<TRequest, TResponse> continuation)
        {
            journal.Write($"caller is {context.UserState["caller"]}");
            return continuation(request, context);
        }
    }
}
