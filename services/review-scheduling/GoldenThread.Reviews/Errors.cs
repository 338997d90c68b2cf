using GoldenThread.Reviews.Offers;
using GoldenThread.Reviews.Plans.Checking;
using GoldenThread.ServiceDefaults;
using Grpc.Core;

namespace GoldenThread.Reviews;

/// <summary>Every error of this service by name.</summary>
internal static class Errors
{
    private const int MostTold = 5;

    public static RpcException SchoolNotFound(int urn) => Refusal.NotFound("SCHOOL_NOT_FOUND", $"There is no school {urn} that you may see.");

    public static RpcException PersonNotFound() => Refusal.NotFound("PERSON_NOT_FOUND", "There is no such person.");

    public static RpcException LeaveNotFound() => Refusal.NotFound("LEAVE_NOT_FOUND", "The person has no such leave.");

    public static RpcException OfferNotFound(string year) =>
        Refusal.NotFound("OFFER_NOT_FOUND", $"The trust has no engagement offer for {year} in that version.");

    public static RpcException PlanNotFound() => Refusal.NotFound("PLAN_NOT_FOUND", "There is no such plan that you may see.");

    public static RpcException VisitNotFound() => Refusal.NotFound("VISIT_NOT_FOUND", "There is no such visit that you may see.");

    public static RpcException SeriesNotFound() => Refusal.NotFound("MEETING_SERIES_NOT_FOUND", "There is no such series of meetings that you may see.");

    public static RpcException MeetingNotFound() => Refusal.NotFound("MEETING_NOT_FOUND", "There is no such meeting that you may see.");

    public static RpcException ActionNotFound() => Refusal.NotFound("AGREED_ACTION_NOT_FOUND", "There is no such agreed action that you may see.");

    public static RpcException OfferMissing(string year) => Refusal.FailedPrecondition("OFFER_MISSING",
        $"The trust has no engagement offer for {year} yet. Import it first: PUT /v1/offers/{year.Replace('/', '-')}.");

    public static RpcException OfferInvalid(IReadOnlyList<OfferFault> faults) => Refusal.Invalid("OFFER_INVALID",
        $"The offer cannot stand: {faults[0].Words}", faults.Select(f => (f.Field, f.Words)).ToArray());

    public static RpcException AcademicYearInvalid(string field, string words) => Refusal.InvalidField("ACADEMIC_YEAR_INVALID", field, words);

    public static RpcException CategoryInvalid(string field, string words) => Refusal.InvalidField("CATEGORY_INVALID", field, words);

    public static RpcException AvailabilityInvalid(string field, string words) => Refusal.InvalidField("AVAILABILITY_INVALID", field, words);

    public static RpcException LeaveInvalid(string field, string words) => Refusal.InvalidField("LEAVE_INVALID", field, words);

    public static RpcException PlanInvalid(string field, string words) => Refusal.InvalidField("PLAN_INVALID", field, words);

    public static RpcException NothingToPlan(string year) =>
        Refusal.FailedPrecondition("NOTHING_TO_PLAN", $"No school belongs to the trust in {year}, as far as is known here.");

    public static RpcException PlanNotDraft() => Refusal.FailedPrecondition("PLAN_NOT_DRAFT", "Only a draft can be published; this plan was already.");

    public static RpcException PlanOutOfDate(IReadOnlyList<Violation> violations) => Refusal.FailedPrecondition("PLAN_OUT_OF_DATE",
        $"The plan no longer fits: {string.Join(" ", violations.Take(MostTold).Select(v => v.Words))} Make it again.");

    public static RpcException VisitClosed() => Refusal.FailedPrecondition("VISIT_CLOSED", "The visit was held or cancelled; it does not change any more.");

    public static RpcException VisitReached() => Refusal.FailedPrecondition("VISIT_CLOSED",
        "Something was found or agreed at the visit, so it took place: record it as held. It is not cancelled or moved to a day to come. "
        + "What was recorded at the wrong visit stays there: record it again at the right one, and say so in a further finding at this one.");

    public static RpcException VisitNotPlanned() => Refusal.FailedPrecondition("VISIT_NOT_PLANNED", "Only a visit that is planned on a day can be confirmed.");

    public static RpcException VisitNotHoldable() =>
        Refusal.FailedPrecondition("VISIT_NOT_HOLDABLE", "Only a visit on a day that has come can be held, and only once.");

    public static RpcException VisitNotHeld() =>
        Refusal.FailedPrecondition("VISIT_NOT_HELD", "Findings and actions belong to a visit whose day has come and that was not cancelled.");

    public static RpcException VisitInvalid(string field, string words) => Refusal.InvalidField("VISIT_INVALID", field, words);

    public static RpcException VisitBreaksRule(IReadOnlyList<Violation> violations) =>
        Refusal.FailedPrecondition("VISIT_BREAKS_RULE", string.Join(" ", violations.Take(MostTold).Select(v => v.Words)));

    public static RpcException FindingInvalid(string field, string words) => Refusal.InvalidField("FINDING_INVALID", field, words);

    public static RpcException ActionInvalid(string field, string words) => Refusal.InvalidField("AGREED_ACTION_INVALID", field, words);

    public static RpcException ActionDone() => Refusal.FailedPrecondition("AGREED_ACTION_DONE", "The action is done; it does not change any more.");

    public static RpcException MeetingNotHoldable() =>
        Refusal.FailedPrecondition("MEETING_NOT_HOLDABLE", "Only a meeting whose week has come can be held, and only once.");

    public static RpcException MeetingClosed() => Refusal.FailedPrecondition("MEETING_CLOSED", "The meeting was held or cancelled already.");

    public static RpcException PositionInvalid() =>
        Refusal.InvalidField("POSITION_INVALID", "position", "position is not one that this stream gave. Begin again with an empty one.");
}
