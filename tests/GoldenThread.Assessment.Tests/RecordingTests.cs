using Dapper;
using GoldenThread.Assessment.Events.V1;
using GoldenThread.Assessment.V1;
using GoldenThread.TestSupport;
using GoldenThread.Tracking.Events.V1;
using GoldenThread.Type.V1;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using static GoldenThread.TestSupport.Refusals;

namespace GoldenThread.Assessment.Tests;

public sealed class RecordingTests(AssessmentHouse house)
{
    [Fact]
    public async Task Record_OfANewResult_IsReadBackAndToldOfOnce()
    {
        var trust = await Trust.FoundAsync(house);
        var pupil = (await trust.PupilsAsync(AssessmentHouse.NewUrn(), 1))[0];

        var recorded = await trust.RecordAsync(pupil, "104");

        Assert.Equal(RecordingEffect.New, recorded.Effect);
        Assert.Equal(("104", 1, "4", "manual"), (recorded.Result.Score, recorded.Result.Version, recorded.Result.YearGroup, recorded.Result.Source));
        Assert.Equal(recorded.Result, Assert.Single(await ResultsOfAsync(trust.Lead, pupil)));
        var told = await house.ToldAsync<ResultsRecorded>(e => e.Rows?.Any(r => r.PupilId == pupil.PupilId) == true);
        var row = Assert.Single(told.Rows!);
        Assert.Equal((recorded.Result.ResultId, 1, 104m, pupil.SchoolUrn), (row.ResultId.ToString(), row.Version, row.Score, row.SchoolUrn));
        Assert.Equal((1, pupil.SchoolUrn, 1), (told.Count, Assert.Single(told.Schools).SchoolUrn, told.Schools[0].Count));
    }

    [Fact]
    public async Task Record_OfTheSameValue_WritesAndTellsNothing()
    {
        var trust = await Trust.FoundAsync(house);
        var pupil = (await trust.PupilsAsync(AssessmentHouse.NewUrn(), 1))[0];
        var first = await trust.RecordAsync(pupil, "104");

        var second = await trust.RecordAsync(pupil, "104.0");

        Assert.Equal(RecordingEffect.Unchanged, second.Effect);
        Assert.Equal(first.Result, second.Result);
        await trust.RecordAsync(pupil, "105");
        // The second may be heard before the first.
        foreach (var version in new[] { 1, 2 })
        {
            await house.ToldAsync<ResultsRecorded>(e => e.Rows?.Any(r => r.PupilId == pupil.PupilId && r.Version == version) == true);
        }

        Assert.Equal(2, house.Told<ResultsRecorded>().Count(e => e.Rows?.Any(r => r.PupilId == pupil.PupilId) == true));
    }

    [Fact]
    public async Task Record_OfAnotherValue_IsANewVersionAndTheOldOneIsKept()
    {
        var trust = await Trust.FoundAsync(house);
        var pupil = (await trust.PupilsAsync(AssessmentHouse.NewUrn(), 1))[0];
        var first = await trust.RecordAsync(pupil, "89");
        var head = await house.CallerAsync(Role.Headteacher, pupil.SchoolUrn);

        var request = trust.Score(pupil, "");
        request.Code = "A";
        var second = await head.Results.RecordResultAsync(request, head.Headers);

        Assert.Equal((RecordingEffect.Changed, 2, "A"), (second.Effect, second.Result.Version, second.Result.Code));
        Assert.Equal(first.Result.ResultId, second.Result.ResultId);
        var versions = await trust.Lead.Results.ListResultVersionsAsync(
            new() { SchoolUrn = pupil.SchoolUrn, ResultId = first.Result.ResultId }, trust.Lead.Headers);
        Assert.Equal([second.Result, first.Result], versions.Versions.Select(v => v.Result));
        Assert.Equal([head.Subject, trust.Lead.Subject], versions.Versions.Select(v => v.RecordedBySubject));
        Assert.Null(versions.Versions[0].SupersededAt);
        Assert.Equal(second.Result.RecordedAt, versions.Versions[1].SupersededAt);
    }

    [Fact]
    public async Task List_AsAtAnInstant_GivesWhatWasKnownThen()
    {
        var trust = await Trust.FoundAsync(house);
        var pupil = (await trust.PupilsAsync(AssessmentHouse.NewUrn(), 1))[0];
        var before = DateTimeOffset.UtcNow;
        var first = await trust.RecordAsync(pupil, "89");
        var second = await trust.RecordAsync(pupil, "98");

        async Task<string[]> KnownAsync(Timestamp at)
        {
            var ofPupil = await trust.Lead.Results.ListPupilResultsAsync(new() { PupilId = pupil.Id, AsAt = at }, trust.Lead.Headers);
            var ofSchool = await trust.Lead.Results.ListSchoolResultsAsync(new() { SchoolUrn = pupil.SchoolUrn, AsAt = at }, trust.Lead.Headers);
            Assert.Equal(ofPupil.Results, ofSchool.Results);
            return [.. ofPupil.Results.Select(r => r.Score)];
        }

        Assert.Empty(await KnownAsync(Timestamp.FromDateTimeOffset(before)));
        Assert.Equal(["89"], await KnownAsync(first.Result.RecordedAt));
        Assert.Equal(["98"], await KnownAsync(second.Result.RecordedAt));
    }

    [Fact]
    public async Task Record_ByPresentOrFormerUpn_FindsThePupil()
    {
        var trust = await Trust.FoundAsync(house);
        var pupil = new TestPupil(AssessmentHouse.NewUrn(), "4") { FormerUpns = [AssessmentHouse.NewUpn()] };
        await house.EnrolAsync(pupil);

        foreach (var upn in new[] { pupil.Upn, pupil.FormerUpns[0].ToLowerInvariant() })
        {
            var request = trust.Score(pupil, "101");
            request.Upn = upn;
            var recorded = await trust.Lead.Results.RecordResultAsync(request, trust.Lead.Headers);
            Assert.Equal(pupil.Id, recorded.Result.PupilId);
        }
    }

    [Fact]
    public async Task Record_ByAPartner_IsARecordOfItsOwn()
    {
        var trust = await Trust.FoundAsync(house);
        var pupil = (await trust.PupilsAsync(AssessmentHouse.NewUrn(), 1))[0];
        var partner = await house.PartnerAsync($"app-{Guid.NewGuid():N}", pupil.SchoolUrn);
        await trust.RecordAsync(pupil, "100");

        var theirs = await partner.Results.RecordResultAsync(trust.Score(pupil, "110"), partner.Headers);

        Assert.Equal((RecordingEffect.New, $"partner:{partner.Subject}"), (theirs.Effect, theirs.Result.Source));
        Assert.Equal(["manual", theirs.Result.Source], (await ResultsOfAsync(trust.Lead, pupil)).Select(r => r.Source).Order());
        var claim = trust.Score(pupil, "110");
        claim.Source = "manual";
        await RefusedAsync(StatusCode.InvalidArgument, "SOURCE_INVALID", async () => await partner.Results.RecordResultAsync(claim, partner.Headers));
    }

    public static TheoryData<string, StatusCode, string> Faults => new()
    {
        { "score too low", StatusCode.InvalidArgument, "SCORE_OUT_OF_RANGE" },
        { "score too high", StatusCode.InvalidArgument, "SCORE_OUT_OF_RANGE" },
        { "score too precise", StatusCode.InvalidArgument, "SCORE_OUT_OF_RANGE" },
        { "score not a number", StatusCode.InvalidArgument, "NUMBER_INVALID" },
        { "code unknown", StatusCode.InvalidArgument, "CODE_UNKNOWN" },
        { "code too long", StatusCode.InvalidArgument, "TEXT_TOO_LONG" },
        { "code with NUL", StatusCode.InvalidArgument, "TEXT_INVALID" },
        { "no value", StatusCode.InvalidArgument, "VALUE_MISSING" },
        { "no pupil", StatusCode.InvalidArgument, "PUPIL_MISSING" },
        { "date in the future", StatusCode.InvalidArgument, "DATE_IN_FUTURE" },
        { "date outside the year", StatusCode.InvalidArgument, "DATE_OUTSIDE_YEAR" },
        { "date misspelt", StatusCode.InvalidArgument, "DATE_INVALID" },
        { "test id misspelt", StatusCode.InvalidArgument, "ID_INVALID" },
        { "another test", StatusCode.InvalidArgument, "TEST_NOT_IN_COLLECTION" },
        { "UPN with a wrong check letter", StatusCode.InvalidArgument, "UPN_INVALID" },
        { "source unknown", StatusCode.InvalidArgument, "SOURCE_INVALID" },
        { "unknown UPN", StatusCode.NotFound, "PUPIL_NOT_FOUND" },
        { "unknown pupil", StatusCode.NotFound, "PUPIL_NOT_FOUND" },
        { "pupil of another school", StatusCode.NotFound, "PUPIL_NOT_FOUND" },
        { "unknown collection", StatusCode.NotFound, "COLLECTION_NOT_FOUND" },
        { "sat after leaving", StatusCode.FailedPrecondition, "PUPIL_LEFT" },
        { "sat before joining", StatusCode.FailedPrecondition, "PUPIL_NOT_ON_ROLL" },
        { "sitting in another collection", StatusCode.FailedPrecondition, "RESULT_IN_OTHER_COLLECTION" },
        { "collection of next year", StatusCode.FailedPrecondition, "COLLECTION_NOT_OPEN" },
    };

    [Theory]
    [MemberData(nameof(Faults))]
    public async Task Record_WithAFault_IsRefusedByNameAndWritesNothing(string fault, StatusCode code, string reason)
    {
        var trust = await Trust.FoundAsync(house);
        var school = AssessmentHouse.NewUrn();
        var left = new TestPupil(school, "4") { To = new DateOnly(2025, 10, 31) };
        var joined = new TestPupil(school, "4") { From = new DateOnly(2025, 11, 20) };
        var elsewhere = new TestPupil(AssessmentHouse.NewUrn(), "4");
        var pupil = new TestPupil(school, "4");
        await house.EnrolAsync(left, joined, elsewhere, pupil);
        var request = trust.Score(pupil, "100");
        switch (fault)
        {
            case "score too low": request.Score = "59"; break;
            case "score too high": request.Score = "141"; break;
            case "score too precise": request.Score = "100.5"; break;
            case "score not a number": request.Score = "a hundred"; break;
            case "code unknown": request.Code = "Z"; break;
            case "code too long": request.Code = new string('A', 11); break;
            case "code with NUL": request.Code = "A\0"; break;
            case "no value": request.ClearOutcome(); break;
            case "no pupil": request.ClearPupil(); break;
            case "date in the future": request.SatOn = DateTime.UtcNow.AddDays(2).ToString("yyyy-MM-dd"); break;
            case "date outside the year": request.SatOn = "2025-08-31"; break;
            case "date misspelt": request.SatOn = "14.11.2025"; break;
            case "test id misspelt": request.TestId = "reading"; break;
            case "another test": request.TestId = (await trust.TestAsync(trust.ReadingCode)).TestId; break;
            case "UPN with a wrong check letter": request.Upn = "A801200005001"; break;
            case "source unknown": request.Source = "dream"; break;
            case "unknown UPN": request.Upn = AssessmentHouse.NewUpn(); break;
            case "unknown pupil": request.PupilId = Guid.NewGuid().ToString(); break;
            case "pupil of another school": request.PupilId = elsewhere.Id; break;
            case "unknown collection": request.CollectionId = Guid.NewGuid().ToString(); break;
            case "sat after leaving": request.PupilId = left.Id; break;
            case "sat before joining": request.PupilId = joined.Id; break;
            case "sitting in another collection":
                await trust.RecordAsync(pupil, "90");
                request.CollectionId = (await trust.CollectionAsync("2025/26", "2025-11-01", "2026-01-31", trust.Reading)).CollectionId;
                break;
            case "collection of next year":
                var opens = DateTime.UtcNow.AddYears(1).Year;
                request.CollectionId = (await trust.CollectionAsync($"{opens}/{opens + 1}", $"{opens}-10-01", $"{opens}-12-01", trust.Reading)).CollectionId;
                break;
        }

        await RefusedAsync(code, reason, async () => await trust.Lead.Results.RecordResultAsync(request, trust.Lead.Headers));

        Assert.Equal(fault == "sitting in another collection" ? 1 : 0, await CountAsync(school));
    }

    [Fact]
    public async Task Record_InALockedCollection_IsRefused()
    {
        var trust = await Trust.FoundAsync(house);
        var pupil = (await trust.PupilsAsync(AssessmentHouse.NewUrn(), 1))[0];
        await trust.Lead.Collections.LockCollectionAsync(
            new() { CollectionId = trust.Autumn.CollectionId, AcceptMissing = true, Reason = "end of term" }, trust.Lead.IfMatch(trust.Autumn.Etag));

        await RefusedAsync(StatusCode.FailedPrecondition, "COLLECTION_LOCKED", () => trust.RecordAsync(pupil, "100"));
    }

    [Fact]
    public async Task Record_AtASchoolOutsideTheGrant_LooksLikeNoSchool()
    {
        var trust = await Trust.FoundAsync(house);
        var pupil = (await trust.PupilsAsync(AssessmentHouse.NewUrn(), 1))[0];
        var head = await house.CallerAsync(Role.Headteacher, AssessmentHouse.NewUrn());
        var absent = trust.Score(pupil, "100");
        absent.SchoolUrn = AssessmentHouse.NewUrn();

        var foreign = await Assert.ThrowsAsync<RpcException>(async () => await head.Results.RecordResultAsync(trust.Score(pupil, "100"), head.Headers));
        var nowhere = await Assert.ThrowsAsync<RpcException>(async () => await head.Results.RecordResultAsync(absent, head.Headers));

        Assert.Equal("SCHOOL_NOT_FOUND", ReasonOf(foreign));
        Assert.Equal(nowhere.Status, foreign.Status);
        Assert.Equal(nowhere.Trailers.GetValueBytes("grpc-status-details-bin"), foreign.Trailers.GetValueBytes("grpc-status-details-bin"));
    }

    [Fact]
    public async Task ATeacher_ReachesTheirOwnClassAlone()
    {
        var trust = await Trust.FoundAsync(house);
        var school = AssessmentHouse.NewUrn();
        var mine = new TestPupil(school, "4") { ClassId = Guid.NewGuid() };
        var other = new TestPupil(school, "4") { ClassId = Guid.NewGuid() };
        await house.EnrolAsync(mine, other);
        await trust.RecordAsync(mine, "90");
        await trust.RecordAsync(other, "91");
        var teacher = await house.CallerAsync(
            AssessmentHouse.AllScopes, new TestGrant(Role.Teacher) { SchoolUrn = school, ClassIds = [mine.ClassId!.Value] });

        var corrected = await teacher.Results.RecordResultAsync(trust.Score(mine, "95"), teacher.Headers);

        Assert.Equal(2, corrected.Result.Version);
        Assert.Single(await ResultsOfAsync(teacher, mine));
        var listed = await teacher.Results.ListSchoolResultsAsync(new() { SchoolUrn = school }, teacher.Headers);
        Assert.Equal(mine.Id, Assert.Single(listed.Results).PupilId);
        await RefusedAsync(StatusCode.NotFound, "PUPIL_NOT_FOUND", async () => await teacher.Results.RecordResultAsync(trust.Score(other, "95"), teacher.Headers));
        await RefusedAsync(StatusCode.NotFound, "PUPIL_NOT_FOUND", () => ResultsOfAsync(teacher, other));
    }

    [Fact]
    public async Task ASubjectLeader_ReachesTheirOwnSubjectAndYearsAlone()
    {
        var trust = await Trust.FoundAsync(house);
        var school = AssessmentHouse.NewUrn();
        var year4 = (await trust.PupilsAsync(school, 1))[0];
        var year3 = (await trust.PupilsAsync(school, 1, "3"))[0];
        await trust.RecordAsync(year4, "90");
        var maths = trust.Score(year4, "97");
        maths.TestId = trust.Maths.TestId;
        await trust.Lead.Results.RecordResultAsync(maths, trust.Lead.Headers);
        var leader = await house.CallerAsync(AssessmentHouse.AllScopes, new TestGrant(Role.SubjectLeader)
        {
            SchoolUrn = school,
            YearGroups = ["4"],
            Subjects = [trust.MathsCode],
        });

        Assert.Equal(trust.MathsCode, Assert.Single(await ResultsOfAsync(leader, year4)).Subject);
        await leader.Results.RecordResultAsync(maths, leader.Headers);
        await RefusedAsync(StatusCode.NotFound, "PUPIL_NOT_FOUND", async () => await leader.Results.RecordResultAsync(trust.Score(year4, "99"), leader.Headers));
        await RefusedAsync(StatusCode.NotFound, "PUPIL_NOT_FOUND", () => ResultsOfAsync(leader, year3));
    }

    [Fact]
    public async Task APupilWhoMoved_TakesTheResultsAlong()
    {
        var trust = await Trust.FoundAsync(house);
        var (old, next) = (AssessmentHouse.NewUrn(), AssessmentHouse.NewUrn());
        var pupil = new TestPupil(old, "4");
        await house.EnrolAsync(pupil);
        await trust.RecordAsync(pupil, "90");
        var head = await house.CallerAsync(Role.Headteacher, next);
        await RefusedAsync(StatusCode.NotFound, "PUPIL_NOT_FOUND", () => ResultsOfAsync(head, pupil));

        await house.EnrolAsync(pupil with
        {
            Version = 2,
            Enrolments =
            [
                new PupilEnrolment { SchoolUrn = old, From = new(2025, 9, 1), To = new(2026, 1, 30), IsMain = true, YearGroup = "4" },
                new PupilEnrolment { SchoolUrn = next, From = new(2026, 2, 2), IsMain = true, YearGroup = "4" },
            ],
        });

        var seen = await TestSupport.Eventually.Async(async () => Assert.Single(await ResultsOfAsync(head, pupil)));
        Assert.Equal(old, seen.SchoolUrn);
    }

    [Fact]
    public async Task Record_WithAnIdempotencyKey_AnswersTheSameAndRefusesAnother()
    {
        var trust = await Trust.FoundAsync(house);
        var pupil = (await trust.PupilsAsync(AssessmentHouse.NewUrn(), 1))[0];
        var headers = trust.Lead.With("idempotency-key", Guid.NewGuid().ToString());

        var first = await trust.Lead.Results.RecordResultAsync(trust.Score(pupil, "100"), headers);
        var second = await trust.Lead.Results.RecordResultAsync(trust.Score(pupil, "100"), headers);

        Assert.Equal(first, second);
        await RefusedAsync(StatusCode.FailedPrecondition, "IDEMPOTENCY_KEY_REUSED",
            async () => await trust.Lead.Results.RecordResultAsync(trust.Score(pupil, "101"), headers));
    }

    [Fact]
    public async Task Corrections_AtOnce_LoseNoVersion()
    {
        var trust = await Trust.FoundAsync(house);
        var pupil = (await trust.PupilsAsync(AssessmentHouse.NewUrn(), 1))[0];

        var effects = await Task.WhenAll(Enumerable.Range(0, 8).Select(async i =>
        {
            try
            {
                return (RecordingEffect?)(await trust.RecordAsync(pupil, $"{90 + i}")).Effect;
            }
            catch (RpcException e) when (e.StatusCode == StatusCode.Unavailable)
            {
                // Told to send it again: nothing was written.
                return null;
            }
        }));

        Assert.Equal(1, effects.Count(e => e == RecordingEffect.New));
        var result = Assert.Single(await ResultsOfAsync(trust.Lead, pupil));
        var versions = await trust.Lead.Results.ListResultVersionsAsync(
            new() { SchoolUrn = pupil.SchoolUrn, ResultId = result.ResultId }, trust.Lead.Headers);
        var written = effects.Count(e => e is not null);
        Assert.Equal(Enumerable.Range(1, written).Reverse(), versions.Versions.Select(v => v.Result.Version));
        Assert.Equal(written, versions.Versions.Select(v => v.Result.Score).Distinct().Count());
    }

    [Fact]
    public async Task Batch_WithAFault_IsRefusedWholeAndNamesTheRow()
    {
        var trust = await Trust.FoundAsync(house);
        var pupils = await trust.PupilsAsync(AssessmentHouse.NewUrn(), 3);
        var batch = Batch(trust, pupils, "100");
        batch.Results[1].Score = "141";
        batch.Results[2].Code = "Z";

        var refused = await RefusedAsync(StatusCode.InvalidArgument, "SCORE_OUT_OF_RANGE",
            async () => await trust.Lead.Results.BatchRecordResultsAsync(batch, trust.Lead.Headers));

        Assert.Equal(["results[1].score", "results[2].code"], refused.Violations().Select(v => v.Field));
        Assert.Equal(0, await CountAsync(pupils[0].SchoolUrn));
    }

    [Fact]
    public async Task ManyRefusalsAtOnce_DoNotWaitForEachOther()
    {
        // Twice as many as there are connections to the database.
        const int Senders = 40;
        var trust = await Trust.FoundAsync(house);
        var pupil = (await trust.PupilsAsync(AssessmentHouse.NewUrn(), 1))[0];
        await trust.Lead.Collections.LockCollectionAsync(
            new() { CollectionId = trust.Autumn.CollectionId, AcceptMissing = true, Reason = "a test" }, trust.Lead.IfMatch(trust.Autumn.Etag));

        await Task.WhenAll(Enumerable.Range(0, Senders).Select(_ =>
            RefusedAsync(StatusCode.FailedPrecondition, "COLLECTION_LOCKED", () => trust.RecordAsync(pupil, "100"))));
        await Task.WhenAll(Enumerable.Range(0, Senders).Select(_ => RefusedAsync(StatusCode.Aborted, "ETAG_MISMATCH",
            async () => await trust.Lead.Tests.UpdateTestAsync(new() { TestId = trust.Reading.TestId, Name = "another" }, trust.Lead.IfMatch("999")))));
    }

    [Fact]
    public async Task Batch_OfNewChangedAndUnchanged_SaysWhichAndIsToldOfOnce()
    {
        var trust = await Trust.FoundAsync(house);
        var pupils = await trust.PupilsAsync(AssessmentHouse.NewUrn(), 3);
        await trust.RecordAsync(pupils[0], "100");
        await trust.RecordAsync(pupils[1], "99");

        var answer = await trust.Lead.Results.BatchRecordResultsAsync(Batch(trust, pupils, "100"), trust.Lead.Headers);

        Assert.Equal((1, 1, 1), (answer.NewCount, answer.ChangedCount, answer.UnchangedCount));
        Assert.Equal(pupils.Select(p => p.Id), answer.Results.Select(r => r.PupilId));
        var told = await house.ToldAsync<ResultsRecorded>(e => e.Rows?.Any(r => r.PupilId == pupils[2].PupilId) == true);
        Assert.Equal(new[] { pupils[1].PupilId, pupils[2].PupilId }.Order(), told.Rows!.Select(r => r.PupilId).Order());
    }

    [Fact]
    public async Task Batch_ThatNamesAResultTwice_IsRefused()
    {
        var trust = await Trust.FoundAsync(house);
        var pupil = (await trust.PupilsAsync(AssessmentHouse.NewUrn(), 1))[0];

        await RefusedAsync(StatusCode.InvalidArgument, "DUPLICATE_ROW",
            async () => await trust.Lead.Results.BatchRecordResultsAsync(Batch(trust, [pupil, pupil], "100"), trust.Lead.Headers));
        await RefusedAsync(StatusCode.InvalidArgument, "BATCH_SIZE_INVALID",
            async () => await trust.Lead.Results.BatchRecordResultsAsync(Batch(trust, [], "100"), trust.Lead.Headers));
        await RefusedAsync(StatusCode.InvalidArgument, "BATCH_SIZE_INVALID",
            async () => await trust.Lead.Results.BatchRecordResultsAsync(Batch(trust, [.. Enumerable.Repeat(pupil, 1001)], "100"), trust.Lead.Headers));
    }

    [Fact]
    public async Task List_InPages_GivesEachResultOnceAndRefusesForeignTokens()
    {
        var trust = await Trust.FoundAsync(house);
        var pupils = await trust.PupilsAsync(AssessmentHouse.NewUrn(), 7);
        await trust.Lead.Results.BatchRecordResultsAsync(Batch(trust, pupils, "100"), trust.Lead.Headers);
        var request = new ListSchoolResultsRequest { SchoolUrn = pupils[0].SchoolUrn, PageSize = 3 };
        var seen = new List<string>();

        do
        {
            var page = await trust.Lead.Results.ListSchoolResultsAsync(request, trust.Lead.Headers);
            Assert.True(page.Results.Count <= 3);
            seen.AddRange(page.Results.Select(r => r.PupilId));
            request.PageToken = page.NextPageToken;
        }
        while (request.PageToken.Length > 0);

        Assert.Equal(pupils.Select(p => p.Id).Order(), seen.Order());
        request.PageToken = "forged";
        await RefusedAsync(StatusCode.InvalidArgument, "PAGE_TOKEN_INVALID", async () => await trust.Lead.Results.ListSchoolResultsAsync(request, trust.Lead.Headers));
        request.PageToken = "";
        request.PageSize = -1;
        await RefusedAsync(StatusCode.InvalidArgument, "PAGE_SIZE_INVALID", async () => await trust.Lead.Results.ListSchoolResultsAsync(request, trust.Lead.Headers));
    }

    [Fact]
    public async Task List_OfAPupilWithoutResults_IsEmptyAndOfNobodyIsRefused()
    {
        var trust = await Trust.FoundAsync(house);
        var pupil = (await trust.PupilsAsync(AssessmentHouse.NewUrn(), 1))[0];

        Assert.Empty(await ResultsOfAsync(trust.Lead, pupil));
        await RefusedAsync(StatusCode.NotFound, "PUPIL_NOT_FOUND", () => ResultsOfAsync(trust.Lead, new TestPupil(pupil.SchoolUrn, "4")));
        await RefusedAsync(StatusCode.NotFound, "RESULT_NOT_FOUND", async () => await trust.Lead.Results.GetResultAsync(
            new() { SchoolUrn = pupil.SchoolUrn, ResultId = Guid.NewGuid().ToString() }, trust.Lead.Headers));
    }

    private static async Task<IReadOnlyList<Result>> ResultsOfAsync(TestCaller caller, TestPupil pupil) =>
        (await caller.Results.ListPupilResultsAsync(new() { PupilId = pupil.Id }, caller.Headers)).Results;

    private static BatchRecordResultsRequest Batch(Trust trust, TestPupil[] pupils, string score)
    {
        var batch = new BatchRecordResultsRequest
        {
            SchoolUrn = pupils.Length > 0 ? pupils[0].SchoolUrn : AssessmentHouse.NewUrn(),
            CollectionId = trust.Autumn.CollectionId,
        };
        batch.Results.AddRange(pupils.Select(p => new ResultEntry { PupilId = p.Id, TestId = trust.Reading.TestId, SatOn = Trust.SatOn, Score = score }));
        return batch;
    }

    private async Task<long> CountAsync(int schoolUrn)
    {
        await using var connection = await house.Database.OpenConnectionAsync();
        return await connection.ExecuteScalarAsync<long>("select count(*) from result where school_urn = @schoolUrn", new { schoolUrn });
    }
}
