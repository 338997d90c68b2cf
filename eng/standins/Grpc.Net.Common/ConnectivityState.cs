namespace Grpc.Core;

/// <summary>The state of a channel's connection.</summary>
public enum ConnectivityState
{
    /// <summary>Not connected, and nobody asks.</summary>
    Idle,

    /// <summary>Connecting.</summary>
    Connecting,

    /// <summary>Connected.</summary>
    Ready,

    /// <summary>The connection failed; another attempt follows.</summary>
    TransientFailure,

    /// <summary>Closed for good.</summary>
    Shutdown,
}
