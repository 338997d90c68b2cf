using GoldenThread.Reviews.Offers;
using GoldenThread.Reviews.Plans.Checking;
using GoldenThread.Reviews.Plans.Planning;

namespace GoldenThread.Reviews.Tests;

/// <summary>Calendars that lack dates: what is spread over a year is not squeezed into a part of it, and a part of a year is not taken for the whole.</summary>
public class HalfEnteredCalendarTests
{
    /// <summary>The parts of Kent's year (1 to 6) that are left out, and the days that are then said to lack.</summary>
    public static TheoryData<int[], string> Lacking() => new()
    {
        { [5, 6], "from 3 April 2026 to 30 June 2026" },
        { [6], "from 23 May 2026 to 30 June 2026" },
        { [2], "from 18 October 2025 to 4 January 2026" },
        { [3, 4], "from 20 December 2025 to 19 April 2026" },
        { [1], "from 1 September 2025 to 26 October 2025" },
        { [2, 3, 4, 5, 6], "from 18 October 2025 to 30 June 2026" },
    };

    [Theory]
    [MemberData(nameof(Lacking))]
    public void Plan_OfASchoolThatLacksDates_PlacesNoneOfItsVisitsAndSaysWhichDates(int[] lacking, string days)
    {
        var input = GeneratedTrust.Make(3, 16, moving: false) with { People = PlannerTests.Staffed(3) };
        var school = Without(input.Schools[2], lacking);
        input = input with { Schools = [.. input.Schools.Take(2), school] };

        var plan = Planner.Make(input);

        Assert.Empty(PlanChecker.Check(input, plan).Select(v => v.Words));
        var visits = plan.Visits.Where(v => v.SchoolUrn == school.Urn).ToList();
        Assert.Equal(12, visits.Count);
        Assert.All(visits, v =>
        {
            Assert.Null(v.On);
            Assert.Contains($"it has entered none {days}", v.UnplacedReason, StringComparison.Ordinal);
        });
        Assert.Contains(plan.Visits, v => v.On is not null);
    }

    /// <summary>The parts that are left out, the last day up to which meetings are known, and the words.</summary>
    public static TheoryData<int[], string, string> NotCounted() => new()
    {
        { [3, 4, 5, 6], "2025-12-19", "are counted up to 19 December 2025; no dates are entered after it." },
        { [6], "2026-05-22", "are counted up to 22 May 2026; no dates are entered after it." },
        { [2], "2025-10-17", "are counted without the days from 18 October 2025 to 4 January 2026, for which no dates are entered." },
        { [1], "2025-08-31", "are counted without the days from 1 September 2025 to 26 October 2025, for which no dates are entered." },
        {
            [2, 5, 6], "2025-10-17",
            "are counted without the days from 18 October 2025 to 4 January 2026 and from 3 April 2026 to 30 June 2026, for which no dates are entered."
        },
        { [1, 2, 3, 4, 5, 6], "2025-08-31", "are not counted: the school has no term dates for 2025/26 yet." },
    };

    [Theory]
    [MemberData(nameof(NotCounted))]
    public void Plan_OfASchoolThatLacksDates_SaysOfEverySeriesUpToWhichDayItIsCounted(int[] lacking, string until, string words)
    {
        var input = GeneratedTrust.Make(3, 16, moving: false) with { People = PlannerTests.Staffed(3) };
        var school = Without(input.Schools[0], lacking);
        input = input with { Schools = [school, .. input.Schools.Skip(1)] };

        foreach (var from in new[] { input.YearFirst, new(2026, 3, 16) })
        {
            // Later in the year what lacked before is still not counted.
            var later = input with { PlanFrom = from };
            var plan = Planner.Make(later);

            Assert.Empty(PlanChecker.Check(later, plan).Select(v => v.Words));
            var series = new[] { "ceo-meeting", "one-to-one", "rapid-improvement-plan", "strategic-meeting" };
            Assert.Equal(
                series.Select(s => (school.Urn, s, until, $"Meetings \"{s}\" of school {school.Urn} {words}")),
                plan.IncompleteSeries.Select(s => (s.SchoolUrn, s.Entitlement, $"{s.KnownUntil:yyyy-MM-dd}", s.Words)));
            Assert.Contains(PlanChecker.Check(later, plan with { IncompleteSeries = plan.IncompleteSeries.Skip(1).ToList() }), v => v.Rule == "calendar");
        }
    }

    [Fact]
    public void Replan_OnceTheTermsThatLackDatesAreOver_IsMadeOfTheRest()
    {
        var input = GeneratedTrust.Make(3, 16, moving: false) with { People = PlannerTests.Staffed(3), PlanFrom = new(2026, 1, 5) };
        var school = Without(input.Schools[2], [1, 2]);
        input = input with { Schools = [.. input.Schools.Take(2), school] };

        var plan = Planner.Make(input);

        Assert.Empty(PlanChecker.Check(input, plan).Select(v => v.Words));
        var visits = plan.Visits.Where(v => v.SchoolUrn == school.Urn).ToList();
        Assert.Equal(12, visits.Count);
        Assert.Equal("The school's calendar has no autumn term for 2025/26 yet.", Assert.Single(visits, v => v.On is null).UnplacedReason);
    }

    [Fact]
    public void Plan_OfASchoolThatEntersItsDatesFromTheDayItJoins_OwesItsShareAndTheReviewSoon()
    {
        var joined = new DateOnly(2026, 1, 5);
        var input = GeneratedTrust.Make(4, 13, moving: false);
        var school = Without(input.Schools[3], [1, 2]) with { Category = Category.Stabilise, Memberships = [new(joined, null)] };
        input = input with { Schools = [.. input.Schools.Take(3), school], People = PlannerTests.Staffed(8) };

        var plan = Planner.Make(input);

        Assert.Empty(PlanChecker.Check(input, plan).Select(v => v.Words));
        var visits = plan.Visits.Where(v => v.SchoolUrn == school.Urn).ToLookup(v => v.Entitlement);
        // As with the autumn's dates: 198 of the 324 days from 1 September to 21 July, 12 × 198 / 324 = 7.33.
        Assert.Equal(7, visits["further-days"].Count());
        Assert.InRange(Assert.Single(visits["peer-challenge-review"]).On!.Value, joined, joined.AddDays(7 * 6));
        Assert.Equal([2, 3], visits["quality-assurance"].Select(v => v.Number));
    }

    [Fact]
    public void Plan_OfASchoolThatLeavesAndEntersNoDatesAfter_OwesItsShare()
    {
        var input = GeneratedTrust.Make(4, 13, moving: false);
        var school = Without(input.Schools[3], [5, 6]) with { Category = Category.Stabilise, Memberships = [new(new(2019, 9, 1), new(2026, 4, 10))] };
        input = input with { Schools = [.. input.Schools.Take(3), school], People = PlannerTests.Staffed(8) };

        var plan = Planner.Make(input);

        Assert.Empty(PlanChecker.Check(input, plan).Select(v => v.Words));
        var visits = plan.Visits.Where(v => v.SchoolUrn == school.Urn).ToLookup(v => v.Entitlement);
        // 222 of the 334 days from 1 September to 31 July: 12 × 222 / 334 = 7.98.
        Assert.Equal(8, visits["further-days"].Count());
        Assert.Equal([1, 2], visits["quality-assurance"].Select(v => v.Number));
        Assert.All(visits["further-days"], v => Assert.NotNull(v.On));
    }

    [Fact]
    public void Plan_OfASchoolThatJoinsInJuneWithoutDates_OwesNoTermsBefore()
    {
        var input = GeneratedTrust.Make(3, 16, moving: false);
        var school = input.Schools[2] with { Terms = [], Memberships = [new(new(2026, 6, 1), null)] };
        input = input with { Schools = [.. input.Schools.Take(2), school] };

        var plan = Planner.Make(input);

        Assert.Empty(PlanChecker.Check(input, plan).Select(v => v.Words));
        Assert.Equal([3], plan.Visits.Where(v => v.SchoolUrn == school.Urn && v.Entitlement == "quality-assurance").Select(v => v.Number));
    }

    private static PlanSchool Without(PlanSchool school, int[] parts) =>
        school with { Terms = school.Terms.Where((_, index) => !parts.Contains(index + 1)).ToList() };
}
