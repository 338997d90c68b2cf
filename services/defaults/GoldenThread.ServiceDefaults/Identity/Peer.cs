using System.Runtime.CompilerServices;
using System.Security.Cryptography.X509Certificates;
using Grpc.Core;
using Grpc.Core.Interceptors;
using Grpc.Net.Client;
using Grpc.Net.Client.Balancer;
using Grpc.Net.Client.Configuration;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace GoldenThread.ServiceDefaults;

/// <summary>Another service: called in the caller's name for reads, in our own for what no person asked.</summary>
/// <typeparam name="TClient">The generated client.</typeparam>
public sealed class Peer<TClient>(CallInvoker channel, Func<CallInvoker, TClient> create, ServiceToken token, TimeSpan patience)
{
    /// <summary>The peer in the name of who called us, with the deadline that is left.</summary>
    public TClient For(ServerCallContext context)
    {
        var authorization = context.RequestHeaders.GetValue("authorization") ?? "";
        return create(channel.Intercept(new Authorized((_, metadata) =>
        {
            metadata.Add("Authorization", authorization);
            return Task.CompletedTask;
        }, context.Deadline)));
    }

    /// <summary>The peer in this service's own name.</summary>
    public TClient AsService() => create(channel.Intercept(new Authorized(async (request, metadata) =>
        metadata.Add("Authorization", $"Bearer {await token.GetAsync(request.CancellationToken)}"), null)));

    /// <summary>
    /// A stream of the peer in this service's own name, for as long as it moves. Who reads it often holds locks meanwhile: a peer that sends nothing
    /// for long is given up with a <see cref="TimeoutException"/>, which passes like any other outage.
    /// </summary>
    /// <param name="call">Makes the call.</param>
    /// <param name="ct">Gives the stream up.</param>
    public async IAsyncEnumerable<TMessage> StreamAsync<TMessage>(
        Func<TClient, CancellationToken, AsyncServerStreamingCall<TMessage>> call, [EnumeratorCancellation] CancellationToken ct)
    {
        using var stalled = CancellationTokenSource.CreateLinkedTokenSource(ct);
        using var stream = call(AsService(), stalled.Token);
        while (true)
        {
            stalled.CancelAfter(patience);
            try
            {
                if (!await stream.ResponseStream.MoveNext(stalled.Token))
                {
                    yield break;
                }
            }
            catch (Exception) when (stalled.IsCancellationRequested && !ct.IsCancellationRequested)
            {
                // Without its cause: MassTransit takes whatever a cancellation is at the bottom of for a consumer that gave up.
                throw new TimeoutException($"{typeof(TClient).Name}: nothing came for {patience.TotalSeconds:0} s");
            }

            // How long the reader works on what came is not the peer's fault.
            stalled.CancelAfter(Timeout.InfiniteTimeSpan);
            yield return stream.ResponseStream.Current;
        }
    }

    private sealed class Authorized(AsyncAuthInterceptor authorize, DateTime? deadline) : Interceptor
    {
        private readonly CallCredentials credentials = CallCredentials.FromInterceptor(authorize);

        public override AsyncUnaryCall<TResponse> AsyncUnaryCall<TRequest, TResponse>(
            TRequest request, ClientInterceptorContext<TRequest, TResponse> context, AsyncUnaryCallContinuation<TRequest, TResponse> continuation) =>
            continuation(request, With(context));

        public override AsyncServerStreamingCall<TResponse> AsyncServerStreamingCall<TRequest, TResponse>(
            TRequest request, ClientInterceptorContext<TRequest, TResponse> context,
            AsyncServerStreamingCallContinuation<TRequest, TResponse> continuation) => continuation(request, With(context));

        private ClientInterceptorContext<TRequest, TResponse> With<TRequest, TResponse>(ClientInterceptorContext<TRequest, TResponse> context)
            where TRequest : class
            where TResponse : class
        {
            var options = context.Options.WithCredentials(credentials);
            if (options.Deadline is null && deadline is { } left && left < DateTime.MaxValue)
            {
                options = options.WithDeadline(left);
            }

            return new(context.Method, context.Host, options);
        }
    }
}

/// <summary>Registers peers.</summary>
public static class PeerExtensions
{
    private static readonly TimeSpan Resolve = TimeSpan.FromSeconds(15);

    /// <summary>Adds a peer whose address is in <c>Services:&lt;name&gt;</c>; several addresses resolve by DNS and are used in turn.</summary>
    public static IServiceCollection AddPeer<TClient>(this IServiceCollection services, string name, Func<CallInvoker, TClient> create)
    {
        // With each call travels a token.
        services.AddOptions<ServiceOptions>().Validate<IConfiguration>(
            (options, configuration) => Plaintext.IsAllowed(configuration[$"Services:{name}"] ?? "", options.AllowPlaintext),
            $"Services:{name} is not an address with https, or with http on this machine; example: Services__{name}=https://{name.ToLowerInvariant()}:5100. "
            + "Where the network itself encrypts, set Service:AllowPlaintext=true.");
        services.TryAddSingleton<ResolverFactory>(new DnsResolverFactory(refreshInterval: Resolve));
        return services.AddSingleton(provider =>
        {
            var address = new Uri(provider.GetRequiredService<IConfiguration>()[$"Services:{name}"]!);
            var options = provider.GetRequiredService<IOptions<ServiceOptions>>().Value;
            var isSecure = address.Scheme == Uri.UriSchemeHttps;
            // By name the channel knows one address; by dns all that the name stands for, and those that come later.
            var channel = GrpcChannel.ForAddress($"dns:///{address.Authority}", new GrpcChannelOptions
            {
                HttpHandler = Handler(options),
                Credentials = isSecure ? ChannelCredentials.SecureSsl : ChannelCredentials.Insecure,
                // The token travels in clear only where the whole call does: on loopback, or inside a network that encrypts.
                UnsafeUseInsecureChannelCallCredentials = !isSecure,
                // A peer that comes back is found soon; unless told otherwise a channel waits up to two minutes.
                MaxReconnectBackoff = TimeSpan.FromSeconds(5),
                ServiceConfig = new ServiceConfig { LoadBalancingConfigs = { new RoundRobinConfig() } },
                ServiceProvider = provider,
            });
            return new Peer<TClient>(channel.CreateCallInvoker(), create, provider.GetRequiredService<ServiceToken>(), options.PeerPatience);
        });
    }

    // A service shows itself to another by the certificate it serves with, and both are signed by the house's authority.
    private static SocketsHttpHandler Handler(ServiceOptions options)
    {
        var handler = new SocketsHttpHandler { EnableMultipleHttp2Connections = true, ConnectTimeout = TimeSpan.FromSeconds(3) };
        if (options.CertificateFile is { } certificate)
        {
            handler.SslOptions.ClientCertificates = [X509Certificate2.CreateFromPemFile(certificate, options.KeyFile)];
        }

        if (options.ClientAuthorityFile is { } authority)
        {
            var authorities = new X509Certificate2Collection();
            authorities.ImportFromPemFile(authority);
            handler.SslOptions.CertificateChainPolicy = OwnAuthority.Policy(authorities);
        }

        return handler;
    }
}
