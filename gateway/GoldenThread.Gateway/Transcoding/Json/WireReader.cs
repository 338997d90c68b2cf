using System.Buffers.Binary;

namespace GoldenThread.Gateway.Transcoding.Json;

/// <summary>Reads protobuf's wire format. Whatever the bytes, it ends or throws <see cref="WireFormatException"/>.</summary>
internal ref struct WireReader(ReadOnlySpan<byte> data)
{
    private const int DeepestGroup = 64;
    private readonly ReadOnlySpan<byte> _data = data;
    private int _at;

    public readonly bool AtEnd => _at >= _data.Length;

    /// <summary>Where the next byte is read.</summary>
    public readonly int Position => _at;

    /// <summary>The bytes from a position up to here.</summary>
    public readonly ReadOnlySpan<byte> Since(int start) => _data[start.._at];

    public uint Tag()
    {
        var tag = (uint)Varint();
        return tag >> 3 != 0 ? tag : throw new WireFormatException("a field has the number 0");
    }

    public ulong Varint()
    {
        if (_at < _data.Length && _data[_at] < 0x80)
        {
            return _data[_at++];
        }

        ulong value = 0;
        for (var shift = 0; shift < 70; shift += 7)
        {
            if (_at >= _data.Length)
            {
                throw WireFormatException.Truncated();
            }

            var next = _data[_at++];
            value |= (ulong)(next & 0x7f) << shift;
            if (next < 0x80)
            {
                return value;
            }
        }

        throw new WireFormatException("a number is too long");
    }

    public ulong Fixed64() => BinaryPrimitives.ReadUInt64LittleEndian(Take(8));

    public uint Fixed32() => BinaryPrimitives.ReadUInt32LittleEndian(Take(4));

    /// <summary>A string, bytes, message or packed list: a length and so many bytes.</summary>
    public ReadOnlySpan<byte> Bytes() => Take((int)(uint)Varint());

    /// <summary>Passes over the value of a field.</summary>
    public void Skip(uint tag) => Skip(tag, 0);

    /// <summary>Reads the tag if the same field follows at once, as the elements of a list do.</summary>
    public bool TryRepeat(uint tag)
    {
        var start = _at;
        if (!AtEnd && (uint)Varint() == tag)
        {
            return true;
        }

        _at = start;
        return false;
    }

    private void Skip(uint tag, int depth)
    {
        switch (tag & 7)
        {
            case 0:
                Varint();
                break;
            case 1:
                Take(8);
                break;
            case 2:
                Bytes();
                break;
            case 3 when depth < DeepestGroup:
                var end = (tag & ~7u) | 4;
                for (var inner = Tag(); inner != end; inner = Tag())
                {
                    Skip(inner, depth + 1);
                }

                break;
            case 5:
                Take(4);
                break;
            default:
                throw new WireFormatException("a field has a wire type that does not fit here");
        }
    }

    private ReadOnlySpan<byte> Take(int count)
    {
        if ((uint)count > (uint)(_data.Length - _at))
        {
            throw WireFormatException.Truncated();
        }

        _at += count;
        return _data.Slice(_at - count, count);
    }
}

/// <summary>Bytes that are not protobuf of the expected message.</summary>
internal sealed class WireFormatException(string message) : Exception(message)
{
    public static WireFormatException Truncated() => new("the message ends too early");
}
