using Grpc.Core;

namespace GoldenThread.ServiceDefaults;

/// <summary>Who calls: what the token says of them. What they may see is in the grants, not here.</summary>
/// <param name="Issuer">Issuer of the token.</param>
/// <param name="Subject">Subject at that issuer, or the client id where a client calls for itself.</param>
/// <param name="ClientId">The client through which they call; null where the token names none.</param>
/// <param name="Scopes">Scopes of the token.</param>
/// <param name="Purpose">Why they call, for the audit.</param>
public sealed record Caller(string Issuer, string Subject, string? ClientId, IReadOnlySet<string> Scopes, string Purpose)
{
    private const string StateKey = "goldenthread.caller";

    /// <summary>The scope of calls between services; no person and no partner can hold it.</summary>
    public const string InternalScope = "internal";

    /// <summary>Parameters for <c>reach(@Issuer, @Subject, @Roles)</c>: the caller, in these roles.</summary>
    public Authority As(params IEnumerable<Type.V1.Role> roles) => new(Issuer, Subject, roles.Select(r => (short)r).ToArray());

    /// <summary>A caller standing for the service itself, in consumers and background work.</summary>
    public static Caller Service(string name) => new("goldenthread", name, name, new HashSet<string> { InternalScope }, "processing");

    internal void Attach(ServerCallContext context) => context.UserState[StateKey] = this;

    internal static Caller Of(ServerCallContext context) =>
        context.UserState.TryGetValue(StateKey, out var caller)
            ? (Caller)caller
            : throw new InvalidOperationException("No caller on this call: the rpc was let in without identity.");
}

/// <summary>SQL parameters that say in whose name, and in which roles, a statement asks.</summary>
/// <param name="Issuer">Issuer of the token.</param>
/// <param name="Subject">Subject or client id.</param>
/// <param name="Roles">Numbers of the roles that give this right.</param>
public sealed record Authority(string Issuer, string Subject, short[] Roles);

/// <summary>The caller of a call.</summary>
public static class CallerExtensions
{
    /// <summary>Who calls.</summary>
    public static Caller Caller(this ServerCallContext context) => ServiceDefaults.Caller.Of(context);
}
