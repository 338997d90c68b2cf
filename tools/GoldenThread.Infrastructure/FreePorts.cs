using System.Net;
using System.Net.Sockets;

namespace GoldenThread.Infrastructure;

/// <summary>
/// Finds TCP ports on 127.0.0.1 that nobody listens on at this moment, below those that the system gives to outgoing connections: one of these
/// would otherwise often take a port between its choice and its use, minutes later.
/// </summary>
public static class FreePorts
{
    private const int Lowest = 10_000;
    private const int Beyond = 32_000;
    private const int Tries = 1000;

    /// <summary><paramref name="count"/> different free ports, anywhere in the range, so that two who choose at once hardly meet.</summary>
    public static int[] Take(int count)
    {
        var ports = new HashSet<int>();
        for (var tries = 0; ports.Count < count; tries++)
        {
            if (tries == Tries)
            {
                throw new InfrastructureException($"no {count} free ports were found between {Lowest} and {Beyond}");
            }

            var port = Random.Shared.Next(Lowest, Beyond);
            if (IsFree(port))
            {
                ports.Add(port);
            }
        }

        return [.. ports];
    }

    /// <summary>One free port.</summary>
    public static int Take() => Take(1)[0];

    /// <summary><paramref name="wanted"/> where it is free, otherwise any free port.</summary>
    public static int TakeOrPrefer(int wanted) => IsFree(wanted) ? wanted : Take();

    /// <summary>True when this process could listen on <paramref name="port"/> of 127.0.0.1 now.</summary>
    public static bool IsFree(int port)
    {
        try
        {
            using var listener = new TcpListener(IPAddress.Loopback, port);
            listener.Start();
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
