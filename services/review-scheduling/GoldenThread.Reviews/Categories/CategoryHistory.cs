using GoldenThread.Reviews.Offers;

namespace GoldenThread.Reviews.Categories;

/// <summary>Where the clock to the next category stands. Numbers as in the contract.</summary>
public enum ClockState
{
    /// <summary>No clock runs for this category.</summary>
    None = 1,

    /// <summary>Not yet due.</summary>
    Running = 2,

    /// <summary>Due, not overdue.</summary>
    Due = 3,

    /// <summary>Overdue.</summary>
    Overdue = 4,
}

/// <summary>A run in one category: the clock counts from its first day, however often the category was confirmed since.</summary>
/// <param name="Category">The category.</param>
/// <param name="From">First day of the entry.</param>
/// <param name="RunningFrom">First day of the unbroken run.</param>
public sealed record CategoryRun(Category Category, DateOnly From, DateOnly RunningFrom);

/// <summary>The clock of a run.</summary>
/// <param name="RunningFrom">First day of the run.</param>
/// <param name="DueOn">Day by whose end the next category is to be reached; null where no clock runs.</param>
/// <param name="OverdueAfter">Day after which it is overdue; null where no clock runs.</param>
public sealed record Clock(DateOnly RunningFrom, DateOnly? DueOn, DateOnly? OverdueAfter)
{
    /// <summary>Where it stands at the end of a day.</summary>
    public ClockState On(DateOnly today)
    {
        if (DueOn is null)
        {
            return ClockState.None;
        }

        if (today > OverdueAfter)
        {
            return ClockState.Overdue;
        }

        return today > DueOn ? ClockState.Due : ClockState.Running;
    }

    /// <summary>Days left until it is due, negative once it has passed; null where no clock runs.</summary>
    public int? DaysLeft(DateOnly today) => DueOn is { } due ? due.DayNumber - today.DayNumber : null;
}

/// <summary>How a school's category moves on.</summary>
public static class CategoryHistory
{
    /// <summary>
    /// The clock of a category set from a day on: confirming the category a school is in lets the clock run on. The months are the
    /// offer's (DOMAIN §8: REFINE 2 years, REINFORCE 1 year to 18 months, STABILISE 1 year).
    /// </summary>
    public static Clock ClockOf(CategoryRun? before, Category category, DateOnly from, CategoryTerms? terms)
    {
        var runningFrom = before is { } run && run.Category == category ? run.RunningFrom : from;
        return new(runningFrom, Later(terms?.DueMonths), Later(terms?.OverdueMonths));

        DateOnly? Later(int? months) => months is { } number ? runningFrom.AddMonths(number) : null;
    }
}
