namespace GoldenThread.Demo.Seeding;

/// <summary>The API answered something other than what the demo needs.</summary>
/// <param name="call">Method and path.</param>
/// <param name="status">HTTP status.</param>
/// <param name="reason">Stable reason of the problem; empty where none was given.</param>
/// <param name="detail">The answer.</param>
public sealed class RefusedException(string call, int status, string reason, string detail) : Exception($"{call} was answered {status} {reason}: {detail}")
{
    /// <summary>HTTP status.</summary>
    public int Status { get; } = status;

    /// <summary>Stable reason of the problem, such as GRANT_EXISTS; empty where none was given.</summary>
    public string Reason { get; } = reason;
}
