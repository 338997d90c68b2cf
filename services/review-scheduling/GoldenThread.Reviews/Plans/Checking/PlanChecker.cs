using GoldenThread.Reviews.Offers;
using GoldenThread.Reviews.Plans.Planning;
using static GoldenThread.Reviews.Plans.Checking.SchoolCalendar;

namespace GoldenThread.Reviews.Plans.Checking;

/// <summary>A rule that a plan breaks.</summary>
/// <param name="Rule">Name of the rule.</param>
/// <param name="Words">What is wrong, in words.</param>
/// <param name="Visit">School, row and number of the visit concerned; null where it is about more than one.</param>
public sealed record Violation(string Rule, string Words, (int SchoolUrn, string Entitlement, int Number)? Visit);

/// <summary>
/// Judges a plan against its input. It shares the records with the planner and none of its code: calendar, entitlements, windows and capacity
/// are worked out anew, so that a mistake in the planner is not repeated here. Visits that were kept are given facts: they count against
/// everybody else, but are not judged themselves.
/// </summary>
public static class PlanChecker
{
    /// <summary>Every rule the plan breaks; none for a sound one.</summary>
    public static IReadOnlyList<Violation> Check(PlanInput input, YearPlan plan) =>
    [
        .. Completeness(input, plan),
        .. KeptAsTheyWere(input, plan),
        .. NoneWithdrawn(input, plan),
        .. plan.Visits.Where(v => !v.Kept).SelectMany(v => OneVisit(input, v)),
        .. Windows(input, plan),
        .. SchoolsOverlap(input, plan),
        .. PeopleOverlap(input, plan),
        .. MeetingsStand(input, plan),
    ];

    // ---- every entitlement once, on a day or with a reason ----
    private static IEnumerable<Violation> Completeness(PlanInput input, YearPlan plan)
    {
        foreach (var same in plan.Visits.GroupBy(Key).Where(g => g.Count() > 1))
        {
            yield return new("once", $"{Name(same.Key)} is in the plan {same.Count()} times.", same.Key);
        }

        foreach (var visit in plan.Visits.Where(v => (v.On is null) == (v.UnplacedReason is null)))
        {
            yield return Breach("reason", visit, "has neither a day nor a reason, or both");
        }

        foreach (var school in input.Schools)
        {
            foreach (var row in input.Offer.Rows.Where(r => r.Kind is EntitlementKind.Visits or EntitlementKind.TermlyVisits))
            {
                // A visit that was withdrawn fulfils nothing, even where it is given out as one that was kept.
                var withdrawn = input.Withdrawn.Where(w => w.SchoolUrn == school.Urn && w.Entitlement == row.Code).Select(w => w.Number).ToHashSet();
                var inPlan = plan.Visits.Where(v => v.SchoolUrn == school.Urn && v.Entitlement == row.Code)
                    .Where(v => !v.Kept || !withdrawn.Contains(v.Number)).ToList();
                var kept = input.Kept.Where(k => k.SchoolUrn == school.Urn && k.Entitlement == row.Code)
                    .Where(k => !withdrawn.Contains(k.Number)).ToList();
                foreach (var violation in CountStands(input, school, row, inPlan, kept))
                {
                    yield return violation;
                }
            }
        }

        var known = input.Schools.SelectMany(s => input.Offer.Rows.Select(r => (s.Urn, r.Code))).ToHashSet();
        foreach (var visit in plan.Visits.Where(v => !v.Kept && !known.Contains((v.SchoolUrn, v.Entitlement))))
        {
            yield return Breach("owed", visit, "belongs to no school or row of this plan");
        }
    }

    private static IEnumerable<Violation> CountStands(
        PlanInput input, PlanSchool school, OfferRow row, List<PlannedVisit> inPlan, List<KeptVisit> kept)
    {
        var cell = school.Category is { } category ? row.Cells.SingleOrDefault(c => c.Category == category) : null;
        if (row.Kind == EntitlementKind.TermlyVisits)
        {
            var terms = new[] { 1, 2, 3 }.Where(t => cell is not null && TermIsOwed(input, school, t)).ToHashSet();
            terms.UnionWith(kept.Select(k => k.Number));
            if (!terms.SetEquals(inPlan.Select(v => v.Number)))
            {
                yield return new("owed", $"School {school.Urn} is owed \"{row.Code}\" in the terms {string.Join(", ", terms.Order())}, "
                    + $"the plan has {string.Join(", ", inPlan.Select(v => v.Number).Order())}.", null);
            }

            yield break;
        }

        var owed = Math.Max(cell is null ? 0 : YearlyOwed(input, school, row, cell), kept.Count);
        if (inPlan.Count != owed)
        {
            yield return new("owed", $"School {school.Urn} is owed {owed} of \"{row.Code}\", the plan has {inPlan.Count}.", null);
        }
    }

    private static int YearlyOwed(PlanInput input, PlanSchool school, OfferRow row, OfferCell cell)
    {
        var (start, end) = YearOf(input, school);
        var total = 0;
        var inTrust = 0;
        for (var day = start; day <= end; day = day.AddDays(1))
        {
            total++;
            inTrust += BelongsOn(school, day) ? 1 : 0;
        }

        if (inTrust == 0)
        {
            return 0;
        }

        return row.ProRata ? (int)Math.Floor(((double)cell.Count * inTrust / total) + 0.5) : cell.Count;
    }

    private static bool TermIsOwed(PlanInput input, PlanSchool school, int term)
    {
        var days = TermDays(school, term) ?? DaysOfMissingTerm(input, term);
        var inTrust = days.Count(day => BelongsOn(school, day));
        return 2 * inTrust >= days.Count;
    }

    /// <summary>A calendar without a term says nothing of its days: any day on which a part of it could begin counts.</summary>
    private static List<DateOnly> DaysOfMissingTerm(PlanInput input, int term) =>
        Enumerable.Range(0, input.YearLast.DayNumber - input.YearFirst.DayNumber + 1).Select(input.YearFirst.AddDays)
            .Where(day => day.Month switch
            {
                >= 9 => term == 1,
                <= 3 => term == 2,
                _ => term == 3,
            }).ToList();

    // ---- what was kept is as it was ----
    private static IEnumerable<Violation> KeptAsTheyWere(PlanInput input, YearPlan plan)
    {
        var inPlan = plan.Visits.Where(v => v.Kept).ToLookup(Key);
        foreach (var kept in input.Kept)
        {
            var key = (kept.SchoolUrn, kept.Entitlement, kept.Number);
            var day = kept.CancelledBecause is null ? kept.On : null;
            if (inPlan[key].ToList() is not [var visit] || visit.On != day || !visit.Team.SequenceEqual(kept.Team))
            {
                yield return new("kept", $"{Name(key)} was to stay as it was and did not.", key);
            }
        }

        if (plan.Visits.Count(v => v.Kept) != input.Kept.Count)
        {
            yield return new("kept", "The plan says of other visits that they were kept.", null);
        }
    }

    /// <summary>What an earlier plan withdrew is owed again or not owed, but never kept.</summary>
    private static IEnumerable<Violation> NoneWithdrawn(PlanInput input, YearPlan plan)
    {
        var withdrawn = input.Withdrawn.Select(w => (w.SchoolUrn, w.Entitlement, w.Number)).ToHashSet();
        return plan.Visits.Where(v => v.Kept && withdrawn.Contains(Key(v)))
            .Select(v => Breach("withdrawn", v, "was withdrawn by an earlier plan and is no visit to keep"));
    }

    // ---- a visit by itself ----
    private static IEnumerable<Violation> OneVisit(PlanInput input, PlannedVisit visit)
    {
        if (visit.On is not { } day)
        {
            yield break;
        }

        var school = input.Schools.FirstOrDefault(s => s.Urn == visit.SchoolUrn);
        var row = input.Offer.Rows.FirstOrDefault(r => r.Code == visit.Entitlement);
        if (school?.Category is not { } category || row?.Cells.SingleOrDefault(c => c.Category == category) is not { } cell)
        {
            yield return Breach("owed", visit, "is not owed to this school");
            yield break;
        }

        if (day < input.PlanFrom)
        {
            yield return Breach("past", visit, $"lies on {day:yyyy-MM-dd}, before the first day that may be planned");
        }

        if (IsHalfEntered(input, school))
        {
            yield return Breach("calendar", visit, "has a day, though the school has not entered the dates of the whole year");
        }

        if (visit.HalfDays != row.HalfDays)
        {
            yield return Breach("length", visit, $"takes {visit.HalfDays} half-days instead of {row.HalfDays}");
        }

        if (WhyClosed(input, school, day) is { } closed)
        {
            yield return Breach("open", visit, $"lies on {day:yyyy-MM-dd}: {closed}");
        }

        if (row.Kind == EntitlementKind.TermlyVisits && TermDays(school, visit.Number)?.Contains(day) != true)
        {
            yield return Breach("term", visit, "lies outside its term");
        }

        foreach (var violation in Team(input, visit, cell, day))
        {
            yield return violation;
        }
    }

    private static IEnumerable<Violation> Team(PlanInput input, PlannedVisit visit, OfferCell cell, DateOnly day)
    {
        if (visit.Team.Count != cell.Team.Count)
        {
            yield return Breach("team", visit, $"has a team of {visit.Team.Count}; {cell.Team.Count} are needed");
            yield break;
        }

        if (visit.Team.Select(m => m.PersonId).Distinct().Count() != visit.Team.Count)
        {
            yield return Breach("team", visit, "has somebody twice in its team");
        }

        for (var place = 0; place < visit.Team.Count; place++)
        {
            var member = visit.Team[place];
            var person = input.People.FirstOrDefault(p => p.Id == member.PersonId);
            if (person is null)
            {
                yield return Breach("team", visit, "has somebody in its team whom planning does not know");
                continue;
            }

            if (!cell.Team[place].Duties.Contains(member.Duty) || !person.Duties.Contains(member.Duty))
            {
                yield return Breach("duty", visit, $"has somebody in place {place + 1} who lacks the duty it needs ({member.Duty})");
            }

            if (person.HeadOf.Append(person.SchoolUrn ?? 0).Contains(visit.SchoolUrn))
            {
                yield return Breach("own-school", visit, "sends somebody to their own school");
            }

            if (WhyAway(person, day) is { } away)
            {
                yield return Breach("away", visit, $"needs somebody on {day:yyyy-MM-dd} who {away}");
            }
        }
    }

    // ---- windows ----
    private static IEnumerable<Violation> Windows(PlanInput input, YearPlan plan)
    {
        var visits = plan.Visits.Where(v => !v.Kept).ToLookup(v => v.SchoolUrn);
        foreach (var school in input.Schools)
        {
            var weeks = OpenWeeks(input, school);
            foreach (var visit in visits[school.Urn])
            {
                var row = input.Offer.Rows.FirstOrDefault(r => r.Code == visit.Entitlement);
                if (row?.Cells.SingleOrDefault(c => c.Category == school.Category) is not { } cell)
                {
                    continue;
                }

                var owed = row.Kind == EntitlementKind.Visits ? YearlyOwed(input, school, row, cell) : 3;
                if (visit.Number < 1 || visit.Number > owed)
                {
                    yield return Breach("window", visit, $"has no window: {owed} are owed");
                    continue;
                }

                var window = VisitWindow.Of(input, school, weeks, row, visit.Number, owed);
                if (visit.On is { } day && !window.Contains(day))
                {
                    yield return Breach("window", visit, $"lies on {day:yyyy-MM-dd}, outside its window {Words(window)}");
                }

                if (visit.WindowFrom != window.From || visit.WindowTo != window.To)
                {
                    var said = new DayRange(visit.WindowFrom, visit.WindowTo);
                    yield return Breach("window", visit, $"has the window {Words(said)} in the plan; it is {Words(window)}");
                }
            }
        }
    }

    private static string Words(DayRange window) => $"from {window.From:yyyy-MM-dd} to {window.To:yyyy-MM-dd}";

    // ---- visits beside each other ----
    private static IEnumerable<Violation> SchoolsOverlap(PlanInput input, YearPlan plan)
    {
        var placed = plan.Visits.Where(v => v.On is not null).ToList();
        foreach (var day in placed.GroupBy(v => (v.SchoolUrn, v.On)).Where(g => g.Count() > 1 && g.Any(v => !v.Kept)))
        {
            yield return new("one-a-day", $"School {day.Key.SchoolUrn} has {day.Count()} visits on {day.Key.On:yyyy-MM-dd}.", JudgedOf(day));
        }

        foreach (var week in placed.GroupBy(v => (v.SchoolUrn, Week: WeekNumber(v.On!.Value))))
        {
            if (week.Count() > Math.Min(2, input.Offer.Planning.VisitsPerSchoolWeek) && week.Any(v => !v.Kept))
            {
                yield return new("two-a-week",
                    $"School {week.Key.SchoolUrn} has {week.Count()} visits in the week of {week.First().On:yyyy-MM-dd}.", JudgedOf(week));
            }
        }
    }

    private static IEnumerable<Violation> PeopleOverlap(PlanInput input, YearPlan plan)
    {
        var seats = plan.Visits.Where(v => v.On is not null).SelectMany(v => v.Team.Select(m => (m.PersonId, Visit: v))).ToLookup(s => s.PersonId);
        var meetings = ToCome(input, plan).Where(m => m is { PersonId: not null, On: not null }).ToLookup(m => m.PersonId!.Value, m => m.On!.Value);
        var kept = input.KeptMeetings.Where(m => m is { PersonId: not null, On: not null }).ToLookup(m => m.PersonId!.Value, m => m.On!.Value);
        foreach (var person in input.People)
        {
            var visits = seats[person.Id].Select(s => s.Visit).ToList();
            foreach (var day in visits.Select(v => v.On!.Value).Concat(meetings[person.Id]).Distinct())
            {
                var ofDay = visits.Where(v => v.On == day).ToList();
                var slots = meetings[person.Id].Count(m => m == day);
                var halfDays = HalfDaysOf(input, person, ofDay, slots + kept[person.Id].Count(m => m == day));
                if (halfDays > 2 && (slots > 0 || ofDay.Any(v => !v.Kept)))
                {
                    yield return new("day-full", $"{day:yyyy-MM-dd}: somebody has {halfDays} half-days of visits and meetings.", JudgedOf(ofDay));
                }
            }

            foreach (var week in visits.GroupBy(v => WeekNumber(v.On!.Value)).Where(g => g.Any(v => !v.Kept)))
            {
                if (week.Select(v => v.On).Distinct().Count() > person.DaysPerWeek)
                {
                    yield return new("week-cap", $"Somebody has more than {person.DaysPerWeek} days in the week of {week.First().On:yyyy-MM-dd}.",
                        JudgedOf(week));
                }
            }

            var days = visits.Select(v => v.On).Distinct().Count();
            if (days > person.DaysPerYear && visits.Any(v => !v.Kept))
            {
                yield return new("year-cap", $"Somebody has {days} days in the year; {person.DaysPerYear} are the most.", JudgedOf(visits));
            }
        }
    }

    /// <summary>Half-days of a day: meetings are packed into half-days; whoever does no half-days gives each visit the whole day.</summary>
    private static int HalfDaysOf(PlanInput input, PlanPerson person, List<PlannedVisit> visits, int meetings) =>
        visits.Sum(v => person.HalfDays ? v.HalfDays : 2)
        + (int)Math.Ceiling((double)meetings / input.Offer.Planning.MeetingsPerHalfDay);

    // ---- meetings ----
    private static IEnumerable<Violation> MeetingsStand(PlanInput input, YearPlan plan)
    {
        var people = input.People.ToDictionary(p => p.Id);
        foreach (var meeting in ToCome(input, plan))
        {
            var key = (meeting.SchoolUrn, meeting.Entitlement, meeting.Number);
            var school = input.Schools.FirstOrDefault(s => s.Urn == meeting.SchoolUrn);
            var cell = input.Offer.Rows.FirstOrDefault(r => r.Code == meeting.Entitlement && r.Kind == EntitlementKind.Meetings)?
                .Cells.SingleOrDefault(c => c.Category == school?.Category);
            if (school is null || cell is null || cell.Cadence != meeting.Cadence)
            {
                yield return new("owed", $"{Name(key)} is a meeting that is not owed.", key);
                continue;
            }

            if (meeting.On is not { } day)
            {
                continue;
            }

            if (WhyClosed(input, school, day) is { } closed || WeekNumber(day) != WeekNumber(meeting.Week))
            {
                yield return new("open", $"{Name(key)} is a meeting on {day:yyyy-MM-dd}, when the school is closed or in another week.", key);
            }

            if (day < input.PlanFrom)
            {
                yield return new("past", $"{Name(key)} is a meeting on {day:yyyy-MM-dd}, before the first day that may be planned.", key);
            }

            if (meeting.PersonId is { } id && (!people.TryGetValue(id, out var person) || WhyAway(person, day) is not null))
            {
                yield return new("away", $"{Name(key)} is a meeting on {day:yyyy-MM-dd} with somebody who is away.", key);
            }

            if (meeting.PersonId is { } named && people.TryGetValue(named, out var member))
            {
                if (member.HeadOf.Append(member.SchoolUrn ?? 0).Contains(meeting.SchoolUrn))
                {
                    yield return new("own-school", $"{Name(key)} is a meeting of somebody with their own school.", key);
                }

                if (!cell.Team.Take(1).Any(place => place.Duties.Any(member.Duties.Contains)))
                {
                    yield return new("duty", $"{Name(key)} is a meeting with somebody who lacks the duty it needs.", key);
                }
            }
        }

        foreach (var violation in MeetingsOwed(input, plan).Concat(CountedUntil(input, plan)).Concat(NumbersFree(input, plan)))
        {
            yield return violation;
        }

        foreach (var same in plan.Meetings.GroupBy(m => (m.SchoolUrn, m.Entitlement, m.Number)).Where(g => g.Count() > 1))
        {
            yield return new("once", $"{Name(same.Key)} is in the plan {same.Count()} times.", same.Key);
        }
    }

    private static IEnumerable<Violation> MeetingsOwed(PlanInput input, YearPlan plan)
    {
        var inPlan = ToCome(input, plan).ToLookup(m => (m.SchoolUrn, m.Entitlement), m => WeekNumber(m.Week));
        var kept = input.KeptMeetings.ToLookup(m => (m.SchoolUrn, m.Entitlement), m => WeekNumber(m.Week));
        foreach (var school in input.Schools)
        {
            var open = OpenWeeks(input, school);
            foreach (var row in input.Offer.Rows.Where(r => r.Kind == EntitlementKind.Meetings))
            {
                var cadence = row.Cells.SingleOrDefault(c => c.Category == school.Category)?.Cadence ?? Cadence.None;
                var owed = open.Where((week, index) => IsMeetingWeek(open, cadence, week, index) && week + 4 >= input.PlanFrom.DayNumber)
                    .Select(week => week / 7).Except(kept[(school.Urn, row.Code)]);
                if (!owed.SequenceEqual(inPlan[(school.Urn, row.Code)].Order()))
                {
                    yield return new("owed", $"School {school.Urn} is owed meetings \"{row.Code}\" in other weeks than the plan has.", null);
                }
            }
        }
    }

    /// <summary>Where dates lack, the plan says of every series up to which day all that is owed is counted; of others it says nothing of the kind.</summary>
    private static IEnumerable<Violation> CountedUntil(PlanInput input, YearPlan plan)
    {
        var said = plan.IncompleteSeries.ToLookup(s => (s.SchoolUrn, s.Entitlement), s => s.KnownUntil);
        foreach (var school in input.Schools)
        {
            var lacking = FirstDayWithoutDates(input, school);
            foreach (var row in input.Offer.Rows.Where(r => r.Kind == EntitlementKind.Meetings))
            {
                var isOwed = row.Cells.Any(c => c.Category == school.Category && c.Cadence != Cadence.None);
                DateOnly[] known = isOwed && lacking is { } day ? [day.AddDays(-1)] : [];
                if (!said[(school.Urn, row.Code)].SequenceEqual(known))
                {
                    yield return new("calendar", $"Up to which day meetings \"{row.Code}\" of school {school.Urn} are counted, the plan does not say, "
                        + "or says wrongly.", null);
                }
            }
        }
    }

    /// <summary>A number that a kept meeting has would write over it, or not be written at all.</summary>
    private static IEnumerable<Violation> NumbersFree(PlanInput input, YearPlan plan)
    {
        var taken = input.KeptMeetings.Select(m => (m.SchoolUrn, m.Entitlement, m.Number)).ToHashSet();
        return ToCome(input, plan).Select(m => (m.SchoolUrn, m.Entitlement, m.Number)).Where(taken.Contains)
            .Select(key => new Violation("kept", $"{Name(key)} is the number of a meeting that was to stay as it was.", key));
    }

    /// <summary>The plan's meetings without those that were held or cancelled since it was made.</summary>
    private static IEnumerable<PlannedMeeting> ToCome(PlanInput input, YearPlan plan)
    {
        var kept = input.KeptMeetings.Select(m => (m.SchoolUrn, m.Entitlement, m.Number, m.Week)).ToHashSet();
        return plan.Meetings.Where(m => !kept.Contains((m.SchoolUrn, m.Entitlement, m.Number, m.Week)));
    }

    private static bool IsMeetingWeek(List<int> open, Cadence cadence, int week, int index)
    {
        return cadence switch
        {
            Cadence.Weekly => true,
            Cadence.Fortnightly => index % 2 == 0,
            Cadence.SixWeekly => index % 6 == 0,
            Cadence.Monthly => index == 0 || MonthOf(open[index - 1]) != MonthOf(week),
            _ => false,
        };
    }

    /// <summary>The month in which most of a week's five days lie, by the day number of its Monday.</summary>
    private static int MonthOf(int monday) =>
        Enumerable.Range(monday, 5).GroupBy(day => DateOnly.FromDayNumber(day).Month).MaxBy(days => days.Count())!.Key;

    // ---- the people, worked out anew ----
    private static string? WhyAway(PlanPerson person, DateOnly day)
    {
        if (person.LeftOn < day)
        {
            return "has left by then";
        }

        if (!person.Weekdays.Contains(day.DayOfWeek))
        {
            return "does not visit on that weekday";
        }

        return person.Leave.Any(l => l.From <= day && day <= (l.To ?? DateOnly.MaxValue)) ? "is on leave" : null;
    }

    private static (int SchoolUrn, string Entitlement, int Number) Key(PlannedVisit visit) =>
        (visit.SchoolUrn, visit.Entitlement, visit.Number);

    private static (int SchoolUrn, string Entitlement, int Number)? JudgedOf(IEnumerable<PlannedVisit> visits) =>
        visits.FirstOrDefault(v => !v.Kept) is { } judged ? Key(judged) : null;

    private static string Name((int SchoolUrn, string Entitlement, int Number) key) => $"\"{key.Entitlement}\" {key.Number} of school {key.SchoolUrn}";

    private static Violation Breach(string rule, PlannedVisit visit, string words) => new(rule, $"{Name(Key(visit))} {words}.", Key(visit));
}
