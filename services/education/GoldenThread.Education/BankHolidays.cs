namespace GoldenThread.Education;

/// <summary>One bank holiday: the day on which schools are shut, and its name.</summary>
/// <param name="Day">The day off, after any substitution.</param>
/// <param name="Name">As the government lists it, without "(substitute day)".</param>
/// <param name="IsSubstitute">True where the day stands in for one that fell on a weekend.</param>
public sealed record BankHoliday(DateOnly Day, string Name, bool IsSubstitute = false);

/// <summary>
/// Bank holidays of England, by rule, with what royal proclamation changed. Source: Banking and Financial Dealings Act
/// 1971, schedule 1, and the proclamations named below; checked against GOV.UK's list (2012 onwards).
/// What is proclaimed after this was written is entered as a closure of all schools.
/// </summary>
public static class BankHolidays
{
    /// <summary>The first year whose proclamations are listed here.</summary>
    public const int EarliestYear = 2012;

    /// <summary>Days moved to another one: the day by rule, and where it went.</summary>
    private static readonly Dictionary<DateOnly, DateOnly> Moved = new()
    {
        [new(2012, 5, 28)] = new(2012, 6, 4), // Diamond Jubilee
        [new(2020, 5, 4)] = new(2020, 5, 8), // 75th anniversary of VE Day
        [new(2022, 5, 30)] = new(2022, 6, 2), // Platinum Jubilee
    };

    /// <summary>Days given once.</summary>
    private static readonly BankHoliday[] GivenOnce =
    [
        new(new(2012, 6, 5), "Queen’s Diamond Jubilee"),
        new(new(2022, 6, 3), "Platinum Jubilee bank holiday"),
        new(new(2022, 9, 19), "Bank Holiday for the State Funeral of Queen Elizabeth II"),
        new(new(2023, 5, 8), "Bank holiday for the coronation of King Charles III"),
    ];

    /// <summary>The bank holidays of a calendar year, in order of days.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The year lies before 2012 or after 2199.</exception>
    public static IReadOnlyList<BankHoliday> England(int year)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(year, EarliestYear);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(year, 2199);
        var easter = EasterSunday(year);
        IEnumerable<BankHoliday> byRule =
        [
            OrNextWeekday(new(year, 1, 1), "New Year’s Day"),
            new(easter.AddDays(-2), "Good Friday"),
            new(easter.AddDays(1), "Easter Monday"),
            new(FirstMonday(year, 5), "Early May bank holiday"),
            new(LastMonday(year, 5), "Spring bank holiday"),
            new(LastMonday(year, 8), "Summer bank holiday"),
            .. ChristmasAndBoxingDay(year),
        ];
        return
        [
            .. byRule
                .Select(holiday => Moved.TryGetValue(holiday.Day, out var day) ? holiday with { Day = day } : holiday)
                .Concat(GivenOnce.Where(holiday => holiday.Day.Year == year))
                .OrderBy(holiday => holiday.Day),
        ];
    }

    /// <summary>Easter Sunday in the Gregorian calendar (Meeus, Jones and Butcher; Nature, 20 April 1876).</summary>
    public static DateOnly EasterSunday(int year)
    {
        var a = year % 19;
        var (b, c) = Math.DivRem(year, 100);
        var (d, e) = Math.DivRem(b, 4);
        var f = (b + 8) / 25;
        var g = (b - f + 1) / 3;
        var h = (19 * a + b - d - g + 15) % 30;
        var (i, k) = Math.DivRem(c, 4);
        var l = (32 + 2 * e + 2 * i - h - k) % 7;
        var m = (a + 11 * h + 22 * l) / 451;
        var (month, day) = Math.DivRem(h + l - 7 * m + 114, 31);
        return new DateOnly(year, month, day + 1);
    }

    private static BankHoliday OrNextWeekday(DateOnly day, string name)
    {
        var daysUntilMonday = day.DayOfWeek switch { DayOfWeek.Saturday => 2, DayOfWeek.Sunday => 1, _ => 0 };
        return new BankHoliday(day.AddDays(daysUntilMonday), name, daysUntilMonday > 0);
    }

    /// <summary>Each keeps its own day; one that falls on a weekend is made up for on the next free weekday.</summary>
    private static IEnumerable<BankHoliday> ChristmasAndBoxingDay(int year)
    {
        const string christmas = "Christmas Day";
        const string boxing = "Boxing Day";
        DateOnly December(int day) => new(year, 12, day);
        return December(25).DayOfWeek switch
        {
            DayOfWeek.Friday => [new(December(25), christmas), new(December(28), boxing, true)],
            DayOfWeek.Saturday => [new(December(27), christmas, true), new(December(28), boxing, true)],
            DayOfWeek.Sunday => [new(December(26), boxing), new(December(27), christmas, true)],
            _ => (IEnumerable<BankHoliday>)[new(December(25), christmas), new(December(26), boxing)],
        };
    }

    private static DateOnly FirstMonday(int year, int month)
    {
        var first = new DateOnly(year, month, 1);
        return first.AddDays((DayOfWeek.Monday - first.DayOfWeek + 7) % 7);
    }

    private static DateOnly LastMonday(int year, int month)
    {
        var last = new DateOnly(year, month, DateTime.DaysInMonth(year, month));
        return last.AddDays(-(((int)last.DayOfWeek + 6) % 7));
    }
}
