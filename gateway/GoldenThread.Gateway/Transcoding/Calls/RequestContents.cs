using System.Buffers;
using System.Net;

namespace GoldenThread.Gateway.Transcoding.Calls;

/// <summary>A single gRPC message.</summary>
internal sealed class FrameContent(ReadOnlyMemory<byte> frame) : HttpContent
{
    /// <summary>Whether it went out whole; only then may its memory be used for something else.</summary>
    public bool IsWritten { get; private set; }

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) => SerializeToStreamAsync(stream, context, default);

    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        await stream.WriteAsync(frame, cancellationToken);
        IsWritten = true;
    }

    protected override bool TryComputeLength(out long length)
    {
        length = frame.Length;
        return true;
    }
}

/// <summary>
/// A raw upload as a stream of gRPC messages: the first with the fields and the media type, then one for each piece that arrives. Memory stays
/// constant whatever the size. When the caller's body breaks off, so does the stream: the service never mistakes it for the end.
/// </summary>
internal sealed class UploadContent(ReadOnlyMemory<byte> first, UploadBody upload, Stream body, Action began) : HttpContent
{
    private const int PieceLength = 64 * 1024;

    // Prefix, tag and length of the body field, tag and length of its data: 5 bytes and four numbers of at most 5.
    private const int HeadRoom = 25;

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) => SerializeToStreamAsync(stream, context, default);

    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        began();
        await stream.WriteAsync(first, cancellationToken);
        await stream.FlushAsync(cancellationToken);
        var buffer = ArrayPool<byte>.Shared.Rent(HeadRoom + PieceLength);
        try
        {
            int read;
            while ((read = await body.ReadAsync(buffer.AsMemory(HeadRoom, PieceLength), cancellationToken)) > 0)
            {
                var start = WriteHead(buffer.AsSpan(0, HeadRoom), read);
                await stream.WriteAsync(buffer.AsMemory(start, HeadRoom - start + read), cancellationToken);
                if (read < PieceLength)
                {
                    // Whoever sends slowly is seen to send: the client would gather 32 KiB first.
                    await stream.FlushAsync(cancellationToken);
                }
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    protected override bool TryComputeLength(out long length)
    {
        length = -1;
        return false;
    }

    // Written from the back, so that it ends where the piece begins. Returns where it begins.
    private int WriteHead(Span<byte> head, int length)
    {
        var at = PutVarint(head, head.Length, (uint)length);
        at = PutVarint(head, at, upload.DataTag);
        at = PutVarint(head, at, (uint)(head.Length - at + length));
        at = PutVarint(head, at, upload.Tag);
        var message = head.Length - at + length;
        at -= PreparedCall.PrefixLength;
        PreparedCall.WritePrefix(head[at..], message);
        return at;
    }

    private static int PutVarint(Span<byte> head, int end, uint value)
    {
        var length = 1;
        for (var rest = value >> 7; rest > 0; rest >>= 7)
        {
            length++;
        }

        for (var at = end - length; at < end; at++)
        {
            head[at] = (byte)(at < end - 1 ? value & 0x7f | 0x80 : value);
            value >>= 7;
        }

        return end - length;
    }
}
