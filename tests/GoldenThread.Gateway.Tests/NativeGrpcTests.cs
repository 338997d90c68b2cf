using GoldenThread.Gateway.Tests.Kitchen.V1;
using Google.Api;
using Google.Protobuf;
using Google.Rpc;
using Grpc.Core;
using Grpc.Net.Client;
using Client = GoldenThread.Gateway.Tests.Kitchen.V1.Kitchen.KitchenClient;

namespace GoldenThread.Gateway.Tests;

/// <summary>What callers of native gRPC see when the gateway itself has to answer: a gRPC status, as from any gRPC server.</summary>
public sealed class NativeGrpcTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task KilledBackend_CostsNoCall_WhileAnotherLives()
    {
        await using var first = await KitchenServer.StartAsync("first");
        await using var second = await KitchenServer.StartAsync("second");
        await using var gateway = await GatewayUnderTest.StartAsync([first, second], "Gateway:HealthInterval=00:10:00");
        using var channel = GrpcChannel.ForAddress(gateway.GrpcAddress);
        var client = new Client(channel);
        var before = new HashSet<string>();
        for (var round = 0; round < 40; round++)
        {
            before.Add((await client.WhoTakesAsync(new(), cancellationToken: Ct)).Name);
        }

        Assert.Equal(["first", "second"], before.Order());
        await first.KillAsync();
        for (var round = 0; round < 40; round++)
        {
            Assert.Equal("second", (await client.WhoTakesAsync(new(), cancellationToken: Ct)).Name);
            Assert.Equal(3000, (await ImportAsync(client, 3)).Bytes);
        }
    }

    [Fact]
    public async Task OnlyBackendGone_IsUnavailable_AndSaysWhenToTryAgain()
    {
        await using var kitchen = await KitchenServer.StartAsync("only");
        await using var gateway = await GatewayUnderTest.StartAsync([kitchen], "Gateway:HealthInterval=00:10:00");
        using var channel = GrpcChannel.ForAddress(gateway.GrpcAddress);
        var client = new Client(channel);
        Assert.Equal("only", (await client.WhoTakesAsync(new(), cancellationToken: Ct)).Name);
        await kitchen.KillAsync();
        var failed = await Assert.ThrowsAsync<RpcException>(async () => await client.WhoTakesAsync(new(), cancellationToken: Ct));
        Assert.Equal(StatusCode.Unavailable, failed.StatusCode);
        Assert.Equal("The service cannot be reached at the moment. Try again soon.", failed.Status.Detail);
        Assert.Equal("UNAVAILABLE", Detail<ErrorInfo>(failed).Reason);
        Assert.Equal(5, Detail<RetryInfo>(failed).RetryDelay.Seconds);
        using var watch = client.WatchDishes(new WatchDishesRequest { Count = 3 }, cancellationToken: Ct);
        failed = await Assert.ThrowsAsync<RpcException>(() => watch.ResponseStream.MoveNext(Ct));
        Assert.Equal(StatusCode.Unavailable, failed.StatusCode);
    }

    [Fact]
    public async Task BackendThatBreaksACallOff_IsUnavailable_AndTheCallIsNotMadeTwice()
    {
        await using var first = await KitchenServer.StartAsync("first");
        await using var second = await KitchenServer.StartAsync("second");
        await using var gateway = await GatewayUnderTest.StartAsync([first, second], "Gateway:HealthInterval=00:10:00");
        first.BreaksCalls = second.BreaksCalls = true;
        using var channel = GrpcChannel.ForAddress(gateway.GrpcAddress);
        var failed = await Assert.ThrowsAsync<RpcException>(async () => await new Client(channel).WhoTakesAsync(new(), cancellationToken: Ct));
        Assert.Equal(StatusCode.Unavailable, failed.StatusCode);
        Assert.Equal(1, first.BrokenCalls + second.BrokenCalls);
    }

    [Fact]
    public async Task SilentBackend_IsDeadlineExceeded()
    {
        await using var kitchen = await KitchenServer.StartAsync("only");
        await using var gateway = await GatewayUnderTest.StartAsync([kitchen], "Gateway:Deadlines:Stream=00:00:00.500");
        using var channel = GrpcChannel.ForAddress(gateway.GrpcAddress);
        var failed = await Assert.ThrowsAsync<RpcException>(
            async () => await new Client(channel).HangAsync(new HangRequest { IgnoreDeadline = true }, cancellationToken: Ct));
        Assert.Equal(StatusCode.DeadlineExceeded, failed.StatusCode);
    }

    [Fact]
    public async Task TooManyCalls_AreResourceExhausted_AndToldWhenToTryAgain()
    {
        await using var kitchen = await KitchenServer.StartAsync("only");
        await using var gateway = await GatewayUnderTest.StartAsync([kitchen], "Gateway:RateLimit:Requests=2", "Gateway:RateLimit:Window=00:10:00");
        using var channel = GrpcChannel.ForAddress(gateway.GrpcAddress);
        var client = new Client(channel);
        await client.WhoTakesAsync(new(), cancellationToken: Ct);
        await client.WhoTakesAsync(new(), cancellationToken: Ct);
        var refused = await Assert.ThrowsAsync<RpcException>(async () => await client.WhoTakesAsync(new(), cancellationToken: Ct));
        Assert.Equal(StatusCode.ResourceExhausted, refused.StatusCode);
        Assert.Equal("RATE_LIMITED", Detail<ErrorInfo>(refused).Reason);
        Assert.InRange(Detail<RetryInfo>(refused).RetryDelay.Seconds, 200, 300);
        Assert.StartsWith("\"client\";r=0;t=", refused.Trailers.GetValue("ratelimit"), StringComparison.Ordinal);
    }

    private static async Task<ImportMenuResponse> ImportAsync(Client client, int pieces)
    {
        using var import = client.ImportMenu(cancellationToken: Ct);
        for (var piece = 0; piece < pieces; piece++)
        {
            await import.RequestStream.WriteAsync(
                new ImportMenuRequest { Restaurant = "a", File = new HttpBody { Data = ByteString.CopyFrom(new byte[1000]) } }, Ct);
        }

        await import.RequestStream.CompleteAsync();
        return await import;
    }

    private static T Detail<T>(RpcException e)
        where T : class, IMessage<T>, new() =>
        Google.Rpc.Status.Parser.ParseFrom(Assert.IsType<byte[]>(e.Trailers.GetValueBytes("grpc-status-details-bin"))).Details
            .Single(detail => detail.Is(new T().Descriptor)).Unpack<T>();
}
