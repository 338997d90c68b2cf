using GoldenThread.Reviews.Offers;

namespace GoldenThread.Reviews.Plans.Planning;

/// <summary>A visit that is owed and still to be placed.</summary>
internal sealed record OwedVisit
{
    public required PlanSchool School { get; init; }

    public required OfferRow Row { get; init; }

    public required OfferCell Cell { get; init; }

    public required int Number { get; init; }

    /// <summary>Days between which it may lie; null where none is left, and then <see cref="Why"/> says so.</summary>
    public required DayRange? Window { get; init; }

    public required DateOnly TargetWeek { get; init; }

    public string? Why { get; init; }
}

/// <summary>What every school is owed by its category: how many visits, each with its window and target week.</summary>
internal sealed class Entitlements(PlanInput input, IReadOnlyDictionary<int, SchoolYear> years)
{
    private const double GoldenRatio = 0.6180339887498949;
    private const double RowOffset = 0.37;
    private static readonly int[] AllTerms = [1, 2, 3];
    private static readonly string[] TermNames = ["autumn", "spring", "summer"];

    /// <summary>Every visit that is owed beyond those that are kept.</summary>
    public IReadOnlyList<OwedVisit> Owed()
    {
        var owed = new List<OwedVisit>();
        for (var ordinal = 0; ordinal < input.Schools.Count; ordinal++)
        {
            var school = input.Schools[ordinal];
            if (school.Category is not { } category)
            {
                continue;
            }

            for (var rowIndex = 0; rowIndex < input.Offer.Rows.Count; rowIndex++)
            {
                var row = input.Offer.Rows[rowIndex];
                if (row.IsVisit && row.For(category) is { } cell)
                {
                    // The golden ratio spreads the schools' targets over the year, whatever their number.
                    var spread = ((ordinal * GoldenRatio) + (rowIndex * RowOffset)) % 1;
                    owed.AddRange(OwedOf(years[school.Urn], row, cell, spread));
                }
            }
        }

        return owed;
    }

    private IEnumerable<OwedVisit> OwedOf(SchoolYear year, OfferRow row, OfferCell cell, double spread)
    {
        var kept = input.Kept
            .Where(k => k.SchoolUrn == year.School.Urn && k.Entitlement == row.Code)
            .Select(k => k.Number).ToHashSet();
        if (row.Kind == EntitlementKind.TermlyVisits)
        {
            return AllTerms.Where(t => OwesTerm(year, t) && !kept.Contains(t)).Select(t => Termly(year, row, cell, t));
        }

        var count = CountOf(year, row, cell);
        var numbers = Enumerable.Range(1, count + kept.Count).Where(n => !kept.Contains(n)).Take(Math.Max(0, count - kept.Count));
        return numbers.Select(n => Yearly(year, row, cell, n, Math.Max(count, n), spread));
    }

    /// <summary>Visits a year: the whole number, or for a part of the year its share, half rounded up.</summary>
    private int CountOf(SchoolYear year, OfferRow row, OfferCell cell)
    {
        var (inTrust, days) = year.ShareOf(year.Span);
        if (inTrust == 0)
        {
            return 0;
        }

        return row.ProRata ? ((2 * cell.Count * inTrust) + days) / (2 * days) : cell.Count;
    }

    /// <summary>
    /// A term is owed to a school that belonged to the trust for at least half of it. Of a term that the calendar lacks, the months in
    /// which its parts begin stand for its days.
    /// </summary>
    private bool OwesTerm(SchoolYear year, int term)
    {
        var (inTrust, days) = year.ShareOf(year.Terms[term - 1] ?? MonthsOf(term));
        return 2 * inTrust >= days;
    }

    private DayRange MonthsOf(int term)
    {
        var january = new DateOnly(input.YearLast.Year, 1, 1);
        return term switch
        {
            1 => new(input.YearFirst, january.AddDays(-1)),
            2 => new(january, january.AddMonths(3).AddDays(-1)),
            _ => new(january.AddMonths(3), input.YearLast),
        };
    }

    private OwedVisit Termly(SchoolYear year, OfferRow row, OfferCell cell, int term)
    {
        if (NotEntered(year) is { } notEntered)
        {
            return Unplaceable(year, row, cell, term, notEntered);
        }

        if (year.Terms[term - 1] is not { } days)
        {
            return Unplaceable(year, row, cell, term, year.School.Terms.Count == 0 ? NoCalendar : NoTerm(term));
        }

        // Progress is quality-assured when the term's data are in: in its second half, two weeks before its end if that can be.
        var length = days.To!.Value.DayNumber - days.From.DayNumber;
        var from = days.From.AddDays(length / 2);
        if (days.To < input.PlanFrom)
        {
            return Unplaceable(year, row, cell, term, $"The term it belongs to ended on {Words.Day(days.To.Value)}.");
        }

        return new()
        {
            School = year.School,
            Row = row,
            Cell = cell,
            Number = term,
            Window = new(Later(from, input.PlanFrom), days.To),
            TargetWeek = SchoolYear.Monday(days.To.Value.AddDays(-14)),
        };
    }

    private OwedVisit Yearly(SchoolYear year, OfferRow row, OfferCell cell, int number, int count, double spread)
    {
        if (year.Weeks.Count == 0)
        {
            return Unplaceable(year, row, cell, number, year.School.Terms.Count == 0 ? NoCalendar : "The school has no open day in this year.");
        }

        if (NotEntered(year) is { } notEntered)
        {
            return Unplaceable(year, row, cell, number, notEntered);
        }

        if (JoinedOn(year) is { } joined && row.Code == input.Offer.Planning.ReviewCode)
        {
            return Review(year, row, cell, number, joined);
        }

        var first = Math.Min(row.FirstWeek, year.Weeks.Count) - 1;
        var last = (row.LastWeek == 0 ? year.Weeks.Count : Math.Min(row.LastWeek, year.Weeks.Count)) - 1;
        var length = last - first + 1;
        var low = first + ((number - 1) * length / count);
        var high = Math.Max(low, first + (number * length / count) - 1);
        var target = count == 1 ? low + (int)(spread * length) : (low + high) / 2;
        var window = new DayRange(year.Weeks[low], year.Weeks[high].AddDays(4));
        return AfterPlanFrom(year, row, cell, number, window, year.Weeks[target]);
    }

    /// <summary>A window that has passed is made up for in what is left of the year.</summary>
    private OwedVisit AfterPlanFrom(SchoolYear year, OfferRow row, OfferCell cell, int number, DayRange window, DateOnly target)
    {
        var end = year.Weeks[^1].AddDays(4);
        if (end < input.PlanFrom)
        {
            return Unplaceable(year, row, cell, number, $"No school day is left in this year after {Words.Day(input.PlanFrom)}.");
        }

        var passed = window.To < input.PlanFrom;
        return new()
        {
            School = year.School,
            Row = row,
            Cell = cell,
            Number = number,
            Window = new(Later(window.From, input.PlanFrom), passed ? end : window.To),
            TargetWeek = Later(target, SchoolYear.Monday(input.PlanFrom)),
        };
    }

    private OwedVisit Review(SchoolYear year, OfferRow row, OfferCell cell, int number, DateOnly joined)
    {
        var until = joined.AddDays(7 * input.Offer.Planning.ReviewWithinWeeks);
        if (until < input.PlanFrom)
        {
            return AfterPlanFrom(year, row, cell, number, new(joined, until), SchoolYear.Monday(input.PlanFrom));
        }

        var middle = joined.AddDays((until.DayNumber - joined.DayNumber) / 2);
        return new()
        {
            School = year.School,
            Row = row,
            Cell = cell,
            Number = number,
            Window = new(Later(joined, input.PlanFrom), until),
            TargetWeek = SchoolYear.Monday(middle),
        };
    }

    /// <summary>The day on which a school joined, or came back, in mid-year; null where it was there when the year began.</summary>
    private static DateOnly? JoinedOn(SchoolYear year)
    {
        var begins = year.Span.From;
        var memberships = year.School.Memberships;
        return memberships.Any(m => m.Contains(begins)) ? null : memberships.Where(m => m.From > begins).Min(m => m.From);
    }

    private OwedVisit Unplaceable(SchoolYear year, OfferRow row, OfferCell cell, int number, string why) => new()
    {
        School = year.School,
        Row = row,
        Cell = cell,
        Number = number,
        Window = null,
        TargetWeek = SchoolYear.Monday(input.YearFirst),
        Why = why,
    };

    private string NoTerm(int term) => $"The school's calendar has no {TermNames[term - 1]} term for {input.AcademicYear} yet.";

    /// <summary>
    /// In a part of a year nothing is spread over the year: a school that has entered two terms of three would get all its visits in these.
    /// </summary>
    private string? NotEntered(SchoolYear year) => year.School.Terms.Count > 0 && year.NotEntered is { } days
        ? $"The school's term dates for {input.AcademicYear} are not complete: it has entered none from {Words.Day(days.From)} to "
            + $"{Words.Day(days.To!.Value)}. Visits are spread over the whole year, so it gets them when all dates are in."
        : null;

    private string NoCalendar => $"The school has no term dates for {input.AcademicYear} yet.";

    private static DateOnly Later(DateOnly one, DateOnly other) => one > other ? one : other;
}
