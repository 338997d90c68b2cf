namespace GoldenThread.Demo.Verification;

/// <summary>Results of one school in one collection, as one service holds them.</summary>
/// <param name="SchoolUrn">School where they were sat.</param>
/// <param name="CollectionId">Collection.</param>
/// <param name="Count">Number of results.</param>
/// <param name="Digest">Sum of the hashes of result and version, a whole number.</param>
public sealed record HeldResults(int SchoolUrn, string CollectionId, long Count, string Digest);

/// <summary>A difference between what assessment recorded and what another service made of it.</summary>
/// <param name="Service">The other service.</param>
/// <param name="SchoolUrn">School.</param>
/// <param name="CollectionId">Collection.</param>
/// <param name="Recorded">Results in assessment.</param>
/// <param name="Held">Results in the other service.</param>
public sealed record Difference(string Service, int SchoolUrn, string CollectionId, long Recorded, long Held)
{
    /// <summary>What is different, in words.</summary>
    public string Words => Recorded == Held
        ? $"{Service}: as many results ({Held}), but not the same ones or not in the same version"
        : $"{Service}: {Held} results, assessment recorded {Recorded}";
}

/// <summary>Compares what assessment recorded with what the other services made of it.</summary>
public static class Reconciliation
{
    /// <summary>The differences by school and collection; none where every result had its effect exactly once.</summary>
    public static IReadOnlyList<Difference> Compare(IEnumerable<HeldResults> recorded, string service, IEnumerable<HeldResults> held)
    {
        var left = recorded.ToDictionary(results => (results.SchoolUrn, results.CollectionId));
        var right = held.ToDictionary(results => (results.SchoolUrn, results.CollectionId));
        return
        [
            .. left.Keys.Union(right.Keys)
                .OrderBy(key => key.SchoolUrn).ThenBy(key => key.CollectionId, StringComparer.Ordinal)
                .Select(key => (Key: key, Recorded: left.GetValueOrDefault(key), Held: right.GetValueOrDefault(key)))
                .Where(pair => pair.Recorded?.Count != pair.Held?.Count || pair.Recorded?.Digest != pair.Held?.Digest)
                .Select(pair => new Difference(
                    service, pair.Key.SchoolUrn, pair.Key.CollectionId, pair.Recorded?.Count ?? 0, pair.Held?.Count ?? 0)),
        ];
    }
}
