namespace GoldenThread.Demo.Trust;

/// <summary>A class of a school: its name and the year groups in it.</summary>
/// <param name="Name">Name, such as "4A" or "3/4".</param>
/// <param name="YearGroups">Year groups.</param>
public sealed record DemoClass(string Name, IReadOnlyList<string> YearGroups);

/// <summary>How a school makes its classes.</summary>
public static class DemoClasses
{
    /// <summary>R and Years 1 to 6.</summary>
    public static readonly IReadOnlyList<string> YearGroups = ["R", "1", "2", "3", "4", "5", "6"];

    private static readonly DemoClass[] MixedAge = [new("R", ["R"]), new("1/2", ["1", "2"]), new("3/4", ["3", "4"]), new("5/6", ["5", "6"])];

    /// <summary>The classes of a school in any year.</summary>
    public static IReadOnlyList<DemoClass> Of(PackSchool school) => school.ClassesPerYear == 0
        ? MixedAge
        : [.. YearGroups.SelectMany(year => Enumerable.Range(0, school.ClassesPerYear).Select(place => new DemoClass(Name(school, year, place), [year])))];

    /// <summary>The class of a pupil in a year group.</summary>
    public static string Of(PackSchool school, DemoPupil pupil, string yearGroup) => school.ClassesPerYear == 0
        ? MixedAge.First(mixed => mixed.YearGroups.Contains(yearGroup)).Name
        : Name(school, yearGroup, pupil.Place % school.ClassesPerYear);

    private static string Name(PackSchool school, string year, int place) => school.ClassesPerYear == 1 ? year : $"{year}{(char)('A' + place)}";
}
