using Yarp.ReverseProxy.Configuration;

namespace GoldenThread.Benchmarks.Limits;

/// <summary>Stock YARP before the floor: hands its JSON through and does nothing else.</summary>
internal static class PassThrough
{
    /// <summary>Runs it until it is told to end.</summary>
    /// <param name="port">Where it listens on 127.0.0.1.</param>
    /// <param name="destination">Where the floor listens.</param>
    public static Task RunAsync(int port, string destination)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls($"http://127.0.0.1:{port}");
        builder.Services.AddReverseProxy().LoadFromMemory(
            [new RouteConfig { RouteId = "all", ClusterId = "floor", Match = new RouteMatch { Path = "{**all}" } }],
            [
                new ClusterConfig
                {
                    ClusterId = "floor",
                    Destinations = new Dictionary<string, DestinationConfig> { ["floor"] = new() { Address = destination } },
                },
            ]);
        var app = builder.Build();
        app.MapReverseProxy();
        return app.RunAsync();
    }
}
