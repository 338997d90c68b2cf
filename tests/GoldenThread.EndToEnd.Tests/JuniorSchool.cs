using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using GoldenThread.Education;
using GoldenThread.TestSupport;

namespace GoldenThread.EndToEnd.Tests;

/// <summary>
/// The Junior School Project (1,192 real pupils of 49 schools, three years) sent through the gateway as a trust would send it. The study has no
/// names, UPNs, URNs or dates: those are made here, and what the tests declare comes from <c>tests/independent/jsp/figures.json</c>.
/// </summary>
public sealed class JuniorSchool : IAsyncLifetime
{
    private const string Admin = House.Administrator;
    private const int FirstUrn = 910_000;

    // The groups that the trust must define; girls and boys come with the product.
    private static readonly (string Group, string[] SocialClasses, string Comparator)[] Groups =
    [
        ("social7to9", ["7", "8", "9"], "social classes 1 to 6"),
        ("social1to6", ["1", "2", "3", "4", "5", "6"], "social classes 7 to 9"),
    ];

    private readonly Dictionary<(string Subject, int Year), string> tests = [];
    private readonly string[] collections = new string[3];
    private List<Pupil> pupils = [];

    /// <summary>The house.</summary>
    public House House { get; } = new();

    /// <summary>The figures computed without the product.</summary>
    public JsonElement Figures { get; private set; }

    /// <summary>The collection of a year of the study: 0, 1 or 2.</summary>
    public string Collection(int year) => collections[year];

    /// <summary>The URNs.</summary>
    public IEnumerable<int> Schools => pupils.Select(pupil => pupil.Urn).Distinct();

    /// <inheritdoc />
    public async ValueTask InitializeAsync()
    {
        var file = SharedData.Path("real/jsp/jsp.csv");
        Figures = JsonDocument.Parse(await File.ReadAllBytesAsync(Repository.File("tests/independent/jsp/figures.json"))).RootElement;
        pupils = Read(file);
        await House.InitializeAsync();
        foreach (var urn in Schools)
        {
            await House.PutAsync(Admin, $"/v1/schools/{urn}", Bodies.School($"School {urn}"));
        }

        for (var year = 0; year < 3; year++)
        {
            var roster = await House.UploadAsync(Admin, $"/v1/roster:import?from={StartYear(year)}-09-01", Roster(year));
            Assert.True((int)roster["rowsQuarantined"]! == 0 && (int)roster["rows"]! == pupils.Count, roster.ToJsonString());
        }

        foreach (var (group, socialClasses, comparator) in Groups)
        {
            await House.PutAsync(Admin, $"/v1/groups/{group}", Definition(group, socialClasses, comparator));
        }

        await DefineTestsAsync();
        for (var year = 0; year < 3; year++)
        {
            await CollectAsync(year);
        }
    }

    /// <inheritdoc />
    public ValueTask DisposeAsync() => House.DisposeAsync();

    private static bool IsIn(Pupil pupil, string group) => group switch
    {
        "all" => true,
        "girls" => pupil.IsGirl,
        "boys" => !pupil.IsGirl,
        "social7to9" => pupil.Social >= 7,
        "social1to6" => pupil.Social <= 6,
        _ => throw new ArgumentOutOfRangeException(nameof(group)),
    };

    private async Task DefineTestsAsync()
    {
        foreach (var declared in Figures.GetProperty("declared").GetProperty("tests").EnumerateArray())
        {
            var (subject, year) = (declared.GetProperty("subject").GetString()!, declared.GetProperty("year").GetInt32());
            await House.PutAsync(Admin, $"/v1/subjects/{subject}", new JsonObject { ["name"] = subject });

            // Norms stand on the scale, so each test has a scale of its own.
            var scale = $"{subject}-{year}";
            await House.PutAsync(Admin, $"/v1/scales/{scale}", new JsonObject
            {
                ["name"] = $"Marks in {subject}, year {year}",
                ["kind"] = "SCALE_KIND_RAW_MARK",
                ["lowestScore"] = "0",
                ["highestScore"] = "100",
                ["decimals"] = 0,
                ["mean"] = declared.GetProperty("normMean").GetRawText(),
                ["standardDeviation"] = declared.GetProperty("normSd").GetRawText(),
            });
            var middle = declared.GetProperty("middleFrom").GetRawText();
            var test = await House.PostAsync(Admin, "/v1/tests", new JsonObject
            {
                ["name"] = scale,
                ["subject"] = subject,
                ["scale"] = scale,
                ["reliability"] = declared.GetProperty("reliability").GetRawText(),
                ["expectedFrom"] = middle,
                ["bands"] = new JsonArray(Band("low", "0", true), Band("middle", middle, false), Band("high", declared.GetProperty("highFrom").GetRawText(), false)),
                ["yearGroups"] = new JsonArray(YearGroup(year)),
            });
            tests[(subject, year)] = test["test"]!["testId"]!.ToString();
        }
    }

    // A year's marks, taken over by tracking before the collection locks, since locking freezes the fits.
    private async Task CollectAsync(int year)
    {
        var start = StartYear(year);
        var created = (await House.PostAsync(Admin, "/v1/collections", new JsonObject
        {
            ["name"] = $"Study year {year}",
            ["academicYear"] = AcademicYear.Starting(start).ToString(),
            ["opensOn"] = $"{start + 1}-06-01",
            ["dueOn"] = $"{start + 1}-06-30",
            ["locksOn"] = $"{start + 1}-07-10",
            ["tests"] = new JsonArray([.. Subjects.Select(subject => (JsonNode)new JsonObject
            {
                ["testId"] = tests[(subject, year)],
                ["yearGroups"] = new JsonArray(YearGroup(year)),
            })]),
        }))["collection"]!;
        var id = collections[year] = created["collectionId"]!.ToString();
        var rows = pupils.SelectMany(pupil => pupil.Marks).Count(mark => mark.Key.Year == year);
        await Eventually.Async(async () =>
        {
            var lines = (await House.GetAsync(Admin, $"/v1/collections/{id}/completeness?page_size=1000"))["lines"]!.AsArray();
            Assert.Equal(Subjects.Length * pupils.Count, lines.Sum(line => (int)line!["expected"]!));
        }, TimeSpan.FromMinutes(2));
        var answer = await House.UploadAsync(Admin, $"/v1/collections/{id}/results:import", Results(year));
        Assert.True((int)answer["newCount"]! == rows && (int)answer["quarantinedCount"]! == 0, answer.ToJsonString());
        await Eventually.Async(async () =>
        {
            var taken = 0;
            foreach (var subject in Subjects)
            {
                var gap = (await House.GetAsync(Admin, $"/v1/gaps/girls?collection_id={id}&subject={subject}"))["gap"]!;
                taken += (int)gap["inGroup"]!["scored"]! + (int)gap["others"]!["scored"]!;
            }

            Assert.Equal(rows, taken);
        }, TimeSpan.FromMinutes(2));
        var standing = (await House.GetAsync(Admin, $"/v1/collections/{id}"))["collection"]!;
        var accepted = new JsonObject { ["acceptMissing"] = true, ["reason"] = "The study has no mark of these pupils." };
        await House.PostAsync(Admin, $"/v1/collections/{id}:lock", accepted, (string?)standing["etag"]);
    }

    private string Roster(int year)
    {
        var file = new StringBuilder("UPN,URN,Forename,Surname,DOB,Sex,Year group,attr:social-class\n");
        foreach (var pupil in pupils)
        {
            file.AppendLine(CultureInfo.InvariantCulture,
                $"{pupil.Upn},{pupil.Urn},Pupil,No{pupil.Number},{StartYear(0) - 8}-11-15,{(pupil.IsGirl ? 'F' : 'M')},{YearGroup(year)},{pupil.Social}");
        }

        return file.ToString();
    }

    private string Results(int year)
    {
        var file = new StringBuilder("UPN,URN,Test,Date,Score\n");
        foreach (var pupil in pupils)
        {
            foreach (var ((subject, of), mark) in pupil.Marks)
            {
                if (of == year)
                {
                    file.AppendLine(CultureInfo.InvariantCulture, $"{pupil.Upn},{pupil.Urn},{subject}-{year},{StartYear(year) + 1}-06-15,{mark}");
                }
            }
        }

        return file.ToString();
    }

    private static string[] Subjects { get; } = ["english", "maths"];

    // The study's year 0 is National Curriculum year 3, three academic years ago.
    private static int StartYear(int year) => AcademicYear.Of(DateOnly.FromDateTime(DateTime.UtcNow)).StartYear - 3 + year;

    private static string YearGroup(int year) => (3 + year).ToString(CultureInfo.InvariantCulture);

    private static JsonObject Band(string name, string from, bool isLow) => new() { ["name"] = name, ["fromScore"] = from, ["isLow"] = isLow };

    private static JsonObject Definition(string name, string[] socialClasses, string comparator) => new()
    {
        ["name"] = name,
        ["comparatorName"] = comparator,
        ["anyOf"] = new JsonArray(new JsonObject
        {
            ["allOf"] = new JsonArray(new JsonObject
            {
                ["fact"] = "attr:social-class",
                ["in"] = new JsonArray([.. socialClasses.Select(socialClass => (JsonNode)socialClass)]),
            }),
        }),
    };

    // The header lacks the column of row names: row, school, class, gender, social, raven, id, english, math, year.
    private static List<Pupil> Read(string file)
    {
        var pupils = new Dictionary<string, Pupil>();
        foreach (var line in File.ReadLines(file).Skip(1))
        {
            var cells = line.Split(',').Select(cell => cell.Trim('"')).ToArray();
            if (!pupils.TryGetValue(cells[6], out var pupil))
            {
                var number = pupils.Count + 1;
                pupils[cells[6]] = pupil = new Pupil(number, Upn.FromBody($"8012000{number:00000}").ToString(),
                    FirstUrn + int.Parse(cells[1], CultureInfo.InvariantCulture), cells[3] == "girl", int.Parse(cells[4], CultureInfo.InvariantCulture), []);
            }

            var year = int.Parse(cells[9], CultureInfo.InvariantCulture);
            pupil.Marks.Add(("english", year), decimal.Parse(cells[7], CultureInfo.InvariantCulture));
            pupil.Marks.Add(("maths", year), decimal.Parse(cells[8], CultureInfo.InvariantCulture));
        }

        return [.. pupils.Values];
    }

    private sealed record Pupil(int Number, string Upn, int Urn, bool IsGirl, int Social, Dictionary<(string Subject, int Year), decimal> Marks);
}
