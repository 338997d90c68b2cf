using GoldenThread.Gateway.Contracts;
using Yarp.ReverseProxy;
using Yarp.ReverseProxy.Model;

namespace GoldenThread.Gateway.Routing;

/// <summary>Health of the gateway itself. A service that is down does not make the gateway unready: it still serves the others.</summary>
internal static class GatewayHealth
{
    public static void MapGatewayHealth(this WebApplication app)
    {
        app.MapGet("/health/live", () => Results.Json(new { status = "live" }));
        app.MapGet("/health/ready", (ContractStore contracts, IProxyStateLookup proxy) => Results.Json(new
        {
            status = "ready",
            contracts = contracts.Current.Digest,
            services = proxy.GetClusters().ToDictionary(
                cluster => cluster.ClusterId,
                cluster => $"{cluster.DestinationsState.AllDestinations.Count(IsHealthy)} of {cluster.DestinationsState.AllDestinations.Count} healthy"),
        }));
    }

    private static bool IsHealthy(DestinationState destination) =>
        destination.Health is not { Active: DestinationHealth.Unhealthy } and not { Passive: DestinationHealth.Unhealthy };
}
