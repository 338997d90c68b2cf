using System.Buffers.Text;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace GoldenThread.Benchmarks.Load;

/// <summary>
/// One caller: a kept-alive HTTP/1.1 connection on a blocking socket. It does as little as a caller can, since it shares the machine with what it
/// measures.
/// </summary>
internal sealed class Caller : IDisposable
{
    private readonly Socket socket;
    private byte[] buffer = new byte[64 * 1024];

    /// <summary>Connects to a port of 127.0.0.1.</summary>
    public Caller(int port)
    {
        socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true, ReceiveTimeout = 60_000 };
        socket.Connect(IPAddress.Loopback, port);
    }

    /// <summary>Sends and waits for the whole answer; its body. Anything but 200 is an error, since only answers that do the work count.</summary>
    public ReadOnlySpan<byte> Send(byte[] request)
    {
        socket.Send(request);
        var length = 0;
        int head;
        while ((head = buffer.AsSpan(0, length).IndexOf("\r\n\r\n"u8)) < 0)
        {
            length += Receive(length);
        }

        var headers = buffer.AsSpan(0, head);
        var isGood = headers.StartsWith("HTTP/1.1 200"u8);
        var start = head + 4;
        var end = BodyLength(headers) is { } body ? start + body : -1;
        while (end < 0 ? !buffer.AsSpan(start, length - start).EndsWith("0\r\n\r\n"u8) : length < end)
        {
            length += Receive(length);
        }

        return isGood
            ? buffer.AsSpan(start, length - start)
            : throw new InvalidOperationException($"refused: {Encoding.UTF8.GetString(buffer, 0, length)}\nto {Encoding.UTF8.GetString(request)}");
    }

    /// <inheritdoc />
    public void Dispose() => socket.Dispose();

    private int Receive(int at)
    {
        if (at == buffer.Length)
            Array.Resize(ref buffer, 2 * buffer.Length);
        var count = socket.Receive(buffer, at, buffer.Length - at, SocketFlags.None);
        return count > 0 ? count : throw new InvalidOperationException("the connection was closed in the middle of an answer");
    }

    // Null where the body comes in chunks.
    private static int? BodyLength(ReadOnlySpan<byte> headers)
    {
        var name = "\r\nContent-Length: "u8;
        var at = headers.IndexOf(name);
        return at >= 0 && Utf8Parser.TryParse(headers[(at + name.Length)..], out int length, out _) ? length : null;
    }
}
