using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using GoldenThread.TestSupport;

namespace GoldenThread.EndToEnd.Tests;

/// <summary>
/// What the running product says of real pupils, held against figures that were computed without any of its code: standard Python over the raw
/// file (<c>tests/independent/jsp/figures.py</c>).
/// </summary>
public sealed class JuniorSchoolProjectTests(JuniorSchool study) : IClassFixture<JuniorSchool>
{
    private const string Admin = House.Administrator;

    [Fact]
    public async Task Means_OfEveryGroupSubjectAndYear_AreTheIndependentOnes()
    {
        foreach (var expected in Independent("means").Where(expected => Text(expected, "group") != "all"))
        {
            var (gap, side) = await SideAsync(expected);
            Assert.Equal(Whole(expected, "n"), (int)gap[side]!["scored"]!);
            Close(expected, "mean", gap[side]!["meanScore"]!);
        }
    }

    [Fact]
    public async Task GapsInMeans_BySexAndSocialClass_AreTheIndependentOnes_WithTheirIntervals()
    {
        foreach (var expected in Independent("meanGaps"))
        {
            var gap = await GapAsync(Text(expected, "group"), expected);
            Close(expected, "difference", gap["meanDifference"]!);
            Close(expected.GetProperty("hedgesG"), Point(gap["hedgesG"]!));
        }
    }

    [Fact]
    public async Task ShareThatMeetsTheStandard_OfEveryGroupSubjectAndYear_IsTheIndependentOne_WithItsInterval()
    {
        foreach (var expected in Independent("proportions").Where(expected => Text(expected, "measure") == "middleOrHigh" && Text(expected, "group") != "all"))
        {
            var (gap, side) = await SideAsync(expected);
            Assert.Equal((Whole(expected, "count"), Whole(expected, "n")), ((int)gap[side]!["met"]!, (int)gap[side]!["pupils"]!));
            Close(expected, "proportion", gap[side]!["percentMet"]!, factor: 100);
        }
    }

    [Fact]
    public async Task GapsInShares_BySexAndSocialClass_AreTheIndependentOnes_AlsoInWholePupils()
    {
        foreach (var expected in Independent("proportionGaps").Where(expected => Text(expected, "measure") == "middleOrHigh"))
        {
            var gap = await GapAsync(Text(expected, "group"), expected);
            Close(expected, "difference", gap["percentagePoints"]!, factor: 100);
            Assert.Equal(Whole(expected, "wholePupils"), (int)gap["wholePupils"]!);
        }
    }

    [Fact]
    public async Task TheWholeTrust_AsReportingTellsIt_HasTheIndependentMeansAndShares()
    {
        foreach (var (mean, share) in Independent("means").Zip(Independent("proportions").Where(row => Text(row, "measure") == "middleOrHigh"))
            .Where(pair => Text(pair.First, "group") == "all"))
        {
            var path = $"/v1/attainment?collection_id={study.Collection(Whole(mean, "year"))}&subject={Text(mean, "subject")}&level=ATTAINMENT_LEVEL_TRUST&page_size=500";
            await Eventually.Async(async () =>
            {
                var rows = (await study.House.GetAsync(Admin, path))["rows"]!.AsArray();
                var all = rows.Single(row => row!["group"] is null)!["figures"]!;
                Assert.Equal(Whole(mean, "n"), (int)Point(all["pupils"]!));
                Close(share, "proportion", all["percentMet"]!, factor: 100);
                Close(mean, "mean", all["meanScore"]!);
            }, TimeSpan.FromMinutes(2));
        }
    }

    [Fact]
    public async Task Statuses_OfEveryGroupSubjectAndYear_AreTheIndependentOnes()
    {
        foreach (var expected in Independent("statuses"))
        {
            var group = Text(expected, "group");
            var year = Whole(expected, "year");
            var wanted = expected.GetProperty("counts").EnumerateObject().ToDictionary(count => StatusName(count.Name), count => count.Value.GetInt32());
            await Eventually.Async(async () =>
            {
                var found = await CountsAsync(group, Text(expected, "subject"), year);
                Assert.Equal(wanted.OrderBy(count => count.Key), found.OrderBy(count => count.Key));
            }, TimeSpan.FromMinutes(2));
        }
    }

    private async Task<Dictionary<string, int>> CountsAsync(string group, string subject, int year)
    {
        var counts = new Dictionary<string, int>();
        foreach (var urn in study.Schools)
        {
            var ofGroup = group == "all" ? "" : $"&group={group}";
            var shares = await study.House.GetAsync(
                Admin, $"/v1/schools/{urn}/status-shares?collection_id={study.Collection(year)}&subject={subject}{ofGroup}");
            foreach (var count in shares["counts"]!.AsArray())
            {
                counts[(string)count!["status"]!] = counts.GetValueOrDefault((string)count["status"]!) + ((int?)count["pupils"] ?? 0);
            }
        }

        return counts;
    }

    // A group has its own figures on one side of a gap: as the group, or as those who are not in it.
    private async Task<(JsonNode Gap, string Side)> SideAsync(JsonElement expected) => Text(expected, "group") switch
    {
        "boys" => (await GapAsync("girls", expected), "others"),
        "social1to6" => (await GapAsync("social7to9", expected), "others"),
        var group => (await GapAsync(group, expected), "inGroup"),
    };

    private async Task<JsonNode> GapAsync(string group, JsonElement expected) =>
        (await study.House.GetAsync(
            Admin,
            $"/v1/gaps/{group}?collection_id={study.Collection(Whole(expected, "year"))}&subject={Text(expected, "subject")}"))["gap"]!;

    private IEnumerable<JsonElement> Independent(string name) => study.Figures.GetProperty(name).EnumerateArray();

    private static string Text(JsonElement element, string name) => element.GetProperty(name).GetString()!;

    private static int Whole(JsonElement element, string name) => element.GetProperty(name).GetInt32();

    private static string StatusName(string name) => "PROGRESS_STATUS_" + string.Concat(
        name.Select(letter => char.IsUpper(letter) ? $"_{letter}" : char.ToUpper(letter, CultureInfo.InvariantCulture).ToString()));

    private static double Point(JsonNode figure) => (double?)figure["value"] ?? (double)figure["estimate"]!["point"]!;

    // Asked for the whole trust, the product allows for pupils of one school being alike.
    private static void Close(JsonElement expected, string point, JsonNode figure, double factor = 1)
    {
        var (interval, estimate) = (expected.GetProperty("acrossSchools"), figure["estimate"]!);
        Close(interval.GetProperty("lower"), (double)estimate["low"]!, factor);
        Close(expected.GetProperty(point), (double)estimate["point"]!, factor);
        Close(interval.GetProperty("upper"), (double)estimate["high"]!, factor);
    }

    // The figures are written with ten digits.
    private static void Close(JsonElement expected, double found, double factor = 1) => Assert.Equal(factor * expected.GetDouble(), found, factor * 1e-6);
}
