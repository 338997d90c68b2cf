using Dapper;
using GoldenThread.Assessment.V1;
using GoldenThread.ServiceDefaults;
using GoldenThread.TestSupport;
using GoldenThread.Type.V1;
using Google.Protobuf;
using Grpc.Core;
using static GoldenThread.TestSupport.Refusals;

namespace GoldenThread.Assessment.Tests;

/// <summary>What is defined holds for the whole trust: no grant that is limited in any way defines it, or learns on the way what is recorded.</summary>
public sealed class NarrowGrantTests(AssessmentHouse house)
{
    private static readonly string[] ScopesOfDefinitions = ["tests.write", "collections.write"];

    private static readonly TestGrant[] NarrowGrants =
    [
        new(Role.DataLead) { YearGroups = ["4"] },
        new(Role.DataLead) { ClassIds = [Guid.CreateVersion7()] },
        new(Role.DataLead) { Subjects = ["reading"] },
        new(Role.DataLead) { SchoolUrn = AssessmentHouse.NewUrn() },
    ];

    public static TheoryData<string> Definitions() =>
    [
        .. RpcCatalogue.Rules
            .Where(r => r.Key.StartsWith("/goldenthread.assessment.v1.", StringComparison.Ordinal) && ScopesOfDefinitions.Contains(r.Value.Access!.Scope))
            .Select(r => r.Key.Split('/')[^1])
            .Order(),
    ];

    [Theory]
    [MemberData(nameof(Definitions))]
    public async Task Definition_ByAGrantWithAnyLimit_IsRefusedAndStoresNothing(string rpc)
    {
        var trust = await TrustAsync(rpc == "UnlockCollection");
        var stored = await StoredAsync(trust);

        foreach (var grant in NarrowGrants)
        {
            var caller = await house.CallerAsync(AssessmentHouse.AllScopes, grant);
            await RefusedAsync(StatusCode.PermissionDenied, "TRUST_GRANT_NEEDED", () => DefineAsync(rpc, trust, caller));
        }

        // All of them at once are no wider.
        var ofAll = await house.CallerAsync(AssessmentHouse.AllScopes, NarrowGrants);
        await RefusedAsync(StatusCode.PermissionDenied, "TRUST_GRANT_NEEDED", () => DefineAsync(rpc, trust, ofAll));
        Assert.Equal(stored, await StoredAsync(trust));
        await DefineAsync(rpc, trust, trust.Lead);
        Assert.NotEqual(stored, await StoredAsync(trust));
    }

    [Fact]
    public async Task Change_WithoutAGrantForTheTrust_IsRefusedAlike_WhateverIsRecordedOrMissing()
    {
        var trust = await TrustAsync(locked: false);
        var complete = await trust.CollectionAsync("1998/99", "1998-10-01", "1998-12-01", trust.Reading);
        var caller = await house.CallerAsync(Role.DataLead, AssessmentHouse.NewUrn());
        var unknown = new V1.Collection { CollectionId = Guid.NewGuid().ToString(), Etag = trust.Autumn.Etag };
        var withoutReading = new CollectionTestSet { Tests = { new CollectionTest { TestId = trust.Maths.TestId, YearGroups = { "4" } } } };

        Task LockAsync(V1.Collection collection, string etag) =>
            caller.Collections.LockCollectionAsync(new() { CollectionId = collection.CollectionId }, caller.IfMatch(etag)).ResponseAsync;
        Task UpdateAsync(V1.Collection collection) => caller.Collections.UpdateCollectionAsync(
            new() { CollectionId = collection.CollectionId, Tests = withoutReading }, caller.IfMatch(collection.Etag)).ResponseAsync;
        Task UnlockAsync(V1.Collection collection) => caller.Collections.UnlockCollectionAsync(
            new() { CollectionId = collection.CollectionId, Reason = "mine" }, caller.IfMatch(collection.Etag)).ResponseAsync;
        Task UpdateTestAsync(string testId) =>
            caller.Tests.UpdateTestAsync(new() { TestId = testId, Name = "Mine" }, caller.IfMatch("\"7\"")).ResponseAsync;

        Func<Task>[] calls =
        [
            () => LockAsync(trust.Autumn, trust.Autumn.Etag),
            () => LockAsync(complete, complete.Etag),
            () => LockAsync(unknown, unknown.Etag),
            () => LockAsync(trust.Autumn, "\"7\""),
            () => UpdateAsync(trust.Autumn),
            () => UpdateAsync(complete),
            () => UpdateAsync(unknown),
            () => UnlockAsync(trust.Autumn),
            () => UnlockAsync(unknown),
            () => UpdateTestAsync(trust.Reading.TestId),
            () => UpdateTestAsync(Guid.NewGuid().ToString()),
        ];
        var answers = new List<string>();
        foreach (var call in calls)
        {
            answers.Add(await ToldAsync(call));
        }

        Assert.StartsWith("PermissionDenied TRUST_GRANT_NEEDED", answers[0], StringComparison.Ordinal);
        Assert.All(answers, answer => Assert.Equal(answers[0], answer));
    }

    /// <summary>A trust in whose collection one entry is there and others are missing.</summary>
    private async Task<Trust> TrustAsync(bool locked)
    {
        var trust = await Trust.FoundAsync(house);
        var pupils = await trust.PupilsAsync(AssessmentHouse.NewUrn(), 2);
        await trust.RecordAsync(pupils[0], "100");
        if (locked)
        {
            await DefineAsync("LockCollection", trust, trust.Lead);
        }

        return trust;
    }

    private static async Task<IMessage> DefineAsync(string rpc, Trust trust, TestCaller by)
    {
        var collectionId = trust.Autumn.CollectionId;
        var wider = trust.ScaleRequest();
        wider.HighestScore = "145";
        return rpc switch
        {
            "PutScale" => await by.Scales.PutScaleAsync(wider, by.Headers),
            "PutSubject" => await by.Subjects.PutSubjectAsync(new() { Code = trust.ReadingCode, Name = "Mine" }, by.Headers),
            "CreateTest" => await by.Tests.CreateTestAsync(
                new() { Name = $"Mine {trust.ReadingCode}", Subject = trust.ReadingCode, Scale = trust.Scale }, by.Headers),
            "UpdateTest" => await by.Tests.UpdateTestAsync(
                new() { TestId = trust.Reading.TestId, Reliability = "0.95" }, by.IfMatch(trust.Reading.Etag)),
            "CreateCollection" => await by.Collections.CreateCollectionAsync(new()
            {
                Name = $"Mine {trust.ReadingCode}",
                AcademicYear = "2025/26",
                OpensOn = "2025-10-01",
                DueOn = "2025-12-12",
                LocksOn = "2025-12-12",
                Tests = { new CollectionTest { TestId = trust.Reading.TestId, YearGroups = { "4" } } },
            }, by.Headers),
            "UpdateCollection" => await by.Collections.UpdateCollectionAsync(
                new() { CollectionId = collectionId, LocksOn = "2025-12-19" }, by.IfMatch(trust.Autumn.Etag)),
            "LockCollection" => await by.Collections.LockCollectionAsync(
                new() { CollectionId = collectionId, AcceptMissing = true, Reason = "mine" }, by.IfMatch(trust.Autumn.Etag)),
            "UnlockCollection" => await by.Collections.UnlockCollectionAsync(
                new() { CollectionId = collectionId, Reason = "mine" }, by.IfMatch(await EtagAsync(trust))),
            _ => throw new NotSupportedException($"Say how {rpc} is called."),
        };
    }

    private static async Task<string> EtagAsync(Trust trust) =>
        (await trust.Lead.Collections.GetCollectionAsync(new() { CollectionId = trust.Autumn.CollectionId }, trust.Lead.Headers)).Collection.Etag;

    private async Task<string> StoredAsync(Trust trust)
    {
        const string Sql = """
            select concat_ws('|',
                (select concat(version, highest_score) from scale where code = @Scale),
                (select string_agg(concat(name, version), ',' order by code) from subject where code in (@ReadingCode, @MathsCode)),
                (select string_agg(concat(name, version, reliability), ',' order by test_id) from test where scale = @Scale),
                (select string_agg(concat(c.name, c.version, c.locks_on, c.locked_at), ',' order by c.collection_id) from collection c
                 where exists (select from collection_test t join test using (test_id) where t.collection_id = c.collection_id and test.scale = @Scale)))
            """;
        await using var connection = await house.Database.OpenConnectionAsync();
        return (await connection.ExecuteScalarAsync<string>(Sql, new { trust.Scale, trust.ReadingCode, trust.MathsCode }))!;
    }
}
