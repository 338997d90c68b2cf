using Dapper;
using GoldenThread.Assessment.V1;
using GoldenThread.TestSupport;
using GoldenThread.Tracking.Events.V1;
using GoldenThread.Type.V1;
using Grpc.Core;
using static GoldenThread.TestSupport.Refusals;

namespace GoldenThread.Assessment.Tests;

/// <summary>How far a limited grant reaches: results, pupils whom one may record for, and rows that wait.</summary>
public sealed class ResultReachTests(AssessmentHouse house)
{
    [Fact]
    public async Task AGrantForAYear_ReachesAResultByWhereItWasSat_OrByWhereThePupilIsToday_AndNotByHalfOfEach()
    {
        var trust = await Trust.FoundAsync(house);
        var (then, today) = (AssessmentHouse.NewUrn(), AssessmentHouse.NewUrn());
        var pupil = new TestPupil(then, "4")
        {
            Enrolments =
            [
                new PupilEnrolment { SchoolUrn = then, From = new(2025, 9, 1), To = new(2026, 1, 30), IsMain = true, YearGroup = "4" },
                new PupilEnrolment { SchoolUrn = today, From = new(2026, 2, 2), IsMain = true, YearGroup = "6" },
            ],
        };
        await house.EnrolAsync(pupil);
        var result = (await trust.RecordAsync(pupil, "90")).Result;

        foreach (var (school, year) in new[] { (then, "4"), (today, "6"), ((int?)null, "4"), (null, "6") })
        {
            var sees = await OfAYearAsync(school, year);
            Assert.Equal(result, Assert.Single(await ResultsOfAsync(sees, pupil)));
            Assert.Equal(result, (await sees.Results.GetResultAsync(IdOf(result), sees.Headers)).Result);
        }

        foreach (var (school, year) in new[] { (today, "4"), (then, "6") })
        {
            var outside = await OfAYearAsync(school, year);
            await RefusedAsync(StatusCode.NotFound, "PUPIL_NOT_FOUND", () => ResultsOfAsync(outside, pupil));
            await RefusedAsync(StatusCode.NotFound, "RESULT_NOT_FOUND", async () => await outside.Results.GetResultAsync(IdOf(result), outside.Headers));
            await RefusedAsync(StatusCode.NotFound, "RESULT_NOT_FOUND", async () => await outside.Results.ListResultVersionsAsync(
                new() { SchoolUrn = then, ResultId = result.ResultId }, outside.Headers));
        }

        var ofTodaysSchool = await OfAYearAsync(today, "4");
        await RefusedAsync(StatusCode.NotFound, "SCHOOL_NOT_FOUND",
            async () => await ofTodaysSchool.Results.ListSchoolResultsAsync(new() { SchoolUrn = then }, ofTodaysSchool.Headers));
    }

    public static TheoryData<string, bool> OutsideTheLimits => new()
    {
        { "year", true }, { "year", false }, { "class", true }, { "class", false }, { "subject", true }, { "subject", false },
    };

    [Theory]
    [MemberData(nameof(OutsideTheLimits))]
    public async Task APupilWhoLeftOrIsToCome_OutsideTheLimits_LooksLikeOneNobodyKnows(string limit, bool left)
    {
        var trust = await Trust.FoundAsync(house);
        var school = AssessmentHouse.NewUrn();
        var mine = Guid.CreateVersion7();
        var pupil = NotOnRoll(school, "4", Guid.CreateVersion7(), left);
        await house.EnrolAsync(pupil, new TestPupil(school, "3") { ClassId = mine });
        var caller = await house.CallerAsync(AssessmentHouse.AllScopes, limit switch
        {
            "year" => new TestGrant(Role.SeniorLeader) { SchoolUrn = school, YearGroups = ["3"] },
            "class" => new TestGrant(Role.Teacher) { SchoolUrn = school, ClassIds = [mine] },
            _ => new TestGrant(Role.SubjectLeader) { SchoolUrn = school, Subjects = [trust.MathsCode] },
        });
        var unknown = new TestPupil(school, "4");

        Assert.Equal(await RecordedAsync(trust, caller, unknown), await RecordedAsync(trust, caller, pupil));
        Assert.Equal(await RecordedInABatchAsync(trust, caller, unknown), await RecordedInABatchAsync(trust, caller, pupil));
        var imported = await caller.ImportAsync(
            trust.Autumn.CollectionId, Trust.File(trust.Line(unknown, "100"), trust.Line(pupil, "101"), trust.Line(pupil, "102")));
        Assert.Equal(["PUPIL_NOT_YET_KNOWN"], imported.FirstFaults.Select(f => f.Reason).Distinct());
        Assert.Single(imported.FirstFaults.Select(f => f.Detail).Distinct());
        Assert.Equal(3, imported.QuarantinedCount);
    }

    [Theory]
    [InlineData("year", true, "PUPIL_LEFT")]
    [InlineData("year", false, "PUPIL_NOT_ON_ROLL")]
    [InlineData("class", true, "PUPIL_LEFT")]
    [InlineData("class", false, "PUPIL_NOT_ON_ROLL")]
    [InlineData("subject", true, "PUPIL_LEFT")]
    [InlineData("school", true, "PUPIL_LEFT")]
    public async Task APupilWhoLeftOrIsToCome_WithinTheLimits_IsSaidToBe(string limit, bool left, string reason)
    {
        var trust = await Trust.FoundAsync(house);
        var school = AssessmentHouse.NewUrn();
        var mine = Guid.CreateVersion7();
        var pupil = NotOnRoll(school, "4", mine, left);
        await house.EnrolAsync(pupil);
        var caller = await house.CallerAsync(AssessmentHouse.AllScopes, limit switch
        {
            "year" => new TestGrant(Role.SeniorLeader) { SchoolUrn = school, YearGroups = ["4"] },
            "class" => new TestGrant(Role.Teacher) { SchoolUrn = school, ClassIds = [mine] },
            "subject" => new TestGrant(Role.SubjectLeader) { SchoolUrn = school, Subjects = [trust.ReadingCode] },
            _ => new TestGrant(Role.Headteacher) { SchoolUrn = school },
        });

        await RefusedAsync(StatusCode.FailedPrecondition, reason, async () => await caller.Results.RecordResultAsync(trust.Score(pupil, "100"), caller.Headers));
        var imported = await caller.ImportAsync(trust.Autumn.CollectionId, Trust.File(trust.Line(pupil, "100")));
        Assert.Equal(reason, Assert.Single(imported.FirstFaults).Reason);
    }

    [Fact]
    public async Task WaitingRows_GoOutOfSightWithTheGrantTheyWereBroughtUnder()
    {
        var trust = await Trust.FoundAsync(house);
        var pupil = (await trust.PupilsAsync(AssessmentHouse.NewUrn(), 1))[0];
        var wasHead = await house.CallerAsync(Role.Headteacher, pupil.SchoolUrn);
        await wasHead.ImportAsync(trust.Autumn.CollectionId, Trust.File(trust.Line(pupil, "150")));
        var row = Assert.Single(await WaitingAsync(trust, wasHead));

        await EndGrantsAsync(wasHead);
        await house.GrantAsync(wasHead.Subject, new TestGrant(Role.Teacher) { SchoolUrn = pupil.SchoolUrn, ClassIds = [Guid.CreateVersion7()] });

        Assert.Empty(await WaitingAsync(trust, wasHead));
        await RefusedAsync(StatusCode.NotFound, "QUARANTINED_ROW_NOT_FOUND", async () => await wasHead.Quarantine.GetQuarantinedRowAsync(
            new() { QuarantinedRowId = row.QuarantinedRowId }, wasHead.Headers));
        await RefusedAsync(StatusCode.NotFound, "QUARANTINED_ROW_NOT_FOUND", async () => await wasHead.Quarantine.UpdateQuarantinedRowAsync(
            new() { QuarantinedRowId = row.QuarantinedRowId, Score = "100" }, wasHead.IfMatch(row.Etag)));
        Assert.Equal(row, Assert.Single(await WaitingAsync(trust, trust.Lead)));
    }

    [Fact]
    public async Task WaitingRows_StayInSightOfWhoBroughtThem_WhileTheirGrantsForTheSchoolHold()
    {
        var trust = await Trust.FoundAsync(house);
        var (school, other) = (AssessmentHouse.NewUrn(), AssessmentHouse.NewUrn());
        var teacher = await house.CallerAsync(AssessmentHouse.AllScopes, new TestGrant(Role.Teacher) { SchoolUrn = school, ClassIds = [Guid.CreateVersion7()] });
        await house.GrantAsync(teacher.Subject, new TestGrant(Role.Teacher) { SchoolUrn = other, ClassIds = [Guid.CreateVersion7()] });
        await teacher.ImportAsync(trust.Autumn.CollectionId, Trust.File(trust.Line(new TestPupil(school, "4"), "100")));
        await EndGrantsAsync(teacher, other);
        await house.GrantAsync(teacher.Subject, new TestGrant(Role.Teacher) { SchoolUrn = school, ClassIds = [Guid.CreateVersion7()] });

        Assert.Single(await WaitingAsync(trust, teacher));
    }

    [Fact]
    public async Task AWaitingRowThatAnotherMended_IsNoLongerInSightOfWhoBroughtIt()
    {
        var trust = await Trust.FoundAsync(house);
        var pupil = (await trust.PupilsAsync(AssessmentHouse.NewUrn(), 1))[0];
        var teacher = await house.CallerAsync(
            AssessmentHouse.AllScopes, new TestGrant(Role.Teacher) { SchoolUrn = pupil.SchoolUrn, ClassIds = [Guid.CreateVersion7()] });
        await teacher.ImportAsync(trust.Autumn.CollectionId, Trust.File(trust.Line(new TestPupil(pupil.SchoolUrn, "4"), "150")));
        var row = Assert.Single(await WaitingAsync(trust, teacher));
        var own = (await teacher.Quarantine.UpdateQuarantinedRowAsync(
            new() { QuarantinedRowId = row.QuarantinedRowId, Score = "151" }, teacher.IfMatch(row.Etag))).Row;
        Assert.Equal(own, Assert.Single(await WaitingAsync(trust, teacher)));
        var head = await house.CallerAsync(Role.Headteacher, pupil.SchoolUrn);

        var mended = (await head.Quarantine.UpdateQuarantinedRowAsync(
            new() { QuarantinedRowId = row.QuarantinedRowId, Upn = pupil.Upn }, head.IfMatch(own.Etag))).Row;

        Assert.Equal("SCORE_OUT_OF_RANGE", mended.Reason);
        Assert.Equal(mended, Assert.Single(await WaitingAsync(trust, head)));
        Assert.Empty(await WaitingAsync(trust, teacher));
    }

    private static TestPupil NotOnRoll(int school, string year, Guid classId, bool left) => left
        ? new TestPupil(school, year) { ClassId = classId, To = new DateOnly(2025, 10, 31) }
        : new TestPupil(school, year) { ClassId = classId, From = new DateOnly(2025, 11, 20) };

    private Task<TestCaller> OfAYearAsync(int? school, string year) =>
        house.CallerAsync(AssessmentHouse.AllScopes, new TestGrant(Role.SeniorLeader) { SchoolUrn = school, YearGroups = [year] });

    private static Task<string> RecordedAsync(Trust trust, TestCaller caller, TestPupil pupil)
    {
        var request = trust.Score(pupil, "100");
        request.Upn = pupil.Upn;
        return ToldAsync(() => caller.Results.RecordResultAsync(request, caller.Headers).ResponseAsync);
    }

    // Twice: a row that is there twice must not tell that it names somebody.
    private static Task<string> RecordedInABatchAsync(Trust trust, TestCaller caller, TestPupil pupil)
    {
        var batch = new BatchRecordResultsRequest { SchoolUrn = pupil.SchoolUrn, CollectionId = trust.Autumn.CollectionId };
        batch.Results.AddRange(Enumerable.Range(0, 2).Select(_ =>
            new ResultEntry { Upn = pupil.Upn, TestId = trust.Reading.TestId, SatOn = Trust.SatOn, Score = "100" }));
        return ToldAsync(() => caller.Results.BatchRecordResultsAsync(batch, caller.Headers).ResponseAsync);
    }

    private static GetResultRequest IdOf(Result result) => new() { SchoolUrn = result.SchoolUrn, ResultId = result.ResultId };

    private static async Task<IReadOnlyList<Result>> ResultsOfAsync(TestCaller caller, TestPupil pupil) =>
        (await caller.Results.ListPupilResultsAsync(new() { PupilId = pupil.Id }, caller.Headers)).Results;

    private static async Task<IReadOnlyList<QuarantinedRow>> WaitingAsync(Trust trust, TestCaller caller) =>
        (await caller.Quarantine.ListQuarantinedRowsAsync(new() { CollectionId = trust.Autumn.CollectionId }, caller.Headers)).Rows;

    private async Task EndGrantsAsync(TestCaller caller, int? school = null)
    {
        const string Sql = "update access_grant set valid_to = now() where subject = @Subject and (@school::int is null or school_urn = @school)";
        await using var connection = await house.Database.OpenConnectionAsync();
        await connection.ExecuteAsync(Sql, new { caller.Subject, school });
    }
}
