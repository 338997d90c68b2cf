using System.Text.RegularExpressions;

namespace GoldenThread.Reviews.Offers;

/// <summary>A field of an offer that cannot stand, and why.</summary>
/// <param name="Field">Path of the field, such as "offer.rows[2].half_days".</param>
/// <param name="Words">Why, in words a trust's office understands.</param>
public sealed record OfferFault(string Field, string Words);

/// <summary>What makes an offer one that a plan can be made from.</summary>
public static partial class OfferRules
{
    private const int MostRows = 100;
    private const int MostVisits = 40;

    private static readonly Category[] AllCategories = [Category.Sustain, Category.Refine, Category.Reinforce, Category.Stabilise];

    /// <summary>Every fault of an offer; none where it can stand.</summary>
    public static IReadOnlyList<OfferFault> FaultsOf(Offer offer)
    {
        var faults = new List<OfferFault>();
        if (offer.Rows.Count is 0 or > MostRows)
        {
            faults.Add(new("offer.rows", $"An offer has between 1 and {MostRows} rows; this one has {offer.Rows.Count}."));
        }

        foreach (var twice in offer.Rows.GroupBy(r => r.Code, StringComparer.Ordinal).Where(g => g.Count() > 1))
        {
            faults.Add(new("offer.rows", $"The code \"{twice.Key}\" is used by {twice.Count()} rows; each row needs its own."));
        }

        for (var index = 0; index < offer.Rows.Count; index++)
        {
            faults.AddRange(FaultsOf(offer.Rows[index], $"offer.rows[{index}]"));
        }

        faults.AddRange(FaultsOfCategories(offer));
        faults.AddRange(FaultsOfPlanning(offer));
        return faults;
    }

    private static IEnumerable<OfferFault> FaultsOf(OfferRow row, string path)
    {
        if (row.Code.Length > 60 || !CodeShape().IsMatch(row.Code))
        {
            yield return new($"{path}.code", "A code has small letters, digits and hyphens, at most 60, for example safeguarding-review.");
        }

        if (row.Title.Length is 0 or > 200)
        {
            yield return new($"{path}.title", "A row needs a title of at most 200 characters.");
        }

        if (!Enum.IsDefined(row.Kind))
        {
            yield return new($"{path}.kind", "Say whether the row is visits, termly visits, meetings or an arrangement.");
        }

        if (row.IsVisit && row.HalfDays is not (1 or 2))
        {
            yield return new($"{path}.half_days", "A visit takes one or two half-days.");
        }

        if (row.FirstWeek is < 1 or > 60 || row.LastWeek is < 0 or > 60 || (row.LastWeek != 0 && row.LastWeek < row.FirstWeek))
        {
            yield return new($"{path}.first_week", "Weeks count from 1 to 60, and the last is not before the first (0 means the last of the year).");
        }

        if (row.ToleranceWeeks is < 0 or > 52 || !InRange(row.WeekWeight, 10) || !InRange(row.UnplacedCost, 10_000))
        {
            yield return new($"{path}.week_weight", "A tolerance is 0 to 52 weeks, a week's weight 0 to 10, the cost of an unplaced visit 0 to 10,000.");
        }

        if (row.Cells.GroupBy(c => c.Category).Any(g => g.Count() > 1))
        {
            yield return new($"{path}.cells", "A row says once what a category gets.");
        }

        for (var index = 0; index < row.Cells.Count; index++)
        {
            foreach (var fault in FaultsOf(row, row.Cells[index], $"{path}.cells[{index}]"))
            {
                yield return fault;
            }
        }
    }

    private static IEnumerable<OfferFault> FaultsOf(OfferRow row, OfferCell cell, string path)
    {
        if (!Enum.IsDefined(cell.Category))
        {
            yield return new($"{path}.category", "Say which category this is for.");
        }

        if (row.Kind == EntitlementKind.Visits ? cell.Count is < 1 or > MostVisits : cell.Count != 0)
        {
            yield return new($"{path}.count", $"Visits are 1 to {MostVisits} a year; other kinds have no count.");
        }

        if (row.Kind == EntitlementKind.Meetings ? !Enum.IsDefined(cell.Cadence) || cell.Cadence == Cadence.None : cell.Cadence != Cadence.None)
        {
            yield return new($"{path}.cadence", "Meetings are weekly, fortnightly, monthly or 6-weekly; other kinds have no cadence.");
        }

        if (row.IsVisit ? cell.Team.Count is 0 or > 6 : cell.Team.Count > 1)
        {
            yield return new($"{path}.team", "A visit needs a team of 1 to 6 places; meetings and arrangements name at most one.");
        }

        if (cell.Team.Any(s => s.Duties.Count is 0 or > 6 || s.Duties.Any(d => d.Length > 60 || !CodeShape().IsMatch(d))))
        {
            yield return new($"{path}.team", "Each place names one to six duties such as english-lead.");
        }

        if (cell.Words.Length > 500)
        {
            yield return new($"{path}.words", "The words have at most 500 characters.");
        }
    }

    private static IEnumerable<OfferFault> FaultsOfCategories(Offer offer)
    {
        foreach (var category in AllCategories.Where(c => offer.Categories.Count(t => t.Category == c) != 1))
        {
            yield return new("offer.categories", $"Each of the four categories is described once; {category} is not.");
        }

        foreach (var terms in offer.Categories)
        {
            var clock = (terms.DueMonths, terms.OverdueMonths);
            var stands = clock is (null, null) || (clock is ( >= 1 and <= 60, <= 60) && terms.OverdueMonths >= terms.DueMonths);
            if (!stands)
            {
                yield return new("offer.categories",
                    $"{terms.Category}: give both months of the clock or neither, 1 to 60, and overdue not before due.");
            }

            if (terms.TypicalEvidence.Length > 2000)
            {
                yield return new("offer.categories", $"{terms.Category}: the typical evidence has at most 2,000 characters.");
            }
        }
    }

    private static IEnumerable<OfferFault> FaultsOfPlanning(Offer offer)
    {
        var rules = offer.Planning;
        if (!offer.Rows.Any(r => r.Code == rules.ReviewCode && r.Kind == EntitlementKind.Visits))
        {
            yield return new("offer.planning.review_code", $"The review \"{rules.ReviewCode}\" is not a row of visits in this offer.");
        }

        if (rules.ReviewWithinWeeks is < 1 or > 40)
        {
            yield return new("offer.planning.review_within_weeks", "A joining school gets its review within 1 to 40 weeks.");
        }

        if (rules.VisitsPerSchoolWeek is not (1 or 2))
        {
            yield return new("offer.planning.visits_per_school_week", "A school has one or two visits in a week at most.");
        }

        if (rules.MeetingsPerHalfDay is < 1 or > 6)
        {
            yield return new("offer.planning.meetings_per_half_day", "One to six meetings fill half a day.");
        }

        var perWeek = rules.SchoolStaffDaysPerWeek is >= 0 and <= 5 && rules.CentralDaysPerWeek is >= 0 and <= 5;
        var perYear = rules.SchoolStaffDaysPerYear is >= 0 and <= 260 && rules.CentralDaysPerYear is >= 0 and <= 260;
        if (!perWeek || !perYear)
        {
            yield return new("offer.planning", "Days a week are 0 to 5 and days a year 0 to 260.");
        }

        if (!InRange(rules.TripCost, 1000) || !InRange(rules.SecondVisitCost, 1000) || !InRange(rules.PartnerChangeCost, 1000))
        {
            yield return new("offer.planning", "Costs are 0 to 1,000.");
        }

        foreach (var category in AllCategories)
        {
            var days = offer.Rows.Where(r => r.ImprovementDay).Sum(r => (r.For(category)?.Count ?? 0) * r.HalfDays) / 2.0;
            if (days < rules.LeastImprovementDays)
            {
                yield return new("offer.planning.least_improvement_days",
                    $"{category} gets {days:0.#} improvement days; the offer promises every school at least {rules.LeastImprovementDays}.");
            }
        }
    }

    private static bool InRange(double value, double most) => double.IsFinite(value) && value >= 0 && value <= most;

    [GeneratedRegex("^[a-z0-9]+(-[a-z0-9]+)*$")]
    private static partial Regex CodeShape();
}
