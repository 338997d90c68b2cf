using System.Globalization;
using GoldenThread.Education;
using GoldenThread.Reviews.Offers;
using GoldenThread.Reviews.Plans.Checking;
using GoldenThread.Reviews.Plans.Planning;
using GoldenThread.Reviews.Schools;
using GoldenThread.Reviews.V1;
using GoldenThread.Reviews.Visits;
using GoldenThread.ServiceDefaults;
using Grpc.Core;
using PlanState = GoldenThread.Reviews.Plans.PlanState;

namespace GoldenThread.Reviews.Plans;

/// <summary>How a plan is made; the checker judges whatever comes of it.</summary>
public delegate YearPlan PlanMaking(PlanInput input);

/// <summary>Year plans.</summary>
internal sealed partial class PlansEdge(
    PlanStore store, PlanInputStore inputs, OfferStore offers, PlanMaking make, Works works, TimeProvider clock, ILogger<PlansEdge> log)
    : PlanService.PlanServiceBase
{
    private const int UsualSeed = 1;

    public override async Task<CreatePlanResponse> CreatePlan(CreatePlanRequest request, ServerCallContext context)
    {
        var ct = context.CancellationToken;
        var year = CallReading.Year(request.AcademicYear, "academic_year");
        await using (var asking = await works.BeginAsync(context))
        {
            await asking.DemandWholeTrustAsync(context);
        }

        var input = await InputAsync(year, request, ct);
        var content = await Task.Run(() => make(input), ct);
        if (PlanChecker.Check(input, content) is { Count: > 0 } violations)
        {
            LogRefused(year.ToString(), input.Seed, violations.Count, violations[0].Rule, violations[0].Words);
            throw Refusal.Internal();
        }

        // Making a plan takes seconds; the grant may have ended meanwhile.
        await using var work = await works.BeginAsync(context);
        await work.DemandWholeTrustAsync(context);
        var plan = PlanRecord.Draft(input, content, await PersonLookup.OfCallerAsync(work, ct), clock.GetUtcNow());
        await store.AddAsync(work, plan, content, ct);
        plan = await store.CountChangesAsync(work, plan, ct);
        work.Audit("plan", plan.PlanId.ToString());
        return await work.CommitAsync(new CreatePlanResponse { Plan = plan.ToProto() });
    }

    public override async Task<GetPlanResponse> GetPlan(GetPlanRequest request, ServerCallContext context) =>
        new() { Plan = (await FindAsync(request.PlanId, context)).ToProto() };

    public override async Task<ListPlansResponse> ListPlans(ListPlansRequest request, ServerCallContext context)
    {
        var year = CallReading.YearFilter(request.AcademicYear);
        var list = $"plans {year}";
        var size = Paging.Size(request.PageSize, 20, 100);
        var keyset = Paging.Keyset(request.PageToken, list, 1);
        Guid? before = keyset is null ? null : Paging.Part<Guid>(keyset[0]);
        var plans = await store.ListAsync(context.Authority(), year, before, size + 1, context.CancellationToken);
        var answer = new ListPlansResponse();
        answer.Plans.AddRange(plans.Take(size).Select(p => p.ToProto()));
        if (plans.Count > size)
        {
            answer.NextPageToken = Paging.Token(list, plans[size - 1].PlanId.ToString());
        }

        return answer;
    }

    public override async Task<ListPlannedVisitsResponse> ListPlannedVisits(ListPlannedVisitsRequest request, ServerCallContext context)
    {
        var planId = Fields.Id(request.PlanId, "plan_id");
        var plan = await store.FindVisitedAsync(context.Authority(), planId, context.CancellationToken) ?? throw Errors.PlanNotFound();
        int? school = request.HasSchoolUrn ? request.SchoolUrn : null;
        var list = $"visits of {plan.PlanId} {school} {request.UnplacedOnly}";
        var size = Paging.Size(request.PageSize, 100, 500);
        var keyset = Paging.Keyset(request.PageToken, list, 3);
        var after = keyset is null ? (0, "", 0) : (Paging.Part<int>(keyset[0]), keyset[1], Paging.Part<int>(keyset[2]));
        var visits = await store.VisitsAsync(
            context.Authority(), plan.PlanId, school, request.UnplacedOnly, after, size + 1, context.CancellationToken);
        var answer = new ListPlannedVisitsResponse();
        answer.Visits.AddRange(visits.Take(size).Select(v => v.ToProto()));
        if (visits.Count > size)
        {
            var last = visits[size - 1];
            answer.NextPageToken = Paging.Token(list, Text(last.SchoolUrn), last.Entitlement, Text(last.Number));
        }

        return answer;
    }

    public override async Task<PublishPlanResponse> PublishPlan(PublishPlanRequest request, ServerCallContext context)
    {
        var ct = context.CancellationToken;
        var version = context.IfMatch();
        await using var work = await works.BeginAsync(context);
        await work.DemandWholeTrustAsync(context);
        var draft = await FindAsync(work, request.PlanId, context);
        await PlanStore.LockYearAsync(work, draft.AcademicYear, ct);
        draft = await FindAsync(work, request.PlanId, context);
        if (draft.Version != version)
        {
            throw Refusal.EtagMismatch();
        }

        if (draft.State != (short)PlanState.Draft)
        {
            throw Errors.PlanNotDraft();
        }

        await PlanStore.LockMovableVisitsAsync(work, draft.AcademicYear, ct);
        var content = await store.ContentAsync(work, draft, ct);
        await DemandUpToDateAsync(work, draft, content, ct);
        var published = await store.PublishAsync(work, draft.PlanId, version, ct) ?? throw Refusal.EtagMismatch();
        var changed = await PublicationStore.WriteVisitsAsync(work, published, content, ct);
        var cancelled = await PublicationStore.WithdrawTheRestAsync(work, published, ct);
        await PublicationStore.WriteMeetingsAsync(work, published, content, ct);
        foreach (var visit in changed.Concat(cancelled))
        {
            work.Publish(visit.ToEvent());
        }

        work.Audit("plan", published.PlanId.ToString());
        return await work.CommitAsync(new PublishPlanResponse { Plan = published.ToProto() });
    }

    private async Task<PlanInput> InputAsync(AcademicYear year, CreatePlanRequest request, CancellationToken ct)
    {
        if (request.HasSeed && request.Seed < 0)
        {
            throw Errors.PlanInvalid("seed", "A seed is a whole number from 0.");
        }

        var today = clock.Today();
        var planFrom = CallReading.OptionalDay(request.HasPlanFrom, request.PlanFrom, "plan_from") ?? Later(today, year.FirstDay);
        if (!year.Contains(planFrom))
        {
            throw Errors.PlanInvalid("plan_from", $"The first planned day lies in {year}, from {year.FirstDay.Iso()} to {year.LastDay.Iso()}.");
        }

        var offer = await offers.FindAsync(year.ToString(), null, ct) ?? throw Errors.OfferMissing(year.ToString());
        var seed = request.HasSeed ? request.Seed : UsualSeed;
        var input = await inputs.ReadAsync(year, offer, planFrom, seed, today, ct);
        return input.Schools.Count > 0 ? input : throw Errors.NothingToPlan(year.ToString());
    }

    private async Task DemandUpToDateAsync(Work work, PlanRecord draft, YearPlan content, CancellationToken ct)
    {
        var year = AcademicYear.Parse(draft.AcademicYear);
        var offer = await OfferStore.FindAsync(work, draft.AcademicYear, ct) ?? throw Errors.OfferMissing(draft.AcademicYear);
        var input = await inputs.ReadAsync(work, year, offer, draft.PlanFrom, draft.Seed, clock.Today(), ct);
        if (PlanChecker.Check(input, content) is { Count: > 0 } violations)
        {
            throw Errors.PlanOutOfDate(violations);
        }

        if (Overtaken.By(draft, input, content, clock.Today()) is { Count: > 0 } overtaken)
        {
            throw Errors.PlanOutOfDate(overtaken);
        }
    }

    private async Task<PlanRecord> FindAsync(string planId, ServerCallContext context) =>
        await store.FindAsync(context.Authority(), Fields.Id(planId, "plan_id"), context.CancellationToken) ?? throw Errors.PlanNotFound();

    private static async Task<PlanRecord> FindAsync(Work work, string planId, ServerCallContext context) =>
        await PlanStore.FindAsync(work, context.Authority(), Fields.Id(planId, "plan_id"), context.CancellationToken) ?? throw Errors.PlanNotFound();

    private static DateOnly Later(DateOnly one, DateOnly other) => one > other ? one : other;

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);

    [LoggerMessage(Level = LogLevel.Error, Message = "The checker refused the plan of {Year} with seed {Seed}: {Count} violations, the first {Rule}: {Words}")]
    private partial void LogRefused(string year, int seed, int count, string rule, string words);
}
