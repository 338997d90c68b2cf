using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using GoldenThread.StandIns.Tests.Echo.V1;
using Grpc.Core;
using Grpc.Net.Client;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Https;

namespace GoldenThread.StandIns.Tests;

public sealed class TlsTests
{
    private static readonly X509Certificate2 ServerCertificate = SelfSigned("echo-server");
    private static readonly X509Certificate2 ClientCertificate = SelfSigned("tracking-service");

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Tls_WithATrustedCertificate_Answers(bool named)
    {
        await using var server = await EchoServer.StartAsync(listen: options => options.UseHttps(ServerCertificate));
        var client = server.Client(Trusting(named ? new SslCredentials() : ChannelCredentials.SecureSsl));

        var response = await client.SayAsync(new EchoRequest { Text = "secret" }, cancellationToken: Ct);

        Assert.Equal("secret", response.Text);
        Assert.False(server.Journal.Last!.Auth.IsPeerAuthenticated);
        Assert.Empty(server.Journal.Last.Auth.PeerIdentity);
    }

    [Fact]
    public async Task Tls_WithAnUnknownCertificate_IsRefused()
    {
        await using var server = await EchoServer.StartAsync(listen: options => options.UseHttps(ServerCertificate));

        await Assert.ThrowsAsync<RpcException>(async () => await server.Client().SayAsync(new EchoRequest(), cancellationToken: Ct));

        Assert.Equal(0, server.Journal.SayCalls);
    }

    [Fact]
    public async Task MutualTls_TellsTheServerWhoCalls()
    {
        await using var server = await StartMutualAsync();

        await server.Client(Trusting(ChannelCredentials.SecureSsl, ClientCertificate)).SayAsync(new EchoRequest(), cancellationToken: Ct);

        var auth = server.Journal.Last!.Auth;
        Assert.True(auth.IsPeerAuthenticated);
        Assert.Equal("x509_common_name", auth.PeerIdentityPropertyName);
        Assert.Equal("tracking-service", auth.PeerIdentity.Single().Value);
        Assert.Equal("tracking-service"u8.ToArray(), auth.FindPropertiesByName("x509_common_name").Single().ValueBytes);
        Assert.Empty(auth.FindPropertiesByName("absent"));
    }

    [Fact]
    public async Task MutualTls_WithoutAClientCertificate_IsRefused()
    {
        await using var server = await StartMutualAsync();

        await Assert.ThrowsAsync<RpcException>(
            async () => await server.Client(Trusting(ChannelCredentials.SecureSsl)).SayAsync(new EchoRequest(), cancellationToken: Ct));

        Assert.Equal(0, server.Journal.SayCalls);
    }

    [Fact]
    public async Task CallCredentials_GoWithEachCall()
    {
        await using var server = await EchoServer.StartAsync(listen: options => options.UseHttps(ServerCertificate));
        AuthInterceptorContext? asked = null;
        var token = CallCredentials.FromInterceptor((context, metadata) =>
        {
            asked = context;
            metadata.Add("authorization", "Bearer t0ken");
            return Task.CompletedTask;
        });
        var client = server.Client(Trusting(ChannelCredentials.SecureSsl));

        await client.SayAsync(new EchoRequest(), new CallOptions(credentials: token, cancellationToken: Ct));

        Assert.Equal("Bearer t0ken", server.Journal.Last!.Headers.GetValue("authorization"));
        Assert.Equal("Say", asked!.MethodName);
        Assert.EndsWith("goldenthread.standins.echo.v1.Echo", asked.ServiceUrl);
    }

    [Fact]
    public async Task CallCredentials_OfTheChannelAndComposed_AllGoWithTheCall()
    {
        await using var server = await EchoServer.StartAsync(listen: options => options.UseHttps(ServerCertificate));
        var both = CallCredentials.Compose(Header("first", "1"), Header("second", "2"));
        var client = server.Client(Trusting(ChannelCredentials.Create(new SslCredentials(), both)));

        await client.SayAsync(new EchoRequest(), cancellationToken: Ct);

        Assert.Equal("1", server.Journal.Last!.Headers.GetValue("first"));
        Assert.Equal("2", server.Journal.Last.Headers.GetValue("second"));
    }

    [Theory]
    [InlineData(false, null)]
    [InlineData(true, "1")]
    public async Task CallCredentials_OnPlaintext_AreSentOnlyWhenTheChannelSaysSo(bool unsafeUse, string? expected)
    {
        await using var server = await EchoServer.StartAsync();
        var client = server.Client(new GrpcChannelOptions { UnsafeUseInsecureChannelCallCredentials = unsafeUse });

        await client.SayAsync(new EchoRequest(), new CallOptions(cancellationToken: Ct).WithCredentials(Header("first", "1")));

        Assert.Equal(expected, server.Journal.Last!.Headers.GetValue("first"));
    }

    [Fact]
    public void CallCredentials_AreComposedWithAnyChannel_ButNotWithNothing()
    {
        Assert.NotNull(ChannelCredentials.Create(ChannelCredentials.Insecure, Header("first", "1")));
        Assert.Throws<ArgumentNullException>(() => ChannelCredentials.Create(null!, Header("first", "1")));
        Assert.Throws<ArgumentNullException>(() => ChannelCredentials.Create(new SslCredentials(), null!));
    }

    private static CallCredentials Header(string key, string value) => CallCredentials.FromInterceptor((_, metadata) =>
    {
        metadata.Add(key, value);
        return Task.CompletedTask;
    });

    private static Task<EchoServer> StartMutualAsync() => EchoServer.StartAsync(listen: options => options.UseHttps(https =>
    {
        https.ServerCertificate = ServerCertificate;
        https.ClientCertificateMode = ClientCertificateMode.RequireCertificate;
        https.ClientCertificateValidation = (certificate, _, _) => certificate.Thumbprint == ClientCertificate.Thumbprint;
    }));

    private static GrpcChannelOptions Trusting(ChannelCredentials credentials, X509Certificate2? own = null)
    {
        var handler = new SocketsHttpHandler();
        handler.SslOptions.RemoteCertificateValidationCallback = (_, certificate, _, _) =>
            certificate?.GetCertHashString() == ServerCertificate.Thumbprint;
        if (own is not null)
        {
            handler.SslOptions.ClientCertificates = [own];
        }

        return new GrpcChannelOptions { Credentials = credentials, HttpHandler = handler, DisposeHttpClient = true };
    }

    private static X509Certificate2 SelfSigned(string commonName)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={commonName}", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        using var certificate = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        return X509CertificateLoader.LoadPkcs12(certificate.Export(X509ContentType.Pfx), null);
    }
}
