namespace GoldenThread.Statistics.Tests;

public class ProgressDecisionTests
{
    private static readonly TestNorm Standardised = new(100, 15, 0.90);
    private static readonly BandSet Bands = BandSet.LowMiddleHigh(93, 113);

    // A year group in which pupils truly differ in progress: slope .8, residual SD 9, error SD 6.07, so ρ = .5444.
    private static readonly PriorScoreFit Fit = new(500, 0.8, 20, 9, Standardised, Standardised);

    [Fact]
    public void WithoutAScore_ThereIsNoData_NeverOnTrack()
    {
        Assert.Equal(NoDataReason.NoScore, Judge(null, [100, 100]).Reason);
        Assert.Equal(NoDataReason.NoPriorScore, Judge(100, []).Reason);
        Assert.Equal(ProgressStatus.NoData, Judge(100, []).Status);
    }

    [Fact]
    public void WithoutAFit_OnlyADeclineCanBeSaid()
    {
        Assert.Equal(NoDataReason.NoFit, Judge(100, [100], null, null).Reason);
        Assert.Equal(NoDataReason.NoFit, Judge(80, [80], null, null).Reason);
        Assert.Equal(ProgressStatus.FallingBehind, Judge(86, [100], null, null).Status);
    }

    [Theory] // the threshold is 13.148 points
    [InlineData(86.8, ProgressStatus.FallingBehind)]
    [InlineData(86.9, ProgressStatus.OnTrack)]
    public void ADecline_MustClearTheReliableChange(double now, ProgressStatus expected) =>
        Assert.Equal(expected, Judge(now, [100]).Status);

    [Theory] // a fall is more than one standard error of the difference, 6.708 points
    [InlineData(100, 93.2, 86.4, true)]
    [InlineData(100, 93.4, 86.4, false)]
    [InlineData(100, 93.2, 86.6, false)]
    public void TwoFallsTogether_AreADecline_TwoWobblesAreNot(double first, double second, double third, bool falls) =>
        Assert.Equal(falls, Judge(third, [second, first]).Status == ProgressStatus.FallingBehind);

    [Fact]
    public void Stuck_IsLowTwiceWithoutGrowthFromTheOwnStart()
    {
        Assert.Equal(ProgressStatus.Stuck, Judge(85, [85]).Status);
        Assert.Equal(ProgressStatus.OnTrack, Judge(94, [85]).Status);
        Assert.Equal(ProgressStatus.OnTrack, Judge(85, [95]).Status);
    }

    [Fact] // From 60 expect 68; at 84 the residual is 16 and P(true residual > 0) = .976.
    public void APupilInALowBandWhoGrowsReliably_IsExceeding_NotStuck() =>
        Assert.Equal(ProgressStatus.Exceeding, Judge(84, [60]).Status);

    [Fact]
    public void SlowMoving_NeedsThreePoints()
    {
        // From 120 expect 116; at 101 the residual is −15, and the step from 107 is not even a fall.
        Assert.Equal(ProgressStatus.SlowMoving, Judge(101, [107, 120]).Status);
        // From 96 expect 96.8; at 83 the residual is −13.8, as sure, but it rests on two points.
        Assert.Equal(ProgressStatus.OnTrack, Judge(83, [96]).Status);
        Assert.True(Judge(83, [96]).Residual!.ProbabilityBelow >= 0.95);
    }

    [Fact]
    public void TheResidual_SpansThreePointsWhereItCan_AndFallsBackToTwo()
    {
        Assert.Equal(3, Judge(100, [100, 100]).PointsSpanned);
        Assert.Equal(2, Judge(100, [100, 100], Fit, null).PointsSpanned);
        Assert.Equal(2, Judge(100, [100]).PointsSpanned);
    }

    [Fact]
    public void WindowsOnDifferentScales_AreComparedByStanding()
    {
        var marks = new TestNorm(25, 7, 0.90);
        var markBands = BandSet.LowMiddleHigh(22, 31);
        var earlier = new ScoredWindow(115, Standardised, Bands.Of(115)); // one SD above its norm
        var fit = new PriorScoreFit(500, 0.4, -15, 4, Standardised, marks);

        var held = new ScoredWindow(32, marks, markBands.Of(32)); // one SD above
        var fallen = new ScoredWindow(25, marks, markBands.Of(25)); // at the mean: a fall of 1 SD; .877 are reliable

        Assert.Equal(
            ProgressStatus.OnTrack, ProgressDecision.Decide(held, [earlier], fit, null, ProgressRule.Default).Status);
        Assert.Equal(
            ProgressStatus.FallingBehind, ProgressDecision.Decide(fallen, [earlier], fit, null, ProgressRule.Default).Status);
    }

    [Fact]
    public void WhereAResidualIsAllNoise_NobodyIsSlowOrExceeding()
    {
        var noise = new PriorScoreFit(500, 0.9, 10, 6.3, Standardised, Standardised);

        Assert.Equal(0, noise.ResidualReliability);
        Assert.Equal(ProgressStatus.OnTrack, Judge(140, [100], noise, null).Status);
        Assert.Equal(0, noise.Judge(100, 140).ProbabilityAbove);
    }

    [Fact] // By hand: error variance 22.5 × (1 + .64) = 36.9; ρ = 1 − 36.9 ÷ 81 = .54444
    public void TheTrueResidual_IsTheObservedOneShrunk()
    {
        var judged = Fit.Judge(100, 110);

        Assert.Equal(0.544444, Fit.ResidualReliability, 6);
        Assert.Equal(10, judged.Observed, 12);
        Assert.Equal(5.444444, judged.Mean, 6);
        Assert.Equal(Math.Sqrt(0.5444444444 * 36.9), judged.Sd, 6);
        Assert.Equal(0.8878, judged.ProbabilityAbove, 3);
        Assert.Equal(1, judged.ProbabilityAbove + judged.ProbabilityBelow, 12);
    }

    [Fact]
    public void AFit_OfTooFewOrOfEqualScores_IsNotAvailable()
    {
        Assert.Equal(Unavailable.NoPupils, WhyNoFit([]));
        Assert.Equal(Unavailable.TooFewPupils, WhyNoFit([.. Enumerable.Range(0, 29).Select(i => (90.0 + i, 90.0 + i % 7))]));
        Assert.Equal(Unavailable.NoVariation, WhyNoFit([.. Enumerable.Range(0, 40).Select(i => (100.0, 90.0 + i))]));
        Assert.Equal(Unavailable.NoVariation, WhyNoFit([.. Enumerable.Range(0, 40).Select(i => (90.0 + i, 95.0 + i))]));
    }

    [Theory]
    [InlineData(92.9, "low")]
    [InlineData(93, "middle")]
    [InlineData(112.9, "middle")]
    [InlineData(113, "high")]
    public void ABand_HoldsItsLowestScore(double score, string code) => Assert.Equal(code, Bands.Of(score).Code);

    [Fact]
    public void TheLowestBand_TakesWhatLiesBelowIt() =>
        Assert.Equal("low", new BandSet([new Band("low", 60, true), new Band("middle", 93, false)]).Of(12).Code);

    [Fact]
    public void BandsThatDoNotCoverEveryScoreOnce_AreRefused()
    {
        Assert.Throws<ArgumentException>(() => new BandSet([]));
        Assert.Throws<ArgumentException>(() => new BandSet(
            [new Band("a", double.NegativeInfinity, true), new Band("b", 93, false), new Band("c", 93, false)]));
        Assert.Throws<ArgumentException>(() => new BandSet(
            [new Band("a", double.NegativeInfinity, true), new Band("a", 93, false)]));
    }

    // The promise of DOMAIN, section 5. The naive rule flags over a third of pupils of whom none has changed.
    [Theory]
    [InlineData(0.85)]
    [InlineData(0.90)]
    [InlineData(0.95)]
    public void WhenNobodyChanges_AtMostOneFlagInTwentyPupilsIsFalse(double reliability)
    {
        var rates = FalseFlags.Expect(
            new TestNorm(100, 15, reliability), Bands, ProgressRule.Default, new Random(1988), 200_000);

        Assert.InRange(rates.False, 0.02, 0.05);
        Assert.InRange(rates.Naive, 0.34, 0.41);
        Assert.InRange(rates.Exceeding, 0, 0.01);
    }

    [Fact]
    public void TheExpectedRate_ComesOutTheSameFromTheSameSeed()
    {
        var once = FalseFlags.Expect(Standardised, Bands, ProgressRule.Default, new Random(7), 5_000);
        var again = FalseFlags.Expect(Standardised, Bands, ProgressRule.Default, new Random(7), 5_000);

        Assert.Equal(once, again);
    }

    private static Progress Judge(double? now, double[] latestFirst) => Judge(now, latestFirst, Fit, Fit);

    private static Progress Judge(double? now, double[] latestFirst, PriorScoreFit? last, PriorScoreFit? lastButOne) =>
        ProgressDecision.Decide(
            now is { } score ? At(score) : null, [.. latestFirst.Select(At)], last, lastButOne, ProgressRule.Default);

    private static ScoredWindow At(double score) => new(score, Standardised, Bands.Of(score));

    private static Unavailable? WhyNoFit((double, double)[] scores)
    {
        Assert.False(PriorScoreFit.TryFit(scores, Standardised, Standardised, 30, out _, out var reason));
        return reason;
    }
}
