using GoldenThread.Reviews.Plans.Planning;

namespace GoldenThread.Reviews.Plans.Checking;

/// <summary>The schools' calendar as the checker works it out for itself.</summary>
internal static class SchoolCalendar
{
    /// <summary>Why a school cannot be visited on a day; null where it can.</summary>
    public static string? WhyClosed(PlanInput input, PlanSchool school, DateOnly day)
    {
        if (day.DayOfWeek is DayOfWeek.Saturday or DayOfWeek.Sunday)
        {
            return "a weekend";
        }

        if (!school.Terms.Any(t => t.From <= day && day <= t.To))
        {
            return "outside the school's terms";
        }

        if (input.BankHolidays.Contains(day))
        {
            return "a bank holiday";
        }

        if (school.Closures.Contains(day))
        {
            return "the school is closed or has an INSET day";
        }

        return BelongsOn(school, day) ? null : "the school does not belong to the trust then";
    }

    /// <summary>
    /// Whether dates are lacking: from the first planned day to June the school is in the trust and out of term for more than four weeks
    /// on end, which is no holiday. Without any dates nothing can be said, and nothing be placed.
    /// </summary>
    public static bool IsHalfEntered(PlanInput input, PlanSchool school)
    {
        var outside = 0;
        for (var day = input.PlanFrom; day.Year < input.YearLast.Year || day.Month <= 6; day = day.AddDays(1))
        {
            var lacking = BelongsOn(school, day) && school.Terms.All(t => day < t.From || t.To < day);
            outside = lacking ? outside + 1 : 0;
            if (outside > 4 * 7)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>
    /// The first of the days up to June, gone by or to come, on which the school is in the trust and its dates lack: out of term for more than
    /// four weeks on end, or without any dates. Null where none lack.
    /// </summary>
    public static DateOnly? FirstDayWithoutDates(PlanInput input, PlanSchool school)
    {
        var enough = school.Terms.Count == 0 ? 1 : (4 * 7) + 1;
        DateOnly? since = null;
        for (var day = input.YearFirst; day.Year < input.YearLast.Year || day.Month <= 6; day = day.AddDays(1))
        {
            since = BelongsOn(school, day) && school.Terms.All(t => day < t.From || t.To < day) ? since ?? day : null;
            if (since is { } first && day.DayNumber - first.DayNumber + 1 >= enough)
            {
                return first;
            }
        }

        return null;
    }

    /// <summary>
    /// First and last day of a school's year. Terms that begin more than four weeks into it, or end more than four weeks before July, are
    /// not all there are: the year is then taken from its first day, or to the end of July.
    /// </summary>
    public static (DateOnly From, DateOnly To) YearOf(PlanInput input, PlanSchool school)
    {
        if (school.Terms.Count == 0)
        {
            return (input.YearFirst, input.YearLast);
        }

        var from = school.Terms.Select(t => t.From).Min();
        var to = school.Terms.Select(t => t.To!.Value).Max();
        return (from.DayNumber - input.YearFirst.DayNumber <= 28 ? from : input.YearFirst,
            new DateOnly(to.Year, 6, 30).DayNumber - to.DayNumber <= 28 && to.Year == input.YearLast.Year ? to : new(input.YearLast.Year, 7, 31));
    }

    /// <summary>Whether a school belongs to the trust on a day.</summary>
    public static bool BelongsOn(PlanSchool school, DateOnly day) =>
        school.Memberships.Any(m => m.From <= day && day <= (m.To ?? DateOnly.MaxValue));

    /// <summary>Day numbers of the Mondays of weeks with an open day, in order.</summary>
    public static List<int> OpenWeeks(PlanInput input, PlanSchool school)
    {
        var weeks = new SortedSet<int>();
        for (var day = input.YearFirst; day <= input.YearLast; day = day.AddDays(1))
        {
            if (WhyClosed(input, school, day) is null)
            {
                weeks.Add(WeekNumber(day) * 7);
            }
        }

        return weeks.ToList();
    }

    /// <summary>All days from the first to the last of a term; null where the calendar has none of that number.</summary>
    public static List<DateOnly>? TermDays(PlanSchool school, int term)
    {
        var parts = school.Terms.Where(t => term switch
        {
            1 => t.From.Month > 8,
            2 => t.From.Month < 4,
            _ => t.From.Month is > 3 and < 9,
        }).ToList();
        if (parts.Count == 0)
        {
            return null;
        }

        var days = new List<DateOnly>();
        for (var day = parts.Min(p => p.From); day <= parts.Max(p => p.To!.Value); day = day.AddDays(1))
        {
            days.Add(day);
        }

        return days;
    }

    /// <summary>Weeks since a Monday: 1 January 0001 was one.</summary>
    public static int WeekNumber(DateOnly day) => day.DayNumber / 7;
}
