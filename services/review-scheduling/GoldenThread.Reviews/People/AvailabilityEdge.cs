using GoldenThread.Education;
using GoldenThread.Reviews.Offers;
using GoldenThread.Reviews.V1;
using GoldenThread.ServiceDefaults;
using Grpc.Core;
using PlanningRules = GoldenThread.Reviews.Offers.PlanningRules;

namespace GoldenThread.Reviews.People;

/// <summary>When people can visit.</summary>
internal sealed class AvailabilityEdge(AvailabilityStore store, OfferStore offers, Works works, TimeProvider clock)
    : AvailabilityService.AvailabilityServiceBase
{
    private const int LongestLeave = 366;
    private const int LongestDuty = 60;

    public override async Task<ListAvailabilityResponse> ListAvailability(ListAvailabilityRequest request, ServerCallContext context)
    {
        var duty = Fields.OptionalText(request.Duty, "duty", LongestDuty);
        var list = $"availability {duty}";
        var size = Paging.Size(request.PageSize, 100, 500);
        var keyset = Paging.Keyset(request.PageToken, list, 1);
        var after = keyset is null ? Guid.Empty : Paging.Part<Guid>(keyset[0]);
        var people = await store.ListAsync(
            context.Authority(), duty.Length == 0 ? null : duty, after, size + 1, context.CancellationToken);
        var rules = await RulesAsync(context.CancellationToken);
        var answer = new ListAvailabilityResponse();
        answer.People.AddRange(people.Take(size).Select(p => p.ToProto(rules)));
        if (people.Count > size)
        {
            answer.NextPageToken = Paging.Token(list, people[size - 1].PersonId.ToString());
        }

        return answer;
    }

    public override async Task<GetAvailabilityResponse> GetAvailability(GetAvailabilityRequest request, ServerCallContext context)
    {
        var person = await FindAsync(request.PersonId, context);
        return new() { Availability = person.ToProto(await RulesAsync(context.CancellationToken)) };
    }

    public override async Task<ReplaceAvailabilityResponse> ReplaceAvailability(ReplaceAvailabilityRequest request, ServerCallContext context)
    {
        var ct = context.CancellationToken;
        var person = await FindAsync(request.PersonId, context);
        var presence = (request.Availability ?? new V1.Availability()).FromProto();
        await using var work = await works.BeginAsync(context);
        var written = await store.ReplaceAsync(
            work, context.Authority(), person.PersonId, presence.Weekdays.ToArray(), presence.DaysPerWeek, presence.DaysPerYear, presence.HalfDays,
            context.IfMatchWhereSent(), ct);
        if (!written)
        {
            throw Refusal.EtagMismatch();
        }

        work.Audit("availability", request.PersonId);
        var now = person with
        {
            Version = (person.Version ?? 0) + 1,
            Weekdays = presence.Weekdays.ToArray(),
            DaysPerWeek = presence.DaysPerWeek,
            DaysPerYear = presence.DaysPerYear,
            HalfDays = presence.HalfDays,
        };
        return await work.CommitAsync(new ReplaceAvailabilityResponse { Availability = now.ToProto(null) });
    }

    public override async Task<ListLeaveResponse> ListLeave(ListLeaveRequest request, ServerCallContext context)
    {
        var person = await FindAsync(request.PersonId, context);
        var list = $"leave of {person.PersonId}";
        var size = Paging.Size(request.PageSize, 100, 500);
        var keyset = Paging.Keyset(request.PageToken, list, 2);
        var afterDay = keyset is null ? DateOnly.MinValue : Paging.Part<DateOnly>(keyset[0]);
        var after = keyset is null ? Guid.Empty : Paging.Part<Guid>(keyset[1]);
        var leave = await store.LeaveOfAsync(person.PersonId, afterDay, after, size + 1, context.CancellationToken);
        var answer = new ListLeaveResponse();
        answer.Leave.AddRange(leave.Take(size).Select(l => l.ToProto()));
        if (leave.Count > size)
        {
            answer.NextPageToken = Paging.Token(list, leave[size - 1].FromOn.Iso(), leave[size - 1].LeaveId.ToString());
        }

        return answer;
    }

    public override async Task<AddLeaveResponse> AddLeave(AddLeaveRequest request, ServerCallContext context)
    {
        var from = Fields.Day(request.From, "from");
        var to = Fields.Day(request.To, "to");
        if (to < from || to.DayNumber - from.DayNumber >= LongestLeave)
        {
            throw Errors.LeaveInvalid("to", $"Leave ends on or after the day it begins, and lasts {LongestLeave} days at most.");
        }

        var person = await FindAsync(request.PersonId, context);
        var leave = new LeaveEntry { LeaveId = Guid.CreateVersion7(), PersonId = person.PersonId, FromOn = from, ToOn = to };
        await using var work = await works.BeginAsync(context);
        await store.AddLeaveAsync(work, leave, context.CancellationToken);
        work.Audit("leave", leave.LeaveId.ToString());
        return await work.CommitAsync(new AddLeaveResponse { Leave = leave.ToProto() });
    }

    public override async Task<RemoveLeaveResponse> RemoveLeave(RemoveLeaveRequest request, ServerCallContext context)
    {
        var personId = Fields.Id(request.PersonId, "person_id");
        var leaveId = Fields.Id(request.LeaveId, "leave_id");
        await using var work = await works.BeginAsync(context);
        if (!await store.RemoveLeaveAsync(work, context.Authority(), personId, leaveId, context.CancellationToken))
        {
            throw Errors.LeaveNotFound();
        }

        work.Audit("leave", request.LeaveId);
        return await work.CommitAsync(new RemoveLeaveResponse());
    }

    private async Task<PersonAvailability> FindAsync(string personId, ServerCallContext context) =>
        await store.FindAsync(context.Authority(), Fields.Id(personId, "person_id"), context.CancellationToken) ?? throw Errors.PersonNotFound();

    private async Task<PlanningRules?> RulesAsync(CancellationToken ct) =>
        (await offers.InForceAsync(AcademicYear.Of(clock.Today()).ToString(), ct))?.Planning;
}
