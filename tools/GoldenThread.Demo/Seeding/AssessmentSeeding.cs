using System.Globalization;
using System.Text.Json.Nodes;
using GoldenThread.Demo.Files;
using GoldenThread.Demo.Trust;

namespace GoldenThread.Demo.Seeding;

/// <summary>Subjects, scales, tests, collections and their results.</summary>
internal static class AssessmentSeeding
{
    private const string Standardised = "standardised";

    // By this code, and since the tests are marked as the national ones, the national figures of key stage 2 stand beside its results.
    private const string Scaled = "scaled";
    private const string Reliability = "0.90";
    private const string ExpectedFrom = "100";
    private const string Lowest = "60";

    public static async Task DefinitionsAsync(SeedContext seed, CancellationToken ct)
    {
        var api = await seed.AsAsync("data-lead");
        foreach (var (code, name) in DemoTrust.Subjects)
        {
            await api.PutAsync($"v1/subjects/{code}", new JsonObject { ["name"] = name }, ct);
        }

        await api.PutAsync($"v1/scales/{Standardised}", ScaleBody("Standardised score", "SCALE_KIND_STANDARDISED", Lowest, "140", "100", "15"), ct);
        await api.PutAsync($"v1/scales/{Scaled}", ScaleBody(
            "Key stage 2 scaled score", "SCALE_KIND_SCALED", Text(DemoTest.LowestScaled), Text(DemoTest.HighestScaled),
            Text(DemoTest.ScaledMean), Text(DemoTest.ScaledDeviation)), ct);
        var tests = await TestIdsAsync(seed, api, ct);
        await CollectionsAsync(seed, api, tests, ct);
        seed.Say($"{tests.Count} tests, {seed.Collections.Count} collections");
    }

    public static async Task ResultsAsync(SeedContext seed, CancellationToken ct)
    {
        var api = await seed.AsAsync("data-lead");
        foreach (var collection in seed.Trust.Pack.Collections)
        {
            var id = seed.Collections[collection.Name];
            var standing = await CollectionAsync(api, id, ct);
            if (IsLocked(standing))
            {
                seed.Say($"{collection.Name}: locked already");
                continue;
            }

            var expected = seed.Trust.ExpectedEntries(collection);
            await Waiting.UntilAsync(
                $"assessment expects {expected} entries of {collection.Name}", async () => await ExpectedAsync(api, id, ct) == expected, SeedContext.Patience, ct);
            await ImportAsync(seed, api, collection, id, ct);
            if (collection.Late is null)
                await api.PostAsync($"v1/collections/{id}:lock", new JsonObject(), ct, standing["etag"]!.GetValue<string>());
        }
    }

    private static async Task ImportAsync(SeedContext seed, RestApi api, PackCollection collection, string id, CancellationToken ct)
    {
        var answer = await api.UploadAsync($"v1/collections/{id}/results:import", ResultFile.Of(seed.Trust, collection), ct);
        seed.Say($"{collection.Name}: {answer["rowCount"]} rows, {answer["newCount"]} new, {answer["changedCount"]} changed, "
            + $"{answer["unchangedCount"]} unchanged, {answer["quarantinedCount"]} quarantined");
        if (answer["quarantinedCount"]!.GetValue<int>() > 0)
            throw new InvalidOperationException($"The results of {collection.Name} do not fit: {answer["firstFaults"]![0]!.ToJsonString()}");
    }

    private static async Task<int> ExpectedAsync(RestApi api, string collectionId, CancellationToken ct)
    {
        var lines = await api.ListAsync($"v1/collections/{collectionId}/completeness?pageSize=1000", "lines", ct);
        return lines.Sum(line => line["expected"]!.GetValue<int>());
    }

    private static async Task<JsonObject> CollectionAsync(RestApi api, string id, CancellationToken ct) =>
        (await api.GetAsync($"v1/collections/{id}", ct))["collection"]!.AsObject();

    private static bool IsLocked(JsonObject collection) => collection["lockedAt"] is not null;

    private static JsonObject ScaleBody(string name, string kind, string lowest, string highest, string mean, string deviation) => new()
    {
        ["name"] = name,
        ["kind"] = kind,
        ["lowestScore"] = lowest,
        ["highestScore"] = highest,
        ["decimals"] = 0,
        ["mean"] = mean,
        ["standardDeviation"] = deviation,
        ["codes"] = new JsonArray(
            new JsonObject { ["code"] = "A", ["meaning"] = "absent", ["countsAsNotMet"] = true },
            new JsonObject { ["code"] = "B", ["meaning"] = "below the level of the test", ["countsAsNotMet"] = true },
            new JsonObject { ["code"] = "N", ["meaning"] = "not required", ["countsAsNotMet"] = false }),
    };

    private static async Task<Dictionary<string, string>> TestIdsAsync(SeedContext seed, RestApi api, CancellationToken ct)
    {
        var tests = (await api.ListAsync("v1/tests?pageSize=1000", "tests", ct))
            .ToDictionary(test => test["name"]!.GetValue<string>(), test => test["testId"]!.GetValue<string>());
        var wanted = seed.Trust.Pack.Collections.Select(collection => collection.Season).Distinct().SelectMany(DemoTrust.Tests);
        foreach (var test in wanted.Where(test => !tests.ContainsKey(test.Name)))
        {
            var answer = await api.PostAsync("v1/tests", TestBody(test), ct);
            tests[test.Name] = answer["test"]!["testId"]!.GetValue<string>();
        }

        return tests;
    }

    private static JsonObject TestBody(DemoTest test) => new()
    {
        ["name"] = test.Name,
        ["subject"] = test.Subject.Code,
        ["scale"] = test.IsKeyStage2 ? Scaled : Standardised,
        ["reliability"] = Reliability,
        ["expectedFrom"] = test.IsKeyStage2 ? Text(DemoTest.ScaledExpected) : ExpectedFrom,
        ["bands"] = test.IsKeyStage2
            ? new JsonArray(Band("Below the expected standard", Text(DemoTest.LowestScaled), isLow: true), Band("Expected standard", "100"), Band("Higher standard", "110"))
            : new JsonArray(Band("Working towards", Lowest, isLow: true), Band("Working at", "93"), Band("Greater depth", "113")),
        ["yearGroups"] = SeedContext.Array([test.YearGroup]),
        ["statutory"] = test.IsKeyStage2,
    };

    private static string Text(int score) => score.ToString(CultureInfo.InvariantCulture);

    private static JsonObject Band(string name, string from, bool isLow = false) => new() { ["name"] = name, ["fromScore"] = from, ["isLow"] = isLow };

    private static async Task CollectionsAsync(SeedContext seed, RestApi api, Dictionary<string, string> tests, CancellationToken ct)
    {
        var known = (await api.ListAsync("v1/collections?pageSize=1000", "collections", ct))
            .ToDictionary(collection => collection["name"]!.GetValue<string>(), collection => collection["collectionId"]!.GetValue<string>());
        foreach (var collection in seed.Trust.Pack.Collections)
        {
            if (!known.TryGetValue(collection.Name, out var id))
            {
                var answer = await api.PostAsync("v1/collections", CollectionBody(collection, tests), ct);
                id = answer["collection"]!["collectionId"]!.GetValue<string>();
            }

            seed.Collections[collection.Name] = id;
        }
    }

    private static JsonObject CollectionBody(PackCollection collection, Dictionary<string, string> tests)
    {
        var sat = DemoTrust.Tests(collection.Season)
            .Select(test => new JsonObject { ["testId"] = tests[test.Name], ["yearGroups"] = SeedContext.Array([test.YearGroup]) });
        return new JsonObject
        {
            ["name"] = collection.Name,
            ["academicYear"] = collection.AcademicYear,
            ["opensOn"] = SeedContext.Iso(collection.OpensOn),
            ["dueOn"] = SeedContext.Iso(collection.DueOn),
            ["locksOn"] = SeedContext.Iso(collection.LocksOn),
            ["tests"] = new JsonArray([.. sat]),
        };
    }
}
