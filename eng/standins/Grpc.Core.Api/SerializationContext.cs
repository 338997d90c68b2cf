using System.Buffers;

namespace Grpc.Core;

/// <summary>Where a marshaller writes a message to. The transport overrides what it supports.</summary>
public abstract class SerializationContext
{
    /// <summary>Ends the message with a payload that is complete.</summary>
    public virtual void Complete(byte[] payload) => throw new NotSupportedException("This transport takes no whole payload.");

    /// <summary>The buffer into which the payload is written; <see cref="Complete()"/> ends it.</summary>
    public virtual IBufferWriter<byte> GetBufferWriter() => throw new NotSupportedException("This transport offers no buffer.");

    /// <summary>Announces the payload's length in bytes; a transport may ignore it.</summary>
    public virtual void SetPayloadLength(int payloadLength)
    {
    }

    /// <summary>Ends the message that was written to <see cref="GetBufferWriter"/>.</summary>
    public virtual void Complete() => throw new NotSupportedException("This transport offers no buffer.");
}
