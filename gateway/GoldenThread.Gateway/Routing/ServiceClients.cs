using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using GoldenThread.Gateway.Problems;
using GoldenThread.Gateway.Transcoding.Calls;
using GoldenThread.Gateway.Transcoding.Json;
using Google.Protobuf;
using Grpc.Health.V1;
using Microsoft.Extensions.Options;
using Yarp.ReverseProxy.Forwarder;
using Yarp.ReverseProxy.Health;
using Yarp.ReverseProxy.Model;

namespace GoldenThread.Gateway.Routing;

/// <summary>
/// The HTTP/2 clients by which services are called: TLS as configured, and health checks in grpc.health.v1. A request's Host header is also the name
/// that the certificate must bear, so that services are called by address and known by name.
/// </summary>
internal sealed class ServiceClients(IOptions<GatewayOptions> options) : ForwarderHttpClientFactory
{
    private static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(2);

    protected override void ConfigureHandler(ForwarderHttpClientContext context, SocketsHttpHandler handler)
    {
        base.ConfigureHandler(context, handler);
        handler.EnableMultipleHttp2Connections = true;
        handler.ConnectTimeout = ConnectTimeout;
        handler.KeepAlivePingDelay = TimeSpan.FromSeconds(20);
        handler.KeepAlivePingTimeout = TimeSpan.FromSeconds(5);
        var settings = options.Value;
        if (settings.CertificateFile is { } certificate)
        {
            handler.SslOptions.ClientCertificates = [X509Certificate2.CreateFromPemFile(certificate, settings.KeyFile)];
        }

        if (settings.ServiceAuthorityFile is { } authority)
        {
            handler.SslOptions.CertificateChainPolicy = new X509ChainPolicy
            {
                TrustMode = X509ChainTrustMode.CustomRootTrust,
                RevocationMode = X509RevocationMode.NoCheck,
            };
            handler.SslOptions.CertificateChainPolicy.CustomTrustStore.ImportFromPemFile(authority);
        }
    }

    protected override HttpMessageHandler WrapHandler(ForwarderHttpClientContext context, HttpMessageHandler handler) => new HealthReading(handler);

    // grpc.health.v1 answers HTTP 200 whatever its finding; YARP looks at the HTTP status. This puts the finding there.
    private sealed class HealthReading(HttpMessageHandler inner) : DelegatingHandler(inner)
    {
        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            if (!request.Options.TryGetValue(HealthProbe.IsProbe, out _))
            {
                return await base.SendAsync(request, cancellationToken);
            }

            using var answer = await base.SendAsync(request, cancellationToken);
            return new HttpResponseMessage(await IsServingAsync(answer, cancellationToken)
                ? System.Net.HttpStatusCode.OK
                : System.Net.HttpStatusCode.ServiceUnavailable);
        }

        private static async Task<bool> IsServingAsync(HttpResponseMessage answer, CancellationToken ct)
        {
            const int largest = 1024;
            await using var stream = await answer.Content.ReadAsStreamAsync(ct);
            using var frames = new FrameReader(stream, largest, largest);
            try
            {
                return await frames.NextAsync(ct) is { } message
                    && HealthCheckResponse.Parser.ParseFrom(message.Span).Status == HealthCheckResponse.Types.ServingStatus.Serving
                    && await frames.NextAsync(ct) is null
                    && GrpcStatus.Of(answer).IsOk;
            }
            catch (Exception e) when (e is WireFormatException or InvalidProtocolBufferException)
            {
                return false;
            }
        }
    }
}

/// <summary>The request by which YARP's active health check asks a service for its readiness.</summary>
internal sealed class HealthProbe : IProbingRequestFactory
{
    /// <summary>Marks a request as a probe.</summary>
    public static readonly HttpRequestOptionsKey<bool> IsProbe = new("health-probe");

    private static readonly byte[] EmptyMessage = [0, 0, 0, 0, 0];

    public HttpRequestMessage CreateRequest(ClusterModel cluster, DestinationModel destination)
    {
        var address = RequestUtilities.MakeDestinationAddress(destination.Config.Address, "/grpc.health.v1.Health/Check", default);
        var request = new HttpRequestMessage(HttpMethod.Post, address)
        {
            Version = System.Net.HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = new ByteArrayContent(EmptyMessage),
        };
        request.Content.Headers.TryAddWithoutValidation("Content-Type", "application/grpc");
        request.Headers.TryAddWithoutValidation("TE", "trailers");
        request.Headers.Host = destination.Config.Host;
        request.Options.Set(IsProbe, true);
        return request;
    }
}
