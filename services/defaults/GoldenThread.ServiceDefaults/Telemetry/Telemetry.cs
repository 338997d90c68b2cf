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

    // What exporters keep of a span, unless told otherwise.
    private const int MostLinks = 128;

    private static readonly string[] TraceSources = ["GoldenThread", "Microsoft.AspNetCore", "System.Net.Http", "Npgsql", "MassTransit", "Yarp.ReverseProxy"];

    private static readonly string[] Meters =
        ["Microsoft.AspNetCore.Hosting", "Microsoft.AspNetCore.Server.Kestrel", "System.Net.Http", "System.Runtime", "Npgsql", "MassTransit"];

    /// <summary>
    /// A span of work that several spans asked for: the child of the first where all are of one trace, otherwise a trace of its own; with a link to every other.
    /// </summary>
    /// <param name="name">What is done.</param>
    /// <param name="kind">Its kind.</param>
    /// <param name="traceparents">W3C contexts of those who asked; those that are none are left out.</param>
    public static Activity? StartTogether(string name, ActivityKind kind, IEnumerable<string?> traceparents)
    {
        var asked = traceparents.Distinct()
            .Select(text => ActivityContext.TryParse(text, null, isRemote: true, out var context) ? context : default)
            .Where(context => context != default)
            .ToList();
        if (asked.DistinctBy(context => context.TraceId).Count() == 1)
        {
            return Source.StartActivity(name, kind, asked[0], links: Links(asked.Skip(1)));
        }

        // Without a parent given it would become the child of whoever happens to do the work.
        Activity.Current = null;
        return Source.StartActivity(name, kind, default(ActivityContext), links: Links(asked));
    }

    private static IEnumerable<ActivityLink> Links(IEnumerable<ActivityContext> asked) => asked.Take(MostLinks).Select(context => new ActivityLink(context));

    /// <summary>Starts exporting where <c>Telemetry:OtlpEndpoint</c> is set.</summary>
    public static IServiceCollection AddTelemetry(this IServiceCollection services, string service)
    {
        services.AddOptions<TelemetryOptions>().BindConfiguration("Telemetry")
            .Validate(o => string.IsNullOrEmpty(o.OtlpEndpoint) || Uri.TryCreate(o.OtlpEndpoint, UriKind.Absolute, out _),
                "Telemetry:OtlpEndpoint is not an address; example: Telemetry__OtlpEndpoint=http://127.0.0.1:4317")
            .ValidateOnStart();
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
