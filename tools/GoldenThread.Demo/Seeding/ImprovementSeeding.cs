using System.Text.Json.Nodes;
using GoldenThread.Demo.Trust;

namespace GoldenThread.Demo.Seeding;

/// <summary>Benchmarks, the engagement offer, categories, availability, the year plan and what its visits found.</summary>
internal static class ImprovementSeeding
{
    private const int PlanSeed = 1;
    private const int FindingsOnVisits = 12;
    private static readonly TimeSpan HeldWithin = TimeSpan.FromDays(7);

    // What is found, by the row of the offer: where to look, a strength, a concern and what is agreed.
    private static readonly Dictionary<string, (string Area, string Strength, string Concern, string Agreed)> Found = new(StringComparer.Ordinal)
    {
        ["peer-challenge-review"] = ("FOCUS_AREA_LEADERSHIP_AND_MANAGEMENT",
            "Leaders know their school: the self-evaluation agrees with what the team saw.",
            "The development plan names what is to change, but not by when and how it will be seen.",
            "Give each priority of the development plan a date and a measure."),
        ["safeguarding-review"] = ("FOCUS_AREA_SAFEGUARDING",
            "The single central record is complete and checked each half-term.",
            "Low-level concerns are recorded in two places.",
            "Keep low-level concerns in one register and review it monthly."),
        ["attendance-review"] = ("FOCUS_AREA_ATTENDANCE",
            "First-day calls are made before ten o'clock.",
            "Persistent absence is chased by pupil, not by its cause.",
            "Meet the families of persistently absent pupils and agree one barrier to remove."),
        ["reading-writing-review"] = ("FOCUS_AREA_READING_AND_PHONICS",
            "Whole-class reading is taught daily in every year group.",
            "Pupils who missed phonics in Key Stage 1 do not get it in Year 3.",
            "Start phonics catch-up in Year 3 and check it every six weeks."),
        ["quality-assurance"] = ("FOCUS_AREA_PROGRESS_AND_ATTAINMENT",
            "Teachers' judgements agree with the tests in reading.",
            "Writing is judged higher than in the moderation sample.",
            "Moderate ten pieces of writing with another school before the next collection."),
    };

    private static readonly (string Area, string Strength, string Concern, string Agreed) OtherwiseFound = (
        "FOCUS_AREA_WIDER_CURRICULUM",
        "Pupils speak with pleasure about what they learn beyond reading and number.",
        "What is to be remembered from each unit is not yet written down.",
        "Write down the key knowledge of two subjects and use it in lessons.");

    public static async Task BenchmarksAsync(SeedContext seed, CancellationToken ct)
    {
        var api = await seed.AsAsync("data-lead");
        var answer = await api.UploadAsync("v1/benchmarks:import?pack=national-averages", seed.ReadPack("national-averages/national-averages.csv"), ct);
        seed.Say($"{answer["figures"]} national figures, {answer["refused"]} lines refused");
    }

    public static async Task OffersAsync(SeedContext seed, CancellationToken ct)
    {
        var api = await seed.AsAsync("deputy-ceo");
        var offer = seed.ReadPack("engagement-offer/offer.json");
        foreach (var year in seed.Trust.Pack.Years.Select(year => SeedContext.InPath(year.AcademicYear)))
        {
            // Each writing of an offer is a version, so one that stands is left alone.
            if (await api.FindAsync($"v1/offers/{year}", ct) is null)
                await api.PutAsync($"v1/offers/{year}", JsonNode.Parse(offer)!, ct);
        }

        seed.Say("engagement offer of each year");
    }

    public static async Task CategoriesAsync(SeedContext seed, CancellationToken ct)
    {
        var api = await seed.AsAsync("deputy-ceo");
        foreach (var school in seed.Trust.Pack.Schools)
        {
            var path = $"v1/schools/{school.Urn}/categories";
            await Waiting.UntilAsync($"reviews knows school {school.Urn}", () => api.CanReadAsync(path, ct), SeedContext.Patience, ct);
            var known = (await api.ListAsync(path, "categories", ct)).Select(entry => entry["from"]!.GetValue<string>()).ToHashSet(StringComparer.Ordinal);
            foreach (var category in school.Categories.Where(category => !known.Contains(SeedContext.Iso(category.From))))
            {
                await api.PostAsync(path, CategoryBody(category), ct);
            }
        }

        seed.Say("categories with their history");
    }

    public static async Task AvailabilityAsync(SeedContext seed, CancellationToken ct)
    {
        var api = await seed.AsAsync("deputy-ceo");
        foreach (var person in seed.Trust.Staff.Where(person => person.Duties.Count > 0))
        {
            var path = $"v1/people/{seed.People[person.Key]}/availability";
            await Waiting.UntilAsync($"reviews knows {person.Key}", () => api.CanReadAsync(path, ct), SeedContext.Patience, ct);
            var standing = (await api.GetAsync(path, ct))["availability"]!;
            if (person.Availability is { } said && standing["byDefault"]!.GetValue<bool>())
                await api.PutAsync(path, AvailabilityBody(said), ct);
        }

        seed.Say("availability for visits");
    }

    public static async Task PlanAsync(SeedContext seed, CancellationToken ct)
    {
        var api = await seed.AsAsync("deputy-ceo");
        var year = seed.Trust.Today.AcademicYear;
        var plans = await api.ListAsync($"v1/plans?academicYear={Uri.EscapeDataString(year)}", "plans", ct);
        if (plans.Exists(plan => plan["state"]!.GetValue<string>() == "PLAN_STATE_PUBLISHED"))
        {
            seed.Say($"plan of {year}: published already");
            return;
        }

        JsonObject? draft = null;
        await Waiting.UntilAsync("every school's calendar has reached the planner", async () =>
        {
            draft = await DraftAsync(seed, api, year, ct);
            return draft is not null;
        }, SeedContext.Patience, ct);
        var answer = await api.PostAsync($"v1/plans/{draft!["planId"]}:publish", new JsonObject(), ct, draft["etag"]!.GetValue<string>());
        var plan = answer["plan"]!;
        seed.Say($"plan of {year}: {plan["visitsOwed"]} visits owed, {plan["visitsPlaced"]} placed, {plan["visitsUnplaced"]} not, {plan["meetings"]} meetings");
        foreach (var shortage in plan["shortages"]?.AsArray() ?? [])
        {
            seed.Say($"  short: {shortage!["words"]}");
        }
    }

    public static async Task VisitsAsync(SeedContext seed, CancellationToken ct)
    {
        var api = await seed.AsAsync("deputy-ceo");
        var year = Uri.EscapeDataString(seed.Trust.Today.AcademicYear);
        var until = SeedContext.Iso(seed.Today.AddDays(-HeldWithin.Days));
        var past = await api.ListAsync($"v1/visits?academicYear={year}&to={until}&pageSize=500", "visits", ct);
        var held = 0;
        foreach (var visit in past.Where(visit => visit["state"]!.GetValue<string>() == "VISIT_STATE_PLANNED"))
        {
            await api.PostAsync($"v1/visits/{visit["visitId"]}:hold", new JsonObject(), ct, visit["etag"]!.GetValue<string>());
            held++;
        }

        var actions = 0;
        foreach (var (at, visit) in past.Take(FindingsOnVisits).Index().Where(entry => entry.Item["state"]!.GetValue<string>() != "VISIT_STATE_CANCELLED"))
        {
            actions += await FindAsync(seed, api, visit, isAnswered: at % 3 == 0, ct) ? 1 : 0;
        }

        seed.Say($"{held} visits held, {actions} actions agreed");
    }

    /// <summary>A draft in which every school has a visit on a day; null while some school's calendar is not known to the planner.</summary>
    private static async Task<JsonObject?> DraftAsync(SeedContext seed, RestApi api, string year, CancellationToken ct)
    {
        var from = SeedContext.Iso(seed.Trust.Today.FirstDay);
        var attempt = new JsonObject { ["academicYear"] = year, ["seed"] = PlanSeed, ["planFrom"] = from };
        var plan = (await api.PostNewAsync("v1/plans", attempt, ct))["plan"]!.AsObject();
        var visits = await api.ListAsync($"v1/plans/{plan["planId"]}/visits?pageSize=500", "visits", ct);
        var placed = visits.Where(visit => visit["on"] is not null).Select(visit => visit["schoolUrn"]!.GetValue<int>()).ToHashSet();
        return seed.Trust.Pack.Schools.All(school => placed.Contains(school.Urn)) ? plan : null;
    }

    // Looks before each step whether an earlier run has done it: that run may have been interrupted anywhere.
    private static async Task<bool> FindAsync(SeedContext seed, RestApi api, JsonObject visit, bool isAnswered, CancellationToken ct)
    {
        var found = Found.GetValueOrDefault(visit["entitlement"]!.GetValue<string>(), OtherwiseFound);
        await RecordAsync(api, visit, found.Area, "FINDING_KIND_STRENGTH", found.Strength, ct);
        var concern = await RecordAsync(api, visit, found.Area, "FINDING_KIND_CONCERN", found.Concern, ct);
        var agreed = (await api.ListAsync($"v1/agreed-actions?visitId={visit["visitId"]}&pageSize=500", "actions", ct))
            .Find(action => action["text"]!.GetValue<string>() == found.Agreed);
        var on = DateOnly.Parse(visit["on"]!.GetValue<string>(), System.Globalization.CultureInfo.InvariantCulture);
        var action = agreed ?? await AgreeAsync(seed, api, visit, concern, found.Agreed, on.AddDays(28), ct);
        if (isAnswered && action["doneOn"] is null)
        {
            var done = on.AddDays(21) < seed.Today ? on.AddDays(21) : seed.Today;
            await api.PostAsync(
                $"v1/agreed-actions/{action["actionId"]}:complete", new JsonObject { ["doneOn"] = SeedContext.Iso(done) }, ct, action["etag"]!.GetValue<string>());
        }

        return agreed is null;
    }

    private static async Task<JsonObject> RecordAsync(RestApi api, JsonObject visit, string area, string kind, string text, CancellationToken ct)
    {
        var path = $"v1/visits/{visit["visitId"]}/findings";
        var known = (await api.ListAsync($"{path}?pageSize=200", "findings", ct)).Find(finding => finding["text"]!.GetValue<string>() == text);
        return known ?? (await api.PostAsync(path, FindingBody(area, kind, text), ct))["finding"]!.AsObject();
    }

    private static async Task<JsonObject> AgreeAsync(
        SeedContext seed, RestApi api, JsonObject visit, JsonObject concern, string text, DateOnly dueOn, CancellationToken ct)
    {
        var body = new JsonObject
        {
            ["text"] = text,
            ["ownerPersonId"] = seed.People[$"head {visit["schoolUrn"]}"],
            ["dueOn"] = SeedContext.Iso(dueOn),
            ["findingId"] = concern["findingId"]!.GetValue<string>(),
        };
        return (await api.PostAsync($"v1/visits/{visit["visitId"]}/actions", body, ct))["action"]!.AsObject();
    }

    private static JsonObject FindingBody(string area, string kind, string text) => new() { ["focusArea"] = area, ["kind"] = kind, ["text"] = text };

    private static JsonObject CategoryBody(PackCategory category) => new()
    {
        ["category"] = category.Category,
        ["from"] = SeedContext.Iso(category.From),
        ["reason"] = category.Reason,
        ["evidence"] = new JsonArray([.. category.Evidence.Select(evidence => new JsonObject { ["kind"] = evidence.Kind, ["text"] = evidence.Text })]),
    };

    private static JsonObject AvailabilityBody(PackAvailability said) => new()
    {
        ["weekdays"] = SeedContext.Array(said.Weekdays),
        ["daysPerWeek"] = said.DaysPerWeek,
        ["daysPerYear"] = said.DaysPerYear,
        ["halfDays"] = said.HalfDays,
    };
}
