using Dapper;
using GoldenThread.Reviews.V1;
using GoldenThread.TestSupport;
using Grpc.Core;

namespace GoldenThread.Reviews.Tests;

/// <summary>Visits that took place, though nobody has recorded yet that they were held.</summary>
public class ReachedVisitTests(PlanTests.Trust trust) : IClassFixture<PlanTests.Trust>
{
    private const int Refined = 100_005;
    private const int AlsoRefined = 100_004;

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

    [Fact]
    public async Task Publish_OfAPlanThatMovesAVisitAtWhichAFindingIsBeingRecorded_IsRefused_AndTheVisitStays()
    {
        await DemoTrust.PublishAsync(host);
        host.Now = new(2026, 1, 14, 9, 0, 0, TimeSpan.Zero);
        var visit = (await visits.ListVisitsAsync(new() { SchoolUrn = AlsoRefined, To = "2026-01-13" }, host.Deputy)).Visits
            .Single(v => v is { Entitlement: "further-days", Number: 2 });
        await new CategoryService.CategoryServiceClient(host.Channel).SetCategoryAsync(
            new() { SchoolUrn = AlsoRefined, Category = Category.Sustain, From = "2026-01-14", Reason = "Set at the review." }, host.Deputy);
        // The second of two days lies in the second half of the year: the plan moves the visit.
        var plans = new PlanService.PlanServiceClient(host.Channel);
        var draft = (await plans.CreatePlanAsync(new() { AcademicYear = DemoTrust.Year, PlanFrom = "2025-09-01" }, host.Deputy)).Plan;
        await using var connection = await host.OpenAsync();
        await using var recording = await connection.BeginTransactionAsync();
        await connection.ExecuteAsync(
            """
            insert into finding (finding_id, visit_id, school_urn, focus_area, kind, text)
            select @finding, visit_id, school_urn, 1, 1, 'Everybody is greeted by name.' from visit where visit_id = @visit for share
            """,
            new { finding = Guid.CreateVersion7(), visit = Guid.Parse(visit.VisitId) }, recording);

        var publish = plans.PublishPlanAsync(new() { PlanId = draft.PlanId }, host.DeputyIf(draft.Etag)).ResponseAsync;
        await Eventually.Async(
            async () => publish.IsCompleted || await host.CountAsync(
                "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'") >= 1,
            "publishing waits");
        await recording.CommitAsync();

        await Refused.WithAsync(StatusCode.FailedPrecondition, "PLAN_OUT_OF_DATE", () => publish);
        Assert.Equal((visit.On, 1), ((await GetAsync(visit)).On, (await GetAsync(visit)).Findings));
    }

    private async Task<Visit> GetAsync(Visit visit) => (await visits.GetVisitAsync(new() { VisitId = visit.VisitId }, host.Deputy)).Visit;
}
