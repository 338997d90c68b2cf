namespace Grpc.Core;

/// <summary>The result of a call: its code and, for a person, its detail.</summary>
public readonly struct Status
{
    /// <summary>Success, without detail.</summary>
    public static readonly Status DefaultSuccess = new(StatusCode.OK, "");

    /// <summary>Cancelled, without detail.</summary>
    public static readonly Status DefaultCancelled = new(StatusCode.Cancelled, "");

    /// <summary>Creates a status.</summary>
    public Status(StatusCode statusCode, string detail)
        : this(statusCode, detail, null)
    {
    }

    /// <summary>Creates a status that remembers, in this process only, what caused it.</summary>
    public Status(StatusCode statusCode, string detail, Exception? debugException)
    {
        StatusCode = statusCode;
        Detail = detail;
        DebugException = debugException;
    }

    /// <summary>The code sent as <c>grpc-status</c>.</summary>
    public StatusCode StatusCode { get; }

    /// <summary>The text sent as <c>grpc-message</c>.</summary>
    public string Detail { get; }

    /// <summary>The cause, where this process knows it. It is never sent.</summary>
    public Exception? DebugException { get; }

    /// <inheritdoc/>
    public override string ToString()
    {
        var cause = DebugException is null ? "" : $", DebugException=\"{DebugException.GetType()}: {DebugException.Message}\"";
        return $"Status(StatusCode=\"{StatusCode}\", Detail=\"{Detail}\"{cause})";
    }
}
