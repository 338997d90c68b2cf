using GoldenThread.Gateway.Tests.Kitchen.V1;
using Google.Protobuf;
using Grpc.Net.Client;
using Client = GoldenThread.Gateway.Tests.Kitchen.V1.Kitchen.KitchenClient;

namespace GoldenThread.Gateway.Tests;

/// <summary>Callers who take their time over a stream of messages.</summary>
public sealed class SlowSenderTests
{
    // Longer than the web server's own patience with bodies that hardly move.
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(9);

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task PauseInANativeStream_CostsNeitherIt_NorOtherCallsOfTheConnection()
    {
        await using var kitchen = await KitchenServer.StartAsync("only");
        await using var gateway = await GatewayUnderTest.StartAsync([kitchen]);
        using var channel = GrpcChannel.ForAddress(gateway.GrpcAddress);
        var client = new Client(channel);
        using var import = client.ImportMenu(cancellationToken: Ct);
        await import.RequestStream.WriteAsync(Piece(), Ct);
        using var other = client.HangAsync(new HangRequest(), cancellationToken: Ct);

        await Task.Delay(Pause, Ct);

        await import.RequestStream.WriteAsync(Piece(), Ct);
        await import.RequestStream.CompleteAsync();
        Assert.Equal(2000, (await import).Bytes);
        Assert.False(other.ResponseAsync.IsCompleted);
    }

    private static ImportMenuRequest Piece() => new() { Restaurant = "a", File = new() { Data = ByteString.CopyFrom(new byte[1000]) } };
}
