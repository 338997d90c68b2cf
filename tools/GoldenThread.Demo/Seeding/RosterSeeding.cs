using System.Text.Json.Nodes;
using GoldenThread.Demo.Files;
using GoldenThread.Demo.Trust;
using GoldenThread.Education;

namespace GoldenThread.Demo.Seeding;

/// <summary>Schools, calendars, people, classes and the roster of each year.</summary>
internal static class RosterSeeding
{
    // A school of the demo has belonged to the trust since before the first year.
    private const string MemberSince = "2019-09-01";
    private const int AgeFrom = 4;
    private const int AgeTo = 11;

    public static async Task SchoolsAsync(SeedContext seed, CancellationToken ct)
    {
        var api = await seed.AsAsync("data-lead");
        await SeedContext.EachAsync(seed.Trust.Pack.Schools, async (school, token) =>
        {
            await api.PutAsync($"v1/schools/{school.Urn}", SchoolOf(school), token);
            foreach (var year in seed.Trust.Pack.Years)
            {
                await api.PutAsync($"v1/schools/{school.Urn}/calendars/{SeedContext.InPath(year.AcademicYear)}", CalendarOf(seed.Trust.Pack, school, year), token);
            }
        }, ct);
        seed.Say($"{seed.Trust.Pack.Schools.Count} schools with calendars of {seed.Trust.Pack.Years.Count} years");
    }

    public static async Task PeopleAsync(SeedContext seed, CancellationToken ct)
    {
        var api = await seed.AsAsync("data-lead");
        var known = (await api.ListAsync("v1/people?pageSize=500", "people", ct)).ToDictionary(NameAndSchool, person => person["personId"]!.GetValue<string>());
        await SeedContext.EachAsync(seed.Trust.Staff, async (person, token) =>
        {
            var body = PersonOf(seed, person);
            if (!known.TryGetValue(NameAndSchool(body), out var id))
            {
                var answer = await api.PostAsync("v1/people", body, token);
                id = answer["person"]!["personId"]!.GetValue<string>();
            }

            seed.People[person.Key] = id;
        }, ct);
        seed.Say($"{seed.People.Count} people");
    }

    public static async Task ClassesAsync(SeedContext seed, CancellationToken ct)
    {
        var api = await seed.AsAsync("data-lead");
        var made = 0;
        await SeedContext.EachAsync(seed.Trust.Pack.Schools, async (school, token) =>
        {
            foreach (var year in seed.Trust.Pack.Years)
            {
                var path = $"v1/schools/{school.Urn}/classes";
                var known = (await api.ListAsync($"{path}?academicYear={SeedContext.InPath(year.AcademicYear)}&pageSize=500", "classes", token))
                    .Select(c => c["name"]!.GetValue<string>()).ToHashSet(StringComparer.Ordinal);
                foreach (var taught in DemoClasses.Of(school).Where(c => !known.Contains(c.Name)))
                {
                    await api.PostAsync(path, ClassOf(year, taught), token);
                    Interlocked.Increment(ref made);
                }
            }
        }, ct);
        seed.Say($"{made} classes added");
    }

    public static async Task PupilsAsync(SeedContext seed, CancellationToken ct)
    {
        var api = await seed.AsAsync("data-lead");
        foreach (var year in seed.Trust.Pack.Years)
        {
            var from = SeedContext.Iso(AcademicYear.Parse(year.AcademicYear).FirstDay);
            var answer = await api.UploadAsync($"v1/roster:import?from={from}", RosterFile.Of(seed.Trust, year), ct);
            seed.Say($"roster of {year.AcademicYear}: {answer["rows"]} rows, {answer["pupilsAdded"]} pupils added, {answer["pupilsChanged"]} changed, "
                + $"{answer["rowsUnchanged"]} unchanged, {answer["rowsQuarantined"]} quarantined");
            if (answer["rowsQuarantined"]!.GetValue<int>() > 0)
                throw new InvalidOperationException($"The roster of {year.AcademicYear} does not fit: {answer["problems"]![0]!.ToJsonString()}");
        }
    }

    private static JsonObject SchoolOf(PackSchool school) => new()
    {
        ["laestab"] = school.Laestab,
        ["name"] = school.Name,
        ["phase"] = "PHASE_PRIMARY",
        ["ageFrom"] = AgeFrom,
        ["ageTo"] = AgeTo,
        ["locality"] = school.Locality,
        ["memberships"] = new JsonArray(new JsonObject { ["from"] = MemberSince }),
    };

    private static JsonObject CalendarOf(DemoPack pack, PackSchool school, PackYear year)
    {
        var academic = AcademicYear.Parse(year.AcademicYear);
        var inset = year.Inset.Select(day => new JsonObject { ["on"] = SeedContext.Iso(day), ["kind"] = "CLOSURE_KIND_INSET", ["name"] = "INSET day" });
        var closed = pack.Closures.Where(closure => closure.Urn == school.Urn && academic.Contains(closure.On))
            .Select(closure => new JsonObject { ["on"] = SeedContext.Iso(closure.On), ["kind"] = "CLOSURE_KIND_CLOSURE", ["name"] = closure.Name });
        return new JsonObject
        {
            ["terms"] = new JsonArray([.. year.Terms.Select(term =>
                new JsonObject { ["name"] = term.Name, ["from"] = SeedContext.Iso(term.From), ["to"] = SeedContext.Iso(term.To) })]),
            ["closures"] = new JsonArray([.. inset.Concat(closed)]),
        };
    }

    private static JsonObject PersonOf(SeedContext seed, DemoStaff person)
    {
        var body = new JsonObject { ["name"] = person.Name, ["duties"] = SeedContext.Array(person.Duties) };
        if (person.SchoolUrn is { } urn) body["schoolUrn"] = urn;
        if (person.SignIn is { } signIn)
        {
            var identity = seed.IdentityOf(signIn);
            body["issuer"] = identity.Issuer;
            body["subject"] = identity.Subject;
        }

        return body;
    }

    private static string NameAndSchool(JsonObject person) => $"{person["name"]} {person["schoolUrn"]}";

    private static JsonObject ClassOf(PackYear year, DemoClass taught) => new()
    {
        ["academicYear"] = year.AcademicYear,
        ["name"] = taught.Name,
        ["kind"] = "CLASS_KIND_REGISTRATION",
        ["yearGroups"] = SeedContext.Array(taught.YearGroups),
    };
}
