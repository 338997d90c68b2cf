namespace GoldenThread.Tracking.Events.V1;

/// <summary>A group was defined, or defined anew.</summary>
public sealed record GroupDefined
{
    /// <summary>Code of the group, such as "fsm6" or "social-class-manual".</summary>
    public required string Group { get; init; }

    /// <summary>Version of the definition.</summary>
    public required int DefinitionVersion { get; init; }

    /// <summary>Name for people.</summary>
    public required string Name { get; init; }

    /// <summary>Name of those who are not in it, such as "not disadvantaged".</summary>
    public required string ComparatorName { get; init; }

    /// <summary>Whether who is in it is for those who may see sensitive facts; true where a message does not say.</summary>
    public bool Sensitive { get; init; } = true;
}
