using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace GoldenThread.Gateway.Tests;

/// <summary>A backend on a real port of its own.</summary>
internal sealed class KitchenServer : IAsyncDisposable
{
    public int BegunUploads;
    public int BrokenUploads;
    public int CompleteUploads;
    private readonly CancellationTokenSource _stopping = new();
    private readonly WebApplication _app;

    private KitchenServer(string name, int port)
    {
        Name = name;
        var builder = WebApplication.CreateBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, port, listen => listen.Protocols = HttpProtocols.Http2));
        builder.Services.AddSingleton(this);
        builder.Services.AddGrpc();
        _app = builder.Build();
        _app.MapGrpcService<KitchenService>();
        _app.MapGrpcService<KitchenHealth>();
    }

    public string Name { get; }

    /// <summary>What it says of its health.</summary>
    public bool IsServing { get; set; } = true;

    public string Address => _app.Urls.Single();

    public CancellationToken Stopping => _stopping.Token;

    public static async Task<KitchenServer> StartAsync(string name, int port = 0)
    {
        var server = new KitchenServer(name, port);
        await server._app.StartAsync();
        return server;
    }

    /// <summary>Ends it at once, connections and all.</summary>
    public async Task KillAsync()
    {
        await _stopping.CancelAsync();
        await _app.StopAsync(new CancellationToken(canceled: true));
    }

    public async ValueTask DisposeAsync()
    {
        await KillAsync();
        await _app.DisposeAsync();
    }
}
