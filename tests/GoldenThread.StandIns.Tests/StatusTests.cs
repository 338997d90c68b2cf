using GoldenThread.StandIns.Tests.Echo.V1;
using Grpc.Core;
using Grpc.Net.Client;
using Grpc.Net.Client.Configuration;

namespace GoldenThread.StandIns.Tests;

public sealed class StatusTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Failure_CarriesCodeDetailAndTrailers()
    {
        await using var server = await EchoServer.StartAsync();
        var headers = new Metadata { { "echo-reason-bin", [1, 2, 255] } };

        var call = server.Client().SayAsync(
            new EchoRequest { Text = "100 % – Schülerin\nfehlt", FailWith = (int)StatusCode.FailedPrecondition },
            headers,
            cancellationToken: Ct);
        var failure = await Assert.ThrowsAsync<RpcException>(async () => await call);

        Assert.Equal(StatusCode.FailedPrecondition, failure.StatusCode);
        Assert.Equal("refused: 100 % – Schülerin\nfehlt", failure.Status.Detail);
        Assert.Equal([1, 2, 255], failure.Trailers.GetValueBytes("echo-reason-bin")!);
        Assert.Equal(StatusCode.FailedPrecondition, call.GetStatus().StatusCode);
        Assert.Equal([1, 2, 255], call.GetTrailers().GetValueBytes("echo-reason-bin")!);
    }

    [Theory]
    [InlineData(StatusCode.NotFound)]
    [InlineData(StatusCode.PermissionDenied)]
    [InlineData(StatusCode.Aborted)]
    [InlineData(StatusCode.Unauthenticated)]
    public async Task Failure_KeepsItsCode(StatusCode code)
    {
        await using var server = await EchoServer.StartAsync();

        var failure = await Assert.ThrowsAsync<RpcException>(
            async () => await server.Client().SayAsync(new EchoRequest { FailWith = (int)code }, cancellationToken: Ct));

        Assert.Equal(code, failure.StatusCode);
        Assert.Empty(failure.Trailers.GetAll("echo-text"));
    }

    [Fact]
    public async Task UnreachableServer_IsUnavailable()
    {
        var server = await EchoServer.StartAsync();
        var address = server.Address;
        await server.DisposeAsync();
        using var channel = GrpcChannel.ForAddress(address);

        var failure = await Assert.ThrowsAsync<RpcException>(
            async () => await new Echo.V1.Echo.EchoClient(channel).SayAsync(new EchoRequest(), cancellationToken: Ct));

        Assert.Equal(StatusCode.Unavailable, failure.StatusCode);
        Assert.NotNull(failure.Status.DebugException);
    }

    [Fact]
    public async Task RetryPolicy_RepeatsACallThatWasUnavailable()
    {
        await using var server = await EchoServer.StartAsync();
        var retry = new MethodConfig
        {
            Names = { MethodName.Default },
            RetryPolicy = new RetryPolicy
            {
                MaxAttempts = 3,
                InitialBackoff = TimeSpan.FromMilliseconds(10),
                MaxBackoff = TimeSpan.FromMilliseconds(10),
                BackoffMultiplier = 1,
                RetryableStatusCodes = { StatusCode.Unavailable },
            },
        };
        var client = server.Client(new GrpcChannelOptions { ServiceConfig = new ServiceConfig { MethodConfigs = { retry } } });

        var response = await client.SayAsync(
            new EchoRequest { Text = "answered", FailWith = (int)StatusCode.Unavailable },
            cancellationToken: Ct);

        Assert.Equal("answered at attempt 2", response.Text);
    }

    [Fact]
    public void Exception_TellsItsStatus()
    {
        var cause = new TimeoutException("slow");
        var status = new Status(StatusCode.Internal, "broken", cause);
        var failure = new RpcException(status);

        Assert.Equal("broken", failure.Status.Detail);
        Assert.Same(cause, failure.InnerException);
        Assert.Contains("StatusCode=\"Internal\", Detail=\"broken\"", failure.Message);
        Assert.Contains("slow", failure.Message);
        Assert.Same(Metadata.Empty, failure.Trailers);
        Assert.Equal("own words", new RpcException(status, "own words").Message);
    }
}
