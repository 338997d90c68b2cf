namespace GoldenThread.Demo.Verification;

/// <summary>What each service holds at one time.</summary>
/// <param name="Recorded">What assessment recorded.</param>
/// <param name="Tracking">What tracking judges.</param>
/// <param name="Reporting">What reporting adds up.</param>
/// <param name="Waiting">Results that wait in reporting for their pupil or test.</param>
/// <param name="Differences">Where the others differ from assessment.</param>
public sealed record Holdings(
    IReadOnlyList<HeldResults> Recorded,
    IReadOnlyList<HeldResults> Tracking,
    IReadOnlyList<HeldResults> Reporting,
    long Waiting,
    IReadOnlyList<Difference> Differences)
{
    /// <summary>Whether every result had its effect everywhere, exactly once.</summary>
    public bool IsEqual => Differences.Count == 0 && Waiting == 0;

    /// <summary>Asks the services.</summary>
    public static async Task<Holdings> LookAsync(HeldResultsReader reader, CancellationToken ct)
    {
        // Assessment last: what it recorded meanwhile is then missing elsewhere and looked for again, never overlooked.
        var tracking = await reader.InTrackingAsync(ct);
        var (reporting, waiting) = await reader.InReportingAsync(ct);
        var recorded = await reader.RecordedAsync(ct);
        return new Holdings(recorded, tracking, reporting, waiting,
        [
            .. Reconciliation.Compare(recorded, "tracking", tracking),
            .. Reconciliation.Compare(recorded, "reporting", reporting),
        ]);
    }
}
