namespace GoldenThread.Statistics;

/// <summary>What the rule does when nobody's true standing changes: shares of pupils per subject and window, 0 to 1.</summary>
/// <param name="Pupils">How many were simulated; the standard error of a share p is √(p (1 − p) ÷ pupils).</param>
/// <param name="False">
/// Flags (falling, stuck, slow) that the same rule would not raise on scores without error. At most 5% is our promise.
/// </param>
/// <param name="TrulyLow">Stuck, and rightly: the true score lies in that low band.</param>
/// <param name="Exceeding">Called exceeding, which is false too, but asks nobody to act.</param>
/// <param name="Naive">What a naive rule flags: low in both of the last windows, or down a band in the last step.</param>
public sealed record FalseFlagRates(int Pupils, double False, double TrulyLow, double Exceeding, double Naive);

/// <summary>The expected rate of false flags, computed for a test's own norm, reliability and bands.</summary>
public static class FalseFlags
{
    /// <summary>
    /// Simulates three windows of one test in which true scores stay as they are: normal with variance reliability × SD²,
    /// and independent normal errors. The fits are those that such data give: slope = reliability, residual variance
    /// = SD² × (1 − reliability²). See docs/statuses.md, "Expected false flags".
    /// </summary>
    /// <param name="norm">The test's norm and reliability.</param>
    /// <param name="bands">The test's bands.</param>
    /// <param name="rule">The parameters of the rule.</param>
    /// <param name="random">Seeded by the caller, so that the same figure comes again.</param>
    /// <param name="pupils">How many to simulate; 100,000 give a standard error under a tenth of a percentage point.</param>
    public static FalseFlagRates Expect(
        TestNorm norm, BandSet bands, ProgressRule rule, Random random, int pupils = 100_000)
    {
        ArgumentNullException.ThrowIfNull(norm);
        ArgumentNullException.ThrowIfNull(bands);
        ArgumentNullException.ThrowIfNull(rule);
        ArgumentNullException.ThrowIfNull(random);
        ArgumentOutOfRangeException.ThrowIfLessThan(pupils, 1);
        var fit = FitWhenNobodyChanges(norm);
        int falseFlags = 0, trulyLow = 0, exceeding = 0, naive = 0;
        for (var pupil = 0; pupil < pupils; pupil++)
        {
            var trueScore = norm.Mean + norm.Sd * Math.Sqrt(norm.Reliability) * StandardNormal(random);
            var lastButOne = Sit(trueScore, norm, bands, random);
            var last = Sit(trueScore, norm, bands, random);
            var current = Sit(trueScore, norm, bands, random);
            var status = ProgressDecision.Decide(current, [last, lastButOne], fit, fit, rule).Status;
            var isTrulyLow = status == ProgressStatus.Stuck && bands.Of(trueScore).Code == current.Band.Code;
            var isFlagged = status is ProgressStatus.FallingBehind or ProgressStatus.Stuck or ProgressStatus.SlowMoving;
            var isNaivelyFlagged = (last.Band.IsLow && current.Band.IsLow) || current.Band.From < last.Band.From;
            if (isTrulyLow) trulyLow++;
            if (isFlagged && !isTrulyLow) falseFlags++;
            if (status == ProgressStatus.Exceeding) exceeding++;
            if (isNaivelyFlagged) naive++;
        }
        double all = pupils;
        return new FalseFlagRates(pupils, falseFlags / all, trulyLow / all, exceeding / all, naive / all);
    }

    private static PriorScoreFit FitWhenNobodyChanges(TestNorm norm)
    {
        var r = norm.Reliability;
        return new PriorScoreFit(
            n: int.MaxValue,
            slope: r,
            intercept: norm.Mean * (1 - r),
            residualSd: norm.Sd * Math.Sqrt(1 - r * r),
            prior: norm,
            current: norm);
    }

    private static ScoredWindow Sit(double trueScore, TestNorm norm, BandSet bands, Random random)
    {
        var score = trueScore + norm.StandardError * StandardNormal(random);
        return new ScoredWindow(score, norm, bands.Of(score));
    }

    /// <summary>Box and Muller 1958.</summary>
    private static double StandardNormal(Random random) =>
        Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());
}
