using GoldenThread.Reviews.Events.V1;
using GoldenThread.Reviews.Plans.Planning;
using GoldenThread.Reviews.V1;
using GoldenThread.TestSupport;
using GoldenThread.Type.V1;
using Grpc.Core;

namespace GoldenThread.Reviews.Tests;

/// <summary>Year plans through the door: ten schools in four categories.</summary>
public class PlanTests(PlanTests.Trust trust) : IClassFixture<PlanTests.Trust>
{
    private readonly ReviewsHost host = trust.Host;
    private readonly PlanService.PlanServiceClient plans = new(trust.Host.Channel);
    private readonly VisitService.VisitServiceClient visits = new(trust.Host.Channel);

    [Fact]
    public async Task Draft_OwesEverySchoolItsOffer()
    {
        var plan = await DraftAsync();

        // One STABILISE school is owed 21 visits, two REINFORCE and four REFINE 12 each, three SUSTAIN 9 each.
        Assert.Equal(22 + (6 * 12) + (3 * 9), plan.VisitsOwed);
        Assert.Equal(plan.VisitsOwed, plan.VisitsPlaced + plan.VisitsUnplaced);
        Assert.True(plan.VisitsUnplaced <= 2, $"{plan.VisitsUnplaced} unplaced");
        Assert.Equal(V1.PlanState.Draft, plan.State);
        Assert.Equal(1, plan.OfferVersion);
        Assert.Equal(64, plan.InputHash.Length);
        Assert.Equal("2025-09-01", plan.PlanFrom);
        Assert.Equal(DemoTrust.DeputyId.ToString(), plan.AuthorPersonId);
        Assert.Empty(plan.SchoolsWithoutCategory);
        Assert.True(plan.Meetings > 400);
    }

    [Fact]
    public async Task Draft_FromTheSameInputAndSeed_IsTheSame()
    {
        var first = await DraftAsync();
        var second = await DraftAsync();

        Assert.Equal(first.InputHash, second.InputHash);
        Assert.Equal(first.Cost, second.Cost);
        Assert.Equal(await VisitsOfAsync(first), await VisitsOfAsync(second));
    }

    [Fact]
    public async Task Draft_IsSeenByWritersOnly()
    {
        await host.GrantAsync("board.plan", Role.Board, null);
        await host.GrantAsync("head.plan", Role.Headteacher, 100_003);
        var draft = await DraftAsync();

        await Refused.WithAsync(StatusCode.NotFound, "PLAN_NOT_FOUND", () => plans.GetPlanAsync(new() { PlanId = draft.PlanId }, host.Bearer("board.plan")));
        await Refused.WithAsync(StatusCode.NotFound, "PLAN_NOT_FOUND",
            () => plans.ListPlannedVisitsAsync(new() { PlanId = draft.PlanId }, host.Bearer("head.plan")));
        Assert.DoesNotContain((await plans.ListPlansAsync(new(), host.Bearer("board.plan"))).Plans, p => p.PlanId == draft.PlanId);
    }

    [Fact]
    public async Task Publish_PutsVisitsAndMeetingsInForce_AndTellsOfThem()
    {
        await host.GrantAsync("head.publish", Role.Headteacher, 100_003);
        var published = await DemoTrust.PublishAsync(host);

        Assert.Equal(V1.PlanState.Published, published.State);
        var planned = await VisitsOfAsync(published);
        var inForce = await VisitsInForceAsync(host.Deputy);
        // What another test cancelled keeps its day; the plan gives it none.
        var cancelled = inForce.Where(v => v.State == V1.VisitState.Cancelled).Select(v => (v.SchoolUrn, v.Entitlement, v.Number)).ToHashSet();
        Assert.Equal(
            planned.Where(v => !cancelled.Contains((v.SchoolUrn, v.Entitlement, v.Number)))
                .Select(v => (v.SchoolUrn, v.Entitlement, v.Number, v.On, string.Join(' ', v.Team.Select(m => m.PersonId)))).Order(),
            inForce.Where(v => v.State != V1.VisitState.Cancelled)
                .Select(v => (v.SchoolUrn, v.Entitlement, v.Number, v.On, string.Join(' ', v.Team.Select(m => m.PersonId)))).Order());
        var own = await VisitsInForceAsync(host.Bearer("head.publish"));
        Assert.Equal(inForce.Where(v => v.SchoolUrn == 100_003), own);
        Assert.All((await plans.ListPlannedVisitsAsync(new() { PlanId = published.PlanId }, host.Bearer("head.publish"))).Visits,
            v => Assert.Equal(100_003, v.SchoolUrn));
        await Eventually.Async(() =>
        {
            var told = host.Told.OfType<VisitChanged>().Select(t => t.VisitId.ToString()).ToHashSet();
            return Task.FromResult(inForce.All(v => told.Contains(v.VisitId)));
        }, "every visit was told");
        var meetings = new MeetingService.MeetingServiceClient(host.Channel);
        var series = (await meetings.ListMeetingSeriesAsync(new() { SchoolUrn = 100_000, AcademicYear = "2025/26" }, host.Deputy)).Series;
        Assert.Equal(["ceo-meeting", "one-to-one", "rapid-improvement-plan", "strategic-meeting"], series.Select(s => s.Entitlement));
        Assert.All(series, s => Assert.Equal((0, 0), (s.Held, s.OwedToDate)));
        Assert.InRange(series.Single(s => s.Entitlement == "one-to-one").Owed, 36, 40);
    }

    [Fact]
    public async Task Publish_AsksForTheVersionThatWasRead_Once()
    {
        var draft = await DraftAsync();

        await Refused.WithAsync(StatusCode.FailedPrecondition, "IF_MATCH_REQUIRED", () => plans.PublishPlanAsync(new() { PlanId = draft.PlanId }, host.Deputy));
        await Refused.WithAsync(StatusCode.Aborted, "ETAG_MISMATCH", () => plans.PublishPlanAsync(new() { PlanId = draft.PlanId }, host.DeputyIf("\"7\"")));
        var published = (await plans.PublishPlanAsync(new() { PlanId = draft.PlanId }, host.DeputyIf(draft.Etag))).Plan;
        await Refused.WithAsync(StatusCode.FailedPrecondition, "PLAN_NOT_DRAFT",
            () => plans.PublishPlanAsync(new() { PlanId = draft.PlanId }, host.DeputyIf(published.Etag)));
        var second = await DemoTrust.PublishAsync(host);
        Assert.Equal(V1.PlanState.Superseded, (await plans.GetPlanAsync(new() { PlanId = draft.PlanId }, host.Deputy)).Plan.State);
        Assert.Equal(V1.PlanState.Published, (await plans.GetPlanAsync(new() { PlanId = second.PlanId }, host.Deputy)).Plan.State);
    }

    [Fact]
    public async Task Publish_OfADraftThatLeaveHasOvertaken_IsRefusedInWords()
    {
        var availability = new AvailabilityService.AvailabilityServiceClient(host.Channel);
        var draft = await DraftAsync();
        var visit = (await VisitsOfAsync(draft)).First(v => v.HasOn && !v.Kept);
        var person = visit.Team[0].PersonId;
        var leave = (await availability.AddLeaveAsync(new() { PersonId = person, From = visit.On, To = visit.On }, host.Deputy)).Leave;

        var e = await Refused.WithAsync(StatusCode.FailedPrecondition, "PLAN_OUT_OF_DATE",
            () => plans.PublishPlanAsync(new() { PlanId = draft.PlanId }, host.DeputyIf(draft.Etag)));

        Assert.Contains("is on leave", e.Status.Detail, StringComparison.Ordinal);
        Assert.Equal([leave], (await availability.ListLeaveAsync(new() { PersonId = person }, host.Deputy)).Leave);
        await availability.RemoveLeaveAsync(new() { PersonId = person, LeaveId = leave.LeaveId }, host.Deputy);
        await plans.PublishPlanAsync(new() { PlanId = draft.PlanId }, host.DeputyIf(draft.Etag));
        await Refused.WithAsync(StatusCode.NotFound, "LEAVE_NOT_FOUND",
            () => availability.RemoveLeaveAsync(new() { PersonId = person, LeaveId = leave.LeaveId }, host.Deputy));
    }

    [Fact]
    public async Task Replan_KeepsWhatIsConfirmedHeldOrPast()
    {
        await DemoTrust.PublishAsync(host);
        var before = await VisitsInForceAsync(host.Deputy);
        var confirmed = before.Last(v => v.State == V1.VisitState.Planned);
        confirmed = (await visits.ConfirmVisitAsync(new() { VisitId = confirmed.VisitId }, host.DeputyIf(confirmed.Etag))).Visit;
        var cancelled = before.Last(v => v.State == V1.VisitState.Planned && v.VisitId != confirmed.VisitId);
        cancelled = (await visits.CancelVisitAsync(new() { VisitId = cancelled.VisitId, Reason = "Inspection that week" }, host.DeputyIf(cancelled.Etag))).Visit;

        var draft = (await plans.CreatePlanAsync(new() { AcademicYear = "2025/26", PlanFrom = "2025-11-03", Seed = 2 }, host.Deputy)).Plan;
        await plans.PublishPlanAsync(new() { PlanId = draft.PlanId }, host.DeputyIf(draft.Etag));

        var after = (await VisitsInForceAsync(host.Deputy)).ToDictionary(v => v.VisitId);
        Assert.Equal(before.Count, after.Count);
        Assert.Equal(confirmed, after[confirmed.VisitId]);
        Assert.Equal(cancelled, after[cancelled.VisitId]);
        var past = before.Where(v => v.HasOn && string.CompareOrdinal(v.On, "2025-11-03") < 0).ToList();
        Assert.NotEmpty(past);
        Assert.All(past, v => Assert.Equal(v.On, after[v.VisitId].On));
        Assert.True(draft.VisitsKept >= past.Count + 1);
        var moved = before.Count(v => v.VisitId != cancelled.VisitId
            && (after[v.VisitId].On != v.On || !after[v.VisitId].Team.Equals(v.Team)));
        Assert.Equal(draft.VisitsChanged, moved);
        Assert.True(moved <= before.Count / 4, $"{moved} of {before.Count} were moved without need");
    }

    [Fact]
    public async Task Plan_ThatBreaksARule_IsNeverKept()
    {
        var count = await host.CountAsync("select count(*) from plan");
        host.MakePlan = input =>
        {
            var sound = Planner.Make(input);
            var visit = sound.Visits.First(v => v.On is not null && !v.Kept);
            var sunday = visit.On!.Value.AddDays(7 - (int)visit.On.Value.DayOfWeek);
            return sound with { Visits = [.. sound.Visits.Where(v => v != visit), visit with { On = sunday }] };
        };

        try
        {
            var e = await Refused.WithAsync(StatusCode.Internal, "INTERNAL", () => plans.CreatePlanAsync(new() { AcademicYear = "2025/26" }, host.Deputy));
            Assert.DoesNotContain("weekend", e.Status.Detail, StringComparison.Ordinal);
        }
        finally
        {
            host.MakePlan = null;
        }

        Assert.Equal(count, await host.CountAsync("select count(*) from plan"));
    }

    [Fact]
    public async Task Head_OnAnyDayOfThePlannedYear_IsHeadForThePlan_WhateverHoldsToday()
    {
        // Midnight in London: before the clocks change it is 23:00 UTC.
        var yearBegins = new DateTimeOffset(2025, 8, 31, 23, 0, 0, TimeSpan.Zero);
        var yearEnds = yearBegins.AddYears(1);
        var head = DemoTrust.Input.People.Single(p => p.SchoolUrn == 100_006);
        await host.GrantAsync("head.dated", Role.Headteacher, 100_001, from: yearBegins.AddYears(-1), to: yearBegins);
        await host.GrantAsync("head.dated", Role.Headteacher, 100_002, from: yearBegins.AddYears(-1), to: yearBegins.AddSeconds(1));
        await host.GrantAsync("head.dated", Role.Headteacher, 100_003, from: yearBegins.AddDays(61), to: yearBegins.AddDays(122));
        await host.GrantAsync("head.dated", Role.Headteacher, 100_004, from: yearEnds.AddSeconds(-1), to: yearEnds.AddDays(9));
        await host.GrantAsync("head.dated", Role.Headteacher, 100_005, from: yearEnds, to: null);
        // Ended before it began: it never held.
        await host.GrantAsync("head.dated", Role.Headteacher, 100_007, from: yearBegins.AddDays(61), to: yearBegins.AddDays(30));
        await host.GrantAsync("head.dated", Role.Reviewer, 100_008, from: yearBegins, to: null);
        await host.TellAsync(host.WithSignIn(DemoTrust.PersonOf(head, 2), "head.dated"));
        await Eventually.Async(async () => await host.CountAsync("select count(*) from person where subject = 'head.dated'") == 1, "the sign-in is known");
        PlanInput? made = null;
        host.MakePlan = input => Planner.Make(made = input);

        try
        {
            await DraftAsync();
        }
        finally
        {
            host.MakePlan = null;
        }

        Assert.Equal([100_002, 100_003, 100_004], made!.People.Single(p => p.Id == head.Id).HeadOf);
    }

    [Fact]
    public async Task Plan_OfAYearWithoutOfferOrOutsideItsDays_IsRefused()
    {
        await Refused.WithAsync(StatusCode.FailedPrecondition, "OFFER_MISSING", () => plans.CreatePlanAsync(new() { AcademicYear = "2040/41" }, host.Deputy));
        await Refused.WithAsync(StatusCode.InvalidArgument, "PLAN_INVALID",
            () => plans.CreatePlanAsync(new() { AcademicYear = "2025/26", PlanFrom = "2026-09-01" }, host.Deputy));
        await Refused.WithAsync(StatusCode.InvalidArgument, "PLAN_INVALID",
            () => plans.CreatePlanAsync(new() { AcademicYear = "2025/26", Seed = -1 }, host.Deputy));
        await Refused.WithAsync(StatusCode.InvalidArgument, "ID_INVALID", () => plans.GetPlanAsync(new() { PlanId = "1" }, host.Deputy));
    }

    [Fact]
    public async Task Plan_WithTheSameIdempotencyKey_IsMadeOnce()
    {
        var metadata = host.Deputy;
        metadata.Add("idempotency-key", "plan-once");
        var first = (await plans.CreatePlanAsync(new() { AcademicYear = "2025/26" }, metadata)).Plan;

        Assert.Equal(first, (await plans.CreatePlanAsync(new() { AcademicYear = "2025/26" }, metadata)).Plan);
        await Refused.WithAsync(StatusCode.FailedPrecondition, "IDEMPOTENCY_KEY_REUSED",
            () => plans.CreatePlanAsync(new() { AcademicYear = "2025/26", Seed = 3 }, metadata));
    }

    [Fact]
    public async Task Plans_InPages_AreWhole()
    {
        await DraftAsync();
        await DraftAsync();

        var all = (await plans.ListPlansAsync(new() { PageSize = 100 }, host.Deputy)).Plans.Select(p => p.PlanId).ToList();
        var first = await plans.ListPlansAsync(new() { PageSize = 1 }, host.Deputy);
        var second = await plans.ListPlansAsync(new() { PageSize = 1, PageToken = first.NextPageToken }, host.Deputy);

        Assert.Equal(all.Take(2), first.Plans.Concat(second.Plans).Select(p => p.PlanId));
    }

    private async Task<V1.Plan> DraftAsync() => (await plans.CreatePlanAsync(new() { AcademicYear = "2025-26" }, host.Deputy)).Plan;

    private async Task<List<V1.PlannedVisit>> VisitsOfAsync(V1.Plan plan)
    {
        var all = new List<V1.PlannedVisit>();
        var token = "";
        do
        {
            var page = await plans.ListPlannedVisitsAsync(new() { PlanId = plan.PlanId, PageSize = 37, PageToken = token }, host.Deputy);
            all.AddRange(page.Visits);
            token = page.NextPageToken;
        }
        while (token.Length > 0);

        return all;
    }

    private async Task<List<Visit>> VisitsInForceAsync(Metadata caller)
    {
        var all = new List<Visit>();
        var token = "";
        do
        {
            var page = await visits.ListVisitsAsync(new() { AcademicYear = "2025-26", PageSize = 37, PageToken = token }, caller);
            all.AddRange(page.Visits);
            token = page.NextPageToken;
        }
        while (token.Length > 0);

        return all;
    }

    /// <summary>The demo trust with offer, categories and availability.</summary>
    public sealed class Trust : IAsyncLifetime
    {
        public ReviewsHost Host { get; } = new();

        public async ValueTask InitializeAsync()
        {
            await Host.InitializeAsync();
            await DemoTrust.TellAsync(Host);
            await DemoTrust.CategoriseAsync(Host);
        }

        public ValueTask DisposeAsync() => Host.DisposeAsync();
    }
}
