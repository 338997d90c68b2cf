using GoldenThread.Reviews.Plans.Planning;
using GoldenThread.ServiceDefaults;
using Google.Protobuf.WellKnownTypes;

namespace GoldenThread.Reviews.Plans;

/// <summary>Plans as the contract has them.</summary>
internal static class PlanMapping
{
    public static V1.Plan ToProto(this PlanRecord plan)
    {
        var answer = new V1.Plan
        {
            PlanId = plan.PlanId.ToString(),
            AcademicYear = plan.AcademicYear,
            Etag = Etag.Of(plan.Version),
            State = (V1.PlanState)plan.State,
            Seed = plan.Seed,
            InputHash = plan.InputHash,
            Cost = plan.Cost,
            OfferVersion = plan.OfferVersion,
            PlanFrom = plan.PlanFrom.Iso(),
            VisitsOwed = plan.VisitsOwed,
            VisitsPlaced = plan.VisitsPlaced,
            VisitsUnplaced = plan.VisitsUnplaced,
            VisitsKept = plan.VisitsKept,
            VisitsChanged = plan.VisitsChanged,
            Meetings = plan.Meetings,
            MadeAt = Timestamp.FromDateTimeOffset(plan.MadeAt),
        };
        answer.Shortages.AddRange(plan.ShortageList.Select(ToProto));
        answer.IncompleteSeries.AddRange(plan.IncompleteSeriesList.Select(ToProto));
        answer.SchoolsWithoutCategory.AddRange(plan.SchoolsWithoutCategory);
        if (plan.AuthorPersonId is { } author)
        {
            answer.AuthorPersonId = author.ToString();
        }

        if (plan.PublishedAt is { } published)
        {
            answer.PublishedAt = Timestamp.FromDateTimeOffset(published);
        }

        return answer;
    }

    public static V1.PlannedVisit ToProto(this PlannedVisitRow visit)
    {
        var answer = new V1.PlannedVisit
        {
            SchoolUrn = visit.SchoolUrn,
            Entitlement = visit.Entitlement,
            Number = visit.Number,
            HalfDays = visit.HalfDays,
            WindowFrom = visit.WindowFrom.Iso(),
            WindowTo = visit.WindowTo.Iso(),
            TargetWeek = visit.TargetWeek.Iso(),
            Kept = visit.Kept,
        };
        answer.Team.AddRange(TeamOf(visit.Duties, visit.People));
        if (visit.OnDay is { } day)
        {
            answer.On = day.Iso();
        }

        if (visit.UnplacedReason is { } reason)
        {
            answer.UnplacedReason = reason;
        }

        return answer;
    }

    /// <summary>A team as two columns of one length.</summary>
    public static IEnumerable<V1.TeamMember> TeamOf(string[] duties, Guid[] people) =>
        duties.Zip(people, (duty, person) => new V1.TeamMember { Duty = duty, PersonId = person.ToString() });

    private static V1.Shortage ToProto(Shortage shortage) => new()
    {
        Duty = shortage.Duty,
        From = shortage.From.Iso(),
        To = shortage.To.Iso(),
        Visits = shortage.Visits,
        DaysNeeded = shortage.DaysNeeded,
        DaysAvailable = shortage.DaysAvailable,
        Words = shortage.Words,
    };

    private static V1.IncompleteSeries ToProto(IncompleteSeries series) => new()
    {
        SchoolUrn = series.SchoolUrn,
        Entitlement = series.Entitlement,
        KnownUntil = series.KnownUntil.Iso(),
        Words = series.Words,
    };
}
