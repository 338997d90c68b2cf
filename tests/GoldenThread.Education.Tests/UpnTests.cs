namespace GoldenThread.Education.Tests;

public class UpnTests
{
    // The example of DfE's guide to unique pupil numbers.
    private const string Published = "B801200005001";

    [Fact]
    public void Parse_OfThePublishedExample_Succeeds()
    {
        var upn = Upn.Parse(Published);

        Assert.Equal(Published, upn.ToString());
        Assert.False(upn.IsTemporary);
    }

    [Fact]
    public void Parse_WithAnotherCheckLetter_SaysWhichLetterWasExpected()
    {
        Assert.False(Upn.TryParse("A801200005001", out _, out var problem));
        Assert.Contains("is A, but its other characters call for B", problem, StringComparison.Ordinal);
    }

    [Fact]
    public void Parse_WithAnyOneDigitMistyped_IsRefused()
    {
        for (var place = 1; place < Upn.Length; place++)
        {
            for (var digit = '0'; digit <= '9'; digit++)
            {
                var mistyped = Published[..place] + digit + Published[(place + 1)..];
                Assert.Equal(mistyped == Published, Upn.TryParse(mistyped, out _));
            }
        }
    }

    [Fact]
    public void Parse_WithTwoNeighboursSwapped_IsRefused()
    {
        var upn = Upn.FromBody("801234567892").ToString();
        for (var place = 1; place < Upn.Length - 1; place++)
        {
            if (upn[place] == upn[place + 1]) continue;
            var swapped = upn[..place] + upn[place + 1] + upn[place] + upn[(place + 2)..];
            Assert.False(Upn.TryParse(swapped, out _), swapped);
        }
    }

    [Fact]
    public void FromBody_EndingInALetter_IsTemporaryAndCountsTheLetterByItsPlace()
    {
        // 8·2 + 0·3 + 1·4 + 2·5 + 5·10 = 80, and Z stands for 22: 22·13 = 286; 366 mod 23 = 21, the letter Y.
        var upn = Upn.FromBody("80120000500Z");

        Assert.Equal("Y80120000500Z", upn.ToString());
        Assert.True(upn.IsTemporary);
        Assert.Equal(upn, Upn.Parse("Y80120000500Z"));
    }

    [Theory]
    [InlineData(null, "blank")]
    [InlineData("   ", "blank")]
    [InlineData("B80120000500", "has 13 characters; this one has 12")]
    [InlineData("B8012000050011", "this one has 14")]
    [InlineData("I801200005001", "never with I, O or S")]
    [InlineData("1801200005001", "begins with a letter")]
    [InlineData("B8012O0005001", "Character 6")]
    [InlineData("B80120000500O", "other than I, O and S")]
    [InlineData("B80120000500\0", "last character")]
    [InlineData("B80120000500١", "last character")]
    public void Parse_OfSomethingElse_SaysWhyInWords(string? text, string expected)
    {
        Assert.False(Upn.TryParse(text, out var upn, out var problem));
        Assert.Null(upn);
        Assert.Contains(expected, problem, StringComparison.Ordinal);
        Assert.Equal(problem, Assert.Throws<FormatException>(() => Upn.Parse(text)).Message);
    }

    [Fact]
    public void Parse_ForgivesBlanksAndSmallLetters()
    {
        Assert.Equal(Upn.Parse(Published), Upn.Parse(" b801200005001\t"));
        Assert.Equal(Upn.Parse(Published).GetHashCode(), Upn.Parse("b801200005001").GetHashCode());
    }
}
