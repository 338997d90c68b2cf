using GoldenThread.Tracking.Events.V1;

namespace GoldenThread.Assessment.Pupils;

/// <summary>Cleans a pupil's enrolments so that a day has at most one row at a school, and at most one main school.</summary>
internal static class Roll
{
    /// <summary>
    /// A new row at a school ends the one before it there (a new year group), and a new main school ends the main school before it: whatever
    /// the roster says, a result has one year group and a pupil counts once.
    /// </summary>
    public static IReadOnlyList<PupilEnrolment> Clean(IReadOnlyList<PupilEnrolment> enrolments)
    {
        var ordered = enrolments.OrderBy(e => e.From).ThenBy(e => e.IsMain).ToList();
        var clean = new List<PupilEnrolment>();
        foreach (var next in ordered)
        {
            for (var i = 0; i < clean.Count; i++)
            {
                if (Yields(clean[i], next))
                {
                    clean[i] = clean[i] with { To = next.From.AddDays(-1) };
                }
            }

            clean.RemoveAll(e => e.To < e.From);
            clean.Add(next);
        }

        return clean;
    }

    private static bool Yields(PupilEnrolment earlier, PupilEnrolment next) =>
        (earlier.SchoolUrn == next.SchoolUrn || (earlier.IsMain && next.IsMain)) && (earlier.To is null || earlier.To >= next.From);
}

/// <summary>Whom each UPN of some pupils names.</summary>
internal static class Naming
{
    public static List<(string Upn, Guid? PupilId, bool IsFormer)> Of(IEnumerable<PupilIdentifiers> pupils)
    {
        var claims = pupils.SelectMany(p => p.FormerUpns
            .Where(u => u != p.Upn)
            .Select(u => (Upn: u, p.PupilId, IsFormer: true))
            .Concat(p.Upn is { } upn ? [(Upn: upn, p.PupilId, IsFormer: false)] : []));
        return claims
            .GroupBy(c => c.Upn, StringComparer.Ordinal)
            .Select(g => (g.Key, Named(g.Distinct().ToList()), g.All(c => c.IsFormer)))
            .ToList();
    }

    private static Guid? Named(List<(string Upn, Guid PupilId, bool IsFormer)> claims)
    {
        var present = claims.Where(c => !c.IsFormer).ToList();
        var counted = present.Count > 0 ? present : claims;
        return counted.Count == 1 ? counted[0].PupilId : null;
    }
}
