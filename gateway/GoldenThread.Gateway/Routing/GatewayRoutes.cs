using System.Net;
using GoldenThread.Gateway.Contracts;
using GoldenThread.Gateway.Transcoding;
using Google.Protobuf.Reflection;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Primitives;
using Yarp.ReverseProxy.Configuration;
using Yarp.ReverseProxy.Forwarder;

namespace GoldenThread.Gateway.Routing;

/// <summary>
/// YARP's configuration, derived from the descriptor set and the services' addresses: one route per google.api.http rule, one per public rpc for
/// native gRPC, one cluster per service.
/// </summary>
internal sealed class GatewayRoutes : IProxyConfigProvider
{
    /// <summary>Metadata of a route: on which port it is served.</summary>
    public const string PortKey = "port";

    private static readonly TimeSpan HealthTimeout = TimeSpan.FromSeconds(3);
    // YARP counts in steps of a second: a little later, what an address failed before is forgotten, and one good call makes it well.
    private static readonly TimeSpan Forgetting = TimeSpan.FromSeconds(2);
    private readonly ContractStore _contracts;
    private readonly ServiceAddresses _addresses;
    private readonly GatewayOptions _options;
    private readonly Lock _changing = new();
    private Snapshot _current;

    public GatewayRoutes(ContractStore contracts, ServiceAddresses addresses, IOptions<GatewayOptions> options)
    {
        _contracts = contracts;
        _addresses = addresses;
        _options = options.Value;
        _current = Create();
        contracts.Changed += Renew;
        addresses.Changed += Renew;
    }

    public IProxyConfig GetConfig() => _current;

    private void Renew()
    {
        Snapshot old;
        lock (_changing)
        {
            old = _current;
            _current = Create();
        }

        old.SignalChange();
    }

    private Snapshot Create()
    {
        var set = _contracts.Current;
        var routes = set.Methods.Select(RestRoute).Concat(set.PublicRpcs.Select(GrpcRoute)).ToList();
        return new Snapshot(routes, set.ServiceNames.Select(Cluster).ToList());
    }

    private static RouteConfig RestRoute(RestMethod method) => new()
    {
        RouteId = method.RouteId,
        ClusterId = ClusterId(method.Rpc),
        Match = new RouteMatch { Path = method.Path.Route, Methods = [method.Verb] },
        Metadata = new Dictionary<string, string> { [PortKey] = ServedPort.Rest },
        // The limit is set with the kind of body in view, before its first read.
        MaxRequestBodySize = -1,
    };

    private static RouteConfig GrpcRoute(MethodDescriptor rpc) => new()
    {
        RouteId = "grpc:" + rpc.FullName,
        ClusterId = ClusterId(rpc),
        Match = new RouteMatch { Path = $"/{rpc.Service.FullName}/{rpc.Name}", Methods = ["POST"] },
        Metadata = new Dictionary<string, string> { [PortKey] = ServedPort.Grpc },
        MaxRequestBodySize = -1,
    };

    private static string ClusterId(MethodDescriptor rpc) => ContractSet.ServiceNameOf(rpc).ToLowerInvariant();

    private ClusterConfig Cluster(string service) => new()
    {
        ClusterId = service.ToLowerInvariant(),
        LoadBalancingPolicy = "PowerOfTwoChoices",
        Destinations = _addresses.Of(service).ToDictionary(
            one => one.Address, one => new DestinationConfig { Address = one.Address, Host = one.Host }),
        HttpRequest = new ForwarderRequestConfig
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            // Native streams end by their own deadlines.
            ActivityTimeout = _options.Deadlines.Stream,
        },
        HealthCheck = new HealthCheckConfig
        {
            // With every address unwell it is better to try one than to refuse.
            AvailableDestinationsPolicy = "HealthyOrPanic",
            Active = new ActiveHealthCheckConfig
            {
                Enabled = true,
                Interval = _options.HealthInterval,
                Timeout = HealthTimeout,
                Policy = "ConsecutiveFailures",
            },
            Passive = new PassiveHealthCheckConfig
            {
                Enabled = true,
                Policy = "TransportFailureRate",
                // YARP takes the window instead where that is longer.
                ReactivationPeriod = _options.FailureWindow + Forgetting,
            },
        },
    };

    private sealed class Snapshot(IReadOnlyList<RouteConfig> routes, IReadOnlyList<ClusterConfig> clusters) : IProxyConfig
    {
        private readonly CancellationTokenSource _changed = new();

        public IReadOnlyList<RouteConfig> Routes => routes;

        public IReadOnlyList<ClusterConfig> Clusters => clusters;

        public IChangeToken ChangeToken => new CancellationChangeToken(_changed.Token);

        public void SignalChange() => _changed.Cancel();
    }
}
