using System.IO.Compression;

namespace Grpc.Net.Compression;

/// <summary>Compression with <c>deflate</c>, which on the wire is the zlib format (RFC 1950).</summary>
public sealed class DeflateCompressionProvider : ICompressionProvider
{
    private readonly CompressionLevel defaultCompressionLevel;

    /// <summary>Creates a provider with the level used when a call names none.</summary>
    public DeflateCompressionProvider(CompressionLevel defaultCompressionLevel)
    {
        this.defaultCompressionLevel = defaultCompressionLevel;
    }

    /// <inheritdoc/>
    public string EncodingName => "deflate";

    /// <inheritdoc/>
    public Stream CreateCompressionStream(Stream stream, CompressionLevel? compressionLevel) =>
        new ZLibStream(stream, compressionLevel ?? defaultCompressionLevel, leaveOpen: true);

    /// <inheritdoc/>
    public Stream CreateDecompressionStream(Stream stream) => new ZLibStream(stream, CompressionMode.Decompress, leaveOpen: true);
}
