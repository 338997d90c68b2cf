namespace GoldenThread.Demo.Seeding;

/// <summary>Sends the demo trust through the public REST API, part by part. Sending it again changes nothing.</summary>
public static class TrustSeeder
{
    /// <summary>Those in whose names it is sent.</summary>
    public static IReadOnlyList<string> Senders { get; } = ["trust-it", "data-lead", "deputy-ceo"];

    /// <summary>Throws where the house has schools that are no demo: invented pupils must not come among real ones.</summary>
    public static async Task RequireNoOtherSchoolsAsync(SeedContext seed, CancellationToken ct)
    {
        await AccessSeeding.AppointAsync(seed, ct);
        var invented = seed.Trust.Pack.Schools.Select(school => school.Urn).ToHashSet();
        var schools = await (await seed.AsAsync("trust-it")).ListAsync("v1/schools?pageSize=500", "schools", ct);
        if (schools.Find(school => !invented.Contains(school["schoolUrn"]!.GetValue<int>())) is { } other)
        {
            throw new OtherSchoolsException(other["schoolUrn"]!.GetValue<int>());
        }
    }

    /// <summary>Sends all of it.</summary>
    public static async Task SeedAsync(SeedContext seed, CancellationToken ct)
    {
        RequireTheYearHasBegun(seed);
        await AccessSeeding.AppointAsync(seed, ct);
        await AccessSeeding.GiveInTrustAsync(seed, ct);
        await RosterSeeding.SchoolsAsync(seed, ct);
        await RosterSeeding.PeopleAsync(seed, ct);
        await RosterSeeding.ClassesAsync(seed, ct);
        await RosterSeeding.PupilsAsync(seed, ct);
        await AccessSeeding.GiveInSchoolsAsync(seed, ct);
        await AssessmentSeeding.DefinitionsAsync(seed, ct);
        await ImprovementSeeding.BenchmarksAsync(seed, ct);
        await AssessmentSeeding.ResultsAsync(seed, ct);
        await ImprovementSeeding.OffersAsync(seed, ct);
        await ImprovementSeeding.CategoriesAsync(seed, ct);
        await ImprovementSeeding.AvailabilityAsync(seed, ct);
        await ImprovementSeeding.PlanAsync(seed, ct);
        await ImprovementSeeding.VisitsAsync(seed, ct);
        await ThreadSeeding.AllAsync(seed, ct);
    }

    // Results are never dated in the future, so a clock that is behind the demo cannot hold it.
    private static void RequireTheYearHasBegun(SeedContext seed)
    {
        if (seed.Today < seed.Trust.Today.FirstDay)
        {
            throw new InvalidOperationException(
                $"The demo trust lives in {seed.Trust.Today.AcademicYear}, which begins on {seed.Trust.Today.FirstDay:d MMMM yyyy}; this machine's clock says {seed.Today:d MMMM yyyy}.");
        }
    }
}

/// <summary>The house has a school that is none of the demo's.</summary>
public sealed class OtherSchoolsException(int schoolUrn)
    : InvalidOperationException($"School {schoolUrn} is none of the demo's; the demo trust is for a house without schools of its own.");
