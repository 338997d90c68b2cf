using System.Text.Json.Nodes;
using GoldenThread.Demo.Trust;

namespace GoldenThread.Demo.Seeding;

/// <summary>Who may do what: trust IT, whom the configuration appoints, gives everybody their roles.</summary>
internal static class AccessSeeding
{
    private const string Giver = "trust-it";

    // One read of each service, allowed to the roles that seed.
    private static readonly string[] OneReadOfEachService = ["v1/schools?pageSize=1", "v1/subjects?pageSize=1", "v1/categories?pageSize=1", "v1/benchmarks?pageSize=1"];

    /// <summary>Waits until trust IT may give grants.</summary>
    public static async Task AppointAsync(SeedContext seed, CancellationToken ct)
    {
        var api = await seed.AsAsync(Giver);
        await Waiting.UntilAsync(
            "trust IT may give grants (Tracking:BootstrapAdministrators names it)", () => api.CanReadAsync("v1/grants?pageSize=1", ct), SeedContext.Patience, ct);
    }

    /// <summary>Gives the roles in the whole trust, and waits until every service knows of those who seed.</summary>
    public static async Task GiveInTrustAsync(SeedContext seed, CancellationToken ct)
    {
        await GiveAsync(seed, seed.Trust.Pack.TrustGrants.Select(grant => Grant(seed, grant, null)), ct);
        foreach (var person in (string[])["data-lead", "deputy-ceo"])
        {
            var api = await seed.AsAsync(person);
            foreach (var read in OneReadOfEachService)
            {
                await Waiting.UntilAsync($"{person} may GET /{read}", () => api.CanReadAsync(read, ct), SeedContext.Patience, ct);
            }
        }
    }

    /// <summary>Gives the roles in schools, once schools and classes are there.</summary>
    public static async Task GiveInSchoolsAsync(SeedContext seed, CancellationToken ct)
    {
        var pack = seed.Trust.Pack;
        var classes = await ClassIdsAsync(seed, ct);
        var inSchools = pack.SchoolsGrants.SelectMany(grant => grant.Schools.Select(urn => Grant(seed, grant, urn)));
        var atHome = pack.HomeSchoolGrants.Select(grant => Grant(seed, grant, pack.HomeSchool, [.. grant.Classes.Select(name => classes[name])]));
        await GiveAsync(seed, inSchools.Concat(atHome), ct);
    }

    private static async Task<Dictionary<string, string>> ClassIdsAsync(SeedContext seed, CancellationToken ct)
    {
        var api = await seed.AsAsync("data-lead");
        var path = $"v1/schools/{seed.Trust.Pack.HomeSchool}/classes?academicYear={SeedContext.InPath(seed.Trust.Today.AcademicYear)}&pageSize=500";
        return (await api.ListAsync(path, "classes", ct)).ToDictionary(c => c["name"]!.GetValue<string>(), c => c["classId"]!.GetValue<string>());
    }

    private static JsonObject Grant(SeedContext seed, PackGrant grant, int? urn, IReadOnlyList<string>? classIds = null)
    {
        var identity = seed.IdentityOf(grant.SignIn);
        var body = new JsonObject
        {
            ["issuer"] = identity.Issuer,
            ["subject"] = identity.Subject,
            ["role"] = grant.Role,
            ["classIds"] = SeedContext.Array(classIds ?? []),
            ["subjects"] = SeedContext.Array(grant.Subjects),
            ["reason"] = "demo trust",
        };
        if (urn is not null) body["schoolUrn"] = urn;
        return body;
    }

    private static async Task GiveAsync(SeedContext seed, IEnumerable<JsonObject> grants, CancellationToken ct)
    {
        var api = await seed.AsAsync(Giver);
        foreach (var grant in grants)
        {
            try
            {
                await api.PostAsync("v1/grants", grant, ct);
            }
            catch (RefusedException e) when (e.Reason == "GRANT_EXISTS")
            {
                // Given by an earlier run.
            }
        }
    }
}
