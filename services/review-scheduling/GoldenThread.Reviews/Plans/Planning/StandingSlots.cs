using GoldenThread.Reviews.Offers;

namespace GoldenThread.Reviews.Plans.Planning;

/// <summary>
/// Meeting series: a standing slot each, on one weekday with one person. A person's slots are packed on as few weekdays as they fit,
/// so that whole days stay free for visits.
/// </summary>
internal sealed class StandingSlots(PlanInput input, IReadOnlyDictionary<int, SchoolYear> years)
{
    private const int HalfDaysOfADay = 2;
    private const int Wednesday = 2;

    private readonly record struct Series(SchoolYear Year, OfferRow Row, OfferCell Cell);

    private readonly Dictionary<Guid, PlanPerson> people = input.People.ToDictionary(p => p.Id);
    private readonly Dictionary<Guid, int> seriesOf = [];
    private readonly Dictionary<(Guid Person, DayOfWeek Weekday), int> slotsOn = [];
    private readonly Dictionary<(Guid Person, DateOnly Day), int> meetingsOn = [];

    private readonly ILookup<(int SchoolUrn, string Entitlement), KeptMeeting> kept =
        input.KeptMeetings.ToLookup(m => (m.SchoolUrn, m.Entitlement));

    private int MostADay => input.Offer.Planning.MeetingsPerHalfDay * HalfDaysOfADay;

    /// <summary>The meetings of all series from the first planned day on.</summary>
    public IReadOnlyList<PlannedMeeting> Meetings()
    {
        OccupyKeptVisits();
        OccupyKeptMeetings();
        var owed = Owed().ToList();
        // Who meets a head already goes on, on the weekday they are used to; the others are given out around them.
        var standing = owed.Select(StandingPerson).ToList();
        var weekdays = owed.Zip(standing, (series, person) => person is null ? null : StandingWeekday(series, person)).ToList();
        return owed.SelectMany((series, index) =>
        {
            var person = standing[index] ?? PersonFor(series);
            return MeetingsOf(series, person, weekdays[index] ?? (person is null ? DayOfWeek.Monday : WeekdayOf(person)));
        }).ToList();
    }

    /// <summary>Series of schools that have not entered all their dates: what is counted is not what the whole year owes.</summary>
    public IReadOnlyList<IncompleteSeries> Incomplete() => Owed()
        .Where(s => s.Cell.Cadence != Cadence.None && s.Year.WithoutDates.Count > 0)
        .Select(s => new IncompleteSeries
        {
            SchoolUrn = s.Year.School.Urn,
            Entitlement = s.Row.Code,
            KnownUntil = s.Year.WithoutDates[0].From.AddDays(-1),
            Words = $"Meetings \"{s.Row.Code}\" of school {s.Year.School.Urn} are {HowCounted(s.Year)}",
        })
        .OrderBy(s => s.SchoolUrn).ThenBy(s => s.Entitlement, StringComparer.Ordinal).ToList();

    private string HowCounted(SchoolYear year)
    {
        if (year.School.Terms.Count == 0)
        {
            return $"not counted: the school has no term dates for {input.AcademicYear} yet.";
        }

        return year.WithoutDates is [var rest] && year.School.Terms.All(t => t.To < rest.From)
            ? $"counted up to {Words.Day(rest.From.AddDays(-1))}; no dates are entered after it."
            : $"counted without the days {string.Join(" and ", year.WithoutDates.Select(Span))}, for which no dates are entered.";
    }

    private static string Span(DayRange days) => $"from {Words.Day(days.From)} to {Words.Day(days.To!.Value)}";

    private IEnumerable<Series> Owed() =>
        from row in input.Offer.Rows
        where row.Kind == EntitlementKind.Meetings
        from school in input.Schools
        let cell = school.Category is { } category ? row.For(category) : null
        where cell is not null
        select new Series(years[school.Urn], row, cell);

    /// <summary>A kept visit takes its half-days first: on such a day only the meetings of the rest fit.</summary>
    private void OccupyKeptVisits()
    {
        foreach (var visit in input.Kept.Where(k => k is { On: not null, CancelledBecause: null }))
        {
            foreach (var member in visit.Team)
            {
                var whole = people.TryGetValue(member.PersonId, out var person) && !person.HalfDays;
                var halfDays = whole ? HalfDaysOfADay : visit.HalfDays;
                var key = (member.PersonId, visit.On!.Value);
                meetingsOn[key] = meetingsOn.GetValueOrDefault(key) + (halfDays * input.Offer.Planning.MeetingsPerHalfDay);
            }
        }
    }

    private void OccupyKeptMeetings()
    {
        foreach (var meeting in input.KeptMeetings)
        {
            if (meeting is { PersonId: { } person, On: { } day })
            {
                meetingsOn[(person, day)] = meetingsOn.GetValueOrDefault((person, day)) + 1;
            }
        }
    }

    private IEnumerable<PlannedMeeting> MeetingsOf(Series series, PlanPerson? person, DayOfWeek weekday)
    {
        var (year, row, cell) = (series.Year, series.Row, series.Cell);
        var standing = kept[(year.School.Urn, row.Code)].ToList();
        var weeks = WeeksOf(year, cell.Cadence).ToList();
        var number = NumberBefore(weeks, standing);
        foreach (var week in weeks.Where(w => !IsPast(w) && standing.All(m => m.Week != w)))
        {
            do
            {
                number++;
            }
            while (standing.Any(m => m.Number == number));

            var day = person is null ? FirstOpenDay(year, week) : DayFor(year, person, week, weekday);
            if (day is { } taken && person is not null)
            {
                meetingsOn[(person.Id, taken)] = meetingsOn.GetValueOrDefault((person.Id, taken)) + 1;
            }

            yield return new()
            {
                SchoolUrn = year.School.Urn,
                Entitlement = row.Code,
                Number = number,
                Cadence = cell.Cadence,
                PersonId = person?.Id,
                Week = week,
                On = day,
            };
        }
    }

    /// <summary>
    /// The number after which those to come count on: the last of a past meeting, however often the series met then. Where none is kept,
    /// a series counts from the beginning of the school's year.
    /// </summary>
    private int NumberBefore(List<DateOnly> weeks, List<KeptMeeting> standing) =>
        standing.Where(m => IsPast(m.Week)).Select(m => m.Number).DefaultIfEmpty(weeks.Count(IsPast)).Max();

    private bool IsPast(DateOnly week) => week.AddDays(4) < input.PlanFrom;

    private static IEnumerable<DateOnly> WeeksOf(SchoolYear year, Cadence cadence) => cadence switch
    {
        Cadence.Weekly => year.Weeks,
        Cadence.Fortnightly => year.Weeks.Where((_, index) => index % 2 == 0),
        Cadence.SixWeekly => year.Weeks.Where((_, index) => index % 6 == 0),
        // A week belongs to the month of its middle: that of 31 August is the first of September.
        Cadence.Monthly => year.Weeks.GroupBy(w => (w.AddDays(Wednesday).Year, w.AddDays(Wednesday).Month)).Select(g => g.First()),
        _ => [],
    };

    /// <summary>Who held the last meeting that is kept, where they still can hold those to come; null where nobody does.</summary>
    private PlanPerson? StandingPerson(Series series)
    {
        var last = kept[(series.Year.School.Urn, series.Row.Code)].MaxBy(m => m.Week);
        if (last?.PersonId is not { } id || !people.TryGetValue(id, out var person) || series.Cell.Team.Count == 0
            || !Qualifies(person, series) || !series.Cell.Team[0].Duties.Any(person.Duties.Contains)
            || !StaysFor(person, series.Year) || !IsThere(person, series.Year))
        {
            return null;
        }

        seriesOf[id] = seriesOf.GetValueOrDefault(id) + 1;
        return person;
    }

    /// <summary>The weekday of most of the kept meetings, where the person still works on it; null where there is none.</summary>
    private DayOfWeek? StandingWeekday(Series series, PlanPerson person)
    {
        var usual = kept[(series.Year.School.Urn, series.Row.Code)]
            .Where(m => m.On is not null && person.Weekdays.Contains(m.On.Value.DayOfWeek))
            .GroupBy(m => m.On!.Value.DayOfWeek).OrderByDescending(g => g.Count()).ThenBy(g => g.Key).FirstOrDefault();
        if (usual is null || slotsOn.GetValueOrDefault((person.Id, usual.Key)) >= MostADay)
        {
            return null;
        }

        slotsOn[(person.Id, usual.Key)] = slotsOn.GetValueOrDefault((person.Id, usual.Key)) + 1;
        return usual.Key;
    }

    /// <summary>
    /// The person with the fewest series among those of the preferred duty of which anybody is there; whoever leaves before the school's
    /// year ends only where nobody stays, and whoever is away for long only where nobody of any duty is there.
    /// </summary>
    private PlanPerson? PersonFor(Series series)
    {
        if (series.Cell.Team.Count == 0)
        {
            return null;
        }

        var chosen = series.Cell.Team[0].Duties
            .Select(duty => input.People
                .Where(p => p.Duties.Contains(duty) && Qualifies(p, series))
                .OrderBy(p => IsThere(p, series.Year) ? 0 : 1).ThenBy(p => StaysFor(p, series.Year) ? 0 : 1)
                .ThenBy(p => seriesOf.GetValueOrDefault(p.Id)).ThenBy(p => p.Id)
                .FirstOrDefault())
            .Where(p => p is not null)
            .OrderBy(p => IsThere(p!, series.Year) ? 0 : 1)
            .FirstOrDefault();
        if (chosen is not null)
        {
            seriesOf[chosen.Id] = seriesOf.GetValueOrDefault(chosen.Id) + 1;
        }

        return chosen;
    }

    private bool Qualifies(PlanPerson person, Series series) =>
        !OwnSchool.Is(person, series.Year.School.Urn) && person.Weekdays.Count > 0 && (person.LeftOn is null || person.LeftOn > input.PlanFrom);

    private static bool StaysFor(PlanPerson person, SchoolYear year) =>
        person.LeftOn is not { } left || year.Weeks.Count == 0 || left >= year.Weeks[^1].AddDays(4);

    /// <summary>Whether somebody is there, on any of their weekdays, in at least three of four of the school's weeks to come.</summary>
    private bool IsThere(PlanPerson person, SchoolYear year)
    {
        var toCome = year.Weeks.Where(w => !IsPast(w)).ToList();
        var there = toCome.Count(week => Enumerable.Range(0, 5).Select(offset => week.AddDays(offset)).Any(day => IsPresent(person, day)));
        return 4 * there >= 3 * toCome.Count;
    }

    private DayOfWeek WeekdayOf(PlanPerson person)
    {
        var weekday = person.Weekdays.Order()
            .OrderByDescending(d => slotsOn.GetValueOrDefault((person.Id, d)) is var n && n < MostADay ? n : -1)
            .First();
        slotsOn[(person.Id, weekday)] = slotsOn.GetValueOrDefault((person.Id, weekday)) + 1;
        return weekday;
    }

    private DateOnly? DayFor(SchoolYear year, PlanPerson person, DateOnly week, DayOfWeek weekday) =>
        Enumerable.Range(0, 5).Select(offset => week.AddDays(offset))
            .Where(day => day >= input.PlanFrom && year.IsOpen(day) && IsFree(person, day))
            .OrderBy(day => day.DayOfWeek == weekday ? 0 : 1).ThenBy(day => day)
            .Select(day => (DateOnly?)day)
            .FirstOrDefault();

    private bool IsFree(PlanPerson person, DateOnly day) =>
        IsPresent(person, day) && meetingsOn.GetValueOrDefault((person.Id, day)) < MostADay;

    private static bool IsPresent(PlanPerson person, DateOnly day) =>
        person.Weekdays.Contains(day.DayOfWeek)
        && (person.LeftOn is null || day <= person.LeftOn)
        && !person.Leave.Any(l => l.Contains(day));

    private DateOnly? FirstOpenDay(SchoolYear year, DateOnly week) =>
        Enumerable.Range(0, 5).Select(offset => (DateOnly?)week.AddDays(offset))
            .FirstOrDefault(day => day >= input.PlanFrom && year.IsOpen(day!.Value));
}
