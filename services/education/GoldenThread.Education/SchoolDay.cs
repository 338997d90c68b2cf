namespace GoldenThread.Education;

/// <summary>Which day it is in a school: Europe/London, whatever the server's clock is set to.</summary>
public static class SchoolDay
{
    private static readonly TimeZoneInfo London = TimeZoneInfo.FindSystemTimeZoneById("Europe/London");

    /// <summary>Today. What is due today is not overdue before its end.</summary>
    public static DateOnly Today(this TimeProvider clock)
    {
        ArgumentNullException.ThrowIfNull(clock);
        return clock.GetUtcNow().DayInSchool();
    }

    /// <summary>The day of an instant.</summary>
    public static DateOnly DayInSchool(this DateTimeOffset instant) => DateOnly.FromDateTime(TimeZoneInfo.ConvertTime(instant, London).DateTime);
}
