using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using GoldenThread.Education;
using GoldenThread.TestSupport;

namespace GoldenThread.EndToEnd.Tests;

/// <summary>Schools with their pupils, tests of reading and one collection, made through the gateway; and results that wait to be sent in.</summary>
/// <param name="house">The house.</param>
/// <param name="schools">URNs of the schools.</param>
/// <param name="pupilsPerSchool">Pupils of each.</param>
/// <param name="testCount">Number of tests.</param>
internal sealed class ResultsTrust(House house, int[] schools, int pupilsPerSchool, int testCount)
{
    private const string Admin = House.Administrator;
    private const int BatchSize = 100;

    // A year that is over: its days are not in the future, whatever the day of the test.
    private readonly AcademicYear year = AcademicYear.Of(DateOnly.FromDateTime(DateTime.UtcNow)).Previous;
    private readonly List<(string Id, int Urn)> pupils = [];
    private readonly List<string> tests = [];

    /// <summary>The collection that the results belong to.</summary>
    public string CollectionId { get; private set; } = "";

    /// <summary>Makes all but the results, and waits until every service that hears of results knows what they are of.</summary>
    public async Task MakeAsync()
    {
        await DefinitionsAsync();
        foreach (var urn in schools)
        {
            await SchoolAsync(urn);
        }

        // Assessment learns of pupils by events.
        await Eventually.Async(async () =>
        {
            var lines = (await house.GetAsync(Admin, $"/v1/collections/{CollectionId}/completeness?page_size=1000"))["lines"]!.AsArray();
            Assert.Equal(schools.Length * pupilsPerSchool * testCount, lines.Sum(line => (int)line!["expected"]!));
        }, TimeSpan.FromSeconds(60));
        // A result that overtakes the news of its test is judged in the trace of the test; a collection not known yet is answered with 404.
        var ofTests = $"test_id in ('{string.Join("', '", tests)}')";
        var ofSchools = $"school_urn in ({string.Join(", ", schools)})";
        await house.KnownAsync("tracking", $"""
            select exists (select from collection_copy where collection_id = '{CollectionId}')
               and (select count(*) from test_copy where {ofTests}) = {testCount}
            """);
        await house.KnownAsync("reporting", $"""
            select exists (select from collection where collection_id = '{CollectionId}')
               and (select count(*) from test where {ofTests}) = {testCount}
               and (select count(*) from school where {ofSchools}) = {schools.Length}
               and (select count(*) from pupil_enrolment where {ofSchools}) = {schools.Length * pupilsPerSchool}
               and not exists (select from summary_due)
            """, TimeSpan.FromSeconds(60));
    }

    /// <summary>Results by day of sitting, each for every pupil and test, one by one; in an order that mixes schools, the same every time.</summary>
    public List<Sending> Sendings(params int[] days) => Mixed(days, together: 1);

    /// <summary>The same in batches of a hundred.</summary>
    public List<Sending> Batches(params int[] days) => Mixed(days, BatchSize);

    /// <summary>The same as a file, a line each.</summary>
    public (string Text, IReadOnlyList<Row> Rows) FileOf(params int[] days)
    {
        var rows = RowsOf(days).ToList();
        var text = new StringBuilder("pupil_id,URN,test,date,score\n");
        foreach (var row in rows)
        {
            text.AppendLine(CultureInfo.InvariantCulture, $"{row.PupilId},{row.Urn},{row.TestId},{row.SatOn},{row.Score}");
        }

        return (text.ToString(), rows);
    }

    private List<Sending> Mixed(int[] days, int together)
    {
        var chance = new Random(1);
        var sendings = new List<Sending>();
        foreach (var group in RowsOf(days).GroupBy(row => row.Urn))
        {
            var rows = group.ToArray();
            chance.Shuffle(rows);
            // Of one pupil, test and day there is one row: a batch has no row twice.
            sendings.AddRange(rows.Chunk(together).Select(some => new Sending(group.Key, some, CollectionId)));
        }

        var mixed = sendings.ToArray();
        chance.Shuffle(mixed);
        return [.. mixed];
    }

    private IEnumerable<Row> RowsOf(params int[] days) =>
        from day in days
        from test in Enumerable.Range(0, testCount)
        from pupil in pupils.Select((pupil, at) => (pupil.Id, pupil.Urn, at))
        select new Row(pupil.Urn, pupil.Id, tests[test], Iso(year.FirstDay.AddDays(day)), 70 + ((pupil.at + (7 * test) + (3 * day)) % 60));

    private async Task DefinitionsAsync()
    {
        await house.PutAsync(Admin, "/v1/subjects/reading", new JsonObject { ["name"] = "Reading" });
        await house.PutAsync(Admin, "/v1/scales/standardised", Bodies.Scale());
        for (var test = 1; test <= testCount; test++)
        {
            tests.Add((string)(await house.PostAsync(Admin, "/v1/tests", Bodies.Test($"Reading {test} Year 4")))["test"]!["testId"]!);
        }

        var collection = await house.PostAsync(Admin, "/v1/collections", new JsonObject
        {
            ["name"] = "Collection in bad weather",
            ["academicYear"] = year.ToString(),
            ["opensOn"] = Iso(year.FirstDay),
            ["dueOn"] = Iso(year.LastDay.AddDays(-1)),
            ["locksOn"] = Iso(year.LastDay),
            ["tests"] = new JsonArray([.. tests.Select(id => (JsonNode)new JsonObject { ["testId"] = id, ["yearGroups"] = new JsonArray("4") })]),
        });
        CollectionId = (string)collection["collection"]!["collectionId"]!;
    }

    private async Task SchoolAsync(int urn)
    {
        await house.PutAsync(Admin, $"/v1/schools/{urn}", Bodies.School($"School {urn}"));
        await house.PutAsync(Admin, $"/v1/schools/{urn}/calendars/{year.ToString().Replace('/', '-')}", Bodies.Calendar(year));
        await house.PostAsync(Admin, $"/v1/schools/{urn}/classes", Bodies.Class(year, "4A"));
        var file = new StringBuilder("UPN,URN,Forename,Surname,DOB,Sex,Year group,Class,FSM\n");
        for (var at = 0; at < pupilsPerSchool; at++)
        {
            var upn = Upn.FromBody($"8{urn % 1000:000}000{at:00000}");
            file.AppendLine(CultureInfo.InvariantCulture, $"{upn},{urn},Pupil{at},Of{urn},{year.StartYear - 9}-10-{1 + (at % 28):00},F,4,4A,{(at % 2 == 0 ? 'Y' : 'N')}");
        }

        var roster = await house.UploadAsync(Admin, $"/v1/roster:import?from={Iso(year.FirstDay)}", file.ToString());
        Assert.True((int)roster["pupilsAdded"]! == pupilsPerSchool, roster.ToJsonString());
        var listed = (await house.GetAsync(Admin, $"/v1/schools/{urn}/pupils?page_size=500"))["pupils"]!.AsArray();
        Assert.Equal(pupilsPerSchool, listed.Count);
        pupils.AddRange(listed.Select(pupil => ((string)pupil!["pupilId"]!, urn)));
    }

    private static string Iso(DateOnly day) => day.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
}

/// <summary>A result as a school sends it.</summary>
internal sealed record Row(int Urn, string PupilId, string TestId, string SatOn, int Score);

/// <summary>One POST: of one result, or of a batch.</summary>
internal sealed record Sending(int Urn, IReadOnlyList<Row> Rows, string CollectionId)
{
    public bool IsSingle => Rows.Count == 1;

    public string Path => $"/v1/schools/{Urn}/results{(IsSingle ? "" : ":batchRecord")}";

    public JsonObject Body() => IsSingle
        ? With(Entry(Rows[0]))
        : With(new JsonObject { ["results"] = new JsonArray([.. Rows.Select(row => (JsonNode)Entry(row))]) });

    private JsonObject With(JsonObject body)
    {
        body["collectionId"] = CollectionId;
        return body;
    }

    private static JsonObject Entry(Row row) => new()
    {
        ["pupilId"] = row.PupilId,
        ["testId"] = row.TestId,
        ["satOn"] = row.SatOn,
        ["score"] = row.Score.ToString(CultureInfo.InvariantCulture),
    };
}
