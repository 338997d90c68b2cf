using System.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using OpenTelemetry;
using OpenTelemetry.Exporter;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace GoldenThread.ServiceDefaults;

/// <summary>Traces and metrics over OTLP, from the sources that ASP.NET Core, HttpClient, Npgsql and MassTransit bring along.</summary>
public static class Telemetry
{
    /// <summary>Our own spans: the relay of the outbox, long work.</summary>
    public static readonly ActivitySource Source = new("GoldenThread");

    private static readonly string[] TraceSources = ["GoldenThread", "Microsoft.AspNetCore", "System.Net.Http", "Npgsql", "MassTransit", "Yarp.ReverseProxy"];

    private static readonly string[] Meters =
        ["Microsoft.AspNetCore.Hosting", "Microsoft.AspNetCore.Server.Kestrel", "System.Net.Http", "System.Runtime", "Npgsql", "MassTransit"];

    /// <summary>Starts exporting where <c>Telemetry:OtlpEndpoint</c> is set.</summary>
    public static IServiceCollection AddTelemetry(this IServiceCollection services, string service)
    {
        services.AddOptions<TelemetryOptions>().BindConfiguration("Telemetry");
        return services.AddHostedService(provider => new Exporter(service, provider.GetRequiredService<IOptions<TelemetryOptions>>()));
    }

    private sealed class Exporter(string service, IOptions<TelemetryOptions> options) : IHostedService
    {
        private TracerProvider? traces;
        private MeterProvider? metrics;

        public Task StartAsync(CancellationToken cancellationToken)
        {
            if (options.Value.OtlpEndpoint is { Length: > 0 } endpoint)
            {
                var resource = ResourceBuilder.CreateDefault().AddService(service, "goldenthread");
                traces = Sdk.CreateTracerProviderBuilder().SetResourceBuilder(resource).AddSource(TraceSources)
                    .AddOtlpExporter(o => Send(o, endpoint)).Build();
                metrics = Sdk.CreateMeterProviderBuilder().SetResourceBuilder(resource).AddMeter(Meters)
                    .AddOtlpExporter(o => Send(o, endpoint)).Build();
            }

            return Task.CompletedTask;
        }

        public Task StopAsync(CancellationToken cancellationToken)
        {
            traces?.Dispose();
            metrics?.Dispose();
            return Task.CompletedTask;
        }

        private static void Send(OtlpExporterOptions exporter, string endpoint)
        {
            exporter.Endpoint = new Uri(endpoint);
            exporter.Protocol = OtlpExportProtocol.Grpc;
        }
    }
}
