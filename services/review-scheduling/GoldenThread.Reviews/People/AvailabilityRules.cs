using GoldenThread.Reviews.Offers;

namespace GoldenThread.Reviews.People;

/// <summary>When a person can visit.</summary>
/// <param name="Weekdays">Weekdays, Monday = 1 to Friday = 5.</param>
/// <param name="DaysPerWeek">Days with visits a week at most.</param>
/// <param name="DaysPerYear">Days with visits a year at most.</param>
/// <param name="HalfDays">Whether two half-day visits fit on a day.</param>
public sealed record Presence(IReadOnlyList<short> Weekdays, int DaysPerWeek, int DaysPerYear, bool HalfDays);

/// <summary>What holds for people who have said nothing yet.</summary>
public static class AvailabilityRules
{
    private const int WorkingDaysOfAYear = 260;
    private const int WorkingDaysOfAWeek = 5;

    private static readonly short[] MondayToFriday = [1, 2, 3, 4, 5];

    /// <summary>The offer's defaults: little of a head's time, more of the central team's. Without an offer, every working day.</summary>
    public static Presence Default(PlanningRules? rules, bool schoolStaff)
    {
        if (rules is null)
        {
            return new(MondayToFriday, WorkingDaysOfAWeek, WorkingDaysOfAYear, true);
        }

        return schoolStaff
            ? new(MondayToFriday, rules.SchoolStaffDaysPerWeek, rules.SchoolStaffDaysPerYear, true)
            : new(MondayToFriday, rules.CentralDaysPerWeek, rules.CentralDaysPerYear, true);
    }
}
