using System.Buffers.Binary;
using System.Numerics;
using System.Text;

namespace GoldenThread.Gateway.Transcoding.Json;

/// <summary>A growing buffer to which protobuf's wire format is written. Meant to be used again.</summary>
internal sealed class WireBuffer
{
    private byte[] _bytes = new byte[512];

    public int Count { get; private set; }

    public int Capacity => _bytes.Length;

    public ReadOnlySpan<byte> Written => _bytes.AsSpan(0, Count);

    public ReadOnlyMemory<byte> WrittenMemory => _bytes.AsMemory(0, Count);

    public void Clear() => Count = 0;

    /// <summary>Room for at least so many bytes; <see cref="Advance"/> keeps those that were written.</summary>
    public Span<byte> Room(int count)
    {
        if (_bytes.Length - Count < count)
        {
            Array.Resize(ref _bytes, Math.Max(_bytes.Length * 2, Count + count));
        }

        return _bytes.AsSpan(Count);
    }

    /// <summary>Room as <see cref="Room"/>, to be filled by a stream.</summary>
    public Memory<byte> RoomMemory(int count)
    {
        Room(count);
        return _bytes.AsMemory(Count);
    }

    public void Advance(int count) => Count += count;

    public void Varint(ulong value)
    {
        var room = Room(10);
        var at = 0;
        while (value >= 0x80)
        {
            room[at++] = (byte)(value | 0x80);
            value >>= 7;
        }

        room[at++] = (byte)value;
        Count += at;
    }

    public void Fixed64(ulong value)
    {
        BinaryPrimitives.WriteUInt64LittleEndian(Room(8), value);
        Count += 8;
    }

    public void Fixed32(uint value)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(Room(4), value);
        Count += 4;
    }

    public void Raw(ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(Room(bytes.Length));
        Count += bytes.Length;
    }

    /// <summary>A length and the bytes.</summary>
    public void Bytes(ReadOnlySpan<byte> bytes)
    {
        Varint((ulong)bytes.Length);
        Raw(bytes);
    }

    /// <summary>A length and the text in UTF-8.</summary>
    public void Text(ReadOnlySpan<char> text)
    {
        var length = Encoding.UTF8.GetByteCount(text);
        Varint((ulong)length);
        Encoding.UTF8.GetBytes(text, Room(length));
        Count += length;
    }

    /// <summary>Begins something whose length is not known yet; one byte is kept for it.</summary>
    public int Open()
    {
        Room(1);
        return Count++;
    }

    /// <summary>Ends what <see cref="Open"/> began; what was written moves up where its length needs more than a byte.</summary>
    public void Close(int opened)
    {
        var length = Count - opened - 1;
        if (length < 0x80)
        {
            _bytes[opened] = (byte)length;
            return;
        }

        var extra = BitOperations.Log2((uint)length) / 7;
        Room(extra);
        Buffer.BlockCopy(_bytes, opened + 1, _bytes, opened + 1 + extra, length);
        Count = opened;
        Varint((ulong)length);
        Count += length;
    }

    /// <summary>Writes into bytes that were written before.</summary>
    public Span<byte> At(int start, int count) => _bytes.AsSpan(start, count);
}
