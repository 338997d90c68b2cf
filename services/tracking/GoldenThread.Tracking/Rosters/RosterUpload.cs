using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Text;
using GoldenThread.Tracking.V1;
using Grpc.Core;

namespace GoldenThread.Tracking.Rosters;

/// <summary>A roster as it arrives, piece by piece, with the hash of what arrived.</summary>
internal sealed class RosterUpload(IAsyncStreamReader<ImportRosterRequest> stream) : IDisposable
{
    private const long MostBytes = 1L << 30;

    private readonly IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);

    /// <summary>The first message, which carries the fields.</summary>
    public ImportRosterRequest First { get; private set; } = new();

    /// <summary>SHA-256 of the fields and the file, once all of it has arrived.</summary>
    public byte[] Hash() => hash.GetHashAndReset();

    /// <summary>Waits for the first message.</summary>
    public async Task BeginAsync(CancellationToken ct)
    {
        if (await stream.MoveNext(ct))
        {
            First = stream.Current;
        }

        hash.AppendData(Encoding.UTF8.GetBytes($"{First.DryRun} {First.From}\n"));
    }

    /// <summary>The pieces of the file.</summary>
    public async IAsyncEnumerable<ReadOnlyMemory<byte>> PiecesAsync([EnumeratorCancellation] CancellationToken ct)
    {
        var length = 0L;
        var message = First;
        do
        {
            if (message.File is { Data.IsEmpty: false } file)
            {
                length += file.Data.Length;
                if (length > MostBytes)
                {
                    throw Errors.RosterTooLarge("1 GiB");
                }

                hash.AppendData(file.Data.Span);
                yield return file.Data.Memory;
            }

            if (!await stream.MoveNext(ct))
            {
                yield break;
            }

            message = stream.Current;
        }
        while (true);
    }

    /// <inheritdoc />
    public void Dispose() => hash.Dispose();
}
