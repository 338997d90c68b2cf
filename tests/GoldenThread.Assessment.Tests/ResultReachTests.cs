using GoldenThread.Assessment.V1;
using GoldenThread.Tracking.Events.V1;
using GoldenThread.Type.V1;
using Grpc.Core;
using static GoldenThread.Assessment.Tests.Refusals;

namespace GoldenThread.Assessment.Tests;

/// <summary>How far a limited grant reaches.</summary>
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

    private Task<TestCaller> OfAYearAsync(int? school, string year) =>
        house.CallerAsync(AssessmentHouse.AllScopes, new TestGrant(Role.SeniorLeader) { SchoolUrn = school, YearGroups = [year] });

    private static GetResultRequest IdOf(Result result) => new() { SchoolUrn = result.SchoolUrn, ResultId = result.ResultId };

    private static async Task<IReadOnlyList<Result>> ResultsOfAsync(TestCaller caller, TestPupil pupil) =>
        (await caller.Results.ListPupilResultsAsync(new() { PupilId = pupil.Id }, caller.Headers)).Results;
}
