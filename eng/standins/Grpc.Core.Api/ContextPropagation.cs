namespace Grpc.Core;

/// <summary>Links a call that a handler makes to the call that it handles.</summary>
public abstract class ContextPropagationToken
{
    internal ContextPropagationToken()
    {
    }
}

/// <summary>What a linked call takes from the call being handled.</summary>
public class ContextPropagationOptions
{
    /// <summary>Deadline and cancellation both.</summary>
    public static readonly ContextPropagationOptions Default = new();

    /// <summary>Chooses what is taken.</summary>
    public ContextPropagationOptions(bool propagateDeadline = true, bool propagateCancellation = true)
    {
        IsPropagateDeadline = propagateDeadline;
        IsPropagateCancellation = propagateCancellation;
    }

    /// <summary>Whether the linked call ends at the same deadline.</summary>
    public bool IsPropagateDeadline { get; }

    /// <summary>Whether the linked call is cancelled with this one.</summary>
    public bool IsPropagateCancellation { get; }
}
