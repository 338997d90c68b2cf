namespace GoldenThread.Tracking.Events.V1;

/// <summary>UPNs of pupils became known or changed. For assessment alone, which must recognise the pupils of a file while tracking is down.</summary>
public sealed record PupilIdentifiersChanged
{
    /// <summary>Identifies the change set; tracking streams its rows to who asks (internal rpc StreamPupilIdentifiers).</summary>
    public required Guid ChangeSetId { get; init; }

    /// <summary>Number of pupils in the change set.</summary>
    public required int Count { get; init; }

    /// <summary>The rows where there are at most 300; null for a larger set, which is fetched by its id.</summary>
    public IReadOnlyList<PupilIdentifiers>? Rows { get; init; }
}

/// <summary>The identifiers of one pupil.</summary>
public sealed record PupilIdentifiers
{
    /// <summary>The pupil.</summary>
    public required Guid PupilId { get; init; }

    /// <summary>Version of the pupil; a consumer keeps the highest.</summary>
    public required long Version { get; init; }

    /// <summary>The UPN now; null where the pupil has none.</summary>
    public string? Upn { get; init; }

    /// <summary>UPNs the pupil had before.</summary>
    public required IReadOnlyList<string> FormerUpns { get; init; }
}
