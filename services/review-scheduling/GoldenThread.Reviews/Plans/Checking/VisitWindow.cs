using GoldenThread.Reviews.Offers;
using GoldenThread.Reviews.Plans.Planning;

namespace GoldenThread.Reviews.Plans.Checking;

/// <summary>
/// The days between which a visit may lie, by the words of the offer. What has passed is made up for in what is left of the year; where
/// nothing is left, or the school has no days or has not entered all, the window says nothing and is the whole year.
/// </summary>
internal static class VisitWindow
{
    /// <summary>The window of a visit.</summary>
    /// <param name="input">What the plan is made from.</param>
    /// <param name="school">The school.</param>
    /// <param name="weeks">Day numbers of the Mondays of the school's weeks.</param>
    /// <param name="row">The row of the offer.</param>
    /// <param name="number">Number of the visit; the term for a termly one.</param>
    /// <param name="owed">Visits of the row that the school is owed.</param>
    public static DayRange Of(PlanInput input, PlanSchool school, IReadOnlyList<int> weeks, OfferRow row, int number, int owed)
    {
        var wholeYear = new DayRange(input.YearFirst, input.YearLast);
        if (SchoolCalendar.IsHalfEntered(input, school))
        {
            return wholeYear;
        }

        if (row.Kind == EntitlementKind.TermlyVisits)
        {
            return LaterHalfOfTerm(school, number) is { } half && half.To >= input.PlanFrom ? FromFirstPlanned(input, half) : wholeYear;
        }

        if (weeks.Count == 0)
        {
            return wholeYear;
        }

        var window = row.Code == input.Offer.Planning.ReviewCode && JoinedOn(input, school) is { } joined
            ? new(joined, joined.AddDays(7 * input.Offer.Planning.ReviewWithinWeeks))
            : EqualPart(weeks, row, number, owed);
        if (window.To >= input.PlanFrom)
        {
            return FromFirstPlanned(input, window);
        }

        var end = Friday(weeks[^1]);
        return end < input.PlanFrom ? wholeYear : new(input.PlanFrom, end);
    }

    /// <summary>Progress and attainment are quality-assured when the term's data are in.</summary>
    private static DayRange? LaterHalfOfTerm(PlanSchool school, int term) =>
        SchoolCalendar.TermDays(school, term) is { } days ? new(days[(days.Count - 1) / 2], days[^1]) : null;

    /// <summary>
    /// The visits of a row share its weeks equally. A week belongs to the part in which it ends; a part too short to have one is the
    /// week in which it begins.
    /// </summary>
    private static DayRange EqualPart(IReadOnlyList<int> weeks, OfferRow row, int number, int owed)
    {
        var last = row.LastWeek == 0 ? weeks.Count : Math.Min(row.LastWeek, weeks.Count);
        var stretch = weeks.Take(last).Skip(Math.Min(row.FirstWeek, last) - 1).ToList();
        var part = stretch.Where((_, index) => CeilingOf((index + 1) * owed, stretch.Count) == number).ToList();
        if (part.Count == 0)
        {
            part = [stretch[(number - 1) * stretch.Count / owed]];
        }

        return new(DateOnly.FromDayNumber(part[0]), Friday(part[^1]));
    }

    /// <summary>The day on which a school joined, or came back, in mid-year; null where it was there when the year began.</summary>
    private static DateOnly? JoinedOn(PlanInput input, PlanSchool school)
    {
        var begins = SchoolCalendar.YearOf(input, school).From;
        return SchoolCalendar.BelongsOn(school, begins) ? null : school.Memberships.Select(m => m.From).Where(day => day > begins).Min();
    }

    private static DayRange FromFirstPlanned(PlanInput input, DayRange window) =>
        window.From < input.PlanFrom ? window with { From = input.PlanFrom } : window;

    private static int CeilingOf(int number, int divisor) => (number + divisor - 1) / divisor;

    private static DateOnly Friday(int monday) => DateOnly.FromDayNumber(monday + 4);
}
