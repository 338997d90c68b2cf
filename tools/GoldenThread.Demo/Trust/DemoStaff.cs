namespace GoldenThread.Demo.Trust;

/// <summary>An invented member of staff.</summary>
/// <param name="Key">Name by which other parts of the demo find the person: the sign-in, or such as "head 900101".</param>
/// <param name="Name">Name.</param>
/// <param name="Duties">Duties of the engagement offer.</param>
/// <param name="SchoolUrn">School; null for the central team.</param>
/// <param name="SignIn">Subject at the development issuer; null for nobody who signs in.</param>
/// <param name="Availability">When the person can visit; null for the offer's default.</param>
public sealed record DemoStaff(
    string Key, string Name, IReadOnlyList<string> Duties, int? SchoolUrn = null, string? SignIn = null, PackAvailability? Availability = null);

/// <summary>Makes the staff: the central team of the pack, and in each school a head and a teacher for each class.</summary>
internal static class StaffMaking
{
    private const int Stream = 77;

    public static List<DemoStaff> All(DemoPack pack)
    {
        var chance = new Chance(pack.Seed, Stream);
        var staff = pack.CentralTeam.Select(person =>
            new DemoStaff(person.SignIn ?? person.Name, person.Name, person.Duties, null, person.SignIn, person.Availability)).ToList();
        foreach (var school in pack.Schools)
        {
            staff.AddRange(OfSchool(pack, school, chance));
        }

        return staff;
    }

    private static IEnumerable<DemoStaff> OfSchool(DemoPack pack, PackSchool school, Chance chance)
    {
        var isHome = school.Urn == pack.HomeSchool;
        string Name() => $"{InventedNames.Forename(chance, chance.Is(0.7))} {InventedNames.Surname(chance)}";
        yield return new DemoStaff($"head {school.Urn}", Name(), ["head"], school.Urn, isHome ? "head" : null);
        var teacherSignsIn = isHome ? pack.HomeSchoolGrants.First(grant => grant.Role == "ROLE_TEACHER").Classes[0] : null;
        foreach (var taught in DemoClasses.Of(school))
        {
            yield return new DemoStaff($"teacher {school.Urn} {taught.Name}", Name(), [], school.Urn, taught.Name == teacherSignsIn ? "teacher" : null);
        }

        foreach (var grant in isHome ? pack.HomeSchoolGrants.Where(grant => grant.SignIn is not ("head" or "teacher")) : [])
        {
            yield return new DemoStaff(grant.SignIn, Name(), [], school.Urn, grant.SignIn);
        }
    }
}
