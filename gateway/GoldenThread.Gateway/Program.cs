using System.Net;
using GoldenThread.Gateway.Identity;
using GoldenThread.Gateway.Limits;
using GoldenThread.Gateway.OpenApi;
using GoldenThread.Gateway.Problems;
using GoldenThread.Gateway.Routing;
using GoldenThread.ServiceDefaults;

namespace GoldenThread.Gateway;

/// <summary>The gateway: REST outside, gRPC inside.</summary>
public static class Program
{
    /// <summary>Puts the gateway together.</summary>
    public static WebApplication Build(string[] args) => Build(args, Dns.GetHostAddressesAsync);

    internal static WebApplication Build(string[] args, ResolveName resolve)
    {
        var builder = WebApplication.CreateBuilder(args);
        builder.AddLogDefaults();
        builder.AddGatewaySettings();
        builder.AddGatewayPorts();
        builder.AddGatewayIdentity();
        builder.Services.AddTelemetry("gateway");
        builder.AddClientRateLimit();
        builder.AddTranscodingProxy(resolve);

        var app = builder.Build();
        app.UseGatewayProblems();
        app.UseGatewayPorts();
        app.UseGatewayIdentity();
        app.UseClientRateLimit();
        app.MapGatewayHealth();
        app.MapOpenApi();
        app.MapTranscodingProxy();
        return app;
    }

    /// <summary>Runs it, or prints its OpenAPI document where the command line says `openapi`.</summary>
    public static Task Main(string[] args) => OpenApiCommand.RunIfAsked(args) ? Task.CompletedTask : Build(args).RunAsync();
}
