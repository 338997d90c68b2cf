using System.Net;
using System.Security.Cryptography.X509Certificates;
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
    public int BrokenCalls;
    public int BrokenUploads;
    public int CompleteUploads;
    private readonly CancellationTokenSource _stopping = new();
    private readonly WebApplication _app;

    private KitchenServer(string name, IPEndPoint at, X509Certificate2? certificate)
    {
        Name = name;
        var builder = WebApplication.CreateBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(at, listen =>
        {
            listen.Protocols = HttpProtocols.Http2;
            if (certificate is not null)
            {
                listen.UseHttps(certificate);
            }
        }));
        builder.Services.AddSingleton(this);
        builder.Services.AddGrpc();
        _app = builder.Build();
        _app.UseWhen(context => !context.Request.Path.StartsWithSegments("/grpc.health.v1.Health"), calls => calls.Use((context, next) =>
        {
            CalledAs = context.Request.Host.Value;
            if (!BreaksCalls)
            {
                return next(context);
            }

            Interlocked.Increment(ref BrokenCalls);
            context.Abort();
            return Task.CompletedTask;
        }));
        _app.MapGrpcService<KitchenService>();
        _app.MapGrpcService<KitchenHealth>();
    }

    public string Name { get; }

    /// <summary>What it says of its health.</summary>
    public bool IsServing { get; set; } = true;

    /// <summary>Whether it breaks off every call without an answer, while it says that it is well.</summary>
    public bool BreaksCalls { get; set; }

    /// <summary>The host that the last call was meant for.</summary>
    public string? CalledAs { get; private set; }

    public string Address => _app.Urls.Single();

    public CancellationToken Stopping => _stopping.Token;

    public static Task<KitchenServer> StartAsync(string name, int port = 0) => StartAsync(name, new IPEndPoint(IPAddress.Loopback, port), null);

    /// <summary>Starts it with TLS.</summary>
    public static async Task<KitchenServer> StartAsync(string name, IPEndPoint at, X509Certificate2? certificate)
    {
        var server = new KitchenServer(name, at, certificate);
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
