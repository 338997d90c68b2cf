using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using GoldenThread.Demo.Seeding;
using GoldenThread.Education;

namespace GoldenThread.Benchmarks.Product;

/// <summary>A pupil of the trust that is measured.</summary>
/// <param name="Id">Id.</param>
/// <param name="Upn">UPN.</param>
/// <param name="SchoolUrn">Where enrolled.</param>
internal sealed record BenchPupil(Guid Id, string Upn, int SchoolUrn);

/// <summary>
/// The trust that is measured, sent in through the public API: 40 schools of 500 pupils from Reception to Year 6, ten subjects with a test each. A tenth of the pupils
/// ("readers") have 30 results; a tenth ("movers") have one of each test in two earlier windows, the second of them locked, so that fits are
/// frozen and the next result of theirs is judged in full. The others are written to. The year at hand is the last whole one.
/// </summary>
internal sealed class Trust
{
    /// <summary>Tests, and subjects.</summary>
    public const int Tests = 10;

    private const int Schools = 40;
    private const int PupilsPerSchool = 500;
    private const int FirstUrn = 900001;
    private const int ResultsOfReader = 30;
    private static readonly string[] YearGroups = ["R", "1", "2", "3", "4", "5", "6"];
    private static readonly AcademicYear Now = AcademicYear.Of(DateOnly.FromDateTime(DateTime.UtcNow)).Previous;

    private readonly List<BenchPupil> all;
    private int day;

    private Trust(List<BenchPupil> all) => this.all = all;

    /// <summary>Pupils with 30 results.</summary>
    public IReadOnlyList<BenchPupil> Readers => all[..(all.Count / 10)];

    /// <summary>Pupils with a history.</summary>
    public IReadOnlyList<BenchPupil> Movers => all[(all.Count / 10)..(all.Count / 5)];

    /// <summary>Pupils to write to.</summary>
    public IReadOnlyList<BenchPupil> Writers => all[(all.Count / 5)..];

    /// <summary>Ids of the tests.</summary>
    public IReadOnlyList<string> TestIds { get; private set; } = [];

    /// <summary>The collection that is open.</summary>
    public string CollectionId { get; private set; } = "";

    /// <summary>Sends it all in.</summary>
    public static async Task<Trust> FoundAsync()
    {
        var api = await BenchHouse.ApiAsync();
        await SchoolsAsync(api);
        var trust = new Trust(await PupilsAsync(api));
        await trust.DefinitionsAsync(api);
        var before = Now.Previous;
        var first = await trust.CollectionAsync(api, "Autumn before", before, new DateOnly(before.StartYear, 12, 1));
        var second = await trust.CollectionAsync(api, "Summer before", before, new DateOnly(before.EndYear, 7, 1));
        trust.CollectionId = await trust.CollectionAsync(api, "Summer", Now, new DateOnly(Now.EndYear, 7, 1));
        await trust.ImportAsync(api, first, trust.HistoryOf(before.FirstDay.AddDays(60), withReaders: true));
        await trust.ImportAsync(api, second, trust.HistoryOf(before.LastDay.AddDays(-70), withReaders: false));
        var standing = await api.GetAsync($"v1/collections/{second}", default);
        await api.PostAsync($"v1/collections/{second}:lock", new JsonObject { ["acceptMissing"] = true, ["reason"] = "Only some sat it." },
            default, standing["collection"]!["etag"]!.GetValue<string>());
        await BenchHouse.QuietAsync();
        return trust;
    }

    /// <summary>A day on which nobody has sat a test yet.</summary>
    public DateOnly NewSitting() => Now.FirstDay.AddDays(day++);

    /// <summary>A result as a caller posts it: path and body.</summary>
    public (string Path, string Json) Entry(BenchPupil pupil, int test, DateOnly satOn) => (
        $"/v1/schools/{pupil.SchoolUrn}/results",
        $$"""{"pupilId":"{{pupil.Id}}","testId":"{{TestIds[test]}}","collectionId":"{{CollectionId}}","satOn":"{{Iso(satOn)}}","score":"{{ScoreOf(pupil, test)}}"}""");

    /// <summary>A score on the scale, alike at every call.</summary>
    public static int ScoreOf(BenchPupil pupil, int test) => 70 + (int)((uint)HashCode.Combine(pupil.SchoolUrn, pupil.Upn, test) % 60);

    /// <summary>A day as the API has it.</summary>
    public static string Iso(DateOnly date) => date.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);

    private static async Task SchoolsAsync(RestApi api)
    {
        for (var at = 0; at < Schools; at++)
        {
            await api.PutAsync($"v1/schools/{FirstUrn + at}", new JsonObject
            {
                ["name"] = $"Bench School {at + 1}",
                ["phase"] = "PHASE_PRIMARY",
                ["ageFrom"] = 4,
                ["ageTo"] = 11,
                ["memberships"] = new JsonArray(new JsonObject { ["from"] = "2019-09-01" }),
            }, default);
        }
    }

    private static async Task<List<BenchPupil>> PupilsAsync(RestApi api)
    {
        var file = new StringBuilder("UPN,URN,Forename,Surname,DOB,Sex,Year group,FSM\n");
        for (var at = 0; at < Schools * PupilsPerSchool; at++)
        {
            var upn = Upn.FromBody($"801{2000 + (at / 1000):0000}20{at % 1000:000}");
            var (urn, year) = (FirstUrn + (at / PupilsPerSchool), at % YearGroups.Length);
            var born = $"{Now.StartYear - 5 - year}-10-{1 + (at % 28):00}";
            file.AppendLine(CultureInfo.InvariantCulture,
                $"{upn},{urn},Pupil{at},Bench,{born},{(at % 2 == 0 ? 'F' : 'M')},{YearGroups[year]},{(at % 4 == 0 ? 'Y' : 'N')}");
        }

        var answer = await api.UploadAsync($"v1/roster:import?from={Iso(Now.Previous.FirstDay)}", file.ToString(), default);
        if (answer["rowsQuarantined"]!.GetValue<int>() > 0)
            throw new InvalidOperationException($"the roster does not fit: {answer.ToJsonString()[..2000]}");
        await BenchHouse.QuietAsync();
        const string Sql = """
            select p.pupil_id, u.upn, e.school_urn
            from pupil p join pupil_upn u using (pupil_id) join pupil_enrolment e using (pupil_id)
            order by substr(u.upn, 2)
            """;
        var pupils = await BenchHouse.QueryAsync("assessment", Sql, row => new BenchPupil(row.GetGuid(0), row.GetString(1), row.GetInt32(2)));
        return pupils.Count == Schools * PupilsPerSchool
            ? pupils
            : throw new InvalidOperationException($"assessment knows {pupils.Count} pupils of {Schools * PupilsPerSchool}");
    }

    private async Task DefinitionsAsync(RestApi api)
    {
        await api.PutAsync("v1/scales/standardised", new JsonObject
        {
            ["name"] = "Standardised score",
            ["kind"] = "SCALE_KIND_STANDARDISED",
            ["lowestScore"] = "60",
            ["highestScore"] = "140",
            ["decimals"] = 0,
            ["mean"] = "100",
            ["standardDeviation"] = "15",
            ["codes"] = new JsonArray(new JsonObject { ["code"] = "A", ["meaning"] = "absent", ["countsAsNotMet"] = true }),
        }, default);
        var ids = new List<string>();
        for (var at = 0; at < Tests; at++)
        {
            await api.PutAsync($"v1/subjects/subject-{at}", new JsonObject { ["name"] = $"Subject {at}" }, default);
            var test = await api.PostAsync("v1/tests", new JsonObject
            {
                ["name"] = TestName(at),
                ["subject"] = $"subject-{at}",
                ["scale"] = "standardised",
                ["reliability"] = "0.90",
                ["expectedFrom"] = "100",
                ["bands"] = new JsonArray(
                    new JsonObject { ["name"] = "Working towards", ["fromScore"] = "60", ["isLow"] = true },
                    new JsonObject { ["name"] = "Working at", ["fromScore"] = "93" }),
                ["yearGroups"] = SeedContext.Array(YearGroups),
            }, default);
            ids.Add(test["test"]!["testId"]!.GetValue<string>());
        }

        TestIds = ids;
    }

    private async Task<string> CollectionAsync(RestApi api, string name, AcademicYear year, DateOnly due)
    {
        var answer = await api.PostAsync("v1/collections", new JsonObject
        {
            ["name"] = name,
            ["academicYear"] = year.ToString(),
            ["opensOn"] = Iso(due.AddDays(-30)),
            ["dueOn"] = Iso(due),
            ["locksOn"] = Iso(due),
            ["tests"] = new JsonArray([.. TestIds.Select(id => new JsonObject { ["testId"] = id, ["yearGroups"] = SeedContext.Array(YearGroups) })]),
        }, default);
        return answer["collection"]!["collectionId"]!.GetValue<string>();
    }

    private async Task ImportAsync(RestApi api, string collection, string file)
    {
        var answer = await api.UploadAsync($"v1/collections/{collection}/results:import", file, default);
        if (answer["quarantinedCount"]!.GetValue<int>() > 0)
            throw new InvalidOperationException($"a row was refused: {answer["firstFaults"]![0]!.ToJsonString()}");
    }

    private string HistoryOf(DateOnly satOn, bool withReaders)
    {
        var file = new StringBuilder("UPN,URN,Test,Date,Score\n");
        foreach (var pupil in Movers)
        {
            AddTo(file, pupil, satOn, Tests);
        }

        foreach (var reader in withReaders ? Readers : [])
        {
            for (var sitting = 0; sitting < ResultsOfReader / Tests; sitting++)
            {
                AddTo(file, reader, satOn.AddDays(sitting), Tests);
            }
        }

        return file.ToString();
    }

    private static void AddTo(StringBuilder file, BenchPupil pupil, DateOnly satOn, int tests)
    {
        for (var test = 0; test < tests; test++)
        {
            file.Append(CultureInfo.InvariantCulture, $"{pupil.Upn},{pupil.SchoolUrn},{TestName(test)},{Iso(satOn)},{ScoreOf(pupil, test)}\n");
        }
    }

    /// <summary>Name of a test, as a file has it.</summary>
    public static string TestName(int at) => $"Bench test {at}";
}
