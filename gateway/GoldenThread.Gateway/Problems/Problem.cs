using System.Buffers;
using System.Diagnostics;
using System.Text.Encodings.Web;
using System.Text.Json;
using GoldenThread.Gateway.Routing;
using GoldenThread.Gateway.Transcoding.Json;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.WebUtilities;

namespace GoldenThread.Gateway.Problems;

/// <summary>One value at fault.</summary>
/// <param name="Pointer">JSON Pointer into the body, or to the path or query parameter's name.</param>
/// <param name="Detail">What is wrong, in words for the caller.</param>
public sealed record ProblemError(string Pointer, string Detail);

/// <summary>An error of the gateway: problem+json for callers of REST (RFC 9457), a status for callers of native gRPC.</summary>
/// <param name="Status">HTTP status.</param>
/// <param name="Code">Stable name, in UPPER_SNAKE_CASE.</param>
/// <param name="Detail">What happened, in words for the caller.</param>
public sealed record Problem(int Status, string Code, string Detail)
{
    /// <summary>Media type of a problem.</summary>
    public const string ContentType = "application/problem+json";

    // Reading this much to its end costs less than a new connection.
    private const int LongestReadToItsEnd = 64 * 1024;

    private static readonly JsonWriterOptions WriterOptions = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>The values at fault, where there are such.</summary>
    public IReadOnlyList<ProblemError> Errors { get; init; } = [];

    /// <summary>When to try again; null says nothing.</summary>
    public TimeSpan? RetryAfter { get; init; }

    /// <summary>Something within the gateway or a service failed; the trace id leads to it.</summary>
    public static Problem Unexpected() =>
        new(StatusCodes.Status500InternalServerError, "INTERNAL", "Something went wrong on our side. Give the trace id when you report it.");

    /// <summary>The service cannot be reached.</summary>
    internal static Problem Unreachable() =>
        new(StatusCodes.Status503ServiceUnavailable, "UNAVAILABLE", GrpcStatus.Unreachable.Message) { RetryAfter = TimeSpan.FromSeconds(5) };

    /// <summary>The service did not answer in time.</summary>
    internal static Problem TooLate() => new(StatusCodes.Status504GatewayTimeout, "DEADLINE_EXCEEDED", GrpcStatus.TooLate.Message);

    /// <summary>The request does not fit the contract.</summary>
    internal static Problem Of(BadInputException e) => e.Status == StatusCodes.Status400BadRequest
        ? new Problem(e.Status, e.Code, "The request does not fit: " + e.Message) { Errors = [new ProblemError(e.Pointer, e.Message)] }
        : new Problem(e.Status, e.Code, e.Message);

    /// <summary>The problem as a JSON object.</summary>
    public void WriteTo(IBufferWriter<byte> output)
    {
        using var writer = new Utf8JsonWriter(output, WriterOptions);
        writer.WriteStartObject();
        writer.WriteString("type", "urn:goldenthread:problem:" + Code);
        writer.WriteString("title", ReasonPhrases.GetReasonPhrase(Status) is { Length: > 0 } phrase ? phrase : "Error");
        writer.WriteNumber("status", Status);
        writer.WriteString("detail", Detail);
        writer.WriteString("code", Code);
        writer.WriteString("traceId", Activity.Current?.TraceId.ToHexString() ?? "");
        if (Errors.Count > 0)
        {
            writer.WriteStartArray("errors");
            foreach (var error in Errors)
            {
                writer.WriteStartObject();
                writer.WriteString("pointer", error.Pointer);
                writer.WriteString("detail", error.Detail);
                writer.WriteEndObject();
            }

            writer.WriteEndArray();
        }

        writer.WriteEndObject();
        writer.Flush();
    }

    /// <summary>Answers a request with the problem. The answer must not have begun.</summary>
    public async Task AnswerAsync(HttpContext context)
    {
        var response = context.Response;
        if (context.SpeaksGrpc())
        {
            this.AnswerGrpc(response);
            return;
        }

        var body = new ArrayBufferWriter<byte>(512);
        WriteTo(body);
        response.StatusCode = Status;
        response.ContentType = ContentType;
        response.ContentLength = body.WrittenCount;
        response.Headers.CacheControl = "no-store";
        if (RetryAfter is { } wait)
        {
            response.Headers.RetryAfter = Math.Max(1, (long)Math.Ceiling(wait.TotalSeconds)).ToString(System.Globalization.CultureInfo.InvariantCulture);
        }

        if (Status == StatusCodes.Status401Unauthorized)
        {
            response.Headers.WWWAuthenticate = context.Request.Headers.Authorization.Count == 0
                ? "Bearer realm=\"goldenthread\""
                : "Bearer realm=\"goldenthread\", error=\"invalid_token\"";
        }

        if (Status == StatusCodes.Status408RequestTimeout || IsBeforeItsEnd(context.Request))
        {
            response.Headers.Connection = "close";
        }

        await response.Body.WriteAsync(body.WrittenMemory);
    }

    // Whoever is still sending is told that the connection ends here, and does not put the next request on it.
    private static bool IsBeforeItsEnd(HttpRequest request) =>
        HttpProtocol.IsHttp11(request.Protocol)
        && request.HttpContext.Features.Get<IHttpRequestBodyDetectionFeature>() is { CanHaveBody: true }
        && request.ContentLength is null or > LongestReadToItsEnd;
}
