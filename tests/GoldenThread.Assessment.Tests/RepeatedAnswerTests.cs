using Dapper;
using GoldenThread.TestSupport;
using GoldenThread.Type.V1;
using Google.Protobuf;
using Grpc.Core;

namespace GoldenThread.Assessment.Tests;

/// <summary>A request repeated under one Idempotency-Key by somebody whose grants changed in between.</summary>
public sealed class RepeatedAnswerTests(AssessmentHouse house)
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

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

    [Fact]
    public async Task AnswerOfBefore_IsRepeated_WhereAGrantEndedThatHadNoPartInIt()
    {
        var trust = await Trust.FoundAsync(house);
        var (left, kept) = (AssessmentHouse.NewUrn(), AssessmentHouse.NewUrn());
        var pupil = (await trust.PupilsAsync(kept, 1))[0];
        var lead = await house.CallerAsync(
            AssessmentHouse.AllScopes, new TestGrant(Role.Governor) { SchoolUrn = left }, new TestGrant(Role.DataLead) { SchoolUrn = kept });
        var headers = lead.With("idempotency-key", Guid.NewGuid().ToString());
        var result = trust.Score(pupil, "100");
        var first = await lead.Results.RecordResultAsync(result, headers);

        await EndGrantAsync(lead, left);

        Assert.Equal(first, await lead.Results.RecordResultAsync(result, headers));
    }

    [Fact]
    public async Task UploadOfBefore_IsAnsweredAlike_AlsoOnceTheCollectionIsLocked()
    {
        var trust = await Trust.FoundAsync(house);
        var pupil = (await trust.PupilsAsync(AssessmentHouse.NewUrn(), 1))[0];
        var file = Trust.File(trust.Line(pupil, "100"));
        var headers = trust.Lead.With("idempotency-key", Guid.NewGuid().ToString());
        var first = await trust.Lead.ImportAsync(trust.Autumn.CollectionId, file, headers: headers);
        await trust.Lead.Collections.LockCollectionAsync(
            new() { CollectionId = trust.Autumn.CollectionId, AcceptMissing = true, Reason = "a test" }, trust.Lead.IfMatch(trust.Autumn.Etag));

        Assert.Equal(first, await trust.Lead.ImportAsync(trust.Autumn.CollectionId, file, headers: headers));
        await Refusals.RefusedAsync(StatusCode.FailedPrecondition, "COLLECTION_LOCKED",
            () => trust.Lead.ImportAsync(trust.Autumn.CollectionId, file, headers: trust.Lead.With("idempotency-key", Guid.NewGuid().ToString())));
    }

    [Fact]
    public async Task UploadUnderANewKey_ToACollectionThatTakesNothing_IsRefusedBeforeItsEnd()
    {
        var trust = await Trust.FoundAsync(house);
        await trust.Lead.Collections.LockCollectionAsync(
            new() { CollectionId = trust.Autumn.CollectionId, AcceptMissing = true, Reason = "a test" }, trust.Lead.IfMatch(trust.Autumn.Etag));

        await RefusedHalfWayAsync(trust.Autumn.CollectionId, StatusCode.FailedPrecondition, "COLLECTION_LOCKED");
        await RefusedHalfWayAsync(Guid.NewGuid().ToString(), StatusCode.NotFound, "COLLECTION_NOT_FOUND");

        async Task RefusedHalfWayAsync(string collectionId, StatusCode status, string reason)
        {
            using var call = trust.Lead.Results.ImportResults(trust.Lead.With("idempotency-key", Guid.NewGuid().ToString()));
            await call.RequestStream.WriteAsync(new() { CollectionId = collectionId, File = new() { Data = ByteString.CopyFromUtf8("UPN,") } }, Ct);

            await Refusals.RefusedAsync(status, reason, () => call.ResponseAsync.WaitAsync(TimeSpan.FromSeconds(10), Ct));
        }
    }

    private async Task EndGrantAsync(TestCaller holder, int schoolUrn)
    {
        await using var connection = await house.Database.OpenConnectionAsync(TestContext.Current.CancellationToken);
        Assert.Equal(1, await connection.ExecuteAsync(
            "update access_grant set valid_to = now() where subject = @Subject and school_urn = @schoolUrn", new { holder.Subject, schoolUrn }));
    }
}
