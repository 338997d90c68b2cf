using GoldenThread.TestSupport;
using GoldenThread.Tracking.V1;
using GoldenThread.Type.V1;
using Google.Protobuf;
using Grpc.Core;

namespace GoldenThread.ServiceDefaults.Tests;

/// <summary>One request sent twice at once under one key is done once, and nobody is refused for what they did themselves.</summary>
public sealed class IdempotencyTests : IAsyncLifetime
{
    private const int Rounds = 60;
    private const string InUse = "IDEMPOTENCY_KEY_IN_USE";

    private Specimen specimen = null!;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => specimen = await Specimen.StartedAsync();

    public ValueTask DisposeAsync() => specimen.DisposeAsync();

    [Fact]
    public async Task Creation_TwiceAtOnce_IsOneEffect()
    {
        for (var round = 0; round < Rounds; round++)
        {
            var grant = new Grant { Issuer = "https://issuer.example", Subject = $"twice {round}", Role = Role.Ceo, Reason = "test" };
            await OneEffectAsync(headers => specimen.Grants.GiveGrantAsync(new() { Grant = grant }, headers, cancellationToken: Ct).ResponseAsync);
        }

        Assert.Equal(Rounds, await specimen.ScalarAsync<long>("select count(*) from access_grant where subject like 'twice %'"));
    }

    [Fact]
    public async Task Change_TwiceAtOnce_IsOneEffect()
    {
        var pupil = await specimen.AddPupilAsync(await specimen.PutSchoolAsync(300_081));
        var etag = (await specimen.Pupils.GetPupilAsync(new() { PupilId = pupil, On = "2025-10-01" }, specimen.Lead, cancellationToken: Ct)).Pupil.Etag;
        for (var round = 0; round < Rounds; round++)
        {
            var request = new UpdatePupilRequest { PupilId = pupil, Pupil = new() { Surname = $"Brook {(char)('a' + (round % 26))}" } };
            var (at, changed) = (etag, await OneEffectAsync(headers =>
            {
                headers.Add("if-match", etag);
                return specimen.Pupils.UpdatePupilAsync(request, headers, cancellationToken: Ct).ResponseAsync;
            }));
            etag = changed.Pupil.Etag;
            Assert.NotEqual(at, etag);
        }
    }

    [Fact]
    public async Task SecondRequest_WhileTheFirstRuns_IsToldToComeAgain_AndThenAnswered()
    {
        var headers = Keyed();
        var request = new PutSchoolRequest
        {
            SchoolUrn = 300_082,
            School = new() { Name = "Held", Phase = Phase.Primary, Memberships = { new TrustMembership { From = "2015-09-01" } } },
        };
        Task<PutSchoolResponse> PutAsync() => specimen.Schools.PutSchoolAsync(request, headers, cancellationToken: Ct).ResponseAsync;
        Task<PutSchoolResponse> first;
        await using (await specimen.HoldAsync("school"))
        {
            first = PutAsync();
            await specimen.HeldUpAsync("school");
            await Refusals.RefusedAsync(StatusCode.Unavailable, InUse, PutAsync);
            Assert.False(first.IsCompleted);
        }

        Assert.Equal(await first, await PutAsync());
    }

    [Fact]
    public async Task HeadersBeyondTheirLimits_AreRefusedByName()
    {
        await specimen.PutSchoolAsync(300_083, new string('p', HeaderLimits.Purpose));
        await Refusals.RefusedAsync(
            StatusCode.InvalidArgument, "PURPOSE_TOO_LONG", () => specimen.PutSchoolAsync(300_084, new string('p', HeaderLimits.Purpose + 1)));
        Assert.Equal(1, await specimen.ScalarAsync<long>($"select count(*) from audit where purpose = repeat('p', {HeaderLimits.Purpose})"));

        await Refusals.RefusedAsync(StatusCode.InvalidArgument, "IDEMPOTENCY_KEY_INVALID", async () => await specimen.Grants.EndGrantAsync(
            new(), specimen.LeadWith("idempotency-key", new string('k', HeaderLimits.IdempotencyKey + 1)), cancellationToken: Ct));
    }

    // The two answers: at least one is the effect, and the other is the same or told to come again.
    private async Task<T> OneEffectAsync<T>(Func<Metadata, Task<T>> send) where T : IMessage<T>
    {
        var key = Guid.NewGuid().ToString();
        var answers = await Task.WhenAll(AnswerAsync(send, key), AnswerAsync(send, key));
        var effect = Assert.Single(answers.OfType<T>().Distinct());
        Assert.Equal(effect, await send(specimen.LeadWith("idempotency-key", key)));
        return effect;
    }

    private async Task<T?> AnswerAsync<T>(Func<Metadata, Task<T>> send, string key) where T : IMessage<T>
    {
        try
        {
            return await send(specimen.LeadWith("idempotency-key", key));
        }
        catch (RpcException e) when (Refusals.ReasonOf(e) == InUse)
        {
            return default;
        }
    }

    private Metadata Keyed() => specimen.LeadWith("idempotency-key", Guid.NewGuid().ToString());
}
