using System.Text.RegularExpressions;
using GoldenThread.Reviews.Offers;
using GoldenThread.Reviews.Plans.Checking;
using GoldenThread.Reviews.Plans.Planning;
using GoldenThread.TestSupport;

namespace GoldenThread.Reviews.Tests;

/// <summary>The checker against plans that are broken on purpose: each of its rules is named by the plan that breaks it.</summary>
public partial class PlanCheckerTests
{
    private const int Stabilised = 100_000;
    private const int Sustained = 100_009;

    /// <summary>A Wednesday, so that its week has days that may be planned and days that may not.</summary>
    private static readonly DateOnly PlanFrom = new(2026, 1, 14);

    private static readonly Lazy<Planned> Good = new(GoodPlan);

    private static readonly Dictionary<string, Case> Cases = new()
    {
        ["A visit twice"] = new("once", "is in the plan 2 times",
            good => good.Add(good.Visit())),
        ["A visit with a day and a reason"] = new("reason", "has neither a day nor a reason, or both",
            good => good.Change(good.Visit(), v => v with { UnplacedReason = "Nobody is free." })),
        ["A visit with neither day nor reason"] = new("reason", "has neither a day nor a reason, or both",
            good => good.Change(good.Visit(), v => v with { On = null, Team = [] })),
        ["A further day too few"] = new("owed", "is owed 12 of \"further-days\", the plan has 11",
            good => good.Drop(good.FurtherDay())),
        ["A further day too many"] = new("owed", "is owed 12 of \"further-days\", the plan has 13",
            good => good.Add(good.FurtherDay() with { Number = 13 })),
        ["A number beyond what is owed"] = new("window", "has no window: 12 are owed",
            good => good.Change(good.FurtherDay(), v => v with { Number = 13 })),
        ["A term without quality assurance"] = new("owed", "is owed \"quality-assurance\" in the terms 1, 2, 3, the plan has 1, 2.",
            good => good.Drop(good.Visit("quality-assurance", v => v.Number == 3))),
        ["A visit of a row that is not in the offer"] = new("owed", "belongs to no school or row of this plan",
            good => good.Change(good.Visit(), v => v with { Entitlement = "summer-fair" })),
        ["A visit of a row for another category"] = new("owed", "is not owed to this school",
            good => good.Change(good.FurtherDay(), v => v with { SchoolUrn = Sustained, Entitlement = "external-send" })),

        ["A whole series given out as counted for a part of the year"] = new("calendar", "the plan does not say, or says wrongly",
            good => good with
            {
                Plan = good.Plan with
                {
                    IncompleteSeries = [new() { SchoolUrn = Stabilised, Entitlement = "one-to-one", KnownUntil = new(2026, 2, 13), Words = "" }],
                },
            }),

        ["A kept visit on another day"] = new("kept", "was to stay as it was and did not",
            good => good.Change(good.Kept(), v => v with { On = v.On!.Value.AddDays(7) })),
        ["A kept visit with another team"] = new("kept", "was to stay as it was and did not",
            good => good.Change(good.Kept(), v => v with { Team = [.. v.Team, good.Member("ceo")] })),
        ["A kept visit twice"] = new("once", "is in the plan 2 times",
            good => good.Add(good.Kept())),
        ["A kept visit left out"] = new("kept", "was to stay as it was and did not",
            good => good.Drop(good.Kept())),
        ["A new visit given out as kept"] = new("kept", "says of other visits that they were kept",
            good => good.Change(good.Visit(), v => v with { Kept = true })),

        ["A withdrawn visit given out as kept"] = new("withdrawn", "was withdrawn by an earlier plan and is no visit to keep",
            good => good.Withdraw(good.Kept())),
        ["A withdrawn visit that is owed again left out"] = new("owed", "is owed 12 of \"further-days\", the plan has 11",
            good => good.Withdraw(good.FurtherDay()).Drop(good.FurtherDay())),
        ["A withdrawn visit counted as cancelled by hand"] = new("owed", "is owed 12 of \"further-days\", the plan has 11",
            good => good.Cancel(good.FurtherDay()).Withdraw(good.FurtherDay())),

        ["A visit in another part of the year"] = new("window", "outside its window",
            good => good.Change(good.FurtherDay(), v => v with { On = good.VisitedDay(day => day > v.WindowTo) })),
        ["A visit outside its window, the window widened to fit"] = new("window", "outside its window",
            good => good.Change(good.FurtherDay(), v => v with { On = good.VisitedDay(day => day > v.WindowTo), WindowTo = good.Input.YearLast })),
        ["A wrong window around a right day"] = new("window", "in the plan; it is",
            good => good.Change(good.FurtherDay(), v => v with { WindowTo = v.WindowTo.AddDays(7) })),
        ["Quality assurance in the first half of the term"] = new("window", "outside its window",
            good => good.Change(good.Visit("quality-assurance", v => v.Number == 3), v => v with { On = new(2026, 4, 22) })),
        ["A review later than six weeks after joining"] = new("window", "outside its window from 2026-01-19 to 2026-03-02",
            good => good.School(good.Visit("peer-challenge-review", v => v.On > new DateOnly(2026, 3, 2)).SchoolUrn,
                s => s with { Memberships = [new(new(2015, 9, 1), new(2024, 8, 31)), new(new(2026, 1, 19), null)] })),

        ["A visit before the first planned day"] = new("past", "before the first day that may be planned",
            good => good.Change(good.Visit(), v => v with { On = PlanFrom.AddDays(-1) })),
        ["A visit of half its length"] = new("length", "takes 1 half-days instead of 2",
            good => good.Change(good.FurtherDay(), v => v with { HalfDays = 1 })),
        ["A visit at a weekend"] = new("open", "2026-03-14: a weekend",
            good => good.Change(good.Visit(), v => v with { On = new(2026, 3, 14) })),
        ["A visit in the holidays"] = new("open", "2026-04-08: outside the school's terms",
            good => good.Change(good.Visit(), v => v with { On = new(2026, 4, 8) })),
        ["A visit on a bank holiday"] = new("open", "2026-05-04: a bank holiday",
            good => good.Change(good.Visit(), v => v with { On = new(2026, 5, 4) })),
        ["A visit on a closure day"] = new("open", "the school is closed or has an INSET day",
            good => good.School(good.Visit().SchoolUrn, s => s with { Closures = [.. s.Closures, good.Visit().On!.Value] })),
        ["A visit after the school has left"] = new("open", "the school does not belong to the trust then",
            good => good.School(good.Visit().SchoolUrn, s => s with { Memberships = [new(new(2019, 9, 1), good.Visit().On!.Value.AddDays(-1))] })),
        ["Quality assurance in another term"] = new("term", "lies outside its term",
            good => good.Change(good.Visit("quality-assurance", v => v.Number == 2), v => v with { On = new(2026, 6, 15) })),

        ["A visit of a school that has not entered its summer term"] = new("calendar", "has not entered the dates of the whole year",
            good => good.School(good.Visit().SchoolUrn, s => s with { Terms = s.Terms.Where(t => t.From < new DateOnly(2026, 4, 1)).ToList() })),

        ["A team that is not complete"] = new("team", "has a team of 3; 4 are needed",
            good => good.Change(good.Visit("peer-challenge-review"), v => v with { Team = v.Team.Take(3).ToList() })),
        ["Somebody twice in a team"] = new("team", "has somebody twice in its team",
            good => good.Change(good.Visit("peer-challenge-review"), v => v with { Team = [.. v.Team.Take(3), v.Team[0]] })),
        ["A stranger in a team"] = new("team", "has somebody in its team whom planning does not know",
            good => good.Change(good.FurtherDay(), v => v with { Team = [new(v.Team[0].Duty, Guid.Empty)] })),
        ["A duty that the place does not take"] = new("duty", "lacks the duty it needs (ceo)",
            good => good.Change(good.FurtherDay(), v => v with { Team = [good.Member("ceo")] })),
        ["Somebody who has not the duty they go in"] = new("duty", "lacks the duty it needs (deputy-ceo)",
            good => good.Change(good.FurtherDay(), v => v with { Team = [new("deputy-ceo", good.Member("ceo").PersonId)] })),
        ["A head in the review of the own school"] = new("own-school", "sends somebody to their own school",
            good => good.Change(
                good.Visit("peer-challenge-review"),
                v => v with { Team = [.. v.Team.Take(2), good.HeadOf(v.SchoolUrn), v.Team[3]] })),
        ["An executive head in the review of the other school"] = new("own-school", "sends somebody to their own school",
            good => good.Person(
                good.Visit("peer-challenge-review").Team[2].PersonId, p => p with { HeadOf = [good.Visit("peer-challenge-review").SchoolUrn] })),
        ["Somebody on leave"] = new("away", "who is on leave",
            good => good.Person(good.Visit(), p => p with { Leave = [new(good.Visit().On!.Value, good.Visit().On!.Value)] })),
        ["Somebody who has left"] = new("away", "who has left by then",
            good => good.Person(good.Visit(), p => p with { LeftOn = good.Visit().On!.Value.AddDays(-1) })),
        ["Somebody on a weekday they do not work"] = new("away", "who does not visit on that weekday",
            good => good.Person(good.Visit(), p => p with { Weekdays = p.Weekdays.Where(d => d != good.Visit().On!.Value.DayOfWeek).ToList() })),

        ["A school with two visits on a day"] = new("one-a-day", $"School {Stabilised} has 2 visits on",
            good => good.Change(good.FurtherDay(), v => v with { On = good.FurtherDay(2).On })),
        ["A school with three visits in a week"] = new("two-a-week", $"School {Stabilised} has 3 visits in the week of 2026-06-15",
            good => good.Change(good.FurtherDay(), v => v with { On = new(2026, 6, 15) })
                .Change(good.FurtherDay(2), v => v with { On = new(2026, 6, 17) })),
        ["A person with two whole days on one"] = new("day-full", "somebody has 4 half-days of visits and meetings",
            good => good.Change(good.FurtherDay(), v => v with { On = new(2026, 7, 21) })
                .Change(
                    good.Visit("further-days", v => v.SchoolUrn != Stabilised),
                    v => v with { On = new(2026, 7, 21), Team = good.FurtherDay().Team })),
        ["A person without half-days with two on a day"] = new("day-full", "2026-07-21: somebody has 4 half-days of visits and meetings",
            good => good.Change(good.Visit("quality-assurance", v => v.SchoolUrn == Stabilised), v => v with { On = new(2026, 7, 21) })
                .Change(good.Visit("quality-assurance", v => v.SchoolUrn == Stabilised + 1), v => v with { On = new(2026, 7, 21) })
                .Person(good.Member("data-lead").PersonId, p => p with { HalfDays = false })),
        ["A person with a visit on a day of meetings"] = new("day-full", "somebody has 3 half-days of visits and meetings",
            good => good.Change(
                good.Meeting("rapid-improvement-plan"),
                m => m with { On = good.FurtherDay().On, PersonId = good.FurtherDay().Team[0].PersonId })),
        ["A person with more meetings than a day holds"] = new("day-full", "2026-06-16: somebody has 3 half-days of visits and meetings",
            good => good.Meetings(
                m => m.Entitlement == "one-to-one" && m.Week == new DateOnly(2026, 6, 15),
                m => m with { On = new(2026, 6, 16), PersonId = good.Member("improvement-lead").PersonId })),
        ["A day too many in a person's week"] = new("week-cap", "Somebody has more than 0 days in the week of",
            good => good.Person(good.Visit(), p => p with { DaysPerWeek = 0 })),
        ["A day too many in a person's year"] = new("year-cap", "1 are the most",
            good => good.Person(good.FurtherDay(), p => p with { DaysPerYear = 1 })),

        ["A meeting left out"] = new("owed", "is owed meetings \"one-to-one\" in other weeks than the plan has",
            good => good.Without(good.Meeting("one-to-one"))),
        ["A meeting in the week of one that was held"] = new("owed", "is owed meetings \"one-to-one\" in other weeks than the plan has",
            good => good.Hold(good.MeetingInJune(), m => m with { Number = 99 })),
        ["A meeting with the number of one that was held"] = new("kept", "is the number of a meeting that was to stay as it was",
            good => good.Hold(good.MeetingInJune(), m => m with { Week = new(2025, 12, 1) })),
        ["A person with a visit and meetings on a day on which one was held"] = new("day-full", "somebody has 3 half-days of visits and meetings",
            good => good.Hold(
                good.MeetingInJune(),
                m => m with { Number = 99, On = good.FurtherDay().On, PersonId = good.FurtherDay().Team[0].PersonId })),
        ["A meeting of a school that is not owed the series"] = new("owed", "is a meeting that is not owed",
            good => good.Change(good.Meeting("one-to-one"), m => m with { SchoolUrn = Sustained })),
        ["A meeting twice"] = new("once", "\"ceo-meeting\"",
            good => good with { Plan = good.Plan with { Meetings = [.. good.Plan.Meetings, good.Meeting("ceo-meeting")] } }),
        ["A meeting at a weekend"] = new("open", "is a meeting on 2026-06-20, when the school is closed",
            good => good.Change(good.MeetingInJune(), m => m with { On = new(2026, 6, 20) })),
        ["A meeting in another week"] = new("open", "is a meeting on 2026-06-23, when the school is closed or in another week",
            good => good.Change(good.MeetingInJune(), m => m with { On = new(2026, 6, 23) })),
        ["A meeting before the first planned day"] = new("past", "is a meeting on 2026-01-13, before the first day",
            good => good.Change(good.Meeting("one-to-one"), m => m with { On = PlanFrom.AddDays(-1) })),
        ["A meeting with somebody on leave"] = new("away", "with somebody who is away",
            good => good.Person(good.MeetingInJune().PersonId!.Value, p => p with { Leave = [new(good.MeetingInJune().On!.Value, null)] })),
        ["A meeting with a stranger"] = new("away", "with somebody who is away",
            good => good.Change(good.MeetingInJune(), m => m with { PersonId = Guid.Empty })),
        ["A meeting with somebody who has not the duty"] = new("duty", "is a meeting with somebody who lacks the duty it needs",
            good => good.Change(good.MeetingInJune(), m => m with { PersonId = good.Member("english-lead").PersonId })),
        ["A meeting of a head with the own school"] = new("own-school", "is a meeting of somebody with their own school",
            good => good.Change(good.MeetingInJune(), m => m with { PersonId = good.HeadOf(m.SchoolUrn).PersonId })),
        ["A meeting of an executive head with the other school"] = new("own-school", "is a meeting of somebody with their own school",
            good => good.Person(good.MeetingInJune().PersonId!.Value, p => p with { HeadOf = [good.MeetingInJune().SchoolUrn] })),
    };

    public static TheoryData<string> Names => [.. Cases.Keys];

    [Fact]
    public void Check_OfTheGoodPlan_FindsNothing() =>
        Assert.Empty(PlanChecker.Check(Good.Value.Input, Good.Value.Plan).Select(v => v.Words));

    [Fact]
    public void Check_OfAMeetingThatWasHeldSinceThePlanWasMade_FindsNothing()
    {
        var held = Good.Value.Hold(Good.Value.MeetingInJune(), m => m);

        Assert.Empty(PlanChecker.Check(held.Input, held.Plan).Select(v => v.Words));
    }

    [Fact]
    public void Check_OfAPlanThatLacksWhatWasWithdrawnAndIsOwedAgain_FindsItUnsound()
    {
        // REFINE (5 further days), SUSTAIN by mistake (2), REFINE again: three were withdrawn between.
        var input = GeneratedTrust.Make(10, 17, moving: false) with { People = PlannerTests.Staffed(10) };
        var urn = input.Schools.First(s => s.Category == Category.Refine).Urn;
        var days = Planner.Make(input).Visits.Where(v => v.SchoolUrn == urn && v.Entitlement == "further-days").Skip(2).ToList();
        var now = input with { Withdrawn = days.Select(v => new WithdrawnVisit(urn, v.Entitlement, v.Number)).ToList() };
        var asIfByHand = now with { Kept = days.Select(v => PlannerTests.Keep(v) with { CancelledBecause = "No longer owed." }).ToList() };

        var lacking = Planner.Make(asIfByHand);

        foreach (var judged in new[] { now, asIfByHand })
        {
            var violations = PlanChecker.Check(judged, lacking);
            Assert.Contains(violations, v => v.Rule == "owed" && v.Words == $"School {urn} is owed 5 of \"further-days\", the plan has 2.");
            Assert.Equal(3, violations.Count(v => v.Rule == "withdrawn"));
        }

        var whole = Planner.Make(now);
        Assert.Empty(PlanChecker.Check(now, whole).Select(v => v.Words));
        Assert.Equal([1, 2, 3, 4, 5], whole.Visits.Where(v => v.SchoolUrn == urn && v.Entitlement == "further-days").Select(v => v.Number));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Check_OfAPlanThatBreaksARule_NamesTheRule(string name)
    {
        var (rule, words, breaking) = Cases[name];
        var broken = breaking(Good.Value);

        var violations = PlanChecker.Check(broken.Input, broken.Plan);

        Assert.Contains(violations, v => v.Rule == rule && v.Words.Contains(words, StringComparison.Ordinal));
    }

    [Fact]
    public void Cases_BreakEveryRuleThatTheCheckerHas()
    {
        var source = File.ReadAllText(Repository.File("services/review-scheduling/GoldenThread.Reviews/Plans/Checking/PlanChecker.cs"));

        var rules = RuleNames().Matches(source).Select(m => m.Groups[1].Value).Distinct().Order();
        Assert.Equal(rules, Cases.Values.Select(c => c.Rule).Distinct().Order());
    }

    /// <summary>Ten schools with the people they need, in January: what lies before is kept.</summary>
    private static Planned GoodPlan()
    {
        var input = GeneratedTrust.Make(10, 17, moving: false) with { People = PlannerTests.Staffed(10) };
        var kept = Planner.Make(input).Visits.Where(v => v.On < PlanFrom).Select(PlannerTests.Keep).ToList();
        var later = input with { PlanFrom = PlanFrom, Kept = kept };
        return new(later, Planner.Make(later));
    }

    [GeneratedRegex("""(?:new|Breach)\(\s*"([a-z-]+)",""")]
    private static partial Regex RuleNames();

    private sealed record Case(string Rule, string Words, Func<Planned, Planned> Break);

    /// <summary>A plan with what it was made from, and ways to break one of the two.</summary>
    private sealed record Planned(PlanInput Input, YearPlan Plan)
    {
        /// <summary>The first, second, third further day of the STABILISE school that is still to come.</summary>
        public PlannedVisit FurtherDay(int place = 1) =>
            Plan.Visits.Where(v => !v.Kept && v.On is not null && v.SchoolUrn == Stabilised && v.Entitlement == "further-days").ElementAt(place - 1);

        public PlannedVisit Visit() => Visit("safeguarding-review");

        public PlannedVisit Visit(string entitlement, Func<PlannedVisit, bool>? which = null) =>
            Plan.Visits.First(v => !v.Kept && v.On is not null && v.Entitlement == entitlement && which?.Invoke(v) != false);

        public PlannedVisit Kept() => Plan.Visits.First(v => v.Kept);

        public PlannedMeeting Meeting(string entitlement) => Plan.Meetings.First(m => m.Entitlement == entitlement && m.On is not null);

        public PlannedMeeting MeetingInJune() =>
            Plan.Meetings.First(m => m.Entitlement == "one-to-one" && m.Week == new DateOnly(2026, 6, 15));

        public TeamMember Member(string duty) => new(duty, Input.People.First(p => p.Duties.Contains(duty)).Id);

        public TeamMember HeadOf(int urn) => new("head", Input.People.First(p => p.SchoolUrn == urn).Id);

        /// <summary>A day on which the trust visits.</summary>
        public DateOnly VisitedDay(Func<DateOnly, bool> which) =>
            Plan.Visits.Where(v => v.On is not null).Select(v => v.On!.Value).Order().First(which);

        /// <summary>As if an earlier plan had withdrawn the visit.</summary>
        public Planned Withdraw(PlannedVisit visit) => this with
        {
            Input = Input with { Withdrawn = [.. Input.Withdrawn, new(visit.SchoolUrn, visit.Entitlement, visit.Number)] },
        };

        /// <summary>As if the visit had been cancelled by hand.</summary>
        public Planned Cancel(PlannedVisit visit) =>
            Change(visit, v => v with { On = null, UnplacedReason = "Cancelled: Snow", Kept = true }) with
            {
                Input = Input with { Kept = [.. Input.Kept, PlannerTests.Keep(visit) with { CancelledBecause = "Snow" }] },
            };

        /// <summary>As if a meeting like this one had been held.</summary>
        public Planned Hold(PlannedMeeting meeting, Func<KeptMeeting, KeptMeeting> change)
        {
            var held = new KeptMeeting
            {
                SchoolUrn = meeting.SchoolUrn,
                Entitlement = meeting.Entitlement,
                Number = meeting.Number,
                Week = meeting.Week,
                On = meeting.On,
                PersonId = meeting.PersonId,
            };
            return this with { Input = Input with { KeptMeetings = [change(held)] } };
        }

        public Planned Add(PlannedVisit visit) => Visits([.. Plan.Visits, visit]);

        public Planned Drop(PlannedVisit visit) => Visits(Plan.Visits.Where(v => v != visit));

        public Planned Change(PlannedVisit visit, Func<PlannedVisit, PlannedVisit> change) =>
            Visits(Plan.Visits.Select(v => v == visit ? change(v) : v));

        public Planned Without(PlannedMeeting meeting) =>
            this with { Plan = Plan with { Meetings = Plan.Meetings.Where(m => m != meeting).ToList() } };

        public Planned Change(PlannedMeeting meeting, Func<PlannedMeeting, PlannedMeeting> change) => Meetings(m => m == meeting, change);

        public Planned Meetings(Func<PlannedMeeting, bool> which, Func<PlannedMeeting, PlannedMeeting> change) =>
            this with { Plan = Plan with { Meetings = Plan.Meetings.Select(m => which(m) ? change(m) : m).ToList() } };

        public Planned School(int urn, Func<PlanSchool, PlanSchool> change) =>
            this with { Input = Input with { Schools = Input.Schools.Select(s => s.Urn == urn ? change(s) : s).ToList() } };

        public Planned Person(PlannedVisit visit, Func<PlanPerson, PlanPerson> change) => Person(visit.Team[0].PersonId, change);

        public Planned Person(Guid id, Func<PlanPerson, PlanPerson> change) =>
            this with { Input = Input with { People = Input.People.Select(p => p.Id == id ? change(p) : p).ToList() } };

        private Planned Visits(IEnumerable<PlannedVisit> visits) => this with { Plan = Plan with { Visits = visits.ToList() } };
    }
}
