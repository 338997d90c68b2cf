using GoldenThread.Reviews.Offers;
using GoldenThread.Reviews.Plans.Planning;

namespace GoldenThread.Reviews.Tests;

/// <summary>
/// What a plan says of itself is so: small trusts of every kind are tried out by hand, day for day and person for person. This is neither
/// the planner's nor the checker's reckoning.
/// </summary>
public class PlanTruthTests
{
    public static TheoryData<int> Seeds() => [.. Enumerable.Range(1, 40)];

    [Theory]
    [MemberData(nameof(Seeds))]
    public void Visit_SaidToHaveNoDay_FitsOnNone(int seed)
    {
        var (input, plan) = Planned(seed);
        var taken = new Taken(input, plan);

        foreach (var visit in plan.Visits.Where(v => v.On is null && !v.Kept))
        {
            Assert.Equal((visit.Entitlement, visit.Number, visit.UnplacedReason, ""), (visit.Entitlement, visit.Number, visit.UnplacedReason, taken.WhereItFits(visit)));
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Visit_FarFromItsTarget_IsPlacedRatherThanLeftOut(int schools)
    {
        // The consultant is there for a fortnight in June: for a review that was to be in autumn that costs more than to leave it out.
        // A review needs a head of another school: to a trust of one school somebody comes from outside.
        var input = WithTheConsultantInJune(schools);
        input = schools > 1 ? input : input with { People = [.. input.People, HeadFromOutside(input)] };

        var plan = Planner.Make(input);

        var taken = new Taken(input, plan);
        Assert.All(plan.Visits.Where(v => v.On is null), v => Assert.Equal((v.Entitlement, ""), (v.Entitlement, taken.WhereItFits(v))));
        Assert.Contains(plan.Visits, v => v.Entitlement == "peer-challenge-review" && v.On is not null);
    }

    [Fact]
    public void Review_OfATrustOfOneSchool_IsLeftOutForWantOfAnotherHead()
    {
        var plan = Planner.Make(WithTheConsultantInJune(1));

        var review = Assert.Single(plan.Visits, v => v.Entitlement == "peer-challenge-review");
        Assert.Equal((null, "Nobody from outside the school has the duty head."), (review.On, review.UnplacedReason));
    }

    [Theory]
    [MemberData(nameof(Seeds))]
    public void Meeting_WithoutADay_FitsOnNone(int seed)
    {
        var (input, plan) = Planned(seed);
        var taken = new Taken(input, plan);

        foreach (var meeting in plan.Meetings.Where(m => m is { On: null, PersonId: not null }))
        {
            Assert.Equal((meeting.Entitlement, meeting.Week, ""), (meeting.Entitlement, meeting.Week, taken.WhereItFits(meeting)));
        }
    }

    [Theory]
    [MemberData(nameof(Seeds))]
    public void Shortage_ThatIsProved_LeavesAVisitWithoutADay(int seed)
    {
        var (_, plan) = Planned(seed);

        foreach (var shortage in plan.Shortages)
        {
            Assert.True(shortage.DaysNeeded > shortage.DaysAvailable);
            Assert.Contains(plan.Visits, v => v.On is null && v.UnplacedReason == shortage.Words);
        }
    }

    private static PlanInput WithTheConsultantInJune(int schools)
    {
        var input = GeneratedTrust.Make(schools, 31, moving: false) with { People = PlannerTests.Staffed(schools) };
        return input with
        {
            People = input.People.Select(p => p.Duties.Contains("consultant")
                ? p with { Leave = [new(new(2025, 9, 1), new(2026, 6, 14)), new(new(2026, 6, 29), new(2026, 8, 31))] }
                : p).ToList(),
        };
    }

    private static PlanPerson HeadFromOutside(PlanInput input) =>
        input.People.Single(p => p.Duties.Contains("head")) with { Id = new Guid(99, 0, 0, new byte[8]), SchoolUrn = null };

    private static (PlanInput Input, YearPlan Plan) Planned(int seed)
    {
        var input = GeneratedTrust.Make(1 + (seed % 7), 500 + seed, scarce: seed % 3 != 0);
        if (seed % 4 == 0)
        {
            // In February, with the past kept and some of it cancelled.
            var before = Planner.Make(input);
            var from = new DateOnly(2026, 2, 11);
            input = input with
            {
                PlanFrom = from,
                Kept = before.Visits.Where(v => v.On < from)
                    .Select((v, index) => PlannerTests.Keep(v) with { CancelledBecause = index % 5 == 0 ? "Snow" : null }).ToList(),
                KeptMeetings = before.Meetings.Where(m => (m.On ?? m.Week.AddDays(4)) < from).Select(PlannerTests.Keep).ToList(),
            };
        }

        return (input, Planner.Make(input));
    }

    /// <summary>Who and what is taken when, by a finished plan.</summary>
    private sealed class Taken(PlanInput input, YearPlan plan)
    {
        private readonly List<PlannedVisit> placed = plan.Visits.Where(v => v.On is not null).ToList();

        /// <summary>A day and team with which an unplaced visit would fit beside all others; empty where there is none.</summary>
        public string WhereItFits(PlannedVisit visit)
        {
            var school = input.Schools.Single(s => s.Urn == visit.SchoolUrn);
            var cell = input.Offer.Rows.Single(r => r.Code == visit.Entitlement).For(school.Category!.Value)!;
            for (var day = visit.WindowFrom; day <= visit.WindowTo; day = day.AddDays(1))
            {
                var there = placed.Where(v => v.SchoolUrn == school.Urn).Select(v => v.On!.Value).ToList();
                if (IsOpen(school, day) && !there.Contains(day) && there.Count(d => Week(d) == Week(day)) < input.Offer.Planning.VisitsPerSchoolWeek
                    && TeamOf(cell.Team, [], p => CanVisit(p, school, day, visit.HalfDays)))
                {
                    return $"{day}";
                }
            }

            return "";
        }

        /// <summary>A day on which a meeting without one could be.</summary>
        public string WhereItFits(PlannedMeeting meeting)
        {
            var school = input.Schools.Single(s => s.Urn == meeting.SchoolUrn);
            var person = input.People.Single(p => p.Id == meeting.PersonId);
            var fits = Enumerable.Range(0, 5).Select(offset => meeting.Week.AddDays(offset)).Where(day => day >= input.PlanFrom && IsOpen(school, day)
                && IsThere(person, day) && HalfDays(person, day, 1) <= 2).ToList();
            return fits.Count == 0 ? "" : $"{fits[0]}";
        }

        private static bool TeamOf(IReadOnlyList<TeamSlot> places, List<Guid> team, Func<PlanPerson, bool> can, IReadOnlyList<PlanPerson> people) =>
            team.Count == places.Count
            || people.Any(p => !team.Contains(p.Id) && places[team.Count].Duties.Any(p.Duties.Contains) && can(p)
                && TeamOf(places, [.. team, p.Id], can, people));

        private bool TeamOf(IReadOnlyList<TeamSlot> places, List<Guid> team, Func<PlanPerson, bool> can) => TeamOf(places, team, can, input.People);

        private bool CanVisit(PlanPerson person, PlanSchool school, DateOnly day, int halfDays)
        {
            var days = placed.Where(v => v.Team.Any(m => m.PersonId == person.Id)).Select(v => v.On!.Value).Append(day).Distinct().ToList();
            return person.SchoolUrn != school.Urn && !person.HeadOf.Contains(school.Urn) && IsThere(person, day)
                && HalfDays(person, day, 0) + (person.HalfDays ? halfDays : 2) <= 2
                && days.Count(d => Week(d) == Week(day)) <= person.DaysPerWeek && days.Count <= person.DaysPerYear;
        }

        private int HalfDays(PlanPerson person, DateOnly day, int furtherMeetings)
        {
            var meetings = furtherMeetings + plan.Meetings.Count(m => m.PersonId == person.Id && m.On == day)
                + input.KeptMeetings.Count(m => m.PersonId == person.Id && m.On == day);
            return placed.Where(v => v.On == day && v.Team.Any(m => m.PersonId == person.Id)).Sum(v => person.HalfDays ? v.HalfDays : 2)
                + ((meetings + input.Offer.Planning.MeetingsPerHalfDay - 1) / input.Offer.Planning.MeetingsPerHalfDay);
        }

        private bool IsOpen(PlanSchool school, DateOnly day) =>
            day >= input.PlanFrom && day.DayOfWeek is not (DayOfWeek.Saturday or DayOfWeek.Sunday) && school.Terms.Any(t => t.Contains(day))
            && !school.Closures.Contains(day) && !input.BankHolidays.Contains(day) && school.Memberships.Any(m => m.Contains(day));

        private static bool IsThere(PlanPerson person, DateOnly day) =>
            person.Weekdays.Contains(day.DayOfWeek) && !(person.LeftOn < day) && !person.Leave.Any(l => l.Contains(day));

        private static int Week(DateOnly day) => day.DayNumber / 7;
    }
}
