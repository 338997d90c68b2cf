namespace GoldenThread.Reviews.Events.V1;

/// <summary>A school's category was set by a named person, with a reason.</summary>
public sealed record CategoryChanged
{
    /// <summary>The school.</summary>
    public required int SchoolUrn { get; init; }

    /// <summary>Version: the number of the school's category in its history.</summary>
    public required long Version { get; init; }

    /// <summary>"sustain", "refine", "reinforce" or "stabilise".</summary>
    public required string Category { get; init; }

    /// <summary>First day in this category.</summary>
    public required DateOnly From { get; init; }

    /// <summary>Day by which the next category is to be reached; null where none is set.</summary>
    public DateOnly? DueOn { get; init; }

    /// <summary>Day after which it is overdue; null where none is set.</summary>
    public DateOnly? OverdueAfter { get; init; }
}
