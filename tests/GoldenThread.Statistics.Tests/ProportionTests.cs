namespace GoldenThread.Statistics.Tests;

public class ProportionTests
{
    // Newcombe 1998, Statistics in Medicine 17: 857-872, table I, method 3.
    [Theory]
    [InlineData(81, 263, 0.2553, 0.3662)]
    [InlineData(15, 148, 0.0624, 0.1605)]
    [InlineData(0, 20, 0.0000, 0.1611)]
    [InlineData(1, 29, 0.0061, 0.1718)]
    public void Wilson_IsNewcombesPublishedTable(int count, int n, double low, double high) =>
        FigureAssert.Interval(low, (double)count / n, high, Proportions.Wilson(new(count, n)), 4);

    // The same table: a share of three times as many, which are worth no more than a third of them.
    [Theory]
    [InlineData(81, 263, 0.2553, 0.3662)]
    [InlineData(15, 148, 0.0624, 0.1605)]
    [InlineData(0, 20, 0.0000, 0.1611)]
    public void OfEffective_IsWilsonOfWhatTheyAreWorth(int count, int n, double low, double high) =>
        FigureAssert.Interval(low, (double)count / n, high, Proportions.OfEffective(new(3 * count, 3 * n), n), 4);

    [Fact]
    public void OfEffective_OfMoreThanWereCounted_IsRefused() =>
        Assert.Throws<ArgumentOutOfRangeException>(() => Proportions.OfEffective(new(1, 10), 10.1));

    // Newcombe 1998, Statistics in Medicine 17: 873-890, table II, method 10, examples (a) to (h).
    [Theory]
    [InlineData(56, 70, 48, 80, 0.0524, 0.3339)]
    [InlineData(9, 10, 3, 10, 0.1705, 0.8090)]
    [InlineData(6, 7, 2, 7, 0.0582, 0.8062)]
    [InlineData(5, 56, 0, 29, -0.0381, 0.1926)]
    [InlineData(0, 10, 0, 20, -0.1611, 0.2775)]
    [InlineData(0, 10, 0, 10, -0.2775, 0.2775)]
    [InlineData(10, 10, 0, 20, 0.6791, 1.0000)]
    [InlineData(10, 10, 0, 10, 0.6075, 1.0000)]
    public void NewcombeDifference_IsNewcombesPublishedTable(int a, int m, int b, int n, double low, double high) =>
        FigureAssert.Interval(
            low, (double)a / m - (double)b / n, high, Proportions.NewcombeDifference(new(a, m), new(b, n)), 4);

    [Fact]
    public void NewcombeDifference_TurnedRound_ChangesItsSignOnly()
    {
        var there = (Figure.Estimate)Proportions.NewcombeDifference(new(14, 28), new(120, 185));
        var back = (Figure.Estimate)Proportions.NewcombeDifference(new(120, 185), new(14, 28));

        Assert.Equal(there.Low, -back.High, 12);
        Assert.Equal(there.High, -back.Low, 12);
    }

    [Fact]
    public void OfNobody_NothingIsAvailable()
    {
        FigureAssert.Missing(Unavailable.NoPupils, Proportions.Wilson(new(0, 0)));
        FigureAssert.Missing(Unavailable.NoPupils, Proportions.NewcombeDifference(new(0, 0), new(1, 2)));
        FigureAssert.Missing(Unavailable.NoComparator, Proportions.NewcombeDifference(new(1, 2), new(0, 0)));
        FigureAssert.Missing(Unavailable.NoComparator, WholePupils.OfGap(new(1, 2), new Proportion(0, 0)));
        FigureAssert.Missing(Unavailable.NoPupils, WholePupils.OfGap(0, -15m));
        FigureAssert.Missing(Unavailable.NoPupils, Proportions.AcrossSchools([new(0, 0)]));
    }

    [Fact]
    public void EveryCountOfEverySmallGroup_GivesAnIntervalThatHoldsItsPoint()
    {
        for (var n = 1; n <= 40; n++)
        {
            for (var count = 0; count <= n; count++)
            {
                var interval = Assert.IsType<Figure.Estimate>(Proportions.Wilson(new(count, n)));
                Assert.InRange(interval.Middle, interval.Low, interval.High);
                Assert.InRange(interval.Low, 0, 1);
                Assert.InRange(interval.High, 0, 1);
            }
        }
    }

    [Theory]
    [InlineData(-1, 5)]
    [InlineData(6, 5)]
    [InlineData(0, -1)]
    public void AProportion_OfMoreThanThereAre_IsRefused(int count, int n) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new Proportion(count, n));

    // Pearson's chi-squared of 56/70 against 48/80 is 7.0234 by hand (104/150 pooled), p = .0080.
    [Fact]
    public void DifferenceProbability_IsPearsonsChiSquared()
    {
        FigureAssert.Value(0.0080, Proportions.DifferenceProbability(new(56, 70), new(48, 80)), 4);
        FigureAssert.Value(1, Proportions.DifferenceProbability(new(0, 7), new(0, 9)), 12);
    }

    [Fact] // The example of the design: 28 pupils × −15 percentage points = −4 pupils.
    public void WholePupils_RoundTowardZero()
    {
        FigureAssert.Value(-4, WholePupils.OfGap(28, -15m), 12);
        FigureAssert.Value(4, WholePupils.OfGap(28, 15m), 12);
        FigureAssert.Value(0, WholePupils.OfGap(6, -15m), 12);
        FigureAssert.Value(-4, WholePupils.OfGapToNational(new(14, 28), 65m), 12);
    }

    [Fact] // 10 × (7/10 − 4/10) is 2.9999999999999996 in doubles.
    public void WholePupils_AreExactWhereDoublesAreNot() =>
        FigureAssert.Value(3, WholePupils.OfGap(new(7, 10), new Proportion(4, 10)), 12);

    [Fact]
    public void AcrossSchools_WhenSchoolsDiffer_IsWiderThanPupilsAlone()
    {
        Proportion[] schools = [new(10, 40), new(30, 40), new(12, 40), new(35, 40), new(20, 40), new(33, 40)];
        var clustered = Assert.IsType<Figure.Estimate>(Proportions.AcrossSchools(schools));
        var simple = Assert.IsType<Figure.Estimate>(Proportions.Wilson(new(140, 240)));

        Assert.Equal(simple.Middle, clustered.Middle, 12);
        Assert.True(clustered.Low < simple.Low && clustered.High > simple.High);
        // By hand: p = 140/240; Σ(x − 23⅓)² = 591⅓; variance = 591⅓ × 6 ÷ 5 ÷ 240² = .0123194; simple variance .0010127;
        // design effect 12.165, effective pupils 19.729; t(5) = 2.5706: Wilson .3146 to .8103.
        FigureAssert.Interval(0.3146, 0.5833, 0.8103, clustered, 4);
    }

    [Fact]
    public void AcrossSchools_WhenAllAreAlike_IsNotNarrowerThanPupilsAlone()
    {
        var alike = Enumerable.Repeat(new Proportion(20, 40), 10).ToList();
        var clustered = Assert.IsType<Figure.Estimate>(Proportions.AcrossSchools(alike));
        var simple = Assert.IsType<Figure.Estimate>(Proportions.Wilson(new(200, 400)));

        Assert.True(clustered.Low <= simple.Low && clustered.High >= simple.High);
    }

    [Fact]
    public void AcrossSchools_CoversTheTruthAboutAsOftenAsItSays()
    {
        var random = new Random(20260901);
        var covered = 0;
        const int trusts = 2000;
        for (var trust = 0; trust < trusts; trust++)
        {
            // Ten schools of 45 pupils; a school's own share varies by ±.10 around .60.
            var schools = Enumerable.Range(0, 10).Select(_ =>
            {
                var share = 0.60 + 0.10 * (random.NextDouble() + random.NextDouble() + random.NextDouble() - 1.5) * 2;
                return new Proportion(Enumerable.Range(0, 45).Count(_ => random.NextDouble() < share), 45);
            }).ToList();
            var interval = (Figure.Estimate)Proportions.AcrossSchools(schools);
            if (interval.Low <= 0.60 && interval.High >= 0.60) covered++;
        }
        Assert.InRange((double)covered / trusts, 0.935, 0.98);
    }

    [Fact]
    public void AcrossSchools_OfOneSchool_IsNotAvailable() =>
        FigureAssert.Missing(Unavailable.TooFewSchools, Proportions.AcrossSchools([new(5, 10), new(0, 0)]));
}
