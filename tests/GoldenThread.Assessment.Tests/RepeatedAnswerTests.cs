using Dapper;
using GoldenThread.TestSupport;
using GoldenThread.Type.V1;
using Grpc.Core;

namespace GoldenThread.Assessment.Tests;

/// <summary>A request repeated under one Idempotency-Key by somebody whose grants changed in between.</summary>
public sealed class RepeatedAnswerTests(AssessmentHouse house)
{
    [Fact]
    public async Task AnswerOfBefore_IsNotRepeated_ToWhoLostAGrantSince()
    {
        var trust = await Trust.FoundAsync(house);
        var (left, kept) = (AssessmentHouse.NewUrn(), AssessmentHouse.NewUrn());
        var pupil = (await trust.PupilsAsync(left, 1))[0];
        var lead = await house.CallerAsync(
            AssessmentHouse.AllScopes, new TestGrant(Role.DataLead) { SchoolUrn = left }, new TestGrant(Role.DataLead) { SchoolUrn = kept });
        var headers = lead.With("idempotency-key", Guid.NewGuid().ToString());
        var result = trust.Score(pupil, "100");
        var first = await lead.Results.RecordResultAsync(result, headers);
        Assert.Equal(first, await lead.Results.RecordResultAsync(result, headers));

        await EndGrantAsync(lead, left);

        await Refusals.RefusedAsync(StatusCode.FailedPrecondition, "ANSWER_NOT_REPEATED",
            async () => await lead.Results.RecordResultAsync(result, headers));
    }

    private async Task EndGrantAsync(TestCaller holder, int schoolUrn)
    {
        await using var connection = await house.Database.OpenConnectionAsync(TestContext.Current.CancellationToken);
        Assert.Equal(1, await connection.ExecuteAsync(
            "update access_grant set valid_to = now() where subject = @Subject and school_urn = @schoolUrn", new { holder.Subject, schoolUrn }));
    }
}
