using System.Globalization;
using System.Text.Json.Nodes;
using GoldenThread.TestSupport;

namespace GoldenThread.EndToEnd.Tests;

/// <summary>
/// Published figures of real schools, sent through the gateway and read back there, held against a plain reading of the same files: all 560
/// schools of two local authorities in 2016/17, and the eight of the Golden Thread Alliance, whose URNs have changed.
/// </summary>
[Collection(nameof(WatchedHouse))]
public sealed class AllianceTests(WatchedHouse watched)
{
    private const string Admin = House.Administrator;
    private const double Tolerance = 0.06;
    private const int Fleetdown = 148519;
    private const int FleetdownUntil2021 = 135994;

    private readonly House house = watched.House;

    [Fact]
    public async Task KeyStageTwoFigures_AreReadBackAsPublished_WithheldOnesWithTheirReasonAndNeverAsZero_IntervalsWithinSixHundredths()
    {
        await ImportKeyStageTwoAsync();

        var intervals = 0;
        foreach (var school in PublishedFile.KeyStageTwo.SelectMany(file => file.Figures("GEOGRAPHY_SCHOOL")).GroupBy(figure => figure.Area))
        {
            var published = await PublishedAsync(school.Key);
            Assert.Equal(school.Select(figure => figure.ToString()).Order(), published.Select(Line).Order());
            intervals += AssertReproduced([.. school.Where(figure => figure.Interval() is not null)], published);
        }

        // Hampshire and Surrey, counted apart with Python.
        Assert.Equal(946 + 651, intervals);
        foreach (var geography in new[] { "GEOGRAPHY_LOCAL_AUTHORITY", "GEOGRAPHY_NATIONAL" })
        {
            // The lines of England stand in both files.
            var expected = PublishedFile.KeyStageTwo.SelectMany(file => file.Figures(geography)).Select(figure => figure.ToString()).Distinct();
            Assert.Equal(expected.Order(), (await BenchmarksAsync(geography, 2017)).Order());
        }
    }

    [Fact]
    public async Task SchoolsOfTheAlliance_AnswerWithWhatWasPublishedUnderTheirOldUrns()
    {
        var history = PublishedFile.Read("real/golden-thread-alliance/urn-history.csv");
        await RegisterAsync(history);
        foreach (var file in new[] { PublishedFile.Alliance2019, PublishedFile.Alliance2025 })
        {
            await ImportAsync(file);
        }

        Assert.Equal(8, history.Count);
        foreach (var school in history)
        {
            string[] urns = [school["latest_urn"], school["old_urn"]];
            var expected = PublishedFile.Alliance2019.Figures().Concat(PublishedFile.Alliance2025.Figures())
                .Where(figure => urns.Contains(figure.Area)).Select(figure => figure.ToString()).Order().ToList();
            Assert.NotEmpty(expected);
            await Eventually.Async(async () => Assert.Equal(expected, (await PublishedAsync(urns[0])).Select(Line).Order()));
            var measures = await PublishedAsync(urns[0]);
            Assert.All(measures, measure => Assert.Equal(urns[0], $"{measure!["schoolUrn"]}"));
            Assert.True(JsonNode.DeepEquals(measures, await PublishedAsync(urns[1])), $"{urns[1]} answers otherwise than {urns[0]}");
        }

        var fleetdown = (await PublishedAsync($"{Fleetdown}")).Single(measure => $"{measure!["measure"]} {measure["academicYearEnding"]}" == "ks2_reading_progress 2019")!;
        Assert.Equal((FleetdownUntil2021, -1.6), ((int)fleetdown["publishedUrn"]!, (double)fleetdown["published"]!["value"]!));
    }

    [Fact]
    public async Task FigureOfTheAlliance_StaysAsPublished()
    {
        await ImportAsync(PublishedFile.AllianceTrust);

        var published = await BenchmarksAsync("GEOGRAPHY_TRUST", 2025);

        Assert.Equal(PublishedFile.AllianceTrust.Figures().Select(figure => figure.ToString()).Order(), published.Order());
        // The plain mean of its four schools would be 65.5.
        Assert.Contains("16309 2025 ks2_rwm_expected all: 65.0", published);
    }

    private static string Line(JsonNode? measure) =>
        $"{measure!["publishedUrn"]} {measure["academicYearEnding"]} {measure["measure"]} {measure["breakdown"]}: {RawFigure.Shown(measure["published"]!)}";

    private static int AssertReproduced(List<RawFigure> expected, JsonArray published)
    {
        var recomputed = published.Where(measure => measure!["recomputed"] is not null).ToDictionary(measure => (string)measure!["measure"]!, measure => measure!);
        Assert.Equal(expected.Select(figure => figure.Column.Measure).Order(), recomputed.Keys.Order());
        Assert.All(expected, figure => AssertReproduced(figure, recomputed[figure.Column.Measure]));
        return expected.Count;
    }

    private static void AssertReproduced(RawFigure figure, JsonNode measure)
    {
        var (low, high, pupils, half) = figure.Interval()!.Value;
        var (published, recomputed) = (measure["published"]!["estimate"]!, measure["recomputed"]!["estimate"]!);
        Assert.Equal(pupils, (int)measure["pupils"]!);
        Assert.Equal((low, high), ((double)published["low"]!, (double)published["high"]!));
        var point = (double)published["point"]!;
        Assert.Equal(point - half, (double)recomputed["low"]!, 1e-3);
        Assert.Equal(point + half, (double)recomputed["high"]!, 1e-3);
        Assert.Equal(low, (double)recomputed["low"]!, Tolerance);
        Assert.Equal(high, (double)recomputed["high"]!, Tolerance);
    }

    private async Task ImportKeyStageTwoAsync()
    {
        foreach (var file in PublishedFile.KeyStageTwo)
        {
            await ImportAsync(file);
        }

        var markers = PublishedFile.KeyStageTwo.SelectMany(file => file.Figures()).Where(figure => figure.IsWithheld).Select(figure => figure.Cell);
        Assert.Equal(["NA", "NEW", "SUPP"], markers.Distinct().Order());
    }

    private async Task ImportAsync(PublishedFile file)
    {
        var mapping = await house.PutAsync(Admin, $"/v1/benchmark-mappings/{file.MappingId}", file.Mapping());
        Assert.Equal(file.Columns.Length, mapping["mapping"]!["measures"]!.AsArray().Count);
        var answer = await house.UploadAsync(
            Admin, $"/v1/benchmarks:import?pack={Path.GetFileName(file.Path)}&mapping_id={file.MappingId}", file.Content());
        var figures = file.Figures().ToList();
        Assert.Equal(
            (file.Lines.Count, figures.Count, figures.Count(figure => figure.IsWithheld), 0, 0),
            (Count("lines"), Count("figures"), Count("withheld"), Count("changed"), Count("refused")));
        Assert.Equal(figures.Count, Count("added") + Count("unchanged"));

        int Count(string name) => (int)answer[name]!;
    }

    // As the data lead would: each school under its present URN, with the one it had before.
    private async Task RegisterAsync(List<Dictionary<string, string>> history)
    {
        var census = PublishedFile.Read("real/golden-thread-alliance/england_census.csv").ToDictionary(line => line["URN"]);
        foreach (var school in history)
        {
            var (urn, old) = (school["latest_urn"], int.Parse(school["old_urn"], CultureInfo.InvariantCulture));
            var put = Bodies.School(school["school"]);
            put["laestab"] = census[urn]["LA"] + census[urn]["Estab"];
            put["predecessorUrns"] = new JsonArray(old);
            await house.PutAsync(Admin, $"/v1/schools/{urn}", put);
            var stored = (await house.GetAsync(Admin, $"/v1/schools/{urn}"))["school"]!;
            Assert.Equal((school["school"], (string?)put["laestab"]), ((string?)stored["name"], (string?)stored["laestab"]));
            Assert.Equal(old, (int)Assert.Single(stored["predecessorUrns"]!.AsArray())!);
        }
    }

    private async Task<JsonArray> PublishedAsync(string urn) =>
        (await house.GetAsync(Admin, $"/v1/schools/{urn}/published-measures?page_size=1000"))["measures"]!.AsArray();

    private async Task<List<string>> BenchmarksAsync(string geography, int yearEnding)
    {
        var answer = await house.GetAsync(Admin, $"/v1/benchmarks?geography={geography}&academic_year_ending={yearEnding}&page_size=1000");
        return [.. answer["benchmarks"]!.AsArray().Select(benchmark =>
            $"{benchmark!["area"]} {benchmark["academicYearEnding"]} {benchmark["measure"]} {benchmark["breakdown"]}: {RawFigure.Shown(benchmark["figure"]!)}")];
    }
}
