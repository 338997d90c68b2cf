using System.Security.Cryptography;
using System.Text;
using Google.Api;
using Grpc.Core;

namespace GoldenThread.ServiceDefaults;

/// <summary>
/// The bytes of an upload, read as they arrive: whoever reads slowly makes the sender wait, so a file of any size takes the same memory.
/// On the way it is counted against the limit and hashed, since an upload is told from another by its content.
/// </summary>
/// <typeparam name="T">A message of the upload.</typeparam>
/// <param name="messages">The messages as they come.</param>
/// <param name="fileOf">The piece of the file in a message.</param>
/// <param name="mostBytes">How long a file may be.</param>
/// <param name="tooLarge">What is thrown where it is longer.</param>
public sealed class UploadStream<T>(IAsyncStreamReader<T> messages, Func<T, HttpBody?> fileOf, long mostBytes, Func<RpcException> tooLarge) : Stream
    where T : class
{
    private readonly IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private ReadOnlyMemory<byte> piece;
    private bool ended;
    private long count;

    /// <inheritdoc />
    public override bool CanRead => true;

    /// <inheritdoc />
    public override bool CanSeek => false;

    /// <inheritdoc />
    public override bool CanWrite => false;

    /// <inheritdoc />
    public override long Length => throw new NotSupportedException();

    /// <inheritdoc />
    public override long Position
    {
        get => count;
        set => throw new NotSupportedException();
    }

    /// <summary>The first message, which carries the fields of the request; null where nothing was sent at all.</summary>
    /// <param name="fields">The fields that tell a request from another, beside the file.</param>
    /// <param name="ct">Ends the wait.</param>
    public async Task<T?> BeginAsync(Func<T, string> fields, CancellationToken ct)
    {
        if (!await messages.MoveNext(ct))
        {
            ended = true;
            return null;
        }

        var first = messages.Current;
        hash.AppendData(Encoding.UTF8.GetBytes(fields(first)));
        Take(first);
        return first;
    }

    /// <summary>SHA-256 over the fields and every byte, once all was read.</summary>
    public byte[] ContentHash() => hash.GetCurrentHash();

    /// <summary>Reads what is left, so that the hash covers it.</summary>
    public async Task DrainAsync(CancellationToken ct)
    {
        while (!ended)
        {
            piece = default;
            await FillAsync(ct);
        }
    }

    /// <inheritdoc />
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        while (piece.IsEmpty && !ended)
        {
            await FillAsync(cancellationToken);
        }

        var read = Math.Min(buffer.Length, piece.Length);
        piece[..read].CopyTo(buffer);
        piece = piece[read..];
        return read;
    }

    /// <inheritdoc />
    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    /// <inheritdoc />
    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException("An upload is read asynchronously.");

    /// <inheritdoc />
    public override void Flush()
    {
        // Nothing is written.
    }

    /// <inheritdoc />
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    /// <inheritdoc />
    public override void SetLength(long value) => throw new NotSupportedException();

    /// <inheritdoc />
    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    /// <inheritdoc />
    protected override void Dispose(bool disposing)
    {
        hash.Dispose();
        base.Dispose(disposing);
    }

    private async Task FillAsync(CancellationToken ct)
    {
        if (!await messages.MoveNext(ct))
        {
            ended = true;
            return;
        }

        Take(messages.Current);
    }

    private void Take(T message)
    {
        piece = fileOf(message)?.Data.Memory ?? default;
        count += piece.Length;
        if (count > mostBytes)
        {
            throw tooLarge();
        }

        hash.AppendData(piece.Span);
    }
}
