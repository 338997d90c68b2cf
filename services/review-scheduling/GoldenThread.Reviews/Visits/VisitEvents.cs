using GoldenThread.Reviews.Events.V1;
using GoldenThread.Reviews.Plans;

namespace GoldenThread.Reviews.Visits;

/// <summary>Where a visit stands. Numbers as in the contract.</summary>
public enum VisitState
{
    /// <summary>Owed, without a day.</summary>
    Unplaced = 1,

    /// <summary>On a day that a later plan may change.</summary>
    Planned = 2,

    /// <summary>On a day that was agreed.</summary>
    Confirmed = 3,

    /// <summary>It took place.</summary>
    Held = 4,

    /// <summary>It will not take place: cancelled by hand, or withdrawn by a plan until a later one owes it again.</summary>
    Cancelled = 5,
}

/// <summary>What is told of visits.</summary>
internal static class VisitEvents
{
    public static string WordOf(short state) => ((VisitState)state).ToString().ToLowerInvariant();

    public static VisitChanged ToEvent(this ChangedVisit visit) => new()
    {
        VisitId = visit.VisitId,
        Version = visit.Version,
        SchoolUrn = visit.SchoolUrn,
        AcademicYear = visit.AcademicYear,
        Entitlement = visit.Entitlement,
        State = WordOf(visit.State),
        On = visit.OnDay,
    };

    public static VisitChanged ToEvent(this VisitRow visit) => new()
    {
        VisitId = visit.VisitId,
        Version = visit.Version,
        SchoolUrn = visit.SchoolUrn,
        AcademicYear = visit.AcademicYear,
        Entitlement = visit.Entitlement,
        State = WordOf(visit.State),
        On = visit.OnDay,
    };

    public static AgreedActionChanged ToEvent(this ActionRow action) => new()
    {
        ActionId = action.ActionId,
        Version = action.Version,
        VisitId = action.VisitId,
        SchoolUrn = action.SchoolUrn,
        DueOn = action.DueOn,
        DoneOn = action.DoneOn,
    };
}
