using System.Buffers.Binary;
using System.Collections.Concurrent;
using Google.Protobuf;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Logging;

namespace GoldenThread.EndToEnd.Tests;

/// <summary>A span, as far as these tests look at it.</summary>
/// <param name="Service">service.name of its resource.</param>
/// <param name="TraceId">Trace, in hexadecimal digits.</param>
/// <param name="SpanId">Its own id.</param>
/// <param name="ParentId">The span it belongs to; empty for the first.</param>
/// <param name="Name">Its name.</param>
/// <param name="Kind">1 internal, 2 server, 3 client, 4 producer, 5 consumer.</param>
/// <param name="Links">Ids of further spans that asked for it.</param>
internal sealed record Span(string Service, string TraceId, string SpanId, string ParentId, string Name, int Kind, IReadOnlyList<string> Links);

/// <summary>A metric, whatever its figures.</summary>
/// <param name="Service">service.name of its resource.</param>
/// <param name="Meter">The library that measures.</param>
/// <param name="Name">Its name.</param>
internal sealed record Metric(string Service, string Meter, string Name);

/// <summary>
/// A collector of traces and metrics: OTLP over gRPC, reading only the fields named in <see cref="Span"/> and <see cref="Metric"/>. Field numbers from
/// opentelemetry-proto 1.x: trace_service.proto and trace.proto, metrics_service.proto and metrics.proto, resource.proto, common.proto.
/// </summary>
internal sealed class OtlpReceiver : IAsyncDisposable
{
    private readonly ConcurrentDictionary<Metric, bool> metrics = new();
    private readonly WebApplication server;

    private OtlpReceiver()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(System.Net.IPAddress.Loopback, 0, listen => listen.Protocols = HttpProtocols.Http2));
        server = builder.Build();
        server.MapPost("/opentelemetry.proto.collector.trace.v1.TraceService/Export", (HttpContext context) => AnswerAsync(context, ReadSpans));
        server.MapPost("/opentelemetry.proto.collector.metrics.v1.MetricsService/Export", (HttpContext context) => AnswerAsync(context, ReadMetrics));
    }

    /// <summary>Every span so far.</summary>
    public ConcurrentQueue<Span> Spans { get; } = [];

    /// <summary>Every metric that was ever sent.</summary>
    public ICollection<Metric> Metrics => metrics.Keys;

    /// <summary>For <c>Telemetry:OtlpEndpoint</c>.</summary>
    public string Endpoint => server.Urls.First();

    public static async Task<OtlpReceiver> StartAsync()
    {
        var receiver = new OtlpReceiver();
        await receiver.server.StartAsync();
        return receiver;
    }

    public ValueTask DisposeAsync() => server.DisposeAsync();

    // A gRPC message: one byte for compression (none), four for its length; the answer is an empty message.
    private static async Task AnswerAsync(HttpContext context, Action<byte[]> read)
    {
        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body);
        var frame = body.ToArray();
        Assert.Equal(0, frame[0]);
        Assert.Equal(frame.Length - 5, BinaryPrimitives.ReadInt32BigEndian(frame.AsSpan(1)));
        read(frame[5..]);
        context.Response.ContentType = "application/grpc";
        await context.Response.Body.WriteAsync(new byte[5]);
        context.Response.AppendTrailer("grpc-status", "0");
    }

    private void ReadSpans(byte[] request)
    {
        foreach (var (service, _, span) in Items(request))
        {
            Spans.Enqueue(new Span(service, Hex(span, 1), Hex(span, 2), Hex(span, 4), Text(span, 5), Number(span, 6), [.. Messages(span, 13).Select(link => Hex(link, 2))]));
        }
    }

    private void ReadMetrics(byte[] request)
    {
        foreach (var (service, meter, metric) in Items(request))
        {
            metrics[new Metric(service, meter, Text(metric, 1))] = true;
        }
    }

    // Requests of both kinds nest alike: resources, in them scopes, in them spans or metrics.
    private static IEnumerable<(string Service, string Scope, byte[] Item)> Items(byte[] request) =>
        from ofResource in Messages(request, 1)
        let resource = Messages(ofResource, 1).FirstOrDefault() ?? []
        let service = Messages(resource, 1).Where(pair => Text(pair, 1) == "service.name").Select(pair => Text(Messages(pair, 2).First(), 1)).FirstOrDefault("")
        from ofScope in Messages(ofResource, 2)
        let scope = Text(Messages(ofScope, 1).FirstOrDefault() ?? [], 1)
        from item in Messages(ofScope, 2)
        select (service, scope, item);

    private static IEnumerable<byte[]> Messages(byte[] message, int field)
    {
        var input = new CodedInputStream(message);
        for (var tag = input.ReadTag(); tag != 0; tag = input.ReadTag())
        {
            if (WireFormat.GetTagFieldNumber(tag) == field && WireFormat.GetTagWireType(tag) == WireFormat.WireType.LengthDelimited)
            {
                yield return input.ReadBytes().ToByteArray();
            }
            else
            {
                input.SkipLastField();
            }
        }
    }

    private static string Hex(byte[] message, int field) => Convert.ToHexStringLower(Messages(message, field).FirstOrDefault() ?? []);

    private static string Text(byte[] message, int field) => System.Text.Encoding.UTF8.GetString(Messages(message, field).FirstOrDefault() ?? []);

    private static int Number(byte[] message, int field)
    {
        var input = new CodedInputStream(message);
        for (var tag = input.ReadTag(); tag != 0; tag = input.ReadTag())
        {
            if (WireFormat.GetTagFieldNumber(tag) == field && WireFormat.GetTagWireType(tag) == WireFormat.WireType.Varint)
            {
                return input.ReadInt32();
            }

            input.SkipLastField();
        }

        return 0;
    }
}
