namespace GoldenThread.Education.Tests;

public class AcademicYearTests
{
    [Theory]
    [InlineData("2025-08-31", "2024/25")]
    [InlineData("2025-09-01", "2025/26")]
    [InlineData("2026-01-01", "2025/26")]
    [InlineData("2000-01-01", "1999/00")]
    public void Of_ADay_TurnsOnTheFirstOfSeptember(string day, string expected)
    {
        var date = DateOnly.Parse(day, System.Globalization.CultureInfo.InvariantCulture);
        var year = AcademicYear.Of(date);

        Assert.Equal(expected, year.ToString());
        Assert.True(year.Contains(date));
        Assert.False(year.Next.Contains(date));
        Assert.False(year.Previous.Contains(date));
    }

    [Theory]
    [InlineData("2025/26")]
    [InlineData("2025-26")]
    [InlineData("2025/2026")]
    [InlineData("202526")]
    public void Parse_OfEverySpelling_IsOneYear(string text)
    {
        var year = AcademicYear.Parse(text);

        Assert.Equal(AcademicYear.Starting(2025), year);
        Assert.Equal(2026, year.EndYear);
        Assert.Equal(new DateOnly(2025, 9, 1), year.FirstDay);
        Assert.Equal(new DateOnly(2026, 8, 31), year.LastDay);
    }

    [Theory]
    [InlineData("")]
    [InlineData("2025")]
    [InlineData("2025/")]
    [InlineData("2025/27")]
    [InlineData("2025/25")]
    [InlineData("2025/2025")]
    [InlineData("25/26")]
    [InlineData("0999/00")]
    [InlineData("20252")]
    public void Parse_OfAnythingElse_IsRefused(string text) => Assert.False(AcademicYear.TryParse(text, out _));

    [Fact]
    public void Years_AreOrdered()
    {
        var year = AcademicYear.Starting(2025);

        Assert.True(year < year.Next && year.Next > year && year <= AcademicYear.Starting(2025) && year >= year.Previous);
    }
}
