namespace Grpc.Core;

/// <summary>Wishes about one write.</summary>
[Flags]
public enum WriteFlags
{
    /// <summary>The message may wait in a buffer for the next one.</summary>
    BufferHint = 0x1,

    /// <summary>The message is sent uncompressed.</summary>
    NoCompress = 0x2,
}

/// <summary>How messages of a stream are written.</summary>
public class WriteOptions
{
    /// <summary>No wishes.</summary>
    public static readonly WriteOptions Default = new();

    /// <summary>Creates options with these flags.</summary>
    public WriteOptions(WriteFlags flags = default)
    {
        Flags = flags;
    }

    /// <summary>The wishes.</summary>
    public WriteFlags Flags { get; }
}
