namespace GoldenThread.Reviews.Plans.Planning;

/// <summary>A day and a team for a visit. Days count from the first of the year; people are indexes of the input's list.</summary>
internal sealed record Placement(int Day, int[] Team);

/// <summary>
/// Who and which school is taken when. Places and removes visits; says whether a person or a school can take one more. Every hard rule
/// of the planner lives here (the checker has its own).
/// </summary>
internal sealed class Board
{
    private const int HalfDaysOfADay = 2;

    private readonly PlanInput input;
    private readonly IReadOnlyList<SchoolYear> years;
    private readonly int days;
    private readonly int weeks;
    private readonly int firstWeekday;
    private readonly bool[,] present;
    private readonly int[,] meetings;
    private readonly int[,] halfDays;
    private readonly int[,] visitsOfDay;
    private readonly int[,] daysOfWeek;
    private readonly int[] daysOfYear;
    private readonly int[,] schoolDay;
    private readonly int[,] schoolWeek;
    private readonly Dictionary<long, int> trips = [];
    private readonly int[] localities;

    public Board(PlanInput input, IReadOnlyList<SchoolYear> years, IReadOnlyList<PlannedMeeting> series)
    {
        this.input = input;
        this.years = years;
        days = input.YearLast.DayNumber - input.YearFirst.DayNumber + 1;
        firstWeekday = ((int)input.YearFirst.DayOfWeek + 6) % 7;
        weeks = ((days + firstWeekday) / 7) + 1;
        var people = input.People.Count;
        present = new bool[people, days];
        meetings = new int[people, days];
        halfDays = new int[people, days];
        visitsOfDay = new int[people, days];
        daysOfWeek = new int[people, weeks];
        daysOfYear = new int[people];
        schoolDay = new int[input.Schools.Count, days];
        schoolWeek = new int[input.Schools.Count, weeks];
        localities = LocalitiesOf(input.Schools);
        MarkPresence();
        MarkMeetings(series);
    }

    public int Days => days;

    public DateOnly DateOf(int day) => input.YearFirst.AddDays(day);

    public int DayOf(DateOnly date) => date.DayNumber - input.YearFirst.DayNumber;

    public int WeekOf(int day) => (day + firstWeekday) / 7;

    /// <summary>A number for the school's locality; a school without one is a locality of its own.</summary>
    public int LocalityOf(int school) => localities[school];

    /// <summary>The part of a person's days a year that is used, 0 to 1.</summary>
    public double LoadOf(int person) =>
        input.People[person].DaysPerYear == 0 ? 1 : (double)daysOfYear[person] / input.People[person].DaysPerYear;

    /// <summary>Whether a visit would be a new trip for the person on that day.</summary>
    public bool IsNewTrip(int person, int day, int school) => !trips.ContainsKey(TripOf(person, day, school));

    public int VisitsInWeek(int school, int day) => schoolWeek[school, WeekOf(day)];

    public bool IsOpen(int school, int day) => years[school].IsOpen(DateOf(day));

    /// <summary>Whether a person is there at all: weekday, leave, still with the trust.</summary>
    public bool IsPresent(int person, int day) => present[person, day];

    /// <summary>Whether the school can be visited once more on that day.</summary>
    public bool SchoolTakes(int school, int day) =>
        schoolDay[school, day] == 0
        && VisitsInWeek(school, day) < input.Offer.Planning.VisitsPerSchoolWeek
        && IsOpen(school, day);

    /// <summary>Whether the person can make one more visit of so many half-days on that day.</summary>
    public bool PersonTakes(int person, int day, int visitHalfDays)
    {
        if (!present[person, day])
        {
            return false;
        }

        if (Weight(person, visitHalfDays) > HalfDaysLeft(person, day))
        {
            return false;
        }

        // What was agreed before somebody's days were cut can exceed them: then nothing is added, not even to a day that is taken.
        var further = visitsOfDay[person, day] > 0 ? 0 : 1;
        var who = input.People[person];
        return daysOfWeek[person, WeekOf(day)] + further <= who.DaysPerWeek && daysOfYear[person] + further <= who.DaysPerYear;
    }

    /// <summary>Half-days of a day that neither visits nor standing slots take.</summary>
    public int HalfDaysLeft(int person, int day) => Math.Max(
        0, HalfDaysOfADay - halfDays[person, day] - CeilingOf(meetings[person, day], input.Offer.Planning.MeetingsPerHalfDay));

    /// <summary>Whether visits have taken the day, so that it counts against the caps and nothing more fits.</summary>
    public bool IsUsedUp(int person, int day) => visitsOfDay[person, day] > 0 && HalfDaysLeft(person, day) == 0;

    public void Place(int school, int visitHalfDays, Placement placement) => Change(school, visitHalfDays, placement, 1);

    public void Remove(int school, int visitHalfDays, Placement placement) => Change(school, visitHalfDays, placement, -1);

    private void Change(int school, int visitHalfDays, Placement placement, int by)
    {
        var day = placement.Day;
        schoolDay[school, day] += by;
        schoolWeek[school, WeekOf(day)] += by;
        foreach (var person in placement.Team)
        {
            halfDays[person, day] += by * Weight(person, visitHalfDays);
            var before = visitsOfDay[person, day];
            visitsOfDay[person, day] += by;
            if (before == 0 || visitsOfDay[person, day] == 0)
            {
                daysOfWeek[person, WeekOf(day)] += by;
                daysOfYear[person] += by;
            }

            var trip = TripOf(person, day, school);
            var times = trips.GetValueOrDefault(trip) + by;
            if (times == 0)
            {
                trips.Remove(trip);
            }
            else
            {
                trips[trip] = times;
            }
        }
    }

    /// <summary>A person's trip to a school's locality on a day, as one number.</summary>
    public long TripOf(int person, int day, int school) => ((((long)person * days) + day) * input.Schools.Count) + localities[school];

    private static int[] LocalitiesOf(IReadOnlyList<PlanSchool> schools)
    {
        var numbers = new Dictionary<string, int>(StringComparer.Ordinal);
        return schools.Select(school =>
        {
            var name = school.Locality ?? $"school {school.Urn}";
            if (!numbers.TryGetValue(name, out var number))
            {
                numbers[name] = number = numbers.Count;
            }

            return number;
        }).ToArray();
    }

    private int Weight(int person, int visitHalfDays) => input.People[person].HalfDays ? visitHalfDays : HalfDaysOfADay;

    private void MarkPresence()
    {
        for (var person = 0; person < input.People.Count; person++)
        {
            var who = input.People[person];
            for (var day = 0; day < days; day++)
            {
                var date = DateOf(day);
                present[person, day] = who.Weekdays.Contains(date.DayOfWeek)
                    && (who.LeftOn is null || date <= who.LeftOn)
                    && !who.Leave.Any(l => l.Contains(date));
            }
        }
    }

    private void MarkMeetings(IReadOnlyList<PlannedMeeting> series)
    {
        var indexes = input.People.Select((p, index) => (p.Id, index)).ToDictionary(p => p.Id, p => p.index);
        var slots = series.Select(m => (m.PersonId, m.On)).Concat(input.KeptMeetings.Select(m => (m.PersonId, m.On)));
        foreach (var slot in slots)
        {
            if (slot is { PersonId: { } person, On: { } date } && indexes.TryGetValue(person, out var index))
            {
                meetings[index, DayOf(date)]++;
            }
        }
    }

    private static int CeilingOf(int meetings, int perHalfDay) => (meetings + perHalfDay - 1) / perHalfDay;
}
