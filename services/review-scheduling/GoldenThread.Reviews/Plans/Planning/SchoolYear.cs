namespace GoldenThread.Reviews.Plans.Planning;

/// <summary>A school's year as planning sees it: the days on which it can be visited, in weeks.</summary>
internal sealed class SchoolYear
{
    /// <summary>No holiday of English schools within the year is longer: more days without dates are dates that nobody has entered yet.</summary>
    private const int LongestHoliday = 28;

    private readonly HashSet<DateOnly> openDays;

    public SchoolYear(PlanSchool school, PlanInput input)
    {
        School = school;
        openDays = OpenDays(school, input.BankHolidays).ToHashSet();
        Span = SpanOf(school, input);
        NotEntered = RunsWithoutDates(school, input, input.PlanFrom).Where(r => LengthOf(r) > LongestHoliday).MaxBy(LengthOf);
        WithoutDates = RunsWithoutDates(school, input, input.YearFirst).Where(r => school.Terms.Count == 0 || LengthOf(r) > LongestHoliday).ToList();
        Weeks = openDays.Select(Monday).Distinct().Order().ToList();
        Terms = Enumerable.Range(1, 3).Select(number => TermOf(school, number)).ToList();
    }

    public PlanSchool School { get; }

    /// <summary>Mondays of the weeks with at least one day on which the school can be visited, in order.</summary>
    public IReadOnlyList<DateOnly> Weeks { get; }

    /// <summary>Autumn, spring and summer; null where the calendar has none.</summary>
    public IReadOnlyList<DayRange?> Terms { get; }

    /// <summary>The whole year, also where the calendar does not say when it begins or ends: of this a membership is a part.</summary>
    public DayRange Span { get; }

    /// <summary>Days to come, too many for a holiday, on which the school belongs to the trust and for which it has entered no dates; null where it has all.</summary>
    public DayRange? NotEntered { get; }

    /// <summary>The same of the whole year, days gone by too: stretches of days in order. Of a school without any dates every day is one.</summary>
    public IReadOnlyList<DayRange> WithoutDates { get; }

    public bool IsOpen(DateOnly day) => openDays.Contains(day);

    /// <summary>The Monday of a day's week.</summary>
    public static DateOnly Monday(DateOnly day) => day.AddDays(-(((int)day.DayOfWeek + 6) % 7));

    /// <summary>Days of a range on which the school belonged to the trust, and all its days.</summary>
    public (int InTrust, int Days) ShareOf(DayRange range)
    {
        var days = range.To!.Value.DayNumber - range.From.DayNumber + 1;
        var inTrust = Enumerable.Range(0, days).Count(offset => School.Memberships.Any(m => m.Contains(range.From.AddDays(offset))));
        return (inTrust, days);
    }

    private static IEnumerable<DateOnly> OpenDays(PlanSchool school, IReadOnlyList<DateOnly> bankHolidays)
    {
        var shut = bankHolidays.Concat(school.Closures).ToHashSet();
        return from term in school.Terms
               from offset in Enumerable.Range(0, term.To!.Value.DayNumber - term.From.DayNumber + 1)
               let day = term.From.AddDays(offset)
               where day.DayOfWeek is not (DayOfWeek.Saturday or DayOfWeek.Sunday)
                   && !shut.Contains(day)
                   && school.Memberships.Any(m => m.Contains(day))
               select day;
    }

    private static DayRange SpanOf(PlanSchool school, PlanInput input)
    {
        if (school.Terms.Count == 0)
        {
            return new(input.YearFirst, input.YearLast);
        }

        var first = school.Terms.Min(t => t.From);
        var last = school.Terms.Max(t => t.To!.Value);
        return new(
            first > input.YearFirst.AddDays(LongestHoliday) ? input.YearFirst : first,
            last.AddDays(LongestHoliday) < EndOfJune(input) ? input.YearLast.AddMonths(-1) : last);
    }

    /// <summary>Stretches of days, from one on, on which the school belongs to the trust and is in none of its terms; in order.</summary>
    private static List<DayRange> RunsWithoutDates(PlanSchool school, PlanInput input, DateOnly from)
    {
        var runs = new List<DayRange>();
        for (var day = from; day <= EndOfJune(input); day = day.AddDays(1))
        {
            if (!school.Memberships.Any(m => m.Contains(day)) || school.Terms.Any(t => t.Contains(day)))
            {
                continue;
            }

            if (runs.Count > 0 && runs[^1].To == day.AddDays(-1))
            {
                runs[^1] = runs[^1] with { To = day };
            }
            else
            {
                runs.Add(new(day, day));
            }
        }

        return runs;
    }

    private static int LengthOf(DayRange days) => days.To!.Value.DayNumber - days.From.DayNumber + 1;

    /// <summary>The summer holidays begin in July.</summary>
    private static DateOnly EndOfJune(PlanInput input) => new(input.YearLast.Year, 6, 30);

    /// <summary>
    /// Schools name their terms and half-terms as they like: those that start September to December are the autumn term,
    /// January to March the spring term, and April to August the summer term.
    /// </summary>
    private static DayRange? TermOf(PlanSchool school, int number)
    {
        var parts = school.Terms.Where(t => NumberOf(t.From) == number).ToList();
        return parts.Count == 0 ? null : new(parts.Min(t => t.From), parts.Max(t => t.To));
    }

    private static int NumberOf(DateOnly from) => from.Month switch
    {
        >= 9 => 1,
        <= 3 => 2,
        _ => 3,
    };
}
