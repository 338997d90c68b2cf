using GoldenThread.Reviews.V1;
using GoldenThread.TestSupport;
using Grpc.Core;

namespace GoldenThread.Reviews.Tests;

/// <summary>A draft that lay until days it had planned were over.</summary>
public class PassedDraftTests(PlanTests.Trust trust) : IClassFixture<PlanTests.Trust>
{
    private readonly ReviewsHost host = trust.Host;
    private readonly PlanService.PlanServiceClient plans = new(trust.Host.Channel);

    [Fact]
    public async Task Publish_OfADraftWhoseFirstDaysHavePassed_IsRefused_AndOneThatRecordsThemIsNot()
    {
        var draft = (await plans.CreatePlanAsync(new() { AcademicYear = DemoTrust.Year }, host.Deputy)).Plan;
        Assert.Equal(draft, (await plans.GetPlanAsync(new() { PlanId = draft.PlanId }, host.Deputy)).Plan);
        host.Now = new(2025, 10, 20, 9, 0, 0, TimeSpan.Zero);

        var e = await Refused.WithAsync(StatusCode.FailedPrecondition, "PLAN_OUT_OF_DATE",
            () => plans.PublishPlanAsync(new() { PlanId = draft.PlanId }, host.DeputyIf(draft.Etag)));

        Assert.StartsWith("The plan no longer fits: ", e.Status.Detail, StringComparison.Ordinal);
        Assert.Contains("has passed", e.Status.Detail, StringComparison.Ordinal);
        Assert.DoesNotContain("have changed", e.Status.Detail, StringComparison.Ordinal);
        Assert.Equal(0, await host.CountAsync("select count(*) from visit"));
        var recording = (await plans.CreatePlanAsync(new() { AcademicYear = DemoTrust.Year, PlanFrom = "2025-09-01" }, host.Deputy)).Plan;
        await plans.PublishPlanAsync(new() { PlanId = recording.PlanId }, host.DeputyIf(recording.Etag));
        Assert.NotEqual(0, await host.CountAsync("select count(*) from visit where on_day < '2025-10-20'"));
    }
}
