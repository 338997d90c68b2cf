namespace GoldenThread.Reviews.Events.V1;

/// <summary>An action agreed at a visit was recorded, changed or done.</summary>
public sealed record AgreedActionChanged
{
    /// <summary>The action.</summary>
    public required Guid ActionId { get; init; }

    /// <summary>Version of the action.</summary>
    public required long Version { get; init; }

    /// <summary>The visit at which it was agreed.</summary>
    public required Guid VisitId { get; init; }

    /// <summary>The school.</summary>
    public required int SchoolUrn { get; init; }

    /// <summary>Day by whose end (Europe/London) it is due.</summary>
    public required DateOnly DueOn { get; init; }

    /// <summary>Day on which it was done; null while it is open.</summary>
    public DateOnly? DoneOn { get; init; }
}
