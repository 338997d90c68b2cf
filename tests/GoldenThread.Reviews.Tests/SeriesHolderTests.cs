using GoldenThread.Reviews.Offers;
using GoldenThread.Reviews.Plans.Checking;
using GoldenThread.Reviews.Plans.Planning;

namespace GoldenThread.Reviews.Tests;

/// <summary>Who holds a series of meetings, and when.</summary>
public class SeriesHolderTests
{
    private static readonly DateOnly January = new(2026, 1, 12);

    [Fact]
    public void Series_GoesToNobodyWhoIsAwayForLong_WhileSomebodyIsThere()
    {
        var input = GeneratedTrust.Make(8, 15, moving: false) with { People = PlannerTests.Staffed(8) };
        var leads = input.People.Where(p => p.Duties.Contains("improvement-lead")).Select(p => p.Id).ToList();
        input = OnLeave(input, leads[0], new(new(2025, 9, 1), new(2026, 5, 31)));

        var plan = Planner.Make(input);

        Assert.True(leads.Count > 1);
        Assert.Empty(PlanChecker.Check(input, plan).Select(v => v.Words));
        Assert.All(plan.Meetings.Where(m => m.Entitlement == "one-to-one"), m => Assert.NotEqual(leads[0], m.PersonId));
    }

    [Fact]
    public void Series_OfAnOnlyPersonOnLongLeave_GoesToTheNextDuty()
    {
        var input = GeneratedTrust.Make(3, 15, moving: false) with { People = PlannerTests.Staffed(3) };
        var lead = input.People.Single(p => p.Duties.Contains("improvement-lead"));
        var executive = lead with { Id = new Guid(99, 0, 0, new byte[8]), Duties = ["executive-head"] };
        input = OnLeave(input with { People = [.. input.People, executive] }, lead.Id, new(new(2025, 9, 1), new(2026, 5, 31)));

        var plan = Planner.Make(input);

        Assert.Empty(PlanChecker.Check(input, plan).Select(v => v.Words));
        Assert.All(plan.Meetings.Where(m => m.Entitlement == "one-to-one"), m => Assert.Equal(executive.Id, m.PersonId));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Series_GoesToNoHeadOfTheSchool_ThoughTheyBelongToAnother(bool heldItBefore)
    {
        var input = GeneratedTrust.Make(3, 15, moving: false) with { People = PlannerTests.Staffed(3) };
        var other = input.Schools[1].Urn;
        var lead = input.People.Single(p => p.Duties.Contains("improvement-lead"));
        var executive = lead with { Id = new Guid(0, 0, 1, new byte[8]), SchoolUrn = 100_000 };
        input = input with { People = [executive, .. input.People] };
        if (heldItBefore)
        {
            var before = Planner.Make(input with { People = input.People.Where(p => p.Id != lead.Id).ToList() });
            input = input with
            {
                PlanFrom = January,
                Kept = before.Visits.Where(v => v.On < January).Select(PlannerTests.Keep).ToList(),
                KeptMeetings = before.Meetings.Where(m => (m.On ?? m.Week.AddDays(4)) < January).Select(PlannerTests.Keep).ToList(),
            };
            Assert.Contains(input.KeptMeetings, m => m.SchoolUrn == other && m.PersonId == executive.Id);
        }

        input = input with { People = input.People.Select(p => p.Id == executive.Id ? p with { HeadOf = [100_000, other] } : p).ToList() };

        var plan = Planner.Make(input);

        Assert.Empty(PlanChecker.Check(input, plan).Select(v => v.Words));
        var series = plan.Meetings.Where(m => m.SchoolUrn == other && m.Entitlement == "one-to-one").ToList();
        Assert.NotEmpty(series);
        Assert.All(series, m => Assert.Equal(lead.Id, m.PersonId));
    }

    [Fact]
    public void Replan_WhenAPersonComesAndASchoolChanges_LeavesEveryStandingSlotWithItsPersonAndWeekday()
    {
        var input = GeneratedTrust.Make(16, 15, moving: false) with { People = PlannerTests.Staffed(16) };
        var before = Planner.Make(input);
        var comes = input.People.First(p => p.Duties.Contains("improvement-lead")) with { Id = new Guid(0, 0, 1, new byte[8]) };
        var first = input.Schools[0];
        var later = input with
        {
            PlanFrom = January,
            Kept = before.Visits.Where(v => v.On < January).Select(PlannerTests.Keep).ToList(),
            KeptMeetings = before.Meetings.Where(m => (m.On ?? m.Week.AddDays(4)) < January).Select(PlannerTests.Keep).ToList(),
            People = [comes, .. input.People],
            Schools = [first with { Category = Category.Sustain }, .. input.Schools.Skip(1)],
        };

        var after = Planner.Make(later);

        Assert.Empty(PlanChecker.Check(later, after).Select(v => v.Words));
        foreach (var school in input.Schools.Skip(1).Where(s => s.Category != Category.Sustain))
        {
            Assert.Equal((school.Urn, SlotOf(before, school)), (school.Urn, SlotOf(after, school)));
        }
    }

    [Fact]
    public void MonthlySeries_OfAYearThatBeginsInTheLastWeekOfAugust_IsHeldOnceInEachMonth()
    {
        var input = GeneratedTrust.Make(2, 15, moving: false) with { People = PlannerTests.Staffed(2) };
        input = input with
        {
            AcademicYear = "2026/27",
            YearFirst = new(2026, 9, 1),
            YearLast = new(2027, 8, 31),
            PlanFrom = new(2026, 9, 1),
            BankHolidays = [],
            Schools = input.Schools.Select(s => s with
            {
                Closures = [],
                Terms =
                [
                    new(new(2026, 9, 1), new(2026, 10, 23)), new(new(2026, 11, 2), new(2026, 12, 18)), new(new(2027, 1, 4), new(2027, 2, 12)),
                    new(new(2027, 2, 22), new(2027, 3, 25)), new(new(2027, 4, 12), new(2027, 5, 28)), new(new(2027, 6, 7), new(2027, 7, 23)),
                ],
            }).ToList(),
        };

        var plan = Planner.Make(input);

        Assert.Empty(PlanChecker.Check(input, plan).Select(v => v.Words));
        var weeks = plan.Meetings.Where(m => m.Entitlement == "ceo-meeting").Select(m => m.Week).ToList();
        // September to July, and never two weeks running.
        Assert.Equal(11, weeks.Count);
        Assert.All(weeks.Zip(weeks.Skip(1)), pair => Assert.True(pair.Second.DayNumber - pair.First.DayNumber >= 21, $"{pair.First} and {pair.Second}"));
    }

    private static (Guid? Person, DayOfWeek? Weekday) SlotOf(YearPlan plan, PlanSchool school)
    {
        var meetings = plan.Meetings.Where(m => m.SchoolUrn == school.Urn && m.Entitlement == "one-to-one" && m.Week >= January).ToList();
        return (meetings.Select(m => m.PersonId).Distinct().Single(),
            meetings.Where(m => m.On is not null).GroupBy(m => m.On!.Value.DayOfWeek).MaxBy(g => g.Count())?.Key);
    }

    private static PlanInput OnLeave(PlanInput input, Guid person, DayRange leave) =>
        input with { People = input.People.Select(p => p.Id == person ? p with { Leave = [leave] } : p).ToList() };
}
