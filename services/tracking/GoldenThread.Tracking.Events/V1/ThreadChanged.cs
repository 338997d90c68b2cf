namespace GoldenThread.Tracking.Events.V1;

/// <summary>A thread was opened on a gap, changed or closed.</summary>
public sealed record ThreadChanged
{
    /// <summary>The thread.</summary>
    public required Guid ThreadId { get; init; }

    /// <summary>Version of the thread.</summary>
    public required long Version { get; init; }

    /// <summary>The school.</summary>
    public required int SchoolUrn { get; init; }

    /// <summary>Code of the group whose gap it is.</summary>
    public required string Group { get; init; }

    /// <summary>Code of the subject.</summary>
    public required string Subject { get; init; }

    /// <summary>"open" or "closed".</summary>
    public required string State { get; init; }

    /// <summary>Day on which it is to be reviewed.</summary>
    public required DateOnly ReviewOn { get; init; }

    /// <summary>Due days of the actions that are not done.</summary>
    public required IReadOnlyList<DateOnly> OpenActionsDueOn { get; init; }

    /// <summary>Number of actions done.</summary>
    public required int ActionsDone { get; init; }

    /// <summary>Version of the group's definition by which it was opened; null where a message does not say.</summary>
    public int? DefinitionVersion { get; init; }
}
