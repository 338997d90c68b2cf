using GoldenThread.Education;
using GoldenThread.Reviews.Meetings;
using GoldenThread.Reviews.Offers;
using GoldenThread.Reviews.Plans;
using GoldenThread.Reviews.Plans.Checking;
using GoldenThread.Reviews.Plans.Planning;
using GoldenThread.Reviews.Schools;
using GoldenThread.Reviews.V1;
using GoldenThread.ServiceDefaults;
using Grpc.Core;
using TeamMember = GoldenThread.Reviews.Plans.Planning.TeamMember;

namespace GoldenThread.Reviews.Visits;

/// <summary>Visits, what they found and what was agreed.</summary>
internal sealed class VisitsEdge(
    VisitStore store, FindingStore findings, ActionStore actions, MeetingStore meetings, PlanInputStore inputs, Works works, TimeProvider clock) : VisitService.VisitServiceBase
{
    private const int LongestReason = 2000;
    private const int LongestFinding = 4000;
    private const int LongestAction = 2000;
    private const int LargestTeam = 6;
    private const int LongestDuty = 60;

    public override async Task<ListVisitsResponse> ListVisits(ListVisitsRequest request, ServerCallContext context)
    {
        var filter = new VisitFilter(
            request.HasSchoolUrn ? request.SchoolUrn : null,
            CallReading.YearFilter(request.AcademicYear),
            request.State == V1.VisitState.Unspecified ? null : (short)request.State,
            CallReading.OptionalDay(request.HasFrom, request.From, "from"),
            CallReading.OptionalDay(request.HasTo, request.To, "to"));
        var list = $"visits {filter}";
        var size = Paging.Size(request.PageSize, 100, 500);
        var (day, id) = After(request.PageToken, list);
        var visits = await store.ListAsync(context.Authority(), filter, day, id, size + 1, context.CancellationToken);
        var answer = new ListVisitsResponse();
        answer.Visits.AddRange(visits.Take(size).Select(v => v.ToProto()));
        if (visits.Count > size)
        {
            var last = visits[size - 1];
            answer.NextPageToken = Paging.Token(list, (last.OnDay ?? DateOnly.MaxValue).Iso(), last.VisitId.ToString());
        }

        return answer;
    }

    public override async Task<GetVisitResponse> GetVisit(GetVisitRequest request, ServerCallContext context)
    {
        var id = Fields.Id(request.VisitId, "visit_id");
        var visit = await store.FindAsync(context.Authority(), id, context.CancellationToken) ?? throw Errors.VisitNotFound();
        return new() { Visit = visit.ToProto() };
    }

    public override async Task<UpdateVisitResponse> UpdateVisit(UpdateVisitRequest request, ServerCallContext context)
    {
        var ct = context.CancellationToken;
        var version = context.IfMatch();
        var id = Fields.Id(request.VisitId, "visit_id");
        var day = CallReading.OptionalDay(request.HasOn, request.On, "on");
        var team = TeamOf(request.Team);
        await using var work = await works.BeginAsync(context);
        var visit = await FindOpenAsync(work, context, id, version);
        await PlanStore.LockYearAsync(work, visit.AcademicYear, ct);
        var on = day ?? visit.OnDay ?? throw Errors.VisitInvalid("on", "The visit has no day yet; say on which day it is to be.");
        var people = team.Count > 0 ? team : visit.ToKept().Team;
        var ahead = on > clock.Today();
        if (visit.Reached && ahead)
        {
            throw Errors.VisitReached();
        }

        await DemandRulesAsync(work, context.Authority(), visit, on, people, ct);
        var moved = await store.MoveAsync(
            work, context.Authority(), id, version, on, people.Select(m => m.Duty).ToArray(), people.Select(m => m.PersonId).ToArray(),
            unlessReached: ahead, ct)
            ?? throw await WhyNotAsync(work, context, id, version, Errors.VisitClosed, unlessReached: ahead);
        return await TellAsync(work, moved, new UpdateVisitResponse { Visit = moved.ToProto() });
    }

    public override async Task<ConfirmVisitResponse> ConfirmVisit(ConfirmVisitRequest request, ServerCallContext context)
    {
        await using var work = await works.BeginAsync(context);
        var visit = await AdvanceAsync(
            work, context, request.VisitId, [VisitState.Planned], VisitState.Confirmed, null, null, Errors.VisitNotPlanned);
        return await TellAsync(work, visit, new ConfirmVisitResponse { Visit = visit.ToProto() });
    }

    public override async Task<HoldVisitResponse> HoldVisit(HoldVisitRequest request, ServerCallContext context)
    {
        await using var work = await works.BeginAsync(context);
        var visit = await AdvanceAsync(
            work, context, request.VisitId, [VisitState.Planned, VisitState.Confirmed], VisitState.Held, null, clock.Today(), Errors.VisitNotHoldable);
        return await TellAsync(work, visit, new HoldVisitResponse { Visit = visit.ToProto() });
    }

    public override async Task<CancelVisitResponse> CancelVisit(CancelVisitRequest request, ServerCallContext context)
    {
        var reason = Fields.Text(request.Reason, "reason", LongestReason);
        await using var work = await works.BeginAsync(context);
        var visit = await AdvanceAsync(
            work, context, request.VisitId, [VisitState.Unplaced, VisitState.Planned, VisitState.Confirmed], VisitState.Cancelled, reason, null,
            Errors.VisitClosed, unlessReached: true);
        return await TellAsync(work, visit, new CancelVisitResponse { Visit = visit.ToProto() });
    }

    public override async Task<RecordFindingResponse> RecordFinding(RecordFindingRequest request, ServerCallContext context)
    {
        var ct = context.CancellationToken;
        var visitId = Fields.Id(request.VisitId, "visit_id");
        if (request.FocusArea == FocusArea.Unspecified || !System.Enum.IsDefined(request.FocusArea))
        {
            throw Errors.FindingInvalid("focus_area", "Say what was looked at.");
        }

        if (request.Kind == FindingKind.Unspecified || !System.Enum.IsDefined(request.Kind))
        {
            throw Errors.FindingInvalid("kind", "Say whether it is a strength or a concern.");
        }

        var text = Fields.Text(request.Text, "text", LongestFinding);
        await using var work = await works.BeginAsync(context);
        var author = await PersonLookup.OfCallerAsync(work, ct);
        var finding = await findings.AddAsync(
            work, context.Authority(), visitId, (short)request.FocusArea, (short)request.Kind, text, author, clock.Today(), ct)
            ?? throw await WhyNotAtVisitAsync(work, context, visitId);
        work.Audit("finding", finding.FindingId.ToString(), finding.SchoolUrn);
        return await work.CommitAsync(new RecordFindingResponse { Finding = finding.ToProto() });
    }

    public override async Task<ListFindingsResponse> ListFindings(ListFindingsRequest request, ServerCallContext context)
    {
        var visitId = Fields.Id(request.VisitId, "visit_id");
        var list = $"findings of {visitId}";
        var size = Paging.Size(request.PageSize, 50, 200);
        var keyset = Paging.Keyset(request.PageToken, list, 1);
        _ = await store.FindAsync(context.Authority(), visitId, context.CancellationToken) ?? throw Errors.VisitNotFound();
        var found = await findings.ListAsync(
            context.Authority(), visitId, keyset is null ? Guid.Empty : Paging.Part<Guid>(keyset[0]), size + 1, context.CancellationToken);
        var answer = new ListFindingsResponse();
        answer.Findings.AddRange(found.Take(size).Select(f => f.ToProto()));
        if (found.Count > size)
        {
            answer.NextPageToken = Paging.Token(list, found[size - 1].FindingId.ToString());
        }

        return answer;
    }

    public override async Task<AgreeActionResponse> AgreeAction(AgreeActionRequest request, ServerCallContext context)
    {
        var ct = context.CancellationToken;
        var action = new NewAction(
            Fields.Id(request.VisitId, "visit_id"),
            Fields.Text(request.Text, "text", LongestAction),
            Fields.Id(request.OwnerPersonId, "owner_person_id"),
            Fields.Day(request.DueOn, "due_on"),
            request.HasFindingId ? Fields.Id(request.FindingId, "finding_id") : null);
        await using var work = await works.BeginAsync(context);
        var visit = await store.FindAsync(work, context.Authority(), action.VisitId, ct) ?? throw Errors.VisitNotFound();
        DemandNotBefore(visit, action.DueOn, "due_on", "is due");
        await DemandOwnerAsync(work, action.OwnerPersonId, ct);
        if (action.FindingId is { } finding && !await actions.IsFindingOfAsync(work, finding, action.VisitId, ct))
        {
            throw Errors.ActionInvalid("finding_id", "The finding was not recorded at this visit.");
        }

        var agreed = await actions.AddAsync(work, context.Authority(), action, clock.Today(), ct) ?? throw Errors.VisitNotHeld();
        return await TellAsync(work, agreed, new AgreeActionResponse { Action = agreed.ToProto(clock.Today()) });
    }

    public override async Task<ListAgreedActionsResponse> ListAgreedActions(ListAgreedActionsRequest request, ServerCallContext context)
    {
        var filter = new ActionFilter(
            request.HasSchoolUrn ? request.SchoolUrn : null,
            request.HasVisitId ? Fields.Id(request.VisitId, "visit_id") : null,
            request.HasOwnerPersonId ? Fields.Id(request.OwnerPersonId, "owner_person_id") : null,
            request.Overdue,
            request.Open);
        var list = $"agreed actions {filter}";
        var size = Paging.Size(request.PageSize, 100, 500);
        var (day, id) = After(request.PageToken, list);
        var agreed = await actions.ListAsync(context.Authority(), filter, clock.Today(), day, id, size + 1, context.CancellationToken);
        var answer = new ListAgreedActionsResponse();
        answer.Actions.AddRange(agreed.Take(size).Select(a => a.ToProto(clock.Today())));
        if (agreed.Count > size)
        {
            answer.NextPageToken = Paging.Token(list, agreed[size - 1].DueOn.Iso(), agreed[size - 1].ActionId.ToString());
        }

        return answer;
    }

    public override async Task<UpdateAgreedActionResponse> UpdateAgreedAction(UpdateAgreedActionRequest request, ServerCallContext context)
    {
        var ct = context.CancellationToken;
        var version = context.IfMatch();
        await using var work = await works.BeginAsync(context);
        var action = await FindActionAsync(work, context, request.ActionId);
        var changed = action with
        {
            Text = request.HasText ? Fields.Text(request.Text, "text", LongestAction) : action.Text,
            OwnerPersonId = request.HasOwnerPersonId ? Fields.Id(request.OwnerPersonId, "owner_person_id") : action.OwnerPersonId,
            DueOn = request.HasDueOn ? Fields.Day(request.DueOn, "due_on") : action.DueOn,
        };
        if (changed.DueOn != action.DueOn)
        {
            DemandNotBefore(await VisitOfAsync(work, context, action), changed.DueOn, "due_on", "is due");
        }

        await DemandOwnerAsync(work, changed.OwnerPersonId, ct);
        var saved = await actions.SaveAsync(work, context.Authority(), changed, version, ct) ?? throw Refusal.EtagMismatch();
        return await TellAsync(work, saved, new UpdateAgreedActionResponse { Action = saved.ToProto(clock.Today()) });
    }

    public override async Task<CompleteAgreedActionResponse> CompleteAgreedAction(CompleteAgreedActionRequest request, ServerCallContext context)
    {
        var version = context.IfMatch();
        var done = CallReading.OptionalDay(request.HasDoneOn, request.DoneOn, "done_on") ?? clock.Today();
        if (done > clock.Today())
        {
            throw Errors.ActionInvalid("done_on", "An action cannot be done in the future.");
        }

        await using var work = await works.BeginAsync(context);
        var action = await FindActionAsync(work, context, request.ActionId);
        DemandNotBefore(await VisitOfAsync(work, context, action), done, "done_on", "was done");
        var saved = await actions.SaveAsync(work, context.Authority(), action with { DoneOn = done }, version, context.CancellationToken)
            ?? throw Refusal.EtagMismatch();
        return await TellAsync(work, saved, new CompleteAgreedActionResponse { Action = saved.ToProto(clock.Today()) });
    }

    private async Task<VisitRow> FindOpenAsync(Work work, ServerCallContext context, Guid visitId, long version)
    {
        var visit = await store.FindAsync(work, context.Authority(), visitId, context.CancellationToken) ?? throw Errors.VisitNotFound();
        if (visit.Version != version)
        {
            throw Refusal.EtagMismatch();
        }

        return visit.State is (short)VisitState.Held or (short)VisitState.Cancelled ? throw Errors.VisitClosed() : visit;
    }

    private async Task DemandRulesAsync(
        Work work, Authority authority, VisitRow visit, DateOnly on, IReadOnlyList<TeamMember> team, CancellationToken ct)
    {
        var year = AcademicYear.Parse(visit.AcademicYear);
        if (!year.Contains(on))
        {
            throw Errors.VisitInvalid("on", $"The visit belongs to {year}; {on.Iso()} lies outside it.");
        }

        var offer = await OfferStore.FindAsync(work, visit.AcademicYear, ct) ?? throw Errors.OfferMissing(visit.AcademicYear);
        var input = await inputs.ReadAsync(work, year, offer, year.FirstDay, 0, clock.Today(), ct);
        var others = await store.OthersAsync(work, visit, ct);
        var standing = await meetings.OfYearAsync(work, visit.AcademicYear, ct);
        if (VisitMove.BrokenRules(input, visit, on, team, others, standing) is { Count: > 0 } violations)
        {
            // Why somebody is away is for who may read their leave.
            throw Errors.VisitBreaksRule(await work.HoldsWholeTrustAsync(authority, ct) ? violations : violations.Select(WithoutReasons).ToList());
        }
    }

    private static Violation WithoutReasons(Violation violation) =>
        violation.Rule == "away" ? violation with { Words = "Somebody of the team is not available on that day." } : violation;

    /// <summary>Moves a visit on where the where clause lets it; where not, a second look under the same authority says why.</summary>
    private async Task<VisitRow> AdvanceAsync(
        Work work, ServerCallContext context, string visitId, VisitState[] from, VisitState to, string? reason, DateOnly? notAfter,
        Func<RpcException> refusal, bool unlessReached = false)
    {
        var version = context.IfMatch();
        var id = Fields.Id(visitId, "visit_id");
        var advanced = await store.AdvanceAsync(
            work, context.Authority(), id, version, from, to, reason, notAfter, unlessReached, context.CancellationToken);
        return advanced ?? throw await WhyNotAsync(work, context, id, version, refusal, unlessReached);
    }

    private async Task<RpcException> WhyNotAsync(
        Work work, ServerCallContext context, Guid visitId, long version, Func<RpcException> refusal, bool unlessReached)
    {
        var visit = await store.FindAsync(work, context.Authority(), visitId, context.CancellationToken);
        if (visit is null)
        {
            return Errors.VisitNotFound();
        }

        if (visit.Version != version)
        {
            return Refusal.EtagMismatch();
        }

        return unlessReached && visit.Reached ? Errors.VisitReached() : refusal();
    }

    private async Task<ActionRow> FindActionAsync(Work work, ServerCallContext context, string actionId)
    {
        var action = await actions.FindAsync(work, context.Authority(), Fields.Id(actionId, "action_id"), context.CancellationToken)
            ?? throw Errors.ActionNotFound();
        return action.DoneOn is null ? action : throw Errors.ActionDone();
    }

    private async Task<VisitRow> VisitOfAsync(Work work, ServerCallContext context, ActionRow action) =>
        await store.FindAsync(work, context.Authority(), action.VisitId, context.CancellationToken) ?? throw Errors.VisitNotFound();

    private static void DemandNotBefore(VisitRow visit, DateOnly day, string field, string what)
    {
        if (visit.OnDay is { } on && day < on)
        {
            throw Errors.ActionInvalid(field, $"The action {what} before the visit at which it was agreed ({on.Iso()}).");
        }
    }

    private async Task DemandOwnerAsync(Work work, Guid personId, CancellationToken ct)
    {
        if (!await actions.CanOwnAsync(work, personId, clock.Today(), ct))
        {
            throw Errors.ActionInvalid("owner_person_id", "The owner must be a person of the trust who has not left.");
        }
    }

    private async Task<RpcException> WhyNotAtVisitAsync(Work work, ServerCallContext context, Guid visitId) =>
        await store.FindAsync(work, context.Authority(), visitId, context.CancellationToken) is null ? Errors.VisitNotFound() : Errors.VisitNotHeld();

    private static async Task<T> TellAsync<T>(Work work, VisitRow visit, T answer) where T : class, Google.Protobuf.IMessage<T>, new()
    {
        work.Audit("visit", visit.VisitId.ToString(), visit.SchoolUrn);
        work.Publish(visit.ToEvent());
        return await work.CommitAsync(answer);
    }

    private static async Task<T> TellAsync<T>(Work work, ActionRow action, T answer) where T : class, Google.Protobuf.IMessage<T>, new()
    {
        work.Audit("agreed-action", action.ActionId.ToString(), action.SchoolUrn);
        work.Publish(action.ToEvent());
        return await work.CommitAsync(answer);
    }

    private static List<TeamMember> TeamOf(IReadOnlyList<V1.TeamMember> team) => team.Count > LargestTeam
        ? throw Errors.VisitInvalid("team", $"A team has at most {LargestTeam} people.")
        : team.Select((m, index) => new TeamMember(
            Fields.Text(m.Duty, $"team[{index}].duty", LongestDuty), Fields.Id(m.PersonId, $"team[{index}].person_id"))).ToList();

    private static (DateOnly Day, Guid Id) After(string token, string list) =>
        Paging.Keyset(token, list, 2) is { } keyset
            ? (Paging.Part<DateOnly>(keyset[0]), Paging.Part<Guid>(keyset[1]))
            : (DateOnly.MinValue, Guid.Empty);
}
