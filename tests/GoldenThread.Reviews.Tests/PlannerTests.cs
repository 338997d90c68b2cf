using System.Globalization;
using System.Text.Json;
using GoldenThread.Reviews.Offers;
using GoldenThread.Reviews.Plans.Checking;
using GoldenThread.Reviews.Plans.Planning;

namespace GoldenThread.Reviews.Tests;

/// <summary>The planner against the independent checker, over generated trusts.</summary>
public class PlannerTests
{
    public static TheoryData<int, int, bool> Trusts()
    {
        var trusts = new TheoryData<int, int, bool>();
        foreach (var seed in Enumerable.Range(1, 12))
        {
            trusts.Add(1 + (seed * 5 % 12), seed, seed % 2 == 0);
        }

        trusts.Add(8, 101, false);
        trusts.Add(8, 102, true);
        trusts.Add(30, 103, false);
        trusts.Add(30, 104, true);
        return trusts;
    }

    [Theory]
    [MemberData(nameof(Trusts))]
    public void Plan_OfAnyTrust_BreaksNoRule(int schools, int seed, bool scarce)
    {
        var input = GeneratedTrust.Make(schools, seed, scarce);

        var plan = Planner.Make(input);

        Assert.Empty(PlanChecker.Check(input, plan).Select(v => v.Words));
        Assert.All(plan.Visits, v => Assert.True(v.On is not null || v.UnplacedReason!.Length > 20, v.UnplacedReason));
    }

    [Theory]
    [InlineData(8, 1)]
    [InlineData(10, 2)]
    [InlineData(30, 3)]
    public void Plan_OfAStaffedTrust_PlacesAlmostEverything(int schools, int seed)
    {
        var input = GeneratedTrust.Make(schools, seed, moving: false) with { People = Staffed(schools) };

        var plan = Planner.Make(input);

        var unplaced = plan.Visits.Where(v => v.On is null).Select(v => $"{v.Entitlement} {v.Number} of {v.SchoolUrn}: {v.UnplacedReason}").ToList();
        Assert.True(unplaced.Count <= plan.Visits.Count / 100, string.Join("\n", unplaced));
        Assert.Empty(PlanChecker.Check(input, plan).Select(v => v.Words));
    }

    [Theory]
    [InlineData(10, 2)]
    [InlineData(30, 3)]
    [InlineData(30, 4)]
    public void Plan_OfAStaffedTrust_SpreadsTheFurtherDaysOfASchoolOverItsYear(int schools, int seed)
    {
        var input = GeneratedTrust.Make(schools, seed, moving: false) with { People = Staffed(schools) };

        var plan = Planner.Make(input);

        var distances = new List<double>();
        var gaps = new List<double>();
        foreach (var school in input.Schools)
        {
            var weeks = OpenWeeks(input, school);
            var days = plan.Visits.Where(v => v.SchoolUrn == school.Urn && v.Entitlement == "further-days" && v.On is not null)
                .Select(v => (v.Number, Week: weeks.IndexOf(Monday(v.On!.Value)) + 0.5)).OrderBy(v => v.Number).ToList();
            var share = (double)weeks.Count / school.Category switch { Category.Sustain => 2, Category.Stabilise => 12, _ => 5 };
            distances.AddRange(days.Select(v => Math.Abs(v.Week - ((v.Number - 0.5) * share))));
            gaps.AddRange(days.Zip(days.Skip(1), (one, next) => (next.Week - one.Week) / ((next.Number - one.Number) * share)));
        }

        // Distances in weeks from the middle of each part; gaps in parts, so that 1 is an even one.
        Assert.InRange(distances.Average(), 0, 1);
        Assert.All(distances, weeks => Assert.InRange(weeks, 0, 3));
        Assert.All(gaps, gap => Assert.InRange(gap, 0.5, 1.75));
    }

    [Fact]
    public void Plan_CountsWhatTheTableSays()
    {
        var input = GeneratedTrust.Make(10, 5, moving: false);

        var plan = Planner.Make(input);

        // DOMAIN §8: review 1, further days 2/5/5/12, safeguarding 1, attendance 1, reading and writing 1, quality assurance 3, external reviews 3.
        var owed = new Dictionary<Category, int>
        {
            [Category.Sustain] = 1 + 2 + 1 + 1 + 1 + 3,
            [Category.Refine] = 1 + 5 + 1 + 1 + 1 + 3,
            [Category.Reinforce] = 1 + 5 + 1 + 1 + 1 + 3,
            [Category.Stabilise] = 1 + 12 + 1 + 1 + 1 + 3 + 3,
        };
        foreach (var school in input.Schools)
        {
            Assert.Equal(owed[school.Category!.Value], plan.Visits.Count(v => v.SchoolUrn == school.Urn));
        }

        var stabilised = input.Schools.First(s => s.Category == Category.Stabilise).Urn;
        var weeks = 39;
        Assert.InRange(plan.Meetings.Count(m => m.SchoolUrn == stabilised && m.Cadence == Cadence.Weekly), weeks - 2, weeks + 1);
        Assert.InRange(plan.Meetings.Count(m => m.SchoolUrn == stabilised && m.Cadence == Cadence.Fortnightly), 19, 20);
        Assert.Equal(7, plan.Meetings.Count(m => m.SchoolUrn == stabilised && m.Cadence == Cadence.SixWeekly));
        Assert.InRange(plan.Meetings.Count(m => m.SchoolUrn == stabilised && m.Cadence == Cadence.Monthly), 10, 11);
        var sustained = input.Schools.First(s => s.Category == Category.Sustain).Urn;
        Assert.DoesNotContain(plan.Meetings, m => m.SchoolUrn == sustained && m.Cadence == Cadence.Weekly);
    }

    [Fact]
    public void Plan_OfTheSameInputAndSeed_IsTheSame()
    {
        var input = GeneratedTrust.Make(10, 7);
        var shuffled = input with { People = input.People.Reverse().ToList(), Schools = input.Schools.Reverse().ToList() };

        var first = JsonSerializer.Serialize(Planner.Make(input));

        Assert.Equal(first, JsonSerializer.Serialize(Planner.Make(input)));
        Assert.Equal(first, JsonSerializer.Serialize(Planner.Make(shuffled)));
    }

    [Fact]
    public void Replan_KeepsPastAndConfirmedVisitsAsTheyWere()
    {
        var input = GeneratedTrust.Make(10, 11);
        var before = Planner.Make(input);
        var january = new DateOnly(2026, 1, 12);
        var kept = before.Visits.Where(v => v.On < january || (v.On is not null && v.Number == 2)).Select(Keep).ToList();
        var later = input with { PlanFrom = january, Kept = kept };

        var after = Planner.Make(later);

        Assert.Empty(PlanChecker.Check(later, after).Select(v => v.Words));
        Assert.Equal(kept.Count, after.Visits.Count(v => v.Kept));
        Assert.All(after.Visits.Where(v => !v.Kept && v.On is not null), v => Assert.True(v.On >= january));
    }

    [Theory]
    [InlineData(5, 21, "2025-11-05")]
    [InlineData(12, 22, "2026-02-16")]
    [InlineData(9, 23, "2026-03-04")]
    [InlineData(12, 24, "2026-06-10")]
    [InlineData(7, 25, "2026-07-20")]
    [InlineData(3, 26, "2026-08-10")]
    public void Replan_OfAnyTrustOnAnyDay_BreaksNoRule(int schools, int seed, string from)
    {
        var input = GeneratedTrust.Make(schools, seed, scarce: seed % 2 == 0);
        var before = Planner.Make(input);
        var planFrom = DateOnly.Parse(from, CultureInfo.InvariantCulture);
        // Of what lies before, every third visit was not held: it is owed still.
        var kept = before.Visits.Where(v => v.On < planFrom).Where((_, index) => index % 3 > 0).Select(Keep).ToList();
        // Meetings before stay; of those ahead some were held or cancelled already, and every second trust meets half as often from now on.
        var meetings = before.Meetings
            .Where((m, index) => m.Week.AddDays(4) < planFrom || (m.Week < planFrom.AddDays(60) && index % 7 == 0))
            .Select((m, index) => Keep(m) with { On = index % 2 == 0 ? m.On : null }).ToList();
        var later = input with
        {
            PlanFrom = planFrom,
            Kept = kept,
            KeptMeetings = meetings,
            Offer = seed % 2 == 0 ? Fortnightly(input.Offer) : input.Offer,
        };

        var after = Planner.Make(later);

        Assert.Empty(PlanChecker.Check(later, after).Select(v => v.Words));
        var numbers = meetings.Select(m => (m.SchoolUrn, m.Entitlement, m.Number))
            .Concat(after.Meetings.Select(m => (m.SchoolUrn, m.Entitlement, m.Number))).ToList();
        Assert.Equal(numbers.Count, numbers.Distinct().Count());
    }

    [Fact]
    public void Plan_OfASchoolWithFewerWeeksThanVisits_BreaksNoRule()
    {
        var input = GeneratedTrust.Make(3, 27, moving: false) with { People = Staffed(3) };
        var school = OpenInJanuaryOnly(input, input.Schools[0] with { Category = Category.Stabilise });
        input = input with { Schools = [school, .. input.Schools.Skip(1)] };

        var plan = Planner.Make(input);

        Assert.Empty(PlanChecker.Check(input, plan).Select(v => v.Words));
        Assert.Equal(12, plan.Visits.Count(v => v.SchoolUrn == school.Urn && v.Entitlement == "further-days"));
    }

    [Fact]
    public void Replan_WhenSomebodyLeaves_MovesLittle()
    {
        var input = GeneratedTrust.Make(10, 17, moving: false) with { People = Staffed(10) };
        var before = Planner.Make(input);
        var november = new DateOnly(2025, 11, 10);
        var leaver = input.People.First(p => p.Duties.Contains("improvement-team"));
        var later = input with
        {
            Seed = 99,
            PlanFrom = november,
            Kept = before.Visits.Where(v => v.On < november).Select(Keep).ToList(),
            Current = before.Visits.Where(v => v.On >= november).Select(Stay).ToList(),
            People = input.People.Select(p => p.Id == leaver.Id ? p with { LeftOn = november } : p).ToList(),
        };

        var after = Planner.Make(later);

        Assert.Empty(PlanChecker.Check(later, after).Select(v => v.Words));
        var days = after.Visits.ToDictionary(v => (v.SchoolUrn, v.Entitlement, v.Number));
        var moved = before.Visits.Count(v => v.On >= november && days[(v.SchoolUrn, v.Entitlement, v.Number)] is var now
            && (now.On != v.On || !now.Team.SequenceEqual(v.Team)));
        var hit = before.Visits.Count(v => v.On > november && v.Team.Any(m => m.PersonId == leaver.Id));
        Assert.InRange(moved, hit, hit + 10);
    }

    [Fact]
    public void Replan_AfterACategoryChange_OwesTheRestOfTheNewOffer()
    {
        var input = GeneratedTrust.Make(3, 12, moving: false);
        var school = input.Schools[2] with { Category = Category.Sustain };
        input = input with { Schools = [.. input.Schools.Take(2), school] };
        var before = Planner.Make(input);
        var january = new DateOnly(2026, 1, 12);
        var kept = before.Visits.Where(v => v.On < january).Select(Keep).ToList();
        var changed = input with
        {
            PlanFrom = january,
            Kept = kept,
            Schools = [.. input.Schools.Take(2), school with { Category = Category.Stabilise }],
        };

        var after = Planner.Make(changed);

        Assert.Empty(PlanChecker.Check(changed, after).Select(v => v.Words));
        Assert.Equal(12, after.Visits.Count(v => v.SchoolUrn == school.Urn && v.Entitlement == "further-days"));
    }

    [Fact]
    public void Plan_OfAJoiningSchool_GivesTheReviewSoonAndTheOfferProRata()
    {
        var joined = new DateOnly(2026, 1, 5);
        var input = GeneratedTrust.Make(4, 13, moving: false);
        var school = input.Schools[3] with { Category = Category.Stabilise, Memberships = [new(joined, null)] };
        input = input with { Schools = [.. input.Schools.Take(3), school], People = Staffed(8) };

        var plan = Planner.Make(input);

        Assert.Empty(PlanChecker.Check(input, plan).Select(v => v.Words));
        var review = Assert.Single(plan.Visits, v => v.SchoolUrn == school.Urn && v.Entitlement == "peer-challenge-review");
        Assert.InRange(review.On!.Value, joined, joined.AddDays(7 * 6));
        // 198 of the 324 days from 1 September to 21 July: 12 × 198 / 324 = 7.33.
        Assert.Equal(7, plan.Visits.Count(v => v.SchoolUrn == school.Urn && v.Entitlement == "further-days"));
        Assert.Equal([2, 3], plan.Visits.Where(v => v.SchoolUrn == school.Urn && v.Entitlement == "quality-assurance").Select(v => v.Number));
    }

    [Fact]
    public void Plan_OfASchoolThatComesBackInMidYear_GivesTheReviewSoon()
    {
        var back = new DateOnly(2026, 1, 5);
        var input = GeneratedTrust.Make(4, 18, moving: false) with { People = Staffed(8) };
        var school = input.Schools[3] with { Memberships = [new(new(2015, 9, 1), new(2021, 8, 31)), new(back, null)] };
        input = input with { Schools = [.. input.Schools.Take(3), school] };

        var plan = Planner.Make(input);

        Assert.Empty(PlanChecker.Check(input, plan).Select(v => v.Words));
        var review = Assert.Single(plan.Visits, v => v.SchoolUrn == school.Urn && v.Entitlement == "peer-challenge-review");
        Assert.InRange(review.On!.Value, back, back.AddDays(7 * 6));
    }

    [Fact]
    public void Shortage_IsTheCountOneCanAddUpByHand()
    {
        var input = GeneratedTrust.Make(10, 14, moving: false) with { People = Staffed(10) };
        var people = input.People.Select(p => p.Duties.Contains("english-lead")
            ? p with { DaysPerYear = 6, Leave = [] }
            : p).ToList();
        input = input with { People = people };
        var leads = people.Count(p => p.Duties.Contains("english-lead"));

        var plan = Planner.Make(input);

        var shortage = Assert.Single(plan.Shortages, s => s.Duty == "english-lead");
        Assert.Equal(10, shortage.Visits);
        Assert.Equal(10, shortage.DaysNeeded);
        Assert.Equal(6 * leads, shortage.DaysAvailable);
        Assert.Contains("English lead: from", shortage.Words, StringComparison.Ordinal);
        Assert.Contains("10 visits need 10 days, 6 are available: 4 short", shortage.Words, StringComparison.Ordinal);
        var unplaced = plan.Visits.Where(v => v.Entitlement == "reading-writing-review" && v.On is null).ToList();
        Assert.Equal(4, unplaced.Count);
        Assert.All(unplaced, v => Assert.Equal(shortage.Words, v.UnplacedReason));
    }

    [Fact]
    public void Reason_QuotesOnlyAShortageThatWasProvedForTheVisit()
    {
        // Four weeks with a visit each cannot hold what the school is owed; its further days could be made by the deputy CEO, who has days.
        // That the improvement team lacks days for the reviews is another matter.
        var input = GeneratedTrust.Make(4, 15, moving: false);
        var school = OpenInJanuaryOnly(input, input.Schools[2] with { Category = Category.Refine });
        input = input with
        {
            Schools = [.. input.Schools.Take(2), school, input.Schools[3]],
            People = Staffed(4).Select(p => p.Duties.Contains("improvement-team") ? p with { DaysPerYear = 1 } : p).ToList(),
            Offer = input.Offer with { Planning = input.Offer.Planning with { VisitsPerSchoolWeek = 1 } },
        };

        var plan = Planner.Make(input);

        var reviews = Assert.Single(plan.Shortages, s => s.Duty == "improvement-team");
        Assert.StartsWith("Improvement team: from", reviews.Words, StringComparison.Ordinal);
        var unplaced = plan.Visits.Where(v => v.SchoolUrn == school.Urn && v.Entitlement == "further-days" && v.On is null).ToList();
        Assert.NotEmpty(unplaced);
        Assert.All(unplaced, v => Assert.DoesNotContain(" short.", v.UnplacedReason, StringComparison.Ordinal));
        Assert.Contains(plan.Visits, v => v.Entitlement == "peer-challenge-review" && v.UnplacedReason == reviews.Words);
    }

    [Fact]
    public void Shortage_OfAPlaceThatSeveralDutiesFill_NamesThemAll()
    {
        var input = GeneratedTrust.Make(10, 14, moving: false);
        var people = Staffed(10)
            .Select(p => p.Duties.Any(d => d is "improvement-team" or "deputy-ceo") ? p with { DaysPerYear = 4 } : p).ToList();
        input = input with { People = people };

        var plan = Planner.Make(input);

        Assert.Contains(plan.Shortages, s => s.Words.StartsWith("Improvement team or deputy CEO: from", StringComparison.Ordinal));
        Assert.All(
            plan.Visits.Where(v => v.Entitlement == "further-days" && v.UnplacedReason?.EndsWith(" short.", StringComparison.Ordinal) == true),
            v => Assert.StartsWith(
                input.Schools.Single(s => s.Urn == v.SchoolUrn).Category is Category.Refine or Category.Reinforce
                    ? "Improvement team or deputy CEO: from"
                    : "Deputy CEO: from",
                v.UnplacedReason,
                StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(1, 150)]
    [InlineData(4, 1)]
    public void Replan_WhenSomebodysDaysAreCutBelowWhatIsAgreed_BreaksNoRule(int daysPerWeek, int daysPerYear)
    {
        var input = GeneratedTrust.Make(6, 14, moving: false) with { People = Staffed(6) };
        var before = Planner.Make(input);
        // Two half-days of one person are agreed on two days of a week; the other half of each would suit a third school.
        var days = new[] { new DateOnly(2026, 7, 7), new DateOnly(2026, 7, 8) };
        var lead = input.People.Single(p => p.Duties.Contains("data-lead"));
        var kept = before.Visits.Where(v => v.Entitlement == "quality-assurance" && v.Number == 3).Take(2)
            .Select((v, index) => Keep(v) with { On = days[index], Team = [new("data-lead", lead.Id)] }).ToList();
        input = input with
        {
            Kept = kept,
            People = input.People
                .Select(p => p.Id == lead.Id ? p with { DaysPerWeek = daysPerWeek, DaysPerYear = daysPerYear } : p).ToList(),
        };

        Assert.Empty(PlanChecker.Check(input, Planner.Make(input)).Select(v => v.Words));
    }

    [Fact]
    public void Series_IsHeldBySomebodyWhoStaysForAllOfIt()
    {
        var input = GeneratedTrust.Make(8, 15, moving: false) with { People = Staffed(8) };
        var leads = input.People.Where(p => p.Duties.Contains("improvement-lead")).Select(p => p.Id).ToList();
        input = input with
        {
            People = input.People.Select(p => p.Id == leads[0] ? p with { LeftOn = new(2025, 10, 31) } : p).ToList(),
        };

        var plan = Planner.Make(input);

        Assert.True(leads.Count > 1);
        Assert.Empty(PlanChecker.Check(input, plan).Select(v => v.Words));
        Assert.All(plan.Meetings.Where(m => m.Entitlement == "one-to-one"), m => Assert.NotEqual(leads[0], m.PersonId));
    }

    [Fact]
    public void Plan_WithoutAnybodyOfADuty_SaysSo()
    {
        var input = GeneratedTrust.Make(4, 15, moving: false);
        input = input with { People = input.People.Where(p => !p.Duties.Contains("safeguarding-lead")).ToList() };

        var plan = Planner.Make(input);

        var unplaced = plan.Visits.Where(v => v.Entitlement == "safeguarding-review").ToList();
        Assert.Equal(4, unplaced.Count);
        Assert.All(unplaced, v => Assert.Equal("Nobody from outside the school has the duty safeguarding lead.", v.UnplacedReason));
    }

    [Fact]
    public void Plan_OfASchoolWithoutCalendar_SaysSo()
    {
        var input = GeneratedTrust.Make(3, 16, moving: false);
        input = input with { Schools = [.. input.Schools.Take(2), input.Schools[2] with { Terms = [] }] };

        var plan = Planner.Make(input);

        Assert.Empty(PlanChecker.Check(input, plan).Select(v => v.Words));
        Assert.All(plan.Visits.Where(v => v.SchoolUrn == input.Schools[2].Urn),
            v => Assert.Equal("The school has no term dates for 2025/26 yet.", v.UnplacedReason));
    }

    /// <summary>A school that is closed but for four weeks in January.</summary>
    private static PlanSchool OpenInJanuaryOnly(PlanInput input, PlanSchool school) => school with
    {
        Closures = Enumerable.Range(input.YearFirst.DayNumber, input.YearLast.DayNumber - input.YearFirst.DayNumber + 1).Select(DateOnly.FromDayNumber)
            .Where(day => day < new DateOnly(2026, 1, 5) || day > new DateOnly(2026, 1, 30)).ToList(),
    };

    internal static KeptVisit Keep(PlannedVisit visit) => new()
    {
        SchoolUrn = visit.SchoolUrn,
        Entitlement = visit.Entitlement,
        Number = visit.Number,
        HalfDays = visit.HalfDays,
        Window = new(visit.WindowFrom, visit.WindowTo),
        TargetWeek = visit.TargetWeek,
        On = visit.On,
        Team = visit.Team,
    };

    internal static KeptMeeting Keep(PlannedMeeting meeting) => new()
    {
        SchoolUrn = meeting.SchoolUrn,
        Entitlement = meeting.Entitlement,
        Number = meeting.Number,
        Week = meeting.Week,
        On = meeting.On,
        PersonId = meeting.PersonId,
    };

    private static Offer Fortnightly(Offer offer) => offer with
    {
        Rows = offer.Rows.Select(row => row with
        {
            Cells = row.Cells.Select(cell => cell.Cadence == Cadence.Weekly ? cell with { Cadence = Cadence.Fortnightly } : cell).ToList(),
        }).ToList(),
    };

    /// <summary>Mondays of the weeks in which a school has an open day.</summary>
    private static List<DateOnly> OpenWeeks(PlanInput input, PlanSchool school) =>
        Enumerable.Range(input.YearFirst.DayNumber, input.YearLast.DayNumber - input.YearFirst.DayNumber + 1).Select(DateOnly.FromDayNumber)
            .Where(day => day.DayOfWeek is not (DayOfWeek.Saturday or DayOfWeek.Sunday) && school.Terms.Any(t => t.Contains(day))
                && !input.BankHolidays.Contains(day) && !school.Closures.Contains(day))
            .Select(Monday).Distinct().ToList();

    private static DateOnly Monday(DateOnly day) => day.AddDays(-(((int)day.DayOfWeek + 6) % 7));

    private static CurrentVisit Stay(PlannedVisit visit) => new()
    {
        SchoolUrn = visit.SchoolUrn,
        Entitlement = visit.Entitlement,
        Number = visit.Number,
        On = visit.On!.Value,
        Team = visit.Team,
    };

    /// <summary>A full-time team without leave.</summary>
    internal static List<PlanPerson> Staffed(int schools)
    {
        var people = new List<PlanPerson>();
        void Add(string duty, int count, int? school = null)
        {
            for (var index = 0; index < count; index++)
            {
                people.Add(new()
                {
                    Id = new Guid(people.Count + 1, 0, 0, new byte[8]),
                    Duties = [duty],
                    SchoolUrn = school,
                    Weekdays = Enumerable.Range(1, 5).Select(d => (DayOfWeek)d).ToList(),
                    DaysPerWeek = school is null ? 4 : 1,
                    DaysPerYear = school is null ? 150 : 6,
                    HalfDays = true,
                    Leave = [],
                });
            }
        }

        Add("deputy-ceo", 1 + (schools / 14));
        Add("improvement-team", 2 + (schools / 5));
        Add("improvement-lead", 1 + (schools / 8));
        Add("safeguarding-lead", 1 + (schools / 20));
        Add("english-lead", 1 + (schools / 20));
        Add("data-lead", 1 + (schools / 20));
        Add("consultant", 1 + (schools / 10));
        Add("ceo", 1);
        for (var index = 0; index < schools; index++)
        {
            Add("head", 1, 100_000 + index);
        }

        return people;
    }
}
