namespace GoldenThread.Statistics.Tests;

/// <summary>Figures over schools of which some are told only by their sum.</summary>
public class AcrossSchoolsTests
{
    private static readonly SchoolPart Nobody = new(0, 0);

    // Parts of ¼, ¼ and ½ of the pupils: Σx² = .375, Σx³ = .15625; factor 1 ÷ .625 = 1.6 on .625² ÷ (.375 − .3125 + .140625) = 1.9231 degrees of
    // freedom, t = 4.47186 (by numerical integration of the density). Share 90/160; Σ(x − pn)² = 12.5² + 7.5² + 5² = 237.5; variance
    // 1.6 × 237.5 ÷ 160² = .01484375; design effect 9.6508, effective pupils 16.579: Wilson .15993 to .89672.
    [Fact]
    public void Share_OfTwoSchoolsAndASum_IsTheFigureByHand() =>
        FigureAssert.Interval(0.15993, 0.5625, 0.89672, AcrossSchools.Share([new(10, 40), new(30, 40)], new(50, 80)), 4);

    // The same parts with means 95, 105 and 101.25: deviations −1.40625, 1.09375 and .3125; error √(1.6 × Σd²) = 2.28788.
    [Fact]
    public void Mean_OfTwoSchoolsAndASum_IsTheFigureByHand() => FigureAssert.Interval(
        90.3939, 100.625, 110.8561, AcrossSchools.Mean(new Sample(160, 100.625, 1), [new(3800, 40), new(4200, 40)], new SchoolPart(8100, 80)), 3);

    // 0.1 cannot be written in binary: the means of the schools differ by digits that were lost, which are no spread.
    [Fact]
    public void Mean_OfScoresThatAreAllAlike_HasNoSpreadFromDigitsLost()
    {
        SchoolPart[] schools = [new(100.1 * 7, 7), new(100.1 * 11, 11), new(100.1 * 13, 13)];

        var mean = Assert.IsType<Figure.Estimate>(AcrossSchools.Mean(new Sample(31, 100.1, 0), schools));

        Assert.Equal((100.1, 100.1, 100.1), (mean.Low, mean.Middle, mean.High));
    }

    [Fact]
    public void WithNobodyInTheSum_TheFigureIsThatOfTheSchools()
    {
        Proportion[] shares = [new(10, 40), new(30, 40), new(0, 0), new(20, 30)];
        SchoolPart[] means = [new(4000, 40), new(4400, 40), new(0, 0), new(2900, 30)];
        (SchoolPart, SchoolPart)[] sides = [(means[0], means[1]), (means[3], means[0])];
        var everybody = new Sample(110, 11300 / 110.0, 10);

        Assert.Equal(AcrossSchools.Share(shares), AcrossSchools.Share(shares, new(0, 0)));
        Assert.Equal(AcrossSchools.Mean(everybody, means), AcrossSchools.Mean(everybody, means, Nobody));
        Assert.Equal(
            AcrossSchools.Difference(Figure.Between(-1, 0, 1), sides), AcrossSchools.Difference(Figure.Between(-1, 0, 1), sides, (Nobody, Nobody)));
    }

    [Fact]
    public void WithNothingToTellHowSchoolsDiffer_ThereIsThePointAlone()
    {
        FigureAssert.Value(0.4, AcrossSchools.Share([new(0, 0)], new(16, 40)), 12);
        FigureAssert.Value(101, AcrossSchools.Mean(new Sample(40, 101, 10), [], new SchoolPart(4040, 40)), 12);
        // Every pupil of the group is in the sum: the schools that are told apart say nothing of how it varies.
        FigureAssert.Value(
            3, AcrossSchools.Difference(Figure.Between(1, 3, 5), [(Nobody, new(4000, 40)), (Nobody, new(4100, 40))], (new(2000, 20), new(3000, 30))), 12);
    }

    // Ten schools; the group sits in two of them, 6 and 14 of 20 each, and 57 of 60 others met it in every school. The deviations are −.1 and .1;
    // two schools tell of the group, as of its share: factor 2 on 1 degree of freedom, error √(2 × .02) = .2, t = 12.7062. Ten schools would make
    // of it √(10/9 × .02) × 2.26216 = .33724, and a gap where nobody can tell of one.
    [Fact]
    public void Difference_OfAGroupInTwoSchoolsOfTen_IsAsUnsureAsTwoSchoolsAre()
    {
        (SchoolPart, SchoolPart)[] schools =
            [(new(6, 20), new(57, 60)), (new(14, 20), new(57, 60)), .. Enumerable.Repeat((Nobody, new SchoolPart(57, 60)), 8)];

        FigureAssert.Interval(-0.45 - 2.54124, -0.45, -0.45 + 2.54124, AcrossSchools.Difference(Figure.Between(-0.6, -0.45, -0.3), schools), 4);
        FigureAssert.Interval(
            -0.45 - 2.54124, -0.45, -0.45 + 2.54124,
            AcrossSchools.Difference(Figure.Between(-0.6, -0.45, -0.3), schools[..9], schools[9]), 4);
    }

    // A side in one school says nothing of how schools differ in it: what sets the side apart and what sets the school apart are one number.
    [Fact]
    public void Difference_WhereASideIsInOneSchoolOfSeveral_IsThePointAlone()
    {
        var schools = Enumerable.Range(0, 10).Select(i => (i == 0 ? new SchoolPart(10, 20) : Nobody, new SchoolPart(i % 2 == 0 ? 20 : 40, 60))).ToArray();
        var simple = Figure.Between(-0.01, 0, 0.01);

        FigureAssert.Value(0, AcrossSchools.Difference(simple, schools), 12);
        FigureAssert.Value(0, AcrossSchools.Difference(simple, [.. schools.Select(school => (school.Item2, school.Item1))]), 12);
        FigureAssert.Value(0, AcrossSchools.Difference(simple, schools[..4], (Nobody, new SchoolPart(180, 360))), 12);
        FigureAssert.Value(0, AcrossSchools.Difference(simple, [(new(10, 20), Nobody), (Nobody, new(30, 60))]), 12);

        // One school that has both sides and is all there is: nothing is said of others.
        Assert.Equal(simple, AcrossSchools.Difference(simple, [schools[0], (Nobody, Nobody)]));
    }

    // Ten schools of 40 others each, whose means vary by 10 points; 40 pupils of a group that is like the others of its schools, spread over one, two,
    // three or all of them. An interval made of how the others differ would miss the truth for a group in one school nearly every other time.
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(10)]
    public void Difference_OfAGroupInSomeOfTenSchools_SeldomMissesTheTruth(int inSchools)
    {
        var random = new Random(20261123);
        var missed = 0;
        const int trusts = 2000;
        for (var trust = 0; trust < trusts; trust++)
        {
            var schools = Enumerable.Range(0, 10).Select(at =>
            {
                var (mean, n) = (100 + 10 * Normal(random), at < inSchools ? 40 / inSchools : 0);
                return (Group: MeanOf(n, mean, random), Others: MeanOf(40, mean, random));
            }).ToList();
            var (group, others) = (SumOf(schools.Select(s => s.Group)), SumOf(schools.Select(s => s.Others)));
            var gap = group.Sum / group.Pupils - others.Sum / others.Pupils;
            var simple = 1.96 * 15 * Math.Sqrt(1.0 / group.Pupils + 1.0 / others.Pupils);
            if (AcrossSchools.Difference(Figure.Between(gap - simple, gap, gap + simple), schools).Excludes(0)) missed++;
        }
        Assert.InRange((double)missed / trusts, 0, 0.05);
    }

    [Theory]
    [InlineData(2)]
    [InlineData(6)]
    [InlineData(8)]
    [InlineData(9)]
    public void Mean_WithSomeOfTenSchoolsInASum_CoversTheTruthAsOftenAsItSays(int together)
    {
        var random = new Random(20261122);
        var covered = 0;
        const int trusts = 4000;
        for (var trust = 0; trust < trusts; trust++)
        {
            // Ten schools of 40 pupils each, whose means vary by 5 points around 100.
            var schools = Enumerable.Range(0, 10).Select(_ => new SchoolPart(40 * (100 + 5 * Normal(random)), 40)).ToList();
            var interval = (Figure.Estimate)AcrossSchools.Mean(
                new Sample(400, schools.Sum(s => s.Sum) / 400, 1), schools[together..], SumOf(schools[..together]));
            if (interval.Low <= 100 && interval.High >= 100) covered++;
        }
        Assert.InRange((double)covered / trusts, 0.94, 0.965);
    }

    [Theory]
    [InlineData(3)]
    [InlineData(7)]
    public void Share_WithSomeOfTenSchoolsInASum_CoversTheTruthAtLeastAsOftenAsItSays(int together)
    {
        var random = new Random(20261122);
        var covered = 0;
        const int trusts = 2000;
        for (var trust = 0; trust < trusts; trust++)
        {
            // Schools of 20 to 70 pupils; a school's own share varies by .10 around .60.
            var schools = Enumerable.Range(0, 10).Select(_ =>
            {
                var (n, share) = (random.Next(20, 71), 0.60 + 0.10 * Normal(random));
                return new Proportion(Enumerable.Range(0, n).Count(_ => random.NextDouble() < share), n);
            }).ToList();
            var sum = new Proportion(schools[..together].Sum(s => s.Count), schools[..together].Sum(s => s.N));
            var interval = (Figure.Estimate)AcrossSchools.Share(schools[together..], sum);
            if (interval.Low <= 0.60 && interval.High >= 0.60) covered++;
        }
        Assert.InRange((double)covered / trusts, 0.94, 1);
    }

    [Theory]
    [InlineData(3)]
    [InlineData(7)]
    public void Difference_WithSomeOfTenSchoolsInASum_CoversTheTruthAboutAsOftenAsItSays(int together)
    {
        var random = new Random(20261122);
        var covered = 0;
        const int trusts = 4000;
        for (var trust = 0; trust < trusts; trust++)
        {
            // A school's group lies 4 points below the others, give or take 3; the school itself varies by 5.
            var schools = Enumerable.Range(0, 10).Select(_ =>
            {
                var (mean, gap) = (100 + 5 * Normal(random), -4 + 3 * Normal(random));
                return (Group: new SchoolPart(15 * (mean + gap), 15), Others: new SchoolPart(25 * mean, 25));
            }).ToList();
            var sum = (SumOf(schools[..together].Select(s => s.Group)), SumOf(schools[..together].Select(s => s.Others)));
            var interval = (Figure.Estimate)AcrossSchools.Difference(Figure.Between(-1e-9, 0, 1e-9), schools[together..], sum);
            if (interval.Low <= -4 && interval.High >= -4) covered++;
        }
        Assert.InRange((double)covered / trusts, 0.935, 0.975);
    }

    private static SchoolPart SumOf(IEnumerable<SchoolPart> schools)
    {
        var all = schools.ToList();
        return new(all.Sum(school => school.Sum), all.Sum(school => school.Pupils));
    }

    private static SchoolPart MeanOf(int pupils, double mean, Random random) =>
        new(pupils == 0 ? 0 : pupils * (mean + 15 / Math.Sqrt(pupils) * Normal(random)), pupils);

    // Box and Muller 1958.
    private static double Normal(Random random) =>
        Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());
}
