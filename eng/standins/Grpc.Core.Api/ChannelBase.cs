namespace Grpc.Core;

/// <summary>A connection, or several, to one target.</summary>
public abstract class ChannelBase
{
    /// <summary>Creates a channel to this target.</summary>
    protected ChannelBase(string target)
    {
        ArgumentNullException.ThrowIfNull(target);
        Target = target;
    }

    /// <summary>What the channel was opened to.</summary>
    public string Target { get; }

    /// <summary>Creates what makes calls over this channel.</summary>
    public abstract CallInvoker CreateCallInvoker();

    /// <summary>Closes the channel and ends its calls.</summary>
    public Task ShutdownAsync() => ShutdownAsyncCore();

    /// <inheritdoc cref="ShutdownAsync"/>
    protected virtual Task ShutdownAsyncCore() => Task.CompletedTask;
}
