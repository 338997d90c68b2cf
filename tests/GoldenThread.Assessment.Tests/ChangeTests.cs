using Dapper;
using GoldenThread.Assessment.Internal.V1;
using GoldenThread.TestSupport;
using Grpc.Core;
using static GoldenThread.TestSupport.Refusals;

namespace GoldenThread.Assessment.Tests;

public sealed class ChangeTests(AssessmentHouse house)
{
    [Fact]
    public async Task StreamChanges_FromNothing_GivesEverythingAsItStands_AndThenWhatIsNew()
    {
        var service = house.ServiceCaller();
        var trust = await Trust.FoundAsync(house);
        var pupils = await trust.PupilsAsync(AssessmentHouse.NewUrn(), 2);
        await trust.RecordAsync(pupils[0], "90");
        await trust.RecordAsync(pupils[0], "95");
        var large = Trust.File(Enumerable.Range(0, 60).SelectMany(day => pupils.SelectMany(p => new[] { trust.ReadingCode, trust.MathsCode }
            .Select(s => (p, s, new DateOnly(2025, 9, 1).AddDays(day).ToString("yyyy-MM-dd")))
            .Select(l => trust.Line(l.p, "100", l.s, l.Item3)))).Concat(Enumerable.Range(0, 320).Select(i =>
                trust.Line(pupils[i % 2], "101", satOn: new DateOnly(2025, 11, 20).AddDays(i / 2 % 160).ToString("yyyy-MM-dd")))));
        await trust.Lead.ImportAsync(trust.Autumn.CollectionId, large);

        var (changes, position) = await Eventually.Async(async () =>
        {
            var read = await ReadAsync(service, "");
            Assert.Contains(read.Changes, c => c.Test?.TestId == trust.Reading.TestId);
            Assert.Contains(read.Changes, c => c.Collection?.CollectionId == trust.Autumn.CollectionId);
            var copy = Copy(read.Changes, pupils[0].SchoolUrn);
            Assert.Equal(await StandingAsync(pupils[0].SchoolUrn), copy);
            return read;
        });
        Assert.Equal(changes.Count, changes.Select(c => c).Count(c => c.Position.Length > 0));

        await trust.RecordAsync(pupils[1], "77");
        var more = await Eventually.Async(async () =>
        {
            var read = await ReadAsync(service, position);
            Assert.Contains(read.Changes.SelectMany(c => c.Results), r => r.PupilId == pupils[1].Id && r.Score == "77");
            return read;
        });
        Assert.DoesNotContain(more.Changes, c => c.Test?.TestId == trust.Reading.TestId);
    }

    [Fact]
    public async Task Digest_IsWhatACopyComputesForItself()
    {
        var service = house.ServiceCaller();
        var trust = await Trust.FoundAsync(house);
        var pupils = await trust.PupilsAsync(AssessmentHouse.NewUrn(), 3);
        await trust.RecordAsync(pupils[0], "90");
        await trust.RecordAsync(pupils[1], "91");
        await trust.RecordAsync(pupils[1], "92");

        var digest = Assert.Single((await service.Changes.DigestAsync(new() { SchoolUrn = pupils[0].SchoolUrn }, service.Headers)).Digests);

        await using var connection = await house.Database.OpenConnectionAsync();
        const string Sql = "select sum(hashtextextended(id, 0)::numeric)::text from unnest(@ids) as id";
        var ids = (await StandingAsync(pupils[0].SchoolUrn)).Select(r => $"{r.Key}:{r.Value}").ToArray();
        Assert.Equal((2L, trust.Autumn.CollectionId), (digest.Count, digest.CollectionId));
        Assert.Equal(await connection.ExecuteScalarAsync<string>(Sql, new { ids }), digest.Digest);
    }

    [Fact]
    public async Task WhatIsBetweenServices_IsForServicesAlone()
    {
        var trust = await Trust.FoundAsync(house);

        await RefusedAsync(StatusCode.PermissionDenied, "SCOPE_MISSING", async () => await trust.Lead.Changes.DigestAsync(new(), trust.Lead.Headers));
        var service = house.ServiceCaller();
        await RefusedAsync(StatusCode.InvalidArgument, "POSITION_INVALID", () => ReadAsync(service, "yesterday"));
    }

    private static async Task<(List<StreamChangesResponse> Changes, string Position)> ReadAsync(TestCaller service, string position)
    {
        using var stream = service.Changes.StreamChanges(new() { Position = position }, service.Headers);
        var changes = new List<StreamChangesResponse>();
        await foreach (var change in stream.ResponseStream.ReadAllAsync(TestContext.Current.CancellationToken))
        {
            changes.Add(change);
        }

        return (changes, changes.Count > 0 ? changes[^1].Position : position);
    }

    /// <summary>A consumer's copy: the highest version of each result.</summary>
    private static SortedDictionary<string, int> Copy(List<StreamChangesResponse> changes, int schoolUrn) =>
        new(changes.SelectMany(c => c.Results).Where(r => r.SchoolUrn == schoolUrn)
            .GroupBy(r => r.ResultId).ToDictionary(g => g.Key, g => g.Max(r => r.Version)));

    private async Task<SortedDictionary<string, int>> StandingAsync(int schoolUrn)
    {
        await using var connection = await house.Database.OpenConnectionAsync();
        const string Sql = "select result_id::text, version from result where school_urn = @schoolUrn";
        return new((await connection.QueryAsync<(string, int)>(Sql, new { schoolUrn })).ToDictionary(r => r.Item1, r => r.Item2));
    }
}
