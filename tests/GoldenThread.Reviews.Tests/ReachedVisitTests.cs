using GoldenThread.Reviews.V1;

namespace GoldenThread.Reviews.Tests;

/// <summary>Visits that took place, though nobody has recorded yet that they were held.</summary>
public class ReachedVisitTests(PlanTests.Trust trust) : IClassFixture<PlanTests.Trust>
{
    private const int Refined = 100_005;

    private readonly ReviewsHost host = trust.Host;
    private readonly VisitService.VisitServiceClient visits = new(trust.Host.Channel);

    [Fact]
    public async Task Replan_FromADayBeforeAVisitWithAFinding_LeavesTheVisitWhereItWas()
    {
        await DemoTrust.PublishAsync(host);
        host.Now = new(2026, 1, 14, 9, 0, 0, TimeSpan.Zero);
        var visit = (await visits.ListVisitsAsync(new() { SchoolUrn = Refined, To = "2026-01-13" }, host.Deputy)).Visits
            .Single(v => v is { Entitlement: "further-days", Number: 2 });
        await visits.RecordFindingAsync(
            new() { VisitId = visit.VisitId, FocusArea = FocusArea.Attendance, Kind = FindingKind.Strength, Text = "Everybody is greeted by name." },
            host.Deputy);
        await new CategoryService.CategoryServiceClient(host.Channel).SetCategoryAsync(
            new() { SchoolUrn = Refined, Category = Category.Sustain, From = "2026-01-14", Reason = "Set at the review." }, host.Deputy);

        // The second of two days would lie in the second half of the year.
        var plans = new PlanService.PlanServiceClient(host.Channel);
        var draft = (await plans.CreatePlanAsync(new() { AcademicYear = DemoTrust.Year, PlanFrom = "2025-09-01" }, host.Deputy)).Plan;
        await plans.PublishPlanAsync(new() { PlanId = draft.PlanId }, host.DeputyIf(draft.Etag));

        var after = (await visits.GetVisitAsync(new() { VisitId = visit.VisitId }, host.Deputy)).Visit;
        Assert.Equal((visit.On, visit.Team, V1.VisitState.Planned), (after.On, after.Team, after.State));
    }
}
