using System.Buffers;
using System.IO.Pipelines;
using System.Text;
using GoldenThread.Gateway.Problems;
using GoldenThread.Gateway.Transcoding.Json;
using Google.Rpc;
using Microsoft.Extensions.ObjectPool;

namespace GoldenThread.Gateway.Transcoding.Calls;

/// <summary>Turns the answer to a gRPC call into the answer to the REST request.</summary>
internal sealed class AnswerWriter(RestMethod method, HttpContext context, int largestMessage)
{
    private const int UnaryBuffer = 16 * 1024;
    private const int StreamBuffer = 64 * 1024;
    private const int LargestPooled = 256 * 1024;
    private const uint HttpBodyContentType = 1 << 3 | 2;
    private const uint HttpBodyData = 2 << 3 | 2;

    // Metadata that is meant for the caller. All else stays inside.
    private static readonly string[] PassedOn =
        ["Content-Disposition", "Deprecation", "Sunset", "Link", "Location", "Cache-Control", "Idempotency-Replayed"];

    private static readonly ObjectPool<ArrayBufferWriter<byte>> Buffers =
        new DefaultObjectPool<ArrayBufferWriter<byte>>(new BufferPolicy(), Environment.ProcessorCount * 8);

    private HttpResponse Response => context.Response;

    /// <summary>Writes the answer to the end.</summary>
    /// <exception cref="WireFormatException">The service's bytes are not what the contract says.</exception>
    public async Task WriteAsync(HttpResponseMessage answer, CancellationToken ct)
    {
        if (!answer.IsSuccessStatusCode)
        {
            await EndAsync(GrpcStatus.OfHttp((int)answer.StatusCode));
            return;
        }

        await using var stream = await answer.Content.ReadAsStreamAsync(ct);
        using var frames = new FrameReader(stream, largestMessage, method.Kind == CallKind.Unary ? UnaryBuffer : StreamBuffer);
        if (method.Kind is CallKind.Unary or CallKind.Upload)
        {
            await WriteOneAsync(answer, frames, ct);
            return;
        }

        while (await frames.NextAsync(ct) is { } message)
        {
            await (method.Kind == CallKind.Download ? WritePieceAsync(answer, message, ct) : WriteLineAsync(answer, message, ct));
        }

        var status = GrpcStatus.Of(answer);
        if (status.IsOk && !Response.HasStarted)
        {
            Begin(answer, method.Kind == CallKind.Download ? "application/octet-stream" : "application/x-ndjson");
        }

        await EndAsync(status);
    }

    /// <summary>
    /// Ends the answer with a status. Where it has begun already, a stream ends with the line `{"error": problem}` and a download breaks off, so that
    /// neither looks complete.
    /// </summary>
    public async Task EndAsync(GrpcStatus status)
    {
        if (status.IsOk)
        {
            return;
        }

        var problem = status.ToProblem(method);
        if (!Response.HasStarted)
        {
            await problem.AnswerAsync(context);
        }
        else if (method.Kind == CallKind.Stream)
        {
            var line = new ArrayBufferWriter<byte>();
            line.Write("{\"error\":"u8);
            problem.WriteTo(line);
            line.Write("}\n"u8);
            await Response.Body.WriteAsync(line.WrittenMemory);
        }
        else
        {
            context.Abort();
        }
    }

    private async Task WriteOneAsync(HttpResponseMessage answer, FrameReader frames, CancellationToken ct)
    {
        var json = Buffers.Get();
        try
        {
            string? etag = null;
            if (await frames.NextAsync(ct) is { } message)
            {
                WireToJson.Write(method.Response!, message.Span, json);
                etag = Etag(message.Span);
                if (await frames.NextAsync(ct) is not null)
                {
                    throw new WireFormatException("the service answered more than one message");
                }
            }

            var status = GrpcStatus.Of(answer);
            if (status.IsOk && json.WrittenCount == 0)
            {
                status = new GrpcStatus(Code.Internal, "The service answered nothing.");
            }

            if (!status.IsOk)
            {
                await EndAsync(status);
                return;
            }

            Begin(answer, "application/json");
            if (etag is { Length: > 0 })
            {
                // Our services' etags bear their quotes, as AIP-154 writes them; a second pair would be no etag at all.
                Response.Headers.ETag = etag is ['"', .., '"'] ? etag : $"\"{etag}\"";
            }

            Response.ContentLength = json.WrittenCount;
            Response.BodyWriter.Write(json.WrittenSpan);
            await Response.BodyWriter.FlushAsync(ct);
        }
        finally
        {
            Buffers.Return(json);
        }
    }

    private async Task WriteLineAsync(HttpResponseMessage answer, ReadOnlyMemory<byte> message, CancellationToken ct)
    {
        if (!Response.HasStarted)
        {
            Begin(answer, "application/x-ndjson");
        }

        var line = Buffers.Get();
        try
        {
            WireToJson.Write(method.Response!, message.Span, line);
            line.Write("\n"u8);
            Response.BodyWriter.Write(line.WrittenSpan);
            await FlushAsync(Response.BodyWriter, ct);
        }
        finally
        {
            Buffers.Return(line);
        }
    }

    private async Task WritePieceAsync(HttpResponseMessage answer, ReadOnlyMemory<byte> message, CancellationToken ct)
    {
        if (!Response.HasStarted)
        {
            var contentType = Encoding.UTF8.GetString(Find(message.Span, HttpBodyContentType));
            Begin(answer, contentType.Length > 0 ? contentType : "application/octet-stream");
        }

        Response.BodyWriter.Write(Find(message.Span, HttpBodyData));
        await FlushAsync(Response.BodyWriter, ct);
    }

    private static async ValueTask FlushAsync(PipeWriter writer, CancellationToken ct)
    {
        if ((await writer.FlushAsync(ct)).IsCompleted)
        {
            // The caller has gone; so may the service.
            throw new OperationCanceledException("the caller closed the connection");
        }
    }

    private void Begin(HttpResponseMessage answer, string contentType)
    {
        Response.StatusCode = StatusCodes.Status200OK;
        Response.ContentType = contentType;
        Response.Headers.CacheControl = "no-store";
        foreach (var name in PassedOn)
        {
            if (answer.Headers.NonValidated.TryGetValues(name, out var values) || answer.Content.Headers.NonValidated.TryGetValues(name, out values))
            {
                Response.Headers[name] = values.ToString();
            }
        }
    }

    private string? Etag(ReadOnlySpan<byte> message)
    {
        if (method.EtagOfResponse.Length == 0)
        {
            return null;
        }

        foreach (var field in method.EtagOfResponse)
        {
            message = Find(message, field.Tag);
        }

        return Encoding.UTF8.GetString(message);
    }

    // The bytes of a length-delimited field, or none.
    private static ReadOnlySpan<byte> Find(ReadOnlySpan<byte> message, uint wanted)
    {
        var reader = new WireReader(message);
        while (!reader.AtEnd)
        {
            var tag = reader.Tag();
            if (tag == wanted)
            {
                return reader.Bytes();
            }

            reader.Skip(tag);
        }

        return default;
    }

    private sealed class BufferPolicy : PooledObjectPolicy<ArrayBufferWriter<byte>>
    {
        public override ArrayBufferWriter<byte> Create() => new(4096);

        public override bool Return(ArrayBufferWriter<byte> buffer)
        {
            buffer.ResetWrittenCount();
            return buffer.Capacity <= LargestPooled;
        }
    }
}
