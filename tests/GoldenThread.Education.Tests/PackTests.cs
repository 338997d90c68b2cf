using System.Text.Json;
using GoldenThread.TestSupport;

namespace GoldenThread.Education.Tests;

/// <summary>What ships in packs/ is what its sources say.</summary>
public class PackTests
{
    private static readonly string[] Categories =
        ["CATEGORY_SUSTAIN", "CATEGORY_REFINE", "CATEGORY_REINFORCE", "CATEGORY_STABILISE"];

    private static readonly JsonElement Offer = JsonDocument.Parse(File.ReadAllBytes(Pack("engagement-offer/offer.json"))).RootElement;

    [Fact]
    public void NationalAverages_HoldEveryGatheredFigureOnce()
    {
        var gathered = File.ReadAllLines(SharedData.Path("national-averages.csv"));
        var pack = File.ReadAllLines(Pack("national-averages/national-averages.csv"));

        Assert.Equal(gathered.Order(StringComparer.Ordinal), pack.Order(StringComparer.Ordinal));
        var keys = pack.Skip(1).Select(line => string.Join(',', line.Split(',')[..3])).ToList();
        Assert.Equal(keys.Count, keys.Distinct().Count());
    }

    [Theory] // The strategy's table: what each category gets a year, in visits.
    [InlineData("peer-challenge-review", 1, 1, 1, 1)]
    [InlineData("further-days", 2, 5, 5, 12)]
    [InlineData("safeguarding-review", 1, 1, 1, 1)]
    [InlineData("attendance-review", 1, 1, 1, 1)]
    [InlineData("reading-writing-review", 1, 1, 1, 1)]
    [InlineData("external-governance", 0, 0, 0, 1)]
    [InlineData("external-send", 0, 0, 0, 1)]
    [InlineData("external-pupil-premium", 0, 0, 0, 1)]
    public void Offer_CountsTheVisitsOfTheTable(string code, int sustain, int refine, int reinforce, int stabilise)
    {
        Assert.Equal("ENTITLEMENT_KIND_VISITS", Row(code).GetProperty("kind").GetString());
        Assert.Equal(
            [sustain, refine, reinforce, stabilise],
            Categories.Select(category => Cell(code, category)?.GetProperty("count").GetInt32() ?? 0));
    }

    [Theory] // The strategy's table: series of meetings.
    [InlineData("one-to-one", null, "WEEKLY", "WEEKLY", "WEEKLY")]
    [InlineData("ceo-meeting", null, null, null, "MONTHLY")]
    [InlineData("strategic-meeting", "FORTNIGHTLY", "FORTNIGHTLY", "FORTNIGHTLY", "FORTNIGHTLY")]
    [InlineData("rapid-improvement-plan", null, null, null, "SIX_WEEKLY")]
    public void Offer_HoldsTheMeetingsOfTheTable(
        string code, string? sustain, string? refine, string? reinforce, string? stabilise)
    {
        Assert.Equal("ENTITLEMENT_KIND_MEETINGS", Row(code).GetProperty("kind").GetString());
        Assert.Equal(
            [sustain, refine, reinforce, stabilise],
            Categories.Select(category =>
                Cell(code, category)?.GetProperty("cadence").GetString()!.Replace("MEETING_CADENCE_", "", StringComparison.Ordinal)));
    }

    [Theory] // The strategy's table: programmes, and for whom.
    [InlineData("early-career-strategy", true, true, true, true)]
    [InlineData("peer-learning", true, true, false, false)]
    [InlineData("central-specialists", false, false, true, true)]
    [InlineData("support-between-schools", true, true, true, true)]
    [InlineData("executive-head", false, false, true, true)]
    [InlineData("lead-practitioner", true, true, true, true)]
    [InlineData("external-reviews", false, false, true, false)]
    [InlineData("required-programmes", false, false, false, true)]
    public void Offer_HoldsTheProgrammesOfTheTable(string code, bool sustain, bool refine, bool reinforce, bool stabilise)
    {
        Assert.Equal("ENTITLEMENT_KIND_ARRANGEMENT", Row(code).GetProperty("kind").GetString());
        Assert.Equal(
            [sustain, refine, reinforce, stabilise], Categories.Select(category => Cell(code, category) is not null));
    }

    [Fact]
    public void Offer_QualityAssuresEverySchoolTermly_LedByTheDataLead()
    {
        Assert.Equal("ENTITLEMENT_KIND_TERMLY_VISITS", Row("quality-assurance").GetProperty("kind").GetString());
        Assert.All(Categories, category => Assert.Equal("data-lead", Lead("quality-assurance", category)));
    }

    [Fact]
    public void Offer_NamesTheLeadsOfTheTable()
    {
        Assert.Equal("deputy-ceo", Lead("peer-challenge-review", "CATEGORY_REFINE"));
        Assert.Equal("deputy-ceo", Lead("further-days", "CATEGORY_SUSTAIN"));
        Assert.Equal("improvement-team", Lead("further-days", "CATEGORY_REINFORCE"));
        Assert.Equal("deputy-ceo", Lead("further-days", "CATEGORY_STABILISE"));
        Assert.Equal("safeguarding-lead", Lead("attendance-review", "CATEGORY_SUSTAIN"));
        Assert.Equal("english-lead", Lead("reading-writing-review", "CATEGORY_SUSTAIN"));
    }

    [Fact]
    public void Offer_RunsTheClocksOfTheTable()
    {
        var clocks = Offer.GetProperty("categories").EnumerateArray().Select(terms => (
            terms.GetProperty("category").GetString()!, Months(terms, "dueMonths"), Months(terms, "overdueMonths")));

        Assert.Equal(
            [(Categories[0], null, null), (Categories[1], 24, 24), (Categories[2], 12, 18), (Categories[3], 12, (int?)12)],
            clocks);
    }

    [Fact]
    public void Offer_HasARowForEachLineOfTheTable_WithCodesOfTheirOwn()
    {
        var codes = Offer.GetProperty("rows").EnumerateArray().Select(row => row.GetProperty("code").GetString()).ToList();

        Assert.Equal(21, codes.Count);
        Assert.Equal(codes.Count, codes.Distinct().Count());
    }

    private static string Pack(string relativePath) => Path.Combine(AppContext.BaseDirectory, "packs", relativePath);

    private static JsonElement Row(string code) =>
        Offer.GetProperty("rows").EnumerateArray().Single(row => row.GetProperty("code").GetString() == code);

    private static JsonElement? Cell(string code, string category) => Row(code).GetProperty("cells").EnumerateArray()
        .Where(cell => cell.GetProperty("category").GetString() == category)
        .Select(cell => (JsonElement?)cell)
        .SingleOrDefault();

    private static string? Lead(string code, string category) =>
        Cell(code, category)?.GetProperty("team")[0].GetProperty("duties")[0].GetString();

    private static int? Months(JsonElement terms, string property) =>
        terms.TryGetProperty(property, out var months) ? months.GetInt32() : null;
}
