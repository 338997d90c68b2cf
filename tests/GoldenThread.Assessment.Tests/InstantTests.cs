using GoldenThread.TestSupport;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;

namespace GoldenThread.Assessment.Tests;

/// <summary>Native gRPC carries instants that no calendar has: they are refused by name.</summary>
public sealed class InstantTests(AssessmentHouse house)
{
    [Fact]
    public async Task AsAt_OfNoCalendar_IsRefused()
    {
        var trust = await Trust.FoundAsync(house);
        var pupil = (await trust.PupilsAsync(AssessmentHouse.NewUrn(), 1))[0];
        var never = new Timestamp { Seconds = long.MaxValue };

        var refused = await Refusals.RefusedAsync(StatusCode.InvalidArgument, "INSTANT_INVALID", async () =>
            await trust.Lead.Results.ListPupilResultsAsync(new() { PupilId = pupil.PupilId.ToString(), AsAt = never }, trust.Lead.Headers));
        Assert.Equal("as_at", Assert.Single(refused.Violations()).Field);
        await Refusals.RefusedAsync(StatusCode.InvalidArgument, "INSTANT_INVALID", async () =>
            await trust.Lead.Results.ListSchoolResultsAsync(new() { SchoolUrn = pupil.SchoolUrn, AsAt = never }, trust.Lead.Headers));
    }
}
