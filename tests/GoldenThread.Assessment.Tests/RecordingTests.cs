using GoldenThread.Assessment.Events.V1;
using GoldenThread.Assessment.V1;
using GoldenThread.Type.V1;
using Grpc.Core;

namespace GoldenThread.Assessment.Tests;

public sealed class RecordingTests(AssessmentHouse house)
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Record_OfANewResult_IsReadBackAndToldOfOnce()
    {
        var trust = await Trust.FoundAsync(house);
        var pupil = (await trust.PupilsAsync(AssessmentHouse.NewUrn(), 1))[0];

        var recorded = await trust.RecordAsync(pupil, "104");

        Assert.Equal(RecordingEffect.New, recorded.Effect);
        Assert.Equal(("104", 1, "4", "manual"), (recorded.Result.Score, recorded.Result.Version, recorded.Result.YearGroup, recorded.Result.Source));
        var read = await trust.Lead.Results.ListPupilResultsAsync(new() { PupilId = pupil.Id }, trust.Lead.Headers, cancellationToken: Stop);
        Assert.Equal(recorded.Result, Assert.Single(read.Results));
        var told = await house.ToldAsync<ResultsRecorded>(e => e.Rows?.Any(r => r.PupilId == pupil.PupilId) == true);
        var row = Assert.Single(told.Rows!);
        Assert.Equal((recorded.Result.ResultId, 1, 104m, pupil.SchoolUrn), (row.ResultId.ToString(), row.Version, row.Score, row.SchoolUrn));
    }

    [Fact]
    public async Task Record_OfTheSameValue_WritesNothing()
    {
        var trust = await Trust.FoundAsync(house);
        var pupil = (await trust.PupilsAsync(AssessmentHouse.NewUrn(), 1))[0];
        var first = await trust.RecordAsync(pupil, "104");

        var second = await trust.RecordAsync(pupil, "104.0");

        Assert.Equal(RecordingEffect.Unchanged, second.Effect);
        Assert.Equal(first.Result, second.Result);
    }
}
