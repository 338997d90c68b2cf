namespace GoldenThread.Reviews.Plans.Planning;

/// <summary>A school's year as planning sees it: the days on which it can be visited, in weeks.</summary>
internal sealed class SchoolYear
{
    private readonly HashSet<DateOnly> openDays;

    public SchoolYear(PlanSchool school, IReadOnlyList<DateOnly> bankHolidays)
    {
        School = school;
        openDays = OpenDays(school, bankHolidays).ToHashSet();
        Weeks = openDays.Select(Monday).Distinct().Order().ToList();
        Terms = Enumerable.Range(1, 3).Select(number => TermOf(school, number)).ToList();
    }

    public PlanSchool School { get; }

    /// <summary>Mondays of the weeks with at least one day on which the school can be visited, in order.</summary>
    public IReadOnlyList<DateOnly> Weeks { get; }

    /// <summary>Autumn, spring and summer; null where the calendar has none.</summary>
    public IReadOnlyList<DayRange?> Terms { get; }

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
