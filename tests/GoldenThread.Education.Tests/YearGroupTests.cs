namespace GoldenThread.Education.Tests;

public class YearGroupTests
{
    [Theory]
    [InlineData("N1", "N1")]
    [InlineData("n2", "N2")]
    [InlineData("R", "R")]
    [InlineData("Reception", "R")]
    [InlineData("YR", "R")]
    [InlineData("1", "1")]
    [InlineData("Y3", "3")]
    [InlineData("Year 11", "11")]
    [InlineData("06", "6")]
    [InlineData(" 13 ", "13")]
    public void Parse_OfTheUsualSpellings_Succeeds(string text, string code) =>
        Assert.Equal(code, YearGroup.Parse(text).ToString());

    [Theory]
    [InlineData("")]
    [InlineData("0")]
    [InlineData("00")]
    [InlineData("14")]
    [InlineData("N3")]
    [InlineData("Y")]
    [InlineData("Year")]
    public void Parse_OfAnythingElse_IsRefused(string text) => Assert.False(YearGroup.TryParse(text, out _));

    [Fact]
    public void All_AreInOrderFromNurseryToSixthForm()
    {
        Assert.Equal(
            ["N1", "N2", "R", "1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "12", "13"],
            YearGroup.All.Order().Select(yearGroup => yearGroup.Code));
        Assert.Equal(YearGroup.Year(1), YearGroup.Reception.Next);
        Assert.Null(YearGroup.Year(13).Next);
        Assert.Equal("KS2", YearGroup.Year(6).KeyStage);
        Assert.Equal("EYFS", YearGroup.N2.KeyStage);
    }

    [Theory]
    [InlineData("2021-08-31", "R")] // four on the last day before the year starts: the youngest of reception
    [InlineData("2021-09-01", "N2")] // a day younger: nursery
    [InlineData("2015-03-14", "6")]
    [InlineData("2024-09-01", null)]
    public void UsualFor_ABirthday_GoesByTheAgeOnTheLastOfAugust(string birthday, string? expected)
    {
        var dateOfBirth = DateOnly.Parse(birthday, System.Globalization.CultureInfo.InvariantCulture);

        Assert.Equal(expected, YearGroup.UsualFor(dateOfBirth, AcademicYear.Parse("2025/26"))?.Code);
    }
}
