using System.IO.Compression;
using GoldenThread.StandIns.Tests.Echo.V1;
using Grpc.Core;
using Grpc.Net.Client;
using Grpc.Net.Compression;

namespace GoldenThread.StandIns.Tests;

public sealed class CompressionTests
{
    private static readonly string Compressible = new('a', 100_000);

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("gzip")]
    [InlineData("deflate")]
    public async Task Messages_AreCompressedBothWays(string algorithm)
    {
        await using var server = await EchoServer.StartAsync(grpc =>
        {
            grpc.ResponseCompressionAlgorithm = algorithm;
            grpc.CompressionProviders.Add(new GzipCompressionProvider(CompressionLevel.Fastest));
            grpc.CompressionProviders.Add(new DeflateCompressionProvider(CompressionLevel.Fastest));
        });
        using var wire = new WireWatcher();
        var client = server.Client(new GrpcChannelOptions { HttpHandler = wire });

        // The name under which Grpc.Net.Client takes the wish to compress requests.
        var headers = new Metadata { { "grpc-internal-encoding-request", algorithm } };
        var response = await client.SayAsync(new EchoRequest { Text = Compressible }, headers, cancellationToken: Ct);

        Assert.Equal(Compressible, response.Text);
        Assert.Equal(algorithm, server.Journal.Last!.GrpcEncoding);
        Assert.Equal(algorithm, wire.ResponseEncoding);
    }

    [Fact]
    public async Task NoCompression_IsTheDefault()
    {
        await using var server = await EchoServer.StartAsync();

        await server.Client().SayAsync(new EchoRequest { Text = Compressible }, cancellationToken: Ct);

        Assert.Null(server.Journal.Last!.GrpcEncoding);
    }

    [Fact]
    public async Task RequestBeyondTheServersLimit_IsRefused()
    {
        await using var server = await EchoServer.StartAsync(grpc => grpc.MaxReceiveMessageSize = 1024);

        var failure = await Assert.ThrowsAsync<RpcException>(
            async () => await server.Client().SayAsync(new EchoRequest { Text = Compressible }, cancellationToken: Ct));

        Assert.Equal(StatusCode.ResourceExhausted, failure.StatusCode);
        Assert.Equal(0, server.Journal.SayCalls);
    }

    [Fact]
    public async Task ResponseBeyondTheClientsLimit_IsRefused()
    {
        await using var server = await EchoServer.StartAsync();
        var client = server.Client(new GrpcChannelOptions { MaxReceiveMessageSize = 1024 });

        var failure = await Assert.ThrowsAsync<RpcException>(
            async () => await client.SayAsync(new EchoRequest { Text = Compressible }, cancellationToken: Ct));

        Assert.Equal(StatusCode.ResourceExhausted, failure.StatusCode);
        Assert.Equal(1, server.Journal.SayCalls);
    }

    [Fact]
    public async Task CompressedRequest_IsMeasuredUncompressed()
    {
        await using var server = await EchoServer.StartAsync(grpc => grpc.MaxReceiveMessageSize = 50_000);
        var headers = new Metadata { { "grpc-internal-encoding-request", "gzip" } };

        var failure = await Assert.ThrowsAsync<RpcException>(
            async () => await server.Client().SayAsync(new EchoRequest { Text = Compressible }, headers, cancellationToken: Ct));

        Assert.Equal(StatusCode.ResourceExhausted, failure.StatusCode);
    }

    /// <summary>Notes the encoding that the server named.</summary>
    private sealed class WireWatcher() : DelegatingHandler(new SocketsHttpHandler())
    {
        public string? ResponseEncoding { get; private set; }

        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            var response = await base.SendAsync(request, cancellationToken);
            ResponseEncoding = response.Headers.TryGetValues("grpc-encoding", out var values) ? values.Single() : null;
            return response;
        }
    }
}
