using System.Globalization;
using GoldenThread.Tracking.Events.V1;
using Feed = GoldenThread.Tracking.Internal.V1;

namespace GoldenThread.Assessment.Pupils;

/// <summary>What tracking streams, as the records its events carry: one shape for both ways.</summary>
internal static class PupilProto
{
    public static PupilSnapshot ToSnapshot(this Feed.PupilSnapshot pupil) => new()
    {
        PupilId = Guid.Parse(pupil.PupilId),
        Version = pupil.Version,
        Erased = pupil.Erased,
        Enrolments = pupil.Enrolments.Select(e => new PupilEnrolment
        {
            SchoolUrn = e.SchoolUrn,
            From = Day(e.From),
            To = e.HasTo ? Day(e.To) : null,
            IsMain = e.IsMain,
            YearGroup = e.YearGroup,
        }).ToList(),
        Classes = pupil.Classes.Select(c => new PupilClass
        {
            ClassId = Guid.Parse(c.ClassId),
            From = Day(c.From),
            To = c.HasTo ? Day(c.To) : null,
        }).ToList(),
        // Assessment asks nothing of groups: reports join them, results do not carry them.
        Groups = [],
    };

    public static PupilIdentifiers ToIdentifiers(this Feed.PupilIdentifiers pupil) => new()
    {
        PupilId = Guid.Parse(pupil.PupilId),
        Version = pupil.Version,
        Upn = pupil.HasUpn ? pupil.Upn : null,
        FormerUpns = [.. pupil.FormerUpns],
    };

    private static DateOnly Day(string text) => DateOnly.ParseExact(text, "yyyy-MM-dd", CultureInfo.InvariantCulture);
}
