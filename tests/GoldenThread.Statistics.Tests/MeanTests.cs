namespace GoldenThread.Statistics.Tests;

public class MeanTests
{
    // Student 1908: extra hours of sleep by two drugs. Welch's interval as printed by R's t.test(extra ~ group, data = sleep).
    private static readonly Sample First = Sample.Of([0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0]);
    private static readonly Sample Second = Sample.Of([1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4]);

    [Fact]
    public void WelchDifference_IsWhatRPrintsForStudentsSleepData()
    {
        FigureAssert.Interval(-3.3654832, -1.58, 0.2054832, Means.WelchDifference(First, Second), 7);
        FigureAssert.Value(0.07939, Means.DifferenceProbability(First, Second), 5);
    }

    [Fact] // d = −1.58 ÷ pooled SD 1.8986 = −.8322; correction 1 − 3 ÷ 71 = .95775.
    public void HedgesG_IsTheCorrectedStandardisedDifference() =>
        FigureAssert.Value(-0.7970, Means.HedgesG(First, Second), 4);

    [Fact] // R: t.test(sleep$extra[1:10])
    public void Interval_IsStudents() => FigureAssert.Interval(-0.5297804, 0.75, 2.0297804, Means.Interval(First), 7);

    [Fact]
    public void ASampleOfLargeScores_LosesNothing()
    {
        var sample = Sample.Of([1e9 + 1, 1e9 + 2, 1e9 + 3]);

        Assert.Equal(1.0, sample.Sd!.Value, 9);
    }

    [Fact]
    public void OfTooFew_NothingIsAvailable()
    {
        var nobody = Sample.Of([]);
        var one = Sample.Of([100]);
        var alike = Sample.Of([100, 100, 100]);

        FigureAssert.Missing(Unavailable.NoPupils, Means.WelchDifference(nobody, First));
        FigureAssert.Missing(Unavailable.NoComparator, Means.HedgesG(First, nobody));
        FigureAssert.Missing(Unavailable.TooFewPupils, Means.WelchDifference(one, First));
        FigureAssert.Missing(Unavailable.TooFewPupils, Means.Interval(one));
        FigureAssert.Missing(Unavailable.NoVariation, Means.WelchDifference(alike, alike));
        FigureAssert.Missing(Unavailable.NoVariation, Means.HedgesG(alike, alike));
        Assert.IsType<Figure.Estimate>(Means.WelchDifference(alike, First));
    }

    [Fact]
    public void ASample_WithoutASpread_IsRefused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => new Sample(2, 100, null));
        Assert.Throws<ArgumentOutOfRangeException>(() => new Sample(2, 100, double.NaN));
        Assert.Throws<ArgumentOutOfRangeException>(() => new Sample(2, double.NaN, 15));
    }
}
