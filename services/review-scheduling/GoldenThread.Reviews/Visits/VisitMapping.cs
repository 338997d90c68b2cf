using GoldenThread.Reviews.Plans;
using GoldenThread.ServiceDefaults;
using Google.Protobuf.WellKnownTypes;

namespace GoldenThread.Reviews.Visits;

/// <summary>Visits, findings and actions as the contract has them.</summary>
internal static class VisitMapping
{
    public static V1.Visit ToProto(this VisitRow visit)
    {
        var answer = new V1.Visit
        {
            VisitId = visit.VisitId.ToString(),
            Etag = Etag.Of(visit.Version),
            SchoolUrn = visit.SchoolUrn,
            AcademicYear = visit.AcademicYear,
            Entitlement = visit.Entitlement,
            Number = visit.Number,
            HalfDays = visit.HalfDays,
            State = (V1.VisitState)visit.State,
            WindowFrom = visit.WindowFrom.Iso(),
            WindowTo = visit.WindowTo.Iso(),
            Findings = visit.Findings,
            OpenActions = visit.OpenActions,
            SchoolClosed = visit.SchoolClosed,
        };
        answer.Team.AddRange(PlanMapping.TeamOf(visit.Duties, visit.People));
        if (visit.OnDay is { } day)
        {
            answer.On = day.Iso();
        }

        if (visit.Reason is { } reason)
        {
            answer.Reason = reason;
        }

        return answer;
    }

    public static V1.Finding ToProto(this FindingRow finding)
    {
        var answer = new V1.Finding
        {
            FindingId = finding.FindingId.ToString(),
            VisitId = finding.VisitId.ToString(),
            SchoolUrn = finding.SchoolUrn,
            FocusArea = (V1.FocusArea)finding.FocusArea,
            Kind = (V1.FindingKind)finding.Kind,
            Text = finding.Text,
            RecordedAt = Timestamp.FromDateTimeOffset(finding.RecordedAt),
        };
        if (finding.AuthorPersonId is { } author)
        {
            answer.AuthorPersonId = author.ToString();
        }

        return answer;
    }

    public static V1.AgreedAction ToProto(this ActionRow action, DateOnly today)
    {
        var answer = new V1.AgreedAction
        {
            ActionId = action.ActionId.ToString(),
            Etag = Etag.Of(action.Version),
            VisitId = action.VisitId.ToString(),
            SchoolUrn = action.SchoolUrn,
            Text = action.Text,
            OwnerPersonId = action.OwnerPersonId.ToString(),
            DueOn = action.DueOn.Iso(),
            Overdue = action.DoneOn is null && action.DueOn < today,
        };
        if (action.DoneOn is { } done)
        {
            answer.DoneOn = done.Iso();
        }

        if (action.FindingId is { } finding)
        {
            answer.FindingId = finding.ToString();
        }

        return answer;
    }
}
