using System.Net;
using GoldenThread.Gateway.Problems;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;
using Microsoft.Extensions.Options;
using Yarp.ReverseProxy.Model;

namespace GoldenThread.Gateway.Routing;

/// <summary>The two ports: REST over HTTP/1.1, and native gRPC over HTTP/2 without TLS. Each serves its own routes only.</summary>
internal static class ServedPort
{
    public const string Rest = "rest";
    public const string Grpc = "grpc";

    public static void AddGatewayPorts(this WebApplicationBuilder builder) => builder.WebHost.ConfigureKestrel(kestrel =>
    {
        var options = kestrel.ApplicationServices.GetRequiredService<IOptions<GatewayOptions>>().Value;
        var address = IPAddress.Parse(options.BindAddress);
        kestrel.AddServerHeader = false;
        kestrel.Listen(address, options.HttpPort, listen => listen.Protocols = HttpProtocols.Http1);
        kestrel.Listen(address, options.GrpcPort, listen =>
        {
            listen.Protocols = HttpProtocols.Http2;
            listen.Use(next => connection =>
            {
                connection.Features.Set(new NativeGrpcConnection());
                return next(connection);
            });
        });
    });

    /// <summary>Whether a request came to the port of native gRPC.</summary>
    public static bool SpeaksGrpc(this HttpContext context) => context.Features.Get<NativeGrpcConnection>() is not null;

    /// <summary>Hides from each port the routes of the other, and everything that is no gRPC from the port of gRPC.</summary>
    public static void UseGatewayPorts(this WebApplication app)
    {
        app.UseRouting();
        app.Use((context, next) =>
        {
            var isGrpc = context.SpeaksGrpc();
            var served = context.GetEndpoint()?.Metadata.GetMetadata<RouteModel>()?.Config.Metadata?.GetValueOrDefault(GatewayRoutes.PortKey);
            if (served == (isGrpc ? Grpc : Rest) || served is null && !isGrpc)
            {
                if (isGrpc)
                {
                    // Kestrel would end the whole connection, with all its calls, for one that sends a message now and then. Services wait as they will.
                    context.Features.Get<IHttpMinRequestBodyDataRateFeature>()?.MinDataRate = null;
                }

                return next(context);
            }

            context.SetEndpoint(null);
            if (!isGrpc)
            {
                return next(context);
            }

            return new Problem(StatusCodes.Status404NotFound, "NO_SUCH_RPC", "There is no such public rpc.").AnswerAsync(context);
        });
    }

    /// <summary>Marks a connection to the port of native gRPC.</summary>
    private sealed class NativeGrpcConnection;
}
