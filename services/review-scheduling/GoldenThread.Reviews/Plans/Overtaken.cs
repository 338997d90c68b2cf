using GoldenThread.Education;
using GoldenThread.Reviews.Plans.Checking;
using GoldenThread.Reviews.Plans.Planning;

namespace GoldenThread.Reviews.Plans;

/// <summary>What has overtaken a draft though it breaks no rule: days that have passed, and visits that were moved meanwhile.</summary>
internal static class Overtaken
{
    /// <summary>Why a draft must be made again; nothing where it may be put in force.</summary>
    /// <param name="draft">The draft.</param>
    /// <param name="input">What a plan would be made from now.</param>
    /// <param name="content">What the draft holds.</param>
    /// <param name="today">Today.</param>
    public static IReadOnlyList<Violation> By(PlanRecord draft, PlanInput input, YearPlan content, DateOnly today)
    {
        if (draft.VisitsHash is { } made && made != PlanRecord.HashOfVisits(input))
        {
            const string Words = "Visits were moved, confirmed, held or cancelled, or something was found or agreed at them, or another plan "
                + "was put in force, after this plan was made; it would undo that or does not know of it.";
            return [new("moved", Words, null)];
        }

        // A plan that was made for days gone by records them; any other places nothing on them, and leaves what was to be on them.
        if (draft.PlanFrom < draft.MadeAt.DayInSchool())
        {
            return [];
        }

        var planned = content.Visits.ToDictionary(v => (v.SchoolUrn, v.Entitlement, v.Number));
        var inForce = input.Current.ToDictionary(c => (c.SchoolUrn, c.Entitlement, c.Number));
        var late = content.Visits.Where(v => !v.Kept && v.On < today && !IsAsBefore(v, inForce.GetValueOrDefault((v.SchoolUrn, v.Entitlement, v.Number))))
            .Select(v => new Violation("past", $"\"{v.Entitlement}\" {v.Number} of school {v.SchoolUrn} would lie on {v.On:yyyy-MM-dd}, which has passed.", null));
        var passed = input.Current
            .Where(c => c.On < today && !IsAsBefore(planned.GetValueOrDefault((c.SchoolUrn, c.Entitlement, c.Number)), c))
            .Select(c => new Violation("past", $"\"{c.Entitlement}\" {c.Number} of school {c.SchoolUrn} was to be on {c.On:yyyy-MM-dd}; "
                + "that day has passed, and the plan would move it.", null));
        return late.Concat(passed).ToList();
    }

    private static bool IsAsBefore(PlannedVisit? planned, CurrentVisit? inForce) =>
        planned is not null && inForce is not null && planned.On == inForce.On && planned.Team.SequenceEqual(inForce.Team);
}
