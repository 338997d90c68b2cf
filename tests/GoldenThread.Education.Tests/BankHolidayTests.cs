using System.Text.Json;
using GoldenThread.TestSupport;

namespace GoldenThread.Education.Tests;

public class BankHolidayTests
{
    [Fact]
    public void England_ForEveryYearThatTheGovernmentLists_IsTheGovernmentsList()
    {
        using var file = JsonDocument.Parse(File.ReadAllBytes(SharedData.Path("real/calendar/bank-holidays.json")));
        var published = file.RootElement.GetProperty("england-and-wales").GetProperty("events").EnumerateArray()
            .Select(holiday => (
                Day: DateOnly.Parse(holiday.GetProperty("date").GetString()!, System.Globalization.CultureInfo.InvariantCulture),
                Name: holiday.GetProperty("title").GetString()!.Replace(" (VE day)", "", StringComparison.Ordinal)))
            .OrderBy(holiday => holiday.Day)
            .ToList();
        var years = published.Select(holiday => holiday.Day.Year).Distinct().ToList();

        var ours = years.SelectMany(BankHolidays.England).Select(holiday => (holiday.Day, holiday.Name)).ToList();

        Assert.Equal(2012, years[0]);
        Assert.Equal(published, ours);
    }

    [Fact]
    public void England_WithinSchoolTermsOfKent_LeavesThePublishedNumberOfDays()
    {
        var days = File.ReadLines(SharedData.Path("real/calendar/kent_term_dates.csv")).Skip(1)
            .Select(line => line.Split(','))
            .GroupBy(
                cells => cells[0],
                cells => SchoolDays(Date(cells[2]), Date(cells[3])))
            .ToDictionary(year => year.Key, year => year.Sum());

        Assert.Equal([("2023/24", 195), ("2024/25", 190), ("2025/26", 195)], days.Select(year => (year.Key, year.Value)));
    }

    [Theory] // Published by astronomical almanacs: the earliest and latest Easters of the period among them.
    [InlineData(2008, "2008-03-23")]
    [InlineData(2038, "2038-04-25")]
    [InlineData(2025, "2025-04-20")]
    [InlineData(2032, "2032-03-28")]
    public void EasterSunday_IsTheAlmanacs(int year, string expected) =>
        Assert.Equal(Date(expected), BankHolidays.EasterSunday(year));

    [Fact]
    public void Pack_HoldsWhatTheRuleSays()
    {
        var pack = File.ReadLines(Path.Combine(AppContext.BaseDirectory, "packs/calendar/bank-holidays-england.csv"));
        var rule = Enumerable.Range(2023, 10).SelectMany(BankHolidays.England)
            .Select(holiday => $"{holiday.Day:yyyy-MM-dd},{holiday.Name},{(holiday.IsSubstitute ? "yes" : "no")}");

        Assert.Equal(["date,name,substitute", .. rule], pack);
    }

    private static DateOnly Date(string text) =>
        DateOnly.ParseExact(text, "yyyy-MM-dd", System.Globalization.CultureInfo.InvariantCulture);

    private static int SchoolDays(DateOnly from, DateOnly to) =>
        Enumerable.Range(0, to.DayNumber - from.DayNumber + 1).Select(from.AddDays)
            .Count(day => day.DayOfWeek is not (DayOfWeek.Saturday or DayOfWeek.Sunday)
                && BankHolidays.England(day.Year).All(holiday => holiday.Day != day));
}
