namespace GoldenThread.Statistics.Tests;

public class FigureTests
{
    [Theory]
    [InlineData(double.NaN)]
    [InlineData(double.PositiveInfinity)]
    [InlineData(double.NegativeInfinity)]
    public void AFigure_IsNeverNaNOrInfinite(double number)
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => Figure.Of(number));
        Assert.Throws<ArgumentOutOfRangeException>(() => Figure.Between(number, 0, 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => Figure.Between(0, 0, number));
    }

    [Fact]
    public void Absent_IsNotZero()
    {
        Assert.Null(Figure.Missing(Unavailable.NoPupils).Point);
        Assert.Equal(0, Figure.Of(0).Point);
        Assert.NotEqual(Figure.Of(0), Figure.Missing(Unavailable.NoPupils));
    }

    [Fact]
    public void Excludes_OnlyWhatTheWholeIntervalClears()
    {
        Assert.True(Figure.Between(0.1, 0.2, 0.3).Excludes(0));
        Assert.False(Figure.Between(-0.1, 0.2, 0.3).Excludes(0));
        Assert.False(Figure.Of(5).Excludes(0));
        Assert.False(Figure.Missing(Unavailable.NoPupils).Excludes(0));
    }

    [Fact]
    public void Within_KeepsTheEndsOfTheInterval_AndThePointAsItIs()
    {
        Assert.Equal(Figure.Between(-1, 0.1, 1), Figure.Between(-12.6, 0.1, 12.8).Within(-1, 1));
        Assert.Equal(Figure.Between(-0.2, 0.1, 0.4), Figure.Between(-0.2, 0.1, 0.4).Within(-1, 1));
        Assert.Equal(Figure.Of(0.1), Figure.Of(0.1).Within(-1, 1));
    }
}

internal static class FigureAssert
{
    public static void Interval(double low, double point, double high, Figure figure, int decimals)
    {
        var estimate = Assert.IsType<Figure.Estimate>(figure);
        Assert.Equal(low, estimate.Low, decimals);
        Assert.Equal(point, estimate.Middle, decimals);
        Assert.Equal(high, estimate.High, decimals);
    }

    public static void Value(double expected, Figure figure, int decimals) =>
        Assert.Equal(expected, Assert.IsType<Figure.Value>(figure).Number, decimals);

    public static void Missing(Unavailable reason, Figure figure) =>
        Assert.Equal(reason, Assert.IsType<Figure.NotAvailable>(figure).Reason);
}
