using GoldenThread.Reviews.Events.V1;
using GoldenThread.Reviews.V1;
using GoldenThread.TestSupport;

namespace GoldenThread.Reviews.Tests;

/// <summary>Visits that a plan withdraws because a school's category no longer owes them, and that a later category owes again.</summary>
public class WithdrawnVisitTests(PlanTests.Trust trust) : IClassFixture<PlanTests.Trust>
{
    private const int Stabilised = 100_000;
    private const int Refined = 100_004;
    private const string NoLongerOwed = "No longer owed by the offer to the school's category.";

    private readonly ReviewsHost host = trust.Host;
    private readonly VisitService.VisitServiceClient visits = new(trust.Host.Channel);

    [Fact]
    public async Task Replan_AfterACategorySetByMistakeIsCorrected_OwesEveryVisitAgain()
    {
        await DemoTrust.PublishAsync(host);
        var refined = await FurtherDaysAsync(Refined);
        var stabilised = await FurtherDaysAsync(Stabilised);
        Assert.Equal((5, 12), (refined.Count, stabilised.Count));
        var byHand = (await visits.CancelVisitAsync(
            new() { VisitId = refined[0].VisitId, Reason = "Inspection that week" }, host.DeputyIf(refined[0].Etag))).Visit;

        await SetAsync(Refined, Category.Sustain);
        await SetAsync(Stabilised, Category.Reinforce);
        await DemoTrust.PublishAsync(host);

        var withdrawn = (await FurtherDaysAsync(Refined)).Skip(2).Concat((await FurtherDaysAsync(Stabilised)).Skip(5)).ToList();
        Assert.Equal(3 + 7, withdrawn.Count);
        Assert.All(withdrawn, v => Assert.Equal((V1.VisitState.Cancelled, NoLongerOwed), (v.State, v.Reason)));

        await SetAsync(Refined, Category.Refine);
        await SetAsync(Stabilised, Category.Stabilise);
        await DemoTrust.PublishAsync(host);

        var after = await FurtherDaysAsync(Refined);
        Assert.Equal(refined.Select(v => v.VisitId), after.Select(v => v.VisitId));
        Assert.Equal(byHand, after[0]);
        Assert.All(after.Skip(1), AssertStands);
        var twelve = await FurtherDaysAsync(Stabilised);
        Assert.Equal(stabilised.Select(v => v.VisitId), twelve.Select(v => v.VisitId));
        Assert.All(twelve, AssertStands);
        Assert.Equal(0, await host.CountAsync("select count(*) from visit where withdrawn"));
        var revived = withdrawn.Select(v => Guid.Parse(v.VisitId)).ToHashSet();
        await Eventually.Async(() =>
        {
            var last = host.Told.OfType<VisitChanged>().Where(t => revived.Contains(t.VisitId)).GroupBy(t => t.VisitId)
                .Select(g => g.MaxBy(t => t.Version)!).ToList();
            return Task.FromResult(last.Count == revived.Count && last.All(t => t.State is "planned" or "unplaced"));
        }, "the revived visits were told as owed, in a later version than their withdrawal");
    }

    private static void AssertStands(Visit visit)
    {
        Assert.True(visit.State is V1.VisitState.Planned or V1.VisitState.Unplaced, $"{visit.Number} is {visit.State}: {visit.Reason}");
        Assert.Equal(visit.State == V1.VisitState.Unplaced, visit.HasReason);
    }

    private async Task SetAsync(int school, Category category) =>
        await new CategoryService.CategoryServiceClient(host.Channel).SetCategoryAsync(
            new() { SchoolUrn = school, Category = category, From = "2025-08-20", Reason = "Set at the review." }, host.Deputy);

    private async Task<List<Visit>> FurtherDaysAsync(int school) =>
        (await visits.ListVisitsAsync(new() { SchoolUrn = school, AcademicYear = DemoTrust.Year, PageSize = 500 }, host.Deputy)).Visits
            .Where(v => v.Entitlement == "further-days").OrderBy(v => v.Number).ToList();
}
