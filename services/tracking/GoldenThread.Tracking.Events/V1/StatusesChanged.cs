namespace GoldenThread.Tracking.Events.V1;

/// <summary>Statuses of progress were judged, or judged anew.</summary>
public sealed record StatusesChanged
{
    /// <summary>Identifies the change set; tracking streams its rows to who asks (internal rpc StreamStatuses).</summary>
    public required Guid ChangeSetId { get; init; }

    /// <summary>When they were judged (UTC).</summary>
    public required DateTimeOffset JudgedAt { get; init; }

    /// <summary>Number of statuses in the change set.</summary>
    public required int Count { get; init; }

    /// <summary>The statuses where there are at most 300; null for a larger set, which is fetched by its id.</summary>
    public IReadOnlyList<JudgedStatus>? Rows { get; init; }
}

/// <summary>The status of one pupil in one subject at one window.</summary>
public sealed record JudgedStatus
{
    /// <summary>The pupil.</summary>
    public required Guid PupilId { get; init; }

    /// <summary>Code of the subject.</summary>
    public required string Subject { get; init; }

    /// <summary>The window (collection) it is judged at.</summary>
    public required Guid CollectionId { get; init; }

    /// <summary>Version of the status; a consumer keeps the highest.</summary>
    public required long Version { get; init; }

    /// <summary>The school where the pupil sat.</summary>
    public required int SchoolUrn { get; init; }

    /// <summary>The pupil's National Curriculum year at the sitting.</summary>
    public required string YearGroup { get; init; }

    /// <summary>"no-data", "falling-behind", "stuck", "slow-moving", "exceeding" or "on-track".</summary>
    public required string Status { get; init; }

    /// <summary>Version of the prior-score regression it was judged by; null where none was needed.</summary>
    public int? FitVersion { get; init; }
}
