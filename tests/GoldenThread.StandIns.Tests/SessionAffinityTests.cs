using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Yarp.ReverseProxy.Configuration;

namespace GoldenThread.StandIns.Tests;

/// <summary>YARP hashes destinations for its affinity cookie: that is all it needs of System.IO.Hashing.</summary>
public sealed class SessionAffinityTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task HashCookie_LeadsTheCallerBackToTheSameDestination()
    {
        await using var first = await StartAsync(_ => { }, app => app.MapGet("/who", () => "first"));
        await using var second = await StartAsync(_ => { }, app => app.MapGet("/who", () => "second"));
        await using var proxy = await StartAsync(
            services => services.AddReverseProxy().LoadFromMemory([Route], [Cluster(first, second)]),
            app => app.MapReverseProxy());
        using var client = new HttpClient(new SocketsHttpHandler { CookieContainer = new CookieContainer() });
        var address = $"{proxy.Urls.Single()}/who";

        var answer = await client.GetStringAsync(address, Ct);

        for (var call = 0; call < 20; call++)
        {
            Assert.Equal(answer, await client.GetStringAsync(address, Ct));
        }
    }

    private static RouteConfig Route => new()
    {
        RouteId = "who",
        ClusterId = "who",
        Match = new RouteMatch { Path = "/{**any}" },
    };

    private static ClusterConfig Cluster(WebApplication first, WebApplication second) => new()
    {
        ClusterId = "who",
        LoadBalancingPolicy = "RoundRobin",
        SessionAffinity = new SessionAffinityConfig { Enabled = true, Policy = "HashCookie", AffinityKeyName = "gt-affinity" },
        Destinations = new Dictionary<string, DestinationConfig>
        {
            ["first"] = new() { Address = first.Urls.Single() },
            ["second"] = new() { Address = second.Urls.Single() },
        },
    };

    private static async Task<WebApplication> StartAsync(Action<IServiceCollection> services, Action<WebApplication> map)
    {
        var builder = WebApplication.CreateBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        services(builder.Services);
        var app = builder.Build();
        map(app);
        await app.StartAsync(Ct);
        return app;
    }
}
