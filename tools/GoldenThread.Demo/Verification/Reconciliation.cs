namespace GoldenThread.Demo.Verification;

/// <summary>Results, or statuses, of one school in one collection, as one service holds them.</summary>
/// <param name="SchoolUrn">School where they were sat.</param>
/// <param name="CollectionId">Collection.</param>
/// <param name="Count">How many.</param>
/// <param name="Digest">Sum of the hashes of each and its version, a whole number.</param>
public sealed record Held(int SchoolUrn, string CollectionId, long Count, string Digest);

/// <summary>A difference between what one service made and what another holds of it.</summary>
/// <param name="What">"results" or "statuses".</param>
/// <param name="Source">Who made them, and how: "assessment recorded".</param>
/// <param name="Service">The other service.</param>
/// <param name="SchoolUrn">School.</param>
/// <param name="CollectionId">Collection.</param>
/// <param name="Made">How many were made.</param>
/// <param name="Held">How many the other service holds.</param>
public sealed record Difference(string What, string Source, string Service, int SchoolUrn, string CollectionId, long Made, long Held)
{
    /// <summary>What is different, in words.</summary>
    public string Words => Made == Held
        ? $"{Service}: as many {What} ({Held}), but not the same ones or not in the same version"
        : $"{Service}: {Held} {What}, {Source} {Made}";
}

/// <summary>Compares what one service made with what the others hold of it.</summary>
public static class Reconciliation
{
    /// <summary>Where a service does not hold exactly the results that assessment recorded.</summary>
    public static IReadOnlyList<Difference> OfResults(IEnumerable<Held> recorded, string service, IEnumerable<Held> held) =>
        Compare("results", "assessment recorded", recorded, service, held);

    /// <summary>Where a service does not hold exactly the statuses that tracking judged.</summary>
    public static IReadOnlyList<Difference> OfStatuses(IEnumerable<Held> judged, string service, IEnumerable<Held> held) =>
        Compare("statuses", "tracking judged", judged, service, held);

    private static IReadOnlyList<Difference> Compare(
        string what, string source, IEnumerable<Held> made, string service, IEnumerable<Held> held)
    {
        var left = made.ToDictionary(group => (group.SchoolUrn, group.CollectionId));
        var right = held.ToDictionary(group => (group.SchoolUrn, group.CollectionId));
        return
        [
            .. left.Keys.Union(right.Keys)
                .OrderBy(key => key.SchoolUrn).ThenBy(key => key.CollectionId, StringComparer.Ordinal)
                .Select(key => (Key: key, Made: left.GetValueOrDefault(key), Held: right.GetValueOrDefault(key)))
                .Where(pair => pair.Made?.Count != pair.Held?.Count || pair.Made?.Digest != pair.Held?.Digest)
                .Select(pair => new Difference(
                    what, source, service, pair.Key.SchoolUrn, pair.Key.CollectionId, pair.Made?.Count ?? 0, pair.Held?.Count ?? 0)),
        ];
    }
}
