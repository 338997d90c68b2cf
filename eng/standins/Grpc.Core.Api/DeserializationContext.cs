using System.Buffers;

namespace Grpc.Core;

/// <summary>Where a marshaller reads a message from. The transport overrides what it supports.</summary>
public abstract class DeserializationContext
{
    /// <summary>The payload's length in bytes.</summary>
    public abstract int PayloadLength { get; }

    /// <summary>The payload in an array that belongs to the caller.</summary>
    public virtual byte[] PayloadAsNewBuffer() => throw new NotSupportedException("This transport offers no payload.");

    /// <summary>The payload without a copy where the transport can; valid only while the message is being read.</summary>
    public virtual ReadOnlySequence<byte> PayloadAsReadOnlySequence() => new(PayloadAsNewBuffer());
}
