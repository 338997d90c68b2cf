namespace GoldenThread.Reviews.Plans.Planning;

/// <summary>Nobody goes to their own school from the trust's side, neither to a visit nor to a meeting.</summary>
internal static class OwnSchool
{
    /// <summary>Whether a person belongs to a school or is its head on any day of the planned year; an executive head is that of several.</summary>
    public static bool Is(PlanPerson person, int schoolUrn) => person.SchoolUrn == schoolUrn || person.HeadOf.Contains(schoolUrn);
}
