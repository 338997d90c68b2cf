using GoldenThread.Education;

namespace GoldenThread.Demo.Trust;

/// <summary>The demo trust as it grows from its pack: the same pack, the same trust.</summary>
public sealed class DemoTrust
{
    /// <summary>Subjects by code, with their names.</summary>
    public static readonly IReadOnlyList<(string Code, string Name)> Subjects = [("reading", "Reading"), ("writing", "Writing"), ("maths", "Maths")];

    /// <summary>Year groups that sit tests.</summary>
    public static readonly IReadOnlyList<string> TestedYears = ["1", "2", "3", "4", "5", "6"];

    /// <summary>The tests of a season.</summary>
    public static IEnumerable<DemoTest> Tests(string season) =>
        from subject in Subjects from year in TestedYears select new DemoTest(season, subject, year);

    private DemoTrust(DemoPack pack, IReadOnlyList<DemoPupil> pupils, IReadOnlyList<DemoStaff> staff)
    {
        Pack = pack;
        Pupils = pupils;
        Staff = staff;
    }

    /// <summary>What it grew from.</summary>
    public DemoPack Pack { get; }

    /// <summary>Everybody who was on roll at any time, by school and cohort.</summary>
    public IReadOnlyList<DemoPupil> Pupils { get; }

    /// <summary>The central team, then heads and teachers by school.</summary>
    public IReadOnlyList<DemoStaff> Staff { get; }

    /// <summary>The last academic year: the one that runs.</summary>
    public PackYear Today => Pack.Years[^1];

    /// <summary>Makes the trust.</summary>
    public static DemoTrust From(DemoPack pack)
    {
        var pupils = PupilMaking.All(pack);
        var upns = new HashSet<string>(StringComparer.Ordinal);
        return pupils.TrueForAll(pupil => upns.Add(pupil.Upn.ToString()))
            ? new DemoTrust(pack, pupils, StaffMaking.All(pack))
            : throw new InvalidOperationException("Two pupils of the demo trust have the same UPN: the schools' intakes do not fit their numbers.");
    }

    /// <summary>The year a collection belongs to.</summary>
    public PackYear YearOf(PackCollection collection) => Pack.Years.First(year => year.AcademicYear == collection.AcademicYear);

    /// <summary>Pupils on roll on a day, with their year group.</summary>
    public IEnumerable<(DemoPupil Pupil, string YearGroup)> OnRoll(PackYear year, DateOnly day)
    {
        var start = AcademicYear.Parse(year.AcademicYear).StartYear;
        return Pupils.Where(pupil => pupil.IsOnRoll(year, day)).Select(pupil => (pupil, pupil.YearGroup(start)!));
    }

    /// <summary>Entries that a collection expects: pupils of the tested years on roll on its due day, times the subjects.</summary>
    public int ExpectedEntries(PackCollection collection) =>
        OnRoll(YearOf(collection), collection.DueOn).Count(entry => TestedYears.Contains(entry.YearGroup)) * Subjects.Count;

    /// <summary>The results of a collection, as they were handed in.</summary>
    public IEnumerable<DemoResult> Results(PackCollection collection) => ScoreMaking.Of(this, collection);
}
