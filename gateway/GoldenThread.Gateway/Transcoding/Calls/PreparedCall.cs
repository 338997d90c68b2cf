using System.Buffers.Binary;
using System.Diagnostics;
using GoldenThread.Gateway.Transcoding.Json;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;
using Microsoft.Extensions.ObjectPool;
using Microsoft.Net.Http.Headers;

namespace GoldenThread.Gateway.Transcoding.Calls;

/// <summary>A REST request made ready to be sent as a gRPC call, once or, where another destination must be tried, more often.</summary>
internal sealed class PreparedCall
{
    /// <summary>Bytes of a gRPC message's prefix: a flag and the length.</summary>
    public const int PrefixLength = 5;
    private const int LargestPooled = 256 * 1024;
    private static readonly ObjectPool<WireBuffer> Buffers = new DefaultObjectPool<WireBuffer>(new WireBufferPolicy(), Environment.ProcessorCount * 8);
    private readonly WireBuffer _message;
    private FrameContent? _content;

    private PreparedCall(RestMethod method, WireBuffer message, TimeSpan deadline, string? ifMatch)
    {
        Method = method;
        _message = message;
        Deadline = deadline;
        IfMatch = ifMatch;
        Began = Stopwatch.GetTimestamp();
    }

    public RestMethod Method { get; }

    public TimeSpan Deadline { get; }

    public long Began { get; }

    /// <summary>The etag that the caller expects, without its quotes.</summary>
    public string? IfMatch { get; }

    /// <summary>Whether the upload's bytes have begun to flow, after which it cannot be sent again.</summary>
    public bool UploadBegan { get; private set; }

    /// <summary>What is left of the deadline.</summary>
    public TimeSpan Remaining => Deadline - Stopwatch.GetElapsedTime(Began);

    /// <summary>Reads the request.</summary>
    /// <exception cref="BadInputException">It does not fit the contract.</exception>
    /// <exception cref="BadHttpRequestException">Its body is incomplete.</exception>
    public static async ValueTask<PreparedCall> ReadAsync(RestMethod method, HttpContext context, GatewayOptions options)
    {
        var request = context.Request;
        var ifMatch = ReadIfMatch(request);
        var message = Buffers.Get();
        message.Room(PrefixLength);
        message.Advance(PrefixLength);
        if (method.Kind == CallKind.Upload)
        {
            AllowUpload(context, options.Sizes.Upload);
        }
        else
        {
            await ReadJsonAsync(method, request, options.Sizes.Json, message);
        }

        RequestParameters.Write(method, RawPath(context), request.Query, message);
        if (ifMatch is not null && method.EtagOfRequest is { } etag)
        {
            message.Varint(etag.Tag);
            ScalarText.Write(etag, ifMatch, message);
        }

        if (method.Upload is { } upload)
        {
            WriteContentType(upload, request.ContentType ?? "application/octet-stream", message);
        }

        WritePrefix(message.At(0, PrefixLength), message.Count - PrefixLength);
        return new PreparedCall(method, message, DeadlineOf(method, options.Deadlines), ifMatch);
    }

    /// <summary>The body of the gRPC request.</summary>
    public HttpContent CreateContent(HttpContext context) => Method.Kind == CallKind.Upload
        ? new UploadContent(_message.WrittenMemory, Method.Upload!, context.Request.Body, () => UploadBegan = true)
        : _content = new FrameContent(_message.WrittenMemory);

    /// <summary>Gives the buffer back, once nobody can still be reading it.</summary>
    public void Release()
    {
        if (_content is { IsWritten: true })
        {
            Buffers.Return(_message);
        }
    }

    public static void WritePrefix(Span<byte> prefix, int length)
    {
        prefix[0] = 0;
        BinaryPrimitives.WriteInt32BigEndian(prefix[1..], length);
    }

    private static async ValueTask ReadJsonAsync(RestMethod method, HttpRequest request, int largest, WireBuffer message)
    {
        var hasBody = request.HttpContext.Features.Get<IHttpRequestBodyDetectionFeature>() is not { CanHaveBody: false };
        if (request.ContentLength > largest)
        {
            throw BadInputException.JsonBeyond(largest);
        }

        var json = Buffers.Get();
        try
        {
            while (hasBody)
            {
                var read = await request.Body.ReadAsync(json.RoomMemory(4096), request.HttpContext.RequestAborted);
                json.Advance(read);
                hasBody = read > 0;
                if (json.Count > largest)
                {
                    throw BadInputException.JsonBeyond(largest);
                }
            }

            Convert(method, request, json.Written, message);
        }
        finally
        {
            Buffers.Return(json);
        }
    }

    private static void Convert(RestMethod method, HttpRequest request, ReadOnlySpan<byte> json, WireBuffer message)
    {
        if (json.IsEmpty)
        {
            if (method.BodyField is { } missing)
            {
                throw new BadInputException(BadInputException.BodyRequired, $"The body is empty; it should be the {missing.Descriptor.JsonName}.");
            }

            return;
        }

        if (!method.TakesWholeBody && method.BodyField is null)
        {
            throw new BadInputException(BadInputException.BodyNotAllowed, "This request takes no body.");
        }

        if (!IsJson(request.ContentType))
        {
            throw new BadInputException(BadInputException.UnsupportedMediaType, "The body must be JSON: send Content-Type: application/json.")
            {
                Status = StatusCodes.Status415UnsupportedMediaType,
            };
        }

        if (method.BodyField is { } field)
        {
            JsonToWire.Field(field, json, message);
        }
        else
        {
            JsonToWire.Message(method.Request, json, message);
        }
    }

    private static bool IsJson(string? contentType) =>
        MediaTypeHeaderValue.TryParse(contentType, out var type)
        && (type.MediaType.Equals("application/json", StringComparison.OrdinalIgnoreCase) || type.Suffix.Equals("json", StringComparison.OrdinalIgnoreCase));

    // Kestrel's limit for all requests is far lower; it can be changed only before the first read.
    private static void AllowUpload(HttpContext context, long largest)
    {
        if (context.Request.ContentLength > largest)
        {
            throw BadInputException.UploadBeyond(largest);
        }

        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } size)
        {
            size.MaxRequestBodySize = largest;
        }

        // How slowly the sender may send is the service's to say, which is kept waiting.
        context.Features.Get<IHttpMinRequestBodyDataRateFeature>()?.MinDataRate = null;
    }

    private static string RawPath(HttpContext context)
    {
        var target = context.Features.Get<IHttpRequestFeature>()!.RawTarget;
        var end = target.IndexOf('?', StringComparison.Ordinal);
        var path = end < 0 ? target : target[..end];

        // Absolute form, dot segments: rare enough to take the path that the server has already put in order.
        return path.StartsWith('/') && !path.Contains("/.", StringComparison.Ordinal) ? path : context.Request.Path.ToUriComponent();
    }

    private static string? ReadIfMatch(HttpRequest request)
    {
        var header = request.Headers.IfMatch;
        if (header.Count == 0)
        {
            return null;
        }

        var value = header.ToString().Trim();
        if (header.Count > 1 || value.Contains(',') || value.Length == 0)
        {
            throw BadInputException.Invalid("Give one etag in If-Match.");
        }

        return value.Length > 1 && value[0] == '"' && value[^1] == '"' ? value[1..^1] : value;
    }

    private static void WriteContentType(UploadBody upload, string contentType, WireBuffer message)
    {
        message.Varint(upload.Tag);
        var opened = message.Open();
        message.Varint(upload.ContentTypeTag);
        message.Text(contentType);
        message.Close(opened);
    }

    private static TimeSpan DeadlineOf(RestMethod method, DeadlineOptions deadlines) =>
        deadlines.Rpcs.TryGetValue(method.Rpc.FullName, out var own) ? own : method.Kind switch
        {
            CallKind.Upload => deadlines.Upload,
            CallKind.Stream or CallKind.Download => deadlines.Stream,
            _ => deadlines.Default,
        };

    private sealed class WireBufferPolicy : PooledObjectPolicy<WireBuffer>
    {
        public override WireBuffer Create() => new();

        public override bool Return(WireBuffer buffer)
        {
            buffer.Clear();
            return buffer.Capacity <= LargestPooled;
        }
    }
}
