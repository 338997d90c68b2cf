using Dapper;
using GoldenThread.Assessment.Events.V1;
using GoldenThread.Assessment.V1;
using GoldenThread.TestSupport;
using GoldenThread.Type.V1;
using Grpc.Core;
using static GoldenThread.TestSupport.Refusals;

namespace GoldenThread.Assessment.Tests;

public sealed class CollectionTests(AssessmentHouse house)
{
    [Fact]
    public async Task Completeness_CountsScoresCodesAndWhatIsMissing()
    {
        var trust = await Trust.FoundAsync(house);
        var school = AssessmentHouse.NewUrn();
        var pupils = await trust.PupilsAsync(school, 4);
        var gone = new TestPupil(school, "4") { To = new DateOnly(2025, 11, 30) };
        await house.EnrolAsync(gone, new TestPupil(school, "6"));
        await trust.RecordAsync(pupils[0], "100");
        var absent = trust.Score(pupils[1], "");
        absent.Code = "A";
        await trust.Lead.Results.RecordResultAsync(absent, trust.Lead.Headers);

        var lines = (await trust.Lead.Collections.ListCompletenessAsync(
            new() { CollectionId = trust.Autumn.CollectionId, SchoolUrn = school }, trust.Lead.Headers)).Lines;

        Assert.Equal(
            [(trust.MathsCode, "4", 4, 0, 0, 4), (trust.ReadingCode, "4", 4, 1, 1, 2)],
            lines.Select(l => (l.Subject, l.YearGroup, l.Expected, l.Scored, l.Coded, l.Missing)));
        var missing = await trust.Lead.Collections.ListMissingEntriesAsync(
            new() { CollectionId = trust.Autumn.CollectionId, SchoolUrn = school, Subject = trust.ReadingCode, PageSize = 1 }, trust.Lead.Headers);
        Assert.NotEmpty(missing.NextPageToken);
        var rest = await trust.Lead.Collections.ListMissingEntriesAsync(new()
        {
            CollectionId = trust.Autumn.CollectionId,
            SchoolUrn = school,
            Subject = trust.ReadingCode,
            PageToken = missing.NextPageToken,
        }, trust.Lead.Headers);
        Assert.Equal(new[] { pupils[2].Id, pupils[3].Id }.Order(), missing.Entries.Concat(rest.Entries).Select(e => e.PupilId).Order());
    }

    [Fact]
    public async Task Chases_NameTheSchoolsThatOwe_WithinReach()
    {
        var trust = await Trust.FoundAsync(house);
        var (done, owing) = (AssessmentHouse.NewUrn(), AssessmentHouse.NewUrn());
        var complete = await trust.PupilsAsync(done, 1);
        await trust.PupilsAsync(owing, 2);
        await trust.RecordAsync(complete[0], "100");
        var maths = trust.Score(complete[0], "100");
        maths.TestId = trust.Maths.TestId;
        await trust.Lead.Results.RecordResultAsync(maths, trust.Lead.Headers);
        var head = await house.CallerAsync(Role.Headteacher, done);
        var request = new ListChasesRequest { CollectionId = trust.Autumn.CollectionId, PageSize = 1000 };

        var chases = (await trust.Lead.Collections.ListChasesAsync(request, trust.Lead.Headers)).Chases;

        var chase = Assert.Single(chases, c => c.SchoolUrn == owing);
        Assert.Equal((4, 4, 2, true), (chase.Expected, chase.Missing, chase.Pupils, chase.Overdue));
        Assert.DoesNotContain(chases, c => c.SchoolUrn == done);
        Assert.Empty((await head.Collections.ListChasesAsync(request, head.Headers)).Chases);
    }

    [Fact]
    public async Task Completeness_ForATeacher_HoldsTheirOwnClassAlone()
    {
        var trust = await Trust.FoundAsync(house);
        var school = AssessmentHouse.NewUrn();
        var mine = new TestPupil(school, "4") { ClassId = Guid.NewGuid() };
        await house.EnrolAsync(mine, new TestPupil(school, "4") { ClassId = Guid.NewGuid() });
        var teacher = await house.CallerAsync(
            AssessmentHouse.AllScopes, new TestGrant(Role.Teacher) { SchoolUrn = school, ClassIds = [mine.ClassId!.Value] });

        var missing = await teacher.Collections.ListMissingEntriesAsync(new() { CollectionId = trust.Autumn.CollectionId }, teacher.Headers);

        Assert.Equal([mine.Id], missing.Entries.Select(e => e.PupilId).Distinct());
    }

    [Fact]
    public async Task Lock_WithMissingEntries_IsRefusedUnlessAcceptedWithAReason()
    {
        var trust = await Trust.FoundAsync(house);
        await trust.PupilsAsync(AssessmentHouse.NewUrn(), 1);
        var request = new LockCollectionRequest { CollectionId = trust.Autumn.CollectionId };
        var headers = trust.Lead.IfMatch(trust.Autumn.Etag);

        await RefusedAsync(StatusCode.FailedPrecondition, "ENTRIES_MISSING", async () => await trust.Lead.Collections.LockCollectionAsync(request, headers));
        request.AcceptMissing = true;
        await RefusedAsync(StatusCode.InvalidArgument, "REASON_MISSING", async () => await trust.Lead.Collections.LockCollectionAsync(request, headers));
        request.Reason = "School closed by snow";
        var locked = (await trust.Lead.Collections.LockCollectionAsync(request, headers)).Collection;

        Assert.NotNull(locked.LockedAt);
        var told = await house.ToldAsync<CollectionChanged>(e => e.CollectionId.ToString() == locked.CollectionId && e.LockedAt is not null);
        Assert.Equal(
            locked.Tests.Select(t => (t.TestId, string.Join(' ', t.YearGroups))),
            told.Tests!.Select(t => (t.TestId.ToString(), string.Join(' ', t.YearGroups))));
        await RefusedAsync(StatusCode.FailedPrecondition, "COLLECTION_LOCKED",
            async () => await trust.Lead.Collections.LockCollectionAsync(request, trust.Lead.IfMatch(locked.Etag)));
    }

    [Fact]
    public async Task Unlock_NeedsAReason_WhichIsAudited()
    {
        var trust = await Trust.FoundAsync(house);
        var pupil = (await trust.PupilsAsync(AssessmentHouse.NewUrn(), 1))[0];
        var id = trust.Autumn.CollectionId;
        var locked = (await trust.Lead.Collections.LockCollectionAsync(
            new() { CollectionId = id, AcceptMissing = true, Reason = "end of term" }, trust.Lead.IfMatch(trust.Autumn.Etag))).Collection;

        await RefusedAsync(StatusCode.InvalidArgument, "REASON_MISSING",
            async () => await trust.Lead.Collections.UnlockCollectionAsync(new() { CollectionId = id }, trust.Lead.IfMatch(locked.Etag)));
        var open = (await trust.Lead.Collections.UnlockCollectionAsync(
            new() { CollectionId = id, Reason = "one paper was marked late" }, trust.Lead.IfMatch(locked.Etag))).Collection;

        Assert.Null(open.LockedAt);
        await trust.RecordAsync(pupil, "100");
        await using var connection = await house.Database.OpenConnectionAsync();
        const string Sql = "select detail from audit where subject_kind = 'collection' and @id = any(subject_ids) and subject = @Subject order by audit_id";
        var audited = (await connection.QueryAsync<string?>(Sql, new { id, trust.Lead.Subject })).ToList();
        Assert.Equal("one paper was marked late", audited[^1]);
        await RefusedAsync(StatusCode.FailedPrecondition, "COLLECTION_NOT_LOCKED",
            async () => await trust.Lead.Collections.UnlockCollectionAsync(new() { CollectionId = id, Reason = "again" }, trust.Lead.IfMatch(open.Etag)));
    }

    [Fact]
    public async Task Lock_WaitsForWhoIsJustRecording_SoNothingSlipsInAfterwards()
    {
        var trust = await Trust.FoundAsync(house);
        var pupils = await trust.PupilsAsync(AssessmentHouse.NewUrn(), 40);
        var recording = pupils.Select(async pupil =>
        {
            try
            {
                return (await trust.RecordAsync(pupil, "100")).Result.RecordedAt.ToDateTimeOffset();
            }
            catch (RpcException e) when (ReasonOf(e) == "COLLECTION_LOCKED")
            {
                return (DateTimeOffset?)null;
            }
        }).ToList();

        await trust.Lead.Collections.LockCollectionAsync(
            new() { CollectionId = trust.Autumn.CollectionId, AcceptMissing = true, Reason = "race" }, trust.Lead.IfMatch(trust.Autumn.Etag));
        var after = await CountAsync(trust);
        var recorded = await Task.WhenAll(recording);

        Assert.Equal(recorded.Count(r => r is not null), await CountAsync(trust));
        Assert.Equal(after, await CountAsync(trust));
    }

    [Fact]
    public async Task Update_ChangesWhatIsGiven_AndKeepsTestsWithResults()
    {
        var trust = await Trust.FoundAsync(house);
        var pupil = (await trust.PupilsAsync(AssessmentHouse.NewUrn(), 1))[0];
        await trust.RecordAsync(pupil, "100");
        var id = trust.Autumn.CollectionId;

        var changed = (await trust.Lead.Collections.UpdateCollectionAsync(
            new() { CollectionId = id, LocksOn = "2025-12-19" }, trust.Lead.IfMatch(trust.Autumn.Etag))).Collection;

        Assert.Equal(("2025-12-19", trust.Autumn.DueOn, 2), (changed.LocksOn, changed.DueOn, changed.Tests.Count));
        Assert.Equal(changed, (await trust.Lead.Collections.GetCollectionAsync(new() { CollectionId = id }, trust.Lead.Headers)).Collection);
        var withoutReading = new CollectionTestSet { Tests = { new CollectionTest { TestId = trust.Maths.TestId, YearGroups = { "4" } } } };
        await RefusedAsync(StatusCode.FailedPrecondition, "TEST_HAS_RESULTS", async () => await trust.Lead.Collections.UpdateCollectionAsync(
            new() { CollectionId = id, Tests = withoutReading }, trust.Lead.IfMatch(changed.Etag)));
        await RefusedAsync(StatusCode.Aborted, "ETAG_MISMATCH", async () => await trust.Lead.Collections.UpdateCollectionAsync(
            new() { CollectionId = id, Name = "x" }, trust.Lead.IfMatch(trust.Autumn.Etag)));
        await RefusedAsync(StatusCode.InvalidArgument, "COLLECTION_INVALID", async () => await trust.Lead.Collections.UpdateCollectionAsync(
            new() { CollectionId = id, DueOn = "2026-09-01" }, trust.Lead.IfMatch(changed.Etag)));
    }

    [Fact]
    public async Task Definitions_TakeAGrantForTheWholeTrust()
    {
        var trust = await Trust.FoundAsync(house);
        var ofOneSchool = await house.CallerAsync(Role.DataLead, AssessmentHouse.NewUrn());

        await RefusedAsync(StatusCode.PermissionDenied, "TRUST_GRANT_NEEDED", async () => await ofOneSchool.Collections.LockCollectionAsync(
            new() { CollectionId = trust.Autumn.CollectionId, AcceptMissing = true, Reason = "mine" }, ofOneSchool.IfMatch(trust.Autumn.Etag)));
        await RefusedAsync(StatusCode.PermissionDenied, "TRUST_GRANT_NEEDED",
            async () => await ofOneSchool.Subjects.PutSubjectAsync(new() { Code = trust.ReadingCode, Name = "Mine" }, ofOneSchool.Headers));
        await RefusedAsync(StatusCode.PermissionDenied, "TRUST_GRANT_NEEDED",
            async () => await ofOneSchool.Scales.PutScaleAsync(trust.ScaleRequest(), ofOneSchool.Headers));
        await RefusedAsync(StatusCode.PermissionDenied, "TRUST_GRANT_NEEDED", async () => await ofOneSchool.Tests.UpdateTestAsync(
            new() { TestId = trust.Reading.TestId, Name = "Mine" }, ofOneSchool.IfMatch(trust.Reading.Etag)));
    }

    [Fact]
    public async Task Collections_AreListedInPages()
    {
        var trust = await Trust.FoundAsync(house);
        var expected = new List<string>();
        for (var i = 1; i <= 3; i++)
        {
            expected.Add((await trust.CollectionAsync("1999/00", $"1999-10-0{i}", "1999-12-01", trust.Reading)).CollectionId);
        }

        var request = new ListCollectionsRequest { AcademicYear = "1999/00", PageSize = 2 };
        var first = await trust.Lead.Collections.ListCollectionsAsync(request, trust.Lead.Headers);
        request.PageToken = first.NextPageToken;
        var second = await trust.Lead.Collections.ListCollectionsAsync(request, trust.Lead.Headers);

        expected.Reverse();
        Assert.Equal(expected, first.Collections.Concat(second.Collections).Select(c => c.CollectionId));
    }

    private async Task<long> CountAsync(Trust trust)
    {
        await using var connection = await house.Database.OpenConnectionAsync();
        return await connection.ExecuteScalarAsync<long>(
            "select count(*) from result where collection_id = @id", new { id = Guid.Parse(trust.Autumn.CollectionId) });
    }
}
