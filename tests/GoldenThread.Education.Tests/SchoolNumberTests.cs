namespace GoldenThread.Education.Tests;

public class SchoolNumberTests
{
    [Theory]
    [InlineData("118498", 118498)]
    [InlineData(" 148519 ", 148519)]
    public void Urn_OfSixDigits_IsRead(string text, int number)
    {
        Assert.Equal(number, Urn.Parse(text).Number);
        Assert.Equal(Urn.Of(number), Urn.Parse(text));
    }

    [Theory]
    [InlineData("")]
    [InlineData("12345")]
    [InlineData("1234567")]
    [InlineData("012345")]
    [InlineData("-12345")]
    [InlineData("12 456")]
    [InlineData("١٢٣٤٥٦")]
    public void Urn_OfAnythingElse_IsRefused(string text)
    {
        Assert.False(Urn.TryParse(text, out _, out var problem));
        Assert.Contains("URN", problem, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("886-2031")]
    [InlineData("886/2031")]
    [InlineData("8862031")]
    public void Laestab_InItsThreeSpellings_IsOneNumber(string text)
    {
        var laestab = Laestab.Parse(text);

        Assert.Equal("886-2031", laestab.ToString());
        Assert.Equal((886, 2031), (laestab.LocalAuthority, laestab.Establishment));
    }

    [Theory]
    [InlineData("")]
    [InlineData("886-203")]
    [InlineData("88-62031")]
    [InlineData("886_2031")]
    [InlineData("086-2031")]
    [InlineData("886-20A1")]
    public void Laestab_OfAnythingElse_IsRefused(string text) => Assert.False(Laestab.TryParse(text, out _));

    [Fact]
    public void Numbers_AreOrdered()
    {
        Assert.True(Urn.Of(100001).CompareTo(Urn.Of(100002)) < 0);
        Assert.True(Laestab.Parse("201-9999").CompareTo(Laestab.Parse("202-0001")) < 0);
    }
}
