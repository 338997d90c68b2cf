namespace GoldenThread.Demo.Seeding;

/// <summary>Sends the demo trust through the public REST API, part by part. Sending it again changes nothing.</summary>
public static class TrustSeeder
{
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
