using Dapper;
using GoldenThread.Reviews.V1;
using GoldenThread.TestSupport;
using Grpc.Core;

namespace GoldenThread.Reviews.Tests;

/// <summary>
/// A write needs the connection it has and no other: more calls at once than there are connections wait for each other, and then all go on.
/// </summary>
public class OneConnectionTests(PlanTests.Trust trust) : IClassFixture<PlanTests.Trust>
{
    private const int Calls = 22;
    private const int Connections = 20;
    private const string LockedYear = "select from planning_year where academic_year = '2025/26' for update";

    private readonly ReviewsHost host = trust.Host;
    private readonly PlanService.PlanServiceClient plans = new(trust.Host.Channel);
    private readonly VisitService.VisitServiceClient visits = new(trust.Host.Channel);

    [Fact]
    public async Task Moves_AtOnce_AreAllJudged()
    {
        await DemoTrust.PublishAsync(host);
        var visit = await PlannedAsync();

        await AtOnceAsync(LockedYear, () => Refused.WithAsync(StatusCode.FailedPrecondition, "VISIT_BREAKS_RULE",
            () => visits.UpdateVisitAsync(new() { VisitId = visit.VisitId, On = "2026-03-15" }, host.DeputyIf(visit.Etag))));
    }

    [Fact]
    public async Task Publications_AtOnce_AreAllJudged()
    {
        await DemoTrust.PublishAsync(host);
        var draft = (await plans.CreatePlanAsync(new() { AcademicYear = DemoTrust.Year }, host.Deputy)).Plan;
        var visit = await PlannedAsync();
        await visits.ConfirmVisitAsync(new() { VisitId = visit.VisitId }, host.DeputyIf(visit.Etag));

        await AtOnceAsync(LockedYear, () => Refused.WithAsync(StatusCode.FailedPrecondition, "PLAN_OUT_OF_DATE",
            () => plans.PublishPlanAsync(new() { PlanId = draft.PlanId }, host.DeputyIf(draft.Etag))));
    }

    [Fact]
    public async Task Categories_AtOnce_AreAllSet()
    {
        var categories = new CategoryService.CategoryServiceClient(host.Channel);

        await AtOnceAsync("select from school where school_urn = 100009 for update", async () => await categories.SetCategoryAsync(
            new() { SchoolUrn = 100_009, Category = Category.Sustain, From = "2025-07-01", Reason = "Confirmed at the review." }, host.Deputy));

        Assert.Equal(1 + Calls, await host.CountAsync("select max(version) from school_category where school_urn = 100009"));
    }

    /// <summary>Begins all calls while something they all need is locked, and lets them go on once they hold the service's connections.</summary>
    private async Task AtOnceAsync(string locking, Func<Task> call)
    {
        await using var connection = await host.OpenAsync();
        await using var locked = await connection.BeginTransactionAsync();
        await connection.ExecuteAsync(locking, transaction: locked);
        var calls = Enumerable.Range(0, Calls).Select(_ => call()).ToList();
        // Counted on another connection: within a transaction the statistics stand still.
        await Eventually.Async(
            async () => calls.Any(c => c.IsCompleted) || await host.CountAsync(
                "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'") >= Connections,
            "the calls hold all connections");
        await locked.RollbackAsync();
        await Task.WhenAll(calls);
    }

    private async Task<Visit> PlannedAsync() =>
        (await visits.ListVisitsAsync(new() { AcademicYear = DemoTrust.Year, State = VisitState.Planned, PageSize = 500 }, host.Deputy)).Visits[^1];
}
