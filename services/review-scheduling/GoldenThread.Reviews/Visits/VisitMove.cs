using GoldenThread.Reviews.Plans.Checking;
using GoldenThread.Reviews.Plans.Planning;

namespace GoldenThread.Reviews.Visits;

/// <summary>Judges a visit that is moved by hand: by the checker that judges plans, with every other visit as a given.</summary>
internal static class VisitMove
{
    /// <summary>The rules the visit would break on its new day with its new team. Neither its window nor dates that the school has yet to enter bind a hand.</summary>
    public static IReadOnlyList<Violation> BrokenRules(
        PlanInput input, VisitRow visit, DateOnly on, IReadOnlyList<TeamMember> team, IReadOnlyList<VisitRow> others,
        IReadOnlyList<PlannedMeeting> meetings)
    {
        var around = others.Select(o => o.ToKept()).ToList();
        var judged = input with { Kept = around, PlanFrom = input.YearFirst };
        var moved = new PlannedVisit
        {
            SchoolUrn = visit.SchoolUrn,
            Entitlement = visit.Entitlement,
            Number = visit.Number,
            HalfDays = visit.HalfDays,
            WindowFrom = input.YearFirst,
            WindowTo = input.YearLast,
            TargetWeek = visit.TargetWeek,
            On = on,
            Team = team,
            Kept = false,
        };
        var plan = new YearPlan
        {
            Visits = [.. around.Where(k => k.CancelledBecause is null).Select(AsPlanned), moved],
            Meetings = meetings,
            Cost = 0,
            Shortages = [],
        };
        var key = (visit.SchoolUrn, visit.Entitlement, visit.Number);
        return PlanChecker.Check(judged, plan).Where(v => v.Visit == key && v.Rule is not ("window" or "calendar")).ToList();
    }

    private static PlannedVisit AsPlanned(KeptVisit kept) => new()
    {
        SchoolUrn = kept.SchoolUrn,
        Entitlement = kept.Entitlement,
        Number = kept.Number,
        HalfDays = kept.HalfDays,
        WindowFrom = kept.Window.From,
        WindowTo = kept.Window.To!.Value,
        TargetWeek = kept.TargetWeek,
        On = kept.On,
        Team = kept.Team,
        Kept = true,
    };
}
