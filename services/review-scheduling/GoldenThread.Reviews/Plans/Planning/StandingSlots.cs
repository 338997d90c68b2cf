using GoldenThread.Reviews.Offers;

namespace GoldenThread.Reviews.Plans.Planning;

/// <summary>
/// Meeting series: a standing slot each, on one weekday with one person. A person's slots are packed on as few weekdays as they fit,
/// so that whole days stay free for visits.
/// </summary>
internal sealed class StandingSlots(PlanInput input, IReadOnlyDictionary<int, SchoolYear> years)
{
    private const int HalfDaysOfADay = 2;

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
        var meetings = new List<PlannedMeeting>();
        foreach (var row in input.Offer.Rows.Where(r => r.Kind == EntitlementKind.Meetings))
        {
            foreach (var school in input.Schools)
            {
                if (school.Category is { } category && row.For(category) is { } cell)
                {
                    meetings.AddRange(SeriesOf(years[school.Urn], row, cell));
                }
            }
        }

        return meetings;
    }

    /// <summary>A kept visit takes its half-days first: on such a day only the meetings of the rest fit.</summary>
    private void OccupyKeptVisits()
    {
        var people = input.People.ToDictionary(p => p.Id);
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

    private IEnumerable<PlannedMeeting> SeriesOf(SchoolYear year, OfferRow row, OfferCell cell)
    {
        var person = PersonFor(year, cell);
        var weekday = person is null ? DayOfWeek.Monday : WeekdayOf(person);
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
        Cadence.Monthly => year.Weeks.GroupBy(w => (w.Year, w.Month)).Select(g => g.First()),
        _ => [],
    };

    /// <summary>
    /// The person with the fewest series among those of the preferred duty that anybody has; whoever leaves before the school's year
    /// ends only where nobody stays.
    /// </summary>
    private PlanPerson? PersonFor(SchoolYear year, OfferCell cell)
    {
        if (cell.Team.Count == 0)
        {
            return null;
        }

        var chosen = cell.Team[0].Duties
            .Select(duty => input.People
                .Where(p => p.Duties.Contains(duty) && p.SchoolUrn != year.School.Urn && p.Weekdays.Count > 0
                    && (p.LeftOn is null || p.LeftOn > input.PlanFrom))
                .OrderBy(p => StaysFor(p, year) ? 0 : 1).ThenBy(p => seriesOf.GetValueOrDefault(p.Id)).ThenBy(p => p.Id)
                .FirstOrDefault())
            .FirstOrDefault(p => p is not null);
        if (chosen is not null)
        {
            seriesOf[chosen.Id] = seriesOf.GetValueOrDefault(chosen.Id) + 1;
        }

        return chosen;
    }

    private static bool StaysFor(PlanPerson person, SchoolYear year) =>
        person.LeftOn is not { } left || year.Weeks.Count == 0 || left >= year.Weeks[^1].AddDays(4);

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
        person.Weekdays.Contains(day.DayOfWeek)
        && (person.LeftOn is null || day <= person.LeftOn)
        && !person.Leave.Any(l => l.Contains(day))
        && meetingsOn.GetValueOrDefault((person.Id, day)) < MostADay;

    private DateOnly? FirstOpenDay(SchoolYear year, DateOnly week) =>
        Enumerable.Range(0, 5).Select(offset => (DateOnly?)week.AddDays(offset))
            .FirstOrDefault(day => day >= input.PlanFrom && year.IsOpen(day!.Value));
}
