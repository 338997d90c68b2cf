namespace GoldenThread.Statistics.Tests;

public class MeasurementTests
{
    [Theory] // DOMAIN: with SD 15 and reliability .85, .90, .95 the threshold is 16.1, 13.1 and 9.3 points.
    [InlineData(0.85, 16.1)]
    [InlineData(0.90, 13.1)]
    [InlineData(0.95, 9.3)]
    public void ReliableChange_OfAStandardisedScore_IsTheKnownNumberOfPoints(double reliability, double points) =>
        Assert.Equal(points, Measurement.ReliableChange(15, reliability), 1);

    [Fact]
    public void ExpectedUntreated_ForPupilsChosenAtEighty_IsEightyFour() =>
        Assert.Equal(84, Measurement.ExpectedUntreated(80, 100, 0.8), 12);

    [Theory]
    [InlineData(0, 0.9)]
    [InlineData(-15, 0.9)]
    [InlineData(double.NaN, 0.9)]
    [InlineData(15, 0)]
    [InlineData(15, 1)]
    [InlineData(15, double.NaN)]
    public void ATest_WithoutSpreadOrReliability_IsRefused(double sd, double reliability) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new TestNorm(100, sd, reliability));

    [Fact]
    public void BeforeAfter_OfPupilsChosenForLowScores_CreditsNothingToRegressionToTheMean()
    {
        var comparison = BeforeAfter.Compare([(78, 82.4), (80, 84), (82, 85.6)], populationMean: 100, correlation: 0.8);

        FigureAssert.Value(4, comparison.ExpectedChange, 9);
        Assert.Equal(4, comparison.Change.Point!.Value, 9);
        Assert.Equal(0, comparison.BeyondExpected.Point!.Value, 9);
        Assert.Equal(Verdict.CannotAttribute, comparison.Verdict);
    }

    [Fact]
    public void BeforeAfter_HoweverLargeTheChange_IsCappedAtCannotAttribute()
    {
        var pairs = Enumerable.Range(0, 50).Select(pupil => (80.0 + pupil % 3, 120.0 + pupil % 5)).ToList();
        var comparison = BeforeAfter.Compare(pairs, 100, 0.8);

        Assert.True(comparison.BeyondExpected.Excludes(0));
        Assert.Equal(Verdict.CannotAttribute, comparison.Verdict);
    }

    [Fact]
    public void BeforeAfter_OfFewerThanTwo_CannotTell()
    {
        Assert.Equal(Verdict.CannotTell, BeforeAfter.Compare([], 100, 0.8).Verdict);
        var one = BeforeAfter.Compare([(80, 90)], 100, 0.8);
        Assert.Equal(Verdict.CannotTell, one.Verdict);
        FigureAssert.Missing(Unavailable.TooFewPupils, one.Change);
    }

    [Theory] // DfE 2017: national SDs 6.23, 6.04, 5.63; with 60 pupils ± 1.58, 1.53, 1.42.
    [InlineData(6.23, 60, 1.5764)]
    [InlineData(6.04, 60, 1.5283)]
    [InlineData(5.63, 60, 1.4246)]
    public void ValueAdded_IsTheMeanWithTheNationalInterval(double nationalSd, int n, double half) =>
        FigureAssert.Interval(1.2 - half, 1.2, 1.2 + half, ValueAdded.OfSchool(1.2, n, nationalSd), 4);

    [Fact]
    public void ValueAdded_OfNobody_IsNotAvailable() =>
        FigureAssert.Missing(Unavailable.NoPupils, ValueAdded.OfSchool(0, 0, 6.23));
}
