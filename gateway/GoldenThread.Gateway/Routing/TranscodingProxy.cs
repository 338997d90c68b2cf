using GoldenThread.Gateway.Contracts;
using GoldenThread.Gateway.Transcoding.Calls;
using Microsoft.Extensions.Options;
using Yarp.ReverseProxy.Configuration;
using Yarp.ReverseProxy.Forwarder;
using Yarp.ReverseProxy.Health;

namespace GoldenThread.Gateway.Routing;

/// <summary>Puts YARP together with the contracts, the services' addresses and the transcoding forwarder.</summary>
internal static class TranscodingProxy
{
    public static void AddTranscodingProxy(this WebApplicationBuilder builder, ResolveName resolve)
    {
        var services = builder.Services;
        services.AddSingleton(resolve);
        services.AddSingleton<ServiceAddresses>();
        services.AddHostedService(provider => provider.GetRequiredService<ServiceAddresses>());
        services.AddSingleton<ContractStore>();
        services.AddHostedService(provider => provider.GetRequiredService<ContractStore>());
        services.AddSingleton<IProxyConfigProvider, GatewayRoutes>();
        services.AddSingleton<IForwarderHttpClientFactory, ServiceClients>();
        services.AddSingleton<IProbingRequestFactory, HealthProbe>();
        services.Configure<ConsecutiveFailuresHealthPolicyOptions>(options => options.DefaultThreshold = 2);
        services.AddOptions<TransportFailureRateHealthPolicyOptions>().Configure<IOptions<GatewayOptions>>((policy, gateway) =>
        {
            policy.DetectionWindowSize = gateway.Value.FailureWindow;
            policy.MinimalTotalCountThreshold = 5;
        });
        services.AddReverseProxy();
        DecorateForwarder(services);
    }

    public static void MapTranscodingProxy(this WebApplication app) => app.MapReverseProxy(proxy =>
    {
        proxy.UseRetryElsewhere();
        proxy.UseLoadBalancing();
        proxy.UsePassiveHealthChecks();
    });

    // YARP's own forwarder is internal: its registration is taken out and made the inner one.
    private static void DecorateForwarder(IServiceCollection services)
    {
        var original = services.Single(service => service.ServiceType == typeof(IHttpForwarder));
        services.Remove(original);
        services.AddSingleton<IHttpForwarder>(provider =>
        {
            var inner = (IHttpForwarder)ActivatorUtilities.CreateInstance(provider, original.ImplementationType!);
            return ActivatorUtilities.CreateInstance<TranscodingForwarder>(provider, inner);
        });
    }
}
