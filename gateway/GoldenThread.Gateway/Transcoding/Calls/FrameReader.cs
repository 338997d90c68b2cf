using System.Buffers;
using System.Buffers.Binary;
using GoldenThread.Gateway.Transcoding.Json;

namespace GoldenThread.Gateway.Transcoding.Calls;

/// <summary>Takes a gRPC response apart into its messages.</summary>
internal sealed class FrameReader(Stream stream, int largest, int startingSize) : IDisposable
{
    private byte[] _buffer = ArrayPool<byte>.Shared.Rent(startingSize);
    private int _start;
    private int _end;

    /// <summary>The next message, valid until the next call; null at the end.</summary>
    /// <exception cref="WireFormatException">The stream is not gRPC, is compressed, or a message is too large.</exception>
    public async ValueTask<ReadOnlyMemory<byte>?> NextAsync(CancellationToken ct)
    {
        if (!await FillAsync(PreparedCall.PrefixLength, ct))
        {
            return _start == _end ? null : throw WireFormatException.Truncated();
        }

        if (_buffer[_start] != 0)
        {
            throw new WireFormatException("the message is compressed");
        }

        var length = BinaryPrimitives.ReadUInt32BigEndian(_buffer.AsSpan(_start + 1));
        if (length > largest)
        {
            throw new WireFormatException($"the message has {length} bytes, more than {largest}");
        }

        if (!await FillAsync(PreparedCall.PrefixLength + (int)length, ct))
        {
            throw WireFormatException.Truncated();
        }

        var message = _buffer.AsMemory(_start + PreparedCall.PrefixLength, (int)length);
        _start += PreparedCall.PrefixLength + (int)length;
        return message;
    }

    public void Dispose() => ArrayPool<byte>.Shared.Return(_buffer);

    // Reads until so many bytes are at hand; false when the stream ends before.
    private async ValueTask<bool> FillAsync(int count, CancellationToken ct)
    {
        while (_end - _start < count)
        {
            MakeRoom(count);
            var read = await stream.ReadAsync(_buffer.AsMemory(_end), ct);
            if (read == 0)
            {
                return false;
            }

            _end += read;
        }

        return true;
    }

    private void MakeRoom(int count)
    {
        if (_buffer.Length - _start >= count && _end < _buffer.Length)
        {
            return;
        }

        var unread = _buffer.AsSpan(_start, _end - _start);
        if (count > _buffer.Length)
        {
            var larger = ArrayPool<byte>.Shared.Rent(count);
            unread.CopyTo(larger);
            ArrayPool<byte>.Shared.Return(_buffer);
            _buffer = larger;
        }
        else
        {
            unread.CopyTo(_buffer);
        }

        _end -= _start;
        _start = 0;
    }
}
