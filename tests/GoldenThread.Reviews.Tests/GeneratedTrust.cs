using GoldenThread.Education;
using GoldenThread.Reviews.Offers;
using GoldenThread.Reviews.Plans.Planning;

namespace GoldenThread.Reviews.Tests;

/// <summary>
/// Trusts of any size from a seed: Kent's terms of 2025/26, INSET days and closures, leave, part-time people, schools that join and leave
/// in mid-year, one school without a category.
/// </summary>
internal static class GeneratedTrust
{
    public const string Year = "2025/26";

    private static readonly DayRange[] KentTerms =
    [
        new(new(2025, 9, 1), new(2025, 10, 17)),
        new(new(2025, 10, 27), new(2025, 12, 19)),
        new(new(2026, 1, 5), new(2026, 2, 13)),
        new(new(2026, 2, 23), new(2026, 4, 2)),
        new(new(2026, 4, 20), new(2026, 5, 22)),
        new(new(2026, 6, 1), new(2026, 7, 21)),
    ];

    /// <summary>A trust with about the staff it needs; scarce ones have half of it.</summary>
    public static PlanInput Make(int schools, int seed, bool scarce = false, bool moving = true)
    {
        var random = new Random(seed);
        var year = AcademicYear.Parse(Year);
        return new()
        {
            AcademicYear = Year,
            YearFirst = year.FirstDay,
            YearLast = year.LastDay,
            PlanFrom = year.FirstDay,
            Seed = seed,
            Offer = ShippedOffer.For(Year),
            Schools = Enumerable.Range(0, schools).Select(index => School(index, schools, random, moving)).ToList(),
            People = People(schools, random, scarce),
            BankHolidays = BankHolidays.England(2025).Concat(BankHolidays.England(2026)).Select(h => h.Day).ToList(),
            Kept = [],
        };
    }

    private static PlanSchool School(int index, int schools, Random random, bool moving)
    {
        var joins = moving && random.Next(10) == 0 ? new DateOnly(2026, 1, 1).AddDays(random.Next(90)) : new DateOnly(2019, 9, 1);
        DateOnly? leaves = moving && random.Next(15) == 0 ? new DateOnly(2026, 5, 31) : null;
        return new()
        {
            Urn = 100_000 + index,
            Locality = $"town {index % Math.Max(3, schools / 5)}",
            Category = moving && index == schools - 1 && schools > 8 ? null : CategoryOf(index, schools),
            Memberships = [new(joins, leaves)],
            Terms = moving && index == 2 && schools > 20 ? [] : KentTerms,
            Closures = Closures(random),
        };
    }

    private static Category CategoryOf(int index, int schools) => (10.0 * index / schools) switch
    {
        < 1 => Category.Stabilise,
        < 3 => Category.Reinforce,
        < 7 => Category.Refine,
        _ => Category.Sustain,
    };

    private static List<DateOnly> Closures(Random random)
    {
        List<DateOnly> closures = [new(2025, 9, 1), new(2025, 9, 2)];
        closures.AddRange(KentTerms.Skip(1).Where(_ => random.Next(2) == 0).Select(t => t.From));
        var tests = new DateOnly(2026, 5, 11);
        closures.AddRange(Enumerable.Range(0, 5).Select(day => tests.AddDays(day)));
        return closures;
    }

    private static List<PlanPerson> People(int schools, Random random, bool scarce)
    {
        var people = new List<PlanPerson>();
        var part = scarce ? 0.45 : 1.0;
        void Add(string duty, double perSchool, int daysPerWeek)
        {
            var count = Math.Max(1, (int)Math.Ceiling(perSchool * schools * part));
            people.AddRange(Enumerable.Range(0, count).Select(_ => Person(random, [duty], null, scarce ? daysPerWeek - 1 : daysPerWeek)));
        }

        Add("deputy-ceo", 1 / 14.0, 4);
        Add("improvement-team", 1 / 4.0, 4);
        Add("improvement-lead", 1 / 8.0, 3);
        Add("safeguarding-lead", 1 / 20.0, 3);
        Add("english-lead", 1 / 25.0, 3);
        Add("data-lead", 1 / 25.0, 4);
        Add("consultant", 1 / 8.0, 2);
        Add("ceo", 0, 3);
        people.AddRange(Enumerable.Range(0, schools).Select(index => Person(random, ["head"], 100_000 + index, 1) with { DaysPerYear = 3 }));
        return people;
    }

    private static PlanPerson Person(Random random, string[] duties, int? school, int daysPerWeek)
    {
        var id = new byte[16];
        random.NextBytes(id);
        var weekdays = Enumerable.Range(1, 5).Select(d => (DayOfWeek)d).ToList();
        if (random.Next(3) == 0)
        {
            weekdays.RemoveAt(random.Next(5));
        }

        return new()
        {
            Id = new Guid(id),
            Duties = duties,
            SchoolUrn = school,
            LeftOn = random.Next(20) == 0 ? new DateOnly(2026, 3, 31) : null,
            Weekdays = weekdays,
            DaysPerWeek = daysPerWeek,
            DaysPerYear = 150,
            HalfDays = random.Next(4) > 0,
            Leave = Enumerable.Range(0, random.Next(4)).Select(_ => Leave(random)).ToList(),
        };
    }

    private static DayRange Leave(Random random)
    {
        var from = new DateOnly(2025, 9, 1).AddDays(random.Next(320));
        return new(from, from.AddDays(random.Next(10)));
    }
}
