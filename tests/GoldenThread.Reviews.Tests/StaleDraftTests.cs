using System.Globalization;
using GoldenThread.Reviews.V1;
using GoldenThread.TestSupport;
using GoldenThread.Tracking.Events.V1;
using Grpc.Core;

namespace GoldenThread.Reviews.Tests;

/// <summary>Drafts that were overtaken before they were published.</summary>
public class StaleDraftTests(PlanTests.Trust trust) : IClassFixture<PlanTests.Trust>
{
    private readonly ReviewsHost host = trust.Host;
    private readonly PlanService.PlanServiceClient plans = new(trust.Host.Channel);
    private readonly VisitService.VisitServiceClient visits = new(trust.Host.Channel);

    [Fact]
    public async Task Publish_OfADraftFromBeforeAMoveByHand_IsRefused_AndTheMoveStands()
    {
        await DemoTrust.PublishAsync(host);
        var draft = await DraftAsync();
        var moved = await MoveOneAsync();

        var e = await RefusedAsync(draft);

        Assert.Contains("moved", e.Status.Detail, StringComparison.Ordinal);
        Assert.Equal(moved, (await visits.GetVisitAsync(new() { VisitId = moved.VisitId }, host.Deputy)).Visit);
        await DemoTrust.PublishAsync(host);
    }

    [Fact]
    public async Task Publish_OfADraftFromBeforeAnotherPlan_IsRefused()
    {
        await DemoTrust.PublishAsync(host);
        await MoveOneAsync();
        var mine = await DraftAsync(seed: 5);
        var yours = (await plans.CreatePlanAsync(new() { AcademicYear = DemoTrust.Year, PlanFrom = "2025-10-06", Seed = 6 }, host.Deputy)).Plan;
        await MoveOneAsync();
        var fresh = await DraftAsync(seed: 7);
        await plans.PublishPlanAsync(new() { PlanId = fresh.PlanId }, host.DeputyIf(fresh.Etag));

        await RefusedAsync(mine);
        await RefusedAsync(yours);
    }

    [Fact]
    public async Task Publish_OfADraftFromBeforeACategory_IsRefusedInWords()
    {
        var draft = await DraftAsync();
        await new CategoryService.CategoryServiceClient(host.Channel).SetCategoryAsync(
            new() { SchoolUrn = 100_009, Category = Category.Stabilise, From = "2025-08-20", Reason = "Set at the review." }, host.Deputy);

        var e = await RefusedAsync(draft);

        Assert.Contains("School 100009 is owed 12 of \"further-days\"", e.Status.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Publish_OfADraftFromBeforeAClosure_IsRefusedInWords()
    {
        var draft = await DraftAsync();
        var school = DemoTrust.Input.Schools.Single(s => s.Urn == 100_008);
        var visit = (await plans.ListPlannedVisitsAsync(new() { PlanId = draft.PlanId, SchoolUrn = school.Urn }, host.Deputy)).Visits.First(v => v.HasOn);
        var calendar = DemoTrust.CalendarOf(school, 2);
        await host.TellAsync(calendar with
        {
            Closures = [.. calendar.Closures, new CalendarClosure { On = DateOnly.Parse(visit.On, CultureInfo.InvariantCulture), Kind = "inset" }],
        });
        await Eventually.Async(async () => await host.CountAsync("select version from calendar where school_urn = 100008") == 2, "the closure is known");

        Assert.Contains("INSET day", (await RefusedAsync(draft)).Status.Detail, StringComparison.Ordinal);
    }

    private async Task<Plan> DraftAsync(int seed = 1) =>
        (await plans.CreatePlanAsync(new() { AcademicYear = DemoTrust.Year, Seed = seed }, host.Deputy)).Plan;

    private Task<RpcException> RefusedAsync(Plan draft) => Refused.WithAsync(StatusCode.FailedPrecondition, "PLAN_OUT_OF_DATE",
        () => plans.PublishPlanAsync(new() { PlanId = draft.PlanId }, host.DeputyIf(draft.Etag)));

    /// <summary>Moves a further day to the first other day on which it can be.</summary>
    private async Task<Visit> MoveOneAsync()
    {
        var visit = (await visits.ListVisitsAsync(new() { SchoolUrn = 100_004, From = "2026-02-01", PageSize = 500 }, host.Deputy)).Visits
            .First(v => v is { Entitlement: "further-days", State: VisitState.Planned });
        for (var day = DateOnly.Parse(visit.On, CultureInfo.InvariantCulture).AddDays(1); ; day = day.AddDays(1))
        {
            try
            {
                return (await visits.UpdateVisitAsync(
                    new() { VisitId = visit.VisitId, On = day.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture) }, host.DeputyIf(visit.Etag))).Visit;
            }
            catch (RpcException e) when (Refused.ReasonOf(e) == "VISIT_BREAKS_RULE")
            {
                // Taken: the next day.
            }
        }
    }
}
