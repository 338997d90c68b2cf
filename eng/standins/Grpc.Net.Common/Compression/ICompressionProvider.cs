using System.IO.Compression;

namespace Grpc.Net.Compression;

/// <summary>Compresses and decompresses messages with one algorithm.</summary>
public interface ICompressionProvider
{
    /// <summary>The algorithm's name in <c>grpc-encoding</c>.</summary>
    string EncodingName { get; }

    /// <summary>A stream that writes compressed to <paramref name="stream"/>; null means the provider's own level.</summary>
    Stream CreateCompressionStream(Stream stream, CompressionLevel? compressionLevel);

    /// <summary>A stream that reads decompressed from <paramref name="stream"/>.</summary>
    Stream CreateDecompressionStream(Stream stream);
}
