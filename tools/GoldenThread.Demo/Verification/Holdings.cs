namespace GoldenThread.Demo.Verification;

/// <summary>What each service holds at one time, and what it still has to do.</summary>
/// <param name="Recorded">The results that assessment recorded.</param>
/// <param name="Tracking">The results that tracking holds.</param>
/// <param name="Reporting">The results that reporting holds.</param>
/// <param name="Judged">The statuses that tracking made of them.</param>
/// <param name="Shown">The statuses that reporting holds.</param>
/// <param name="Work">What is still to be done, where it is more than nothing, in words.</param>
/// <param name="Differences">Where one differs from another.</param>
public sealed record Holdings(
    IReadOnlyList<Held> Recorded,
    IReadOnlyList<Held> Tracking,
    IReadOnlyList<Held> Reporting,
    IReadOnlyList<Held> Judged,
    IReadOnlyList<Held> Shown,
    IReadOnlyList<string> Work,
    IReadOnlyList<Difference> Differences)
{
    /// <summary>Whether every result had its effect everywhere, exactly once.</summary>
    public bool IsEqual => Differences.Count == 0 && Work.Count == 0;

    /// <summary>Asks the services.</summary>
    public static async Task<Holdings> LookAsync(HeldResultsReader reader, CancellationToken ct)
    {
        // Against the way that news takes: what comes meanwhile is then missing further on and looked for again, never overlooked.
        var reporting = await reader.InReportingAsync(ct);
        var tracking = await reader.InTrackingAsync(ct);
        var recorded = await reader.RecordedAsync(ct);
        (long Count, string Words)[] work =
        [
            (tracking.Waiting, "results wait in tracking to be judged"),
            (reporting.Waiting, "results wait in reporting for their pupil or test"),
            (reporting.SumsDue, "sums are due in reporting"),
        ];
        return new Holdings(
            recorded, tracking.Results, reporting.Results, tracking.Statuses, reporting.Statuses,
            [.. work.Where(one => one.Count > 0).Select(one => $"{one.Count} {one.Words}")],
            [
                .. Reconciliation.OfResults(recorded, "tracking", tracking.Results),
                .. Reconciliation.OfResults(recorded, "reporting", reporting.Results),
                .. Reconciliation.OfStatuses(tracking.Statuses, "reporting", reporting.Statuses),
            ]);
    }
}
