using System.Net;
using Grpc.AspNetCore.Server;
using Grpc.Core;
using Grpc.Net.Client;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace GoldenThread.StandIns.Tests;

/// <summary>A real Kestrel with the echo service on a free port of 127.0.0.1.</summary>
public sealed class EchoServer : IAsyncDisposable
{
    private readonly WebApplication app;
    private readonly List<GrpcChannel> channels = [];

    private EchoServer(WebApplication app)
    {
        this.app = app;
    }

    /// <summary>Where the server listens, with its scheme.</summary>
    public Uri Address => new(app.Urls.Single());

    /// <summary>What the server saw.</summary>
    public ServerJournal Journal => app.Services.GetRequiredService<ServerJournal>();

    public static async Task<EchoServer> StartAsync(Action<GrpcServiceOptions>? grpc = null, Action<ListenOptions>? listen = null)
    {
        var builder = WebApplication.CreateBuilder();
        builder.Logging.ClearProviders();
        builder.Services.AddGrpc(options => grpc?.Invoke(options));
        builder.Services.AddSingleton<ServerJournal>();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, options =>
        {
            options.Protocols = HttpProtocols.Http2;
            listen?.Invoke(options);
        }));

        var app = builder.Build();
        app.MapGrpcService<EchoService>();
        await app.StartAsync(TestContext.Current.CancellationToken);
        return new EchoServer(app);
    }

    /// <summary>A channel to this server, closed with it.</summary>
    public GrpcChannel Channel(GrpcChannelOptions? options = null)
    {
        var channel = GrpcChannel.ForAddress(Address, options ?? new GrpcChannelOptions());
        channels.Add(channel);
        return channel;
    }

    /// <summary>A client of this server.</summary>
    public Echo.V1.Echo.EchoClient Client(GrpcChannelOptions? options = null) => new(Channel(options));

    public async ValueTask DisposeAsync()
    {
        foreach (var channel in channels)
        {
            channel.Dispose();
        }

        using var impatience = new CancellationTokenSource(TimeSpan.FromSeconds(2));
        await app.StopAsync(impatience.Token);
        await app.DisposeAsync();
    }
}
