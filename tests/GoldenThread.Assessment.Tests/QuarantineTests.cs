using Dapper;
using GoldenThread.Assessment.Events.V1;
using GoldenThread.Assessment.Quarantine;
using GoldenThread.Assessment.V1;
using GoldenThread.TestSupport;
using GoldenThread.Tracking.Events.V1;
using GoldenThread.Type.V1;
using Grpc.Core;
using static GoldenThread.TestSupport.Refusals;

namespace GoldenThread.Assessment.Tests;

public sealed class QuarantineTests(AssessmentHouse house)
{
    [Fact]
    public async Task Mend_WithAGoodValue_AppliesTheRow()
    {
        var trust = await Trust.FoundAsync(house);
        var pupil = (await trust.PupilsAsync(AssessmentHouse.NewUrn(), 1))[0];
        var row = await QuarantinedAsync(trust, trust.Line(pupil, "1004"));
        Assert.Equal(("SCORE_OUT_OF_RANGE", "1004", pupil.Upn), (row.Reason, row.Fields.Score, row.Fields.Upn));
        Assert.Contains("60 to 140", row.Detail);

        var waiting = await MendAsync(trust.Lead, row, new() { Score = "1.0.4" });
        var applied = await MendAsync(trust.Lead, waiting, new() { Score = "104" });

        Assert.Equal((QuarantineState.Open, "NUMBER_INVALID"), (waiting.State, waiting.Reason));
        Assert.Equal(QuarantineState.Applied, applied.State);
        Assert.NotNull(applied.ClosedAt);
        var results = await trust.Lead.Results.ListPupilResultsAsync(new() { PupilId = pupil.Id }, trust.Lead.Headers);
        Assert.Equal(("104", "import"), (Assert.Single(results.Results).Score, results.Results[0].Source));
        await house.ToldAsync<ResultsRecorded>(e => e.Rows?.Any(r => r.PupilId == pupil.PupilId) == true);
        await RefusedAsync(StatusCode.FailedPrecondition, "QUARANTINED_ROW_CLOSED", () => MendAsync(trust.Lead, applied, new() { Score = "105" }));
    }

    [Fact]
    public async Task Mend_AndClose_NeedTheVersionThatWasRead()
    {
        var trust = await Trust.FoundAsync(house);
        var pupil = (await trust.PupilsAsync(AssessmentHouse.NewUrn(), 1))[0];
        var row = await QuarantinedAsync(trust, trust.Line(pupil, "150"));
        var close = new CloseQuarantinedRowRequest { QuarantinedRowId = row.QuarantinedRowId };

        await RefusedAsync(StatusCode.FailedPrecondition, "IF_MATCH_REQUIRED",
            async () => await trust.Lead.Quarantine.CloseQuarantinedRowAsync(close, trust.Lead.Headers));
        await RefusedAsync(StatusCode.Aborted, "ETAG_MISMATCH",
            async () => await trust.Lead.Quarantine.CloseQuarantinedRowAsync(close, trust.Lead.IfMatch("\"7\"")));
        var closed = (await trust.Lead.Quarantine.CloseQuarantinedRowAsync(close, trust.Lead.IfMatch(row.Etag))).Row;

        Assert.Equal(QuarantineState.Closed, closed.State);
        Assert.Empty(await OpenRowsAsync(trust.Lead, trust));
    }

    [Fact]
    public async Task Rows_AreSeenByTheirSchoolAndByWhoBroughtThem_AndByNobodyElse()
    {
        var trust = await Trust.FoundAsync(house);
        var pupil = new TestPupil(AssessmentHouse.NewUrn(), "4") { ClassId = Guid.NewGuid() };
        await house.EnrolAsync(pupil);
        var teacherGrant = new TestGrant(Role.Teacher) { SchoolUrn = pupil.SchoolUrn, ClassIds = [pupil.ClassId!.Value] };
        var teacher = await house.CallerAsync(AssessmentHouse.AllScopes, teacherGrant);
        await teacher.ImportAsync(trust.Autumn.CollectionId, Trust.File(trust.Line(pupil, "150")));
        var head = await house.CallerAsync(Role.Headteacher, pupil.SchoolUrn);
        var colleague = await house.CallerAsync(AssessmentHouse.AllScopes, teacherGrant);
        var stranger = await house.CallerAsync(Role.Headteacher, AssessmentHouse.NewUrn());

        var row = Assert.Single(await OpenRowsAsync(teacher, trust));
        Assert.Equal(row, Assert.Single(await OpenRowsAsync(head, trust)));
        foreach (var outside in new[] { colleague, stranger })
        {
            Assert.Empty(await OpenRowsAsync(outside, trust));
            await RefusedAsync(StatusCode.NotFound, "QUARANTINED_ROW_NOT_FOUND", async () => await outside.Quarantine.GetQuarantinedRowAsync(
                new() { QuarantinedRowId = row.QuarantinedRowId }, outside.Headers));
        }

        await Eventually.Async(async () =>
        {
            const string Sql = "select count(*) from audit where subject_kind = 'quarantined-row' and @id = any(subject_ids) and subject = @subject";
            await using var connection = await house.Database.OpenConnectionAsync();
            Assert.True(await connection.ExecuteScalarAsync<long>(Sql, new { id = row.QuarantinedRowId, subject = head.Subject }) > 0);
        });
    }

    [Fact]
    public async Task ARowOfAPupilNotYetKnown_AppliesItselfWhenThePupilArrives()
    {
        var trust = await Trust.FoundAsync(house);
        var pupil = new TestPupil(AssessmentHouse.NewUrn(), "4");
        var row = await QuarantinedAsync(trust, trust.Line(pupil, "104"));
        Assert.Equal("PUPIL_NOT_YET_KNOWN", row.Reason);

        await house.EnrolAsync(pupil);

        await AppliedAsync(trust, pupil);
        Assert.Empty(await OpenRowsAsync(trust.Lead, trust));
        await house.ToldAsync<ResultsRecorded>(e => e.Rows?.Any(r => r.PupilId == pupil.PupilId) == true);
    }

    [Fact]
    public async Task ARowOfAPupilWhomTrackingKnows_IsAskedForAndAppliesItself()
    {
        var trust = await Trust.FoundAsync(house);
        var pupil = new TestPupil(AssessmentHouse.NewUrn(), "4");
        // The roll has come, the UPN was lost on the way: only asking brings it.
        await house.PublishAsync(new PupilsChanged { ChangeSetId = Guid.CreateVersion7(), RecordedAt = DateTimeOffset.UtcNow, Count = 1, Rows = [pupil.Snapshot()] });
        house.Tracking.Knows(pupil);

        await trust.Lead.ImportAsync(trust.Autumn.CollectionId, Trust.File(trust.Line(pupil, "104")));

        await AppliedAsync(trust, pupil);
    }

    [Fact]
    public async Task ALargeRoster_IsFetchedByItsChangeSet()
    {
        var trust = await Trust.FoundAsync(house);
        var pupil = new TestPupil(AssessmentHouse.NewUrn(), "4");
        await QuarantinedAsync(trust, trust.Line(pupil, "104"));
        var changeSet = Guid.CreateVersion7();
        house.Tracking.Holds(changeSet, pupil);

        await house.PublishAsync(new PupilsChanged { ChangeSetId = changeSet, RecordedAt = DateTimeOffset.UtcNow, Count = 1 });
        await house.PublishAsync(new PupilIdentifiersChanged { ChangeSetId = changeSet, Count = 1 });

        await AppliedAsync(trust, pupil);
    }

    [Fact]
    public async Task ALargeRosterThatStallsOnTheWay_IsGivenUpAndFetchedAgain()
    {
        var pupils = new[] { new TestPupil(AssessmentHouse.NewUrn(), "4"), new TestPupil(AssessmentHouse.NewUrn(), "5") };
        var changeSet = Guid.CreateVersion7();
        house.Tracking.Holds(changeSet, pupils);
        var givenUp = house.Tracking.Stalls(changeSet);

        await house.PublishAsync(new PupilsChanged { ChangeSetId = changeSet, RecordedAt = DateTimeOffset.UtcNow, Count = 2 });

        await givenUp.WaitAsync(Eventually.Patience, TestContext.Current.CancellationToken);
        await Eventually.Async(async () =>
        {
            await using var connection = await house.Database.OpenConnectionAsync();
            var ids = pupils.Select(pupil => pupil.PupilId).ToArray();
            Assert.Equal(2, await connection.ExecuteScalarAsync<long>("select count(*) from pupil where pupil_id = any(@ids)", new { ids }));
        });
    }

    [Fact]
    public async Task ARetriedRow_ReachesNoFurtherThanWhoImportedIt()
    {
        var trust = await Trust.FoundAsync(house);
        var pupil = new TestPupil(AssessmentHouse.NewUrn(), "4");
        var head = await house.CallerAsync(Role.Headteacher, pupil.SchoolUrn);
        await head.ImportAsync(trust.Autumn.CollectionId, Trust.File(trust.Line(pupil, "104")));
        await using (var connection = await house.Database.OpenConnectionAsync())
        {
            await connection.ExecuteAsync("update access_grant set valid_to = now() where subject = @Subject", new { head.Subject });
        }

        await house.EnrolAsync(pupil);

        await Eventually.Async(async () => Assert.Equal("SCHOOL_NOT_FOUND", Assert.Single(await OpenRowsAsync(trust.Lead, trust)).Reason));
    }

    [Fact]
    public async Task AnOldVersionOfAPupil_ChangesNothing()
    {
        var trust = await Trust.FoundAsync(house);
        var pupil = new TestPupil(AssessmentHouse.NewUrn(), "4") { Version = 5 };
        await house.EnrolAsync(pupil);

        await house.EnrolAsync(pupil with { Version = 4, To = new DateOnly(2025, 10, 1) });
        await house.EnrolAsync(new TestPupil(pupil.SchoolUrn, "4"));

        Assert.Equal(RecordingEffect.New, (await trust.RecordAsync(pupil, "100")).Effect);
    }

    [Fact]
    public async Task AnErasedPupil_IsKnownNoMore_AndLeavesTheQuarantine()
    {
        var trust = await Trust.FoundAsync(house);
        var pupil = (await trust.PupilsAsync(AssessmentHouse.NewUrn(), 1))[0];
        await QuarantinedAsync(trust, trust.Line(pupil, "150"));

        await house.PublishAsync(new PupilsChanged
        {
            ChangeSetId = Guid.CreateVersion7(),
            RecordedAt = DateTimeOffset.UtcNow,
            Count = 1,
            Rows = [(pupil with { Version = 2, Erased = true }).Snapshot()],
        });

        await Eventually.Async(() => RefusedAsync(StatusCode.NotFound, "PUPIL_NOT_FOUND", () => trust.RecordAsync(pupil, "100")));
        Assert.Empty(await OpenRowsAsync(trust.Lead, trust));
    }

    [Fact]
    public async Task Rows_ArePurgedThirtyDaysAfterClosing()
    {
        var trust = await Trust.FoundAsync(house);
        var pupils = await trust.PupilsAsync(AssessmentHouse.NewUrn(), 2);
        await trust.Lead.ImportAsync(trust.Autumn.CollectionId, Trust.File(trust.Line(pupils[0], "150"), trust.Line(pupils[1], "151")));
        foreach (var row in await OpenRowsAsync(trust.Lead, trust))
        {
            await trust.Lead.Quarantine.CloseQuarantinedRowAsync(new() { QuarantinedRowId = row.QuarantinedRowId }, trust.Lead.IfMatch(row.Etag));
        }

        await using var connection = await house.Database.OpenConnectionAsync();
        await connection.ExecuteAsync("update quarantined_row set closed_at = now() - interval '31 days' where upn = @Upn", new { pupils[0].Upn });
        await new QuarantineStore(house.Database, TimeProvider.System).PurgeAsync(TimeSpan.FromDays(30), TestContext.Current.CancellationToken);

        var upns = pupils.Select(p => p.Upn).ToArray();
        Assert.Equal([pupils[1].Upn], await connection.QueryAsync<string>("select upn from quarantined_row where upn = any(@upns)", new { upns }));
    }

    private static async Task<QuarantinedRow> QuarantinedAsync(Trust trust, string line)
    {
        await trust.Lead.ImportAsync(trust.Autumn.CollectionId, Trust.File(line));
        return Assert.Single(await OpenRowsAsync(trust.Lead, trust));
    }

    private static async Task<IReadOnlyList<QuarantinedRow>> OpenRowsAsync(TestCaller caller, Trust trust) =>
        (await caller.Quarantine.ListQuarantinedRowsAsync(new() { CollectionId = trust.Autumn.CollectionId }, caller.Headers)).Rows;

    private static async Task<QuarantinedRow> MendAsync(TestCaller caller, QuarantinedRow row, UpdateQuarantinedRowRequest request)
    {
        request.QuarantinedRowId = row.QuarantinedRowId;
        return (await caller.Quarantine.UpdateQuarantinedRowAsync(request, caller.IfMatch(row.Etag))).Row;
    }

    private static Task AppliedAsync(Trust trust, TestPupil pupil) => Eventually.Async(async () =>
    {
        var results = await trust.Lead.Results.ListPupilResultsAsync(new() { PupilId = pupil.Id }, trust.Lead.Headers);
        Assert.Equal(("104", "import"), (Assert.Single(results.Results).Score, results.Results[0].Source));
    });
}
