using System.Security.Cryptography;
using GoldenThread.Assessment.V1;
using Grpc.Core;

namespace GoldenThread.Assessment.Imports;

/// <summary>
/// The bytes of an upload, read as they arrive: whoever reads slowly makes the sender wait, so a file of any size takes the same memory.
/// On the way it is counted against the limit and hashed, since an upload is told from another by its content.
/// </summary>
internal sealed class UploadStream(IAsyncStreamReader<ImportResultsRequest> pieces, long mostBytes) : Stream
{
    private readonly IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private ReadOnlyMemory<byte> piece;
    private bool ended;
    private long count;

    /// <summary>The first message, which carries the fields of the request.</summary>
    public ImportResultsRequest? First { get; private set; }

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => count;
        set => throw new NotSupportedException();
    }

    /// <summary>Reads the first message; false where nothing was sent at all.</summary>
    public async Task<bool> StartAsync(CancellationToken ct)
    {
        if (!await pieces.MoveNext(ct))
        {
            ended = true;
            return false;
        }

        First = pieces.Current;
        Take(First);
        hash.AppendData(System.Text.Encoding.UTF8.GetBytes($"{First.CollectionId}\n{First.DryRun}\n{First.SatOn}\n"));
        hash.AppendData(piece.Span);
        return true;
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

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException("An upload is read asynchronously.");

    public override void Flush()
    {
        // Nothing is written.
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        hash.Dispose();
        base.Dispose(disposing);
    }

    private async Task FillAsync(CancellationToken ct)
    {
        if (!await pieces.MoveNext(ct))
        {
            ended = true;
            return;
        }

        Take(pieces.Current);
        hash.AppendData(piece.Span);
    }

    private void Take(ImportResultsRequest message)
    {
        piece = message.File?.Data.Memory ?? default;
        count += piece.Length;
        if (count > mostBytes)
        {
            throw Errors.UploadTooLarge();
        }
    }
}
