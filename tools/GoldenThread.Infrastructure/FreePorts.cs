using System.Net;
using System.Net.Sockets;

namespace GoldenThread.Infrastructure;

/// <summary>Finds TCP ports on 127.0.0.1 that nobody listens on at this moment.</summary>
public static class FreePorts
{
    /// <summary><paramref name="count"/> different free ports. All are held open until the last is found, so none comes twice.</summary>
    public static int[] Take(int count)
    {
        var listeners = new List<TcpListener>();
        try
        {
            for (var i = 0; i < count; i++)
            {
                var listener = new TcpListener(IPAddress.Loopback, 0);
                listener.Start();
                listeners.Add(listener);
            }

            return listeners.Select(listener => ((IPEndPoint)listener.LocalEndpoint).Port).ToArray();
        }
        finally
        {
            foreach (var listener in listeners)
            {
                listener.Dispose();
            }
        }
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
