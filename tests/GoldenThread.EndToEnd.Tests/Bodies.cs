using System.Text.Json.Nodes;
using GoldenThread.Education;
using GoldenThread.TestSupport;

namespace GoldenThread.EndToEnd.Tests;

/// <summary>Bodies of requests, as a caller would write them.</summary>
internal static class Bodies
{
    public const string Benchmarks =
        """
        measure,breakdown,academic_year_ending,value,unit,release,source
        ks2-reading-expected,all,2025,75,percent,final,https://example.org/ks2
        """;

    public static JsonObject Scale() => new()
    {
        ["name"] = "Standardised score",
        ["kind"] = "SCALE_KIND_STANDARDISED",
        ["lowestScore"] = "60",
        ["highestScore"] = "140",
        ["decimals"] = 0,
        ["mean"] = "100",
        ["standardDeviation"] = "15",
        ["codes"] = new JsonArray(new JsonObject { ["code"] = "A", ["meaning"] = "absent", ["countsAsNotMet"] = true }),
    };

    public static JsonObject Test(string name) => new()
    {
        ["name"] = name,
        ["subject"] = "reading",
        ["scale"] = "standardised",
        ["reliability"] = "0.90",
        ["expectedFrom"] = "100",
        ["bands"] = new JsonArray(
            new JsonObject { ["name"] = "Working towards", ["fromScore"] = "60", ["isLow"] = true },
            new JsonObject { ["name"] = "Working at", ["fromScore"] = "100", ["isLow"] = false }),
        ["yearGroups"] = new JsonArray("4"),
    };

    public static JsonObject School(string name) => new()
    {
        ["name"] = name,
        ["phase"] = "PHASE_PRIMARY",
        ["ageFrom"] = 4,
        ["ageTo"] = 11,
        ["locality"] = "North",
        ["memberships"] = new JsonArray(new JsonObject { ["from"] = "2019-09-01" }),
    };

    // One term from the first Monday of September to the middle of July.
    public static JsonObject Calendar(AcademicYear year) => new()
    {
        ["terms"] = new JsonArray(new JsonObject { ["name"] = "The year", ["from"] = $"{year.StartYear}-09-01", ["to"] = $"{year.StartYear + 1}-07-17" }),
        ["closures"] = new JsonArray(),
    };

    public static JsonObject Class(AcademicYear year, string name) => new()
    {
        ["academicYear"] = year.ToString(),
        ["name"] = name,
        ["kind"] = "CLASS_KIND_REGISTRATION",
        ["yearGroups"] = new JsonArray("4"),
    };

    public static JsonObject Grant(string issuer, string subject, int urn) => new()
    {
        ["issuer"] = issuer,
        ["subject"] = subject,
        ["role"] = "ROLE_GOVERNOR",
        ["schoolUrn"] = urn,
        ["reason"] = "matrix",
    };

    public static JsonObject Offer() => JsonNode.Parse(File.ReadAllText(Repository.File("packs/engagement-offer/offer.json")))!.AsObject();

    public static JsonObject Mapping() => new()
    {
        ["academicYearEnding"] = 2025,
        ["source"] = "https://example.org/file",
        ["release"] = "final",
        ["areas"] = new JsonArray(new JsonObject { ["geography"] = "GEOGRAPHY_NATIONAL" }),
        ["measures"] = new JsonArray(new JsonObject { ["column"] = "PTREAD_EXP", ["measure"] = "ks2-reading-expected", ["unit"] = "percent" }),
    };

    public static JsonObject Thread(Place place) => new()
    {
        ["group"] = "disadvantaged",
        ["subject"] = "reading",
        ["collectionId"] = place["collection_id"],
        ["objective"] = "Close half of the gap.",
        ["ownerPersonId"] = place["person_id"],
        ["reviewOn"] = DateOnly.FromDateTime(DateTime.UtcNow.AddDays(40)).ToString("yyyy-MM-dd"),
        ["targetPupilIds"] = new JsonArray(place["pupil_id"]),
    };

    public static JsonObject ThreadAction(Place place) => new()
    {
        ["what"] = "Reads to an adult daily.",
        ["ownerPersonId"] = place["person_id"],
        ["dueOn"] = DateOnly.FromDateTime(DateTime.UtcNow.AddDays(14)).ToString("yyyy-MM-dd"),
    };

    public static JsonObject Category(string from) => new()
    {
        ["category"] = "CATEGORY_REINFORCE",
        ["from"] = from,
        ["reason"] = "Results below average.",
    };

    public static JsonObject Leave(string day) => new() { ["from"] = day, ["to"] = day };

    public static JsonObject Finding() => new() { ["focusArea"] = "FOCUS_AREA_ATTENDANCE", ["kind"] = "FINDING_KIND_CONCERN", ["text"] = "Absence is chased late." };

    public static JsonObject VisitAction(Place place) => new()
    {
        ["text"] = "Call on the first day.",
        ["ownerPersonId"] = place["person_id"],
        ["dueOn"] = DateOnly.FromDateTime(DateTime.UtcNow.AddDays(14)).ToString("yyyy-MM-dd"),
    };
}
