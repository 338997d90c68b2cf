using MathNet.Numerics.Distributions;

namespace GoldenThread.Statistics;

/// <summary>
/// The prior-score regression of one test on an earlier one for a year group, frozen: what a new result is judged by and what
/// is stored beside each status. Scores are in each test's own unit. See docs/statuses.md.
/// </summary>
public sealed record PriorScoreFit
{
    /// <summary>A fit as it was stored.</summary>
    /// <param name="n">Pupils with both scores.</param>
    /// <param name="slope">Points of the current test per point of the prior one.</param>
    /// <param name="intercept">In points of the current test.</param>
    /// <param name="residualSd">On n − 2, in points of the current test, above 0.</param>
    /// <param name="prior">Norm and reliability of the prior test.</param>
    /// <param name="current">Norm and reliability of the current test.</param>
    public PriorScoreFit(int n, double slope, double intercept, double residualSd, TestNorm prior, TestNorm current)
    {
        ArgumentNullException.ThrowIfNull(prior);
        ArgumentNullException.ThrowIfNull(current);
        ArgumentOutOfRangeException.ThrowIfLessThan(n, 3);
        if (!double.IsFinite(slope) || !double.IsFinite(intercept))
            throw new ArgumentOutOfRangeException(nameof(slope), "The coefficients of a fit are finite.");
        Measurement.CheckSd(residualSd);
        N = n;
        Slope = slope;
        Intercept = intercept;
        ResidualSd = residualSd;
        Prior = prior;
        Current = current;
    }

    /// <summary>Pupils with both scores.</summary>
    public int N { get; }

    /// <summary>Points of the current test per point of the prior one.</summary>
    public double Slope { get; }

    /// <summary>In points of the current test.</summary>
    public double Intercept { get; }

    /// <summary>Standard deviation of the residuals on n − 2, in points of the current test.</summary>
    public double ResidualSd { get; }

    /// <summary>Norm and reliability of the prior test.</summary>
    public TestNorm Prior { get; }

    /// <summary>Norm and reliability of the current test.</summary>
    public TestNorm Current { get; }

    /// <summary>
    /// Variance of a residual that is measurement error alone: SEM² of the current test + slope² × SEM² of the prior one.
    /// </summary>
    public double ErrorVariance =>
        Current.StandardError * Current.StandardError + Slope * Slope * Prior.StandardError * Prior.StandardError;

    /// <summary>
    /// Share of the residual variance that is true differences in progress, 0 to 1 (below 1).
    /// Source: O'Connor 1972, Review of Educational Research 42: 73–97.
    /// </summary>
    public double ResidualReliability => Math.Max(0, 1 - ErrorVariance / (ResidualSd * ResidualSd));

    /// <summary>Ordinary least squares over the pupils who have both scores, or why there is none.</summary>
    /// <param name="scores">(prior, current) per pupil.</param>
    /// <param name="prior">Norm and reliability of the prior test.</param>
    /// <param name="current">Norm and reliability of the current test.</param>
    /// <param name="minimumPupils">Below this many there is no fit.</param>
    /// <param name="fit">The fit, where there is one.</param>
    /// <param name="reason">Why there is none, where there is none.</param>
    public static bool TryFit(
        IReadOnlyCollection<(double Prior, double Current)> scores,
        TestNorm prior,
        TestNorm current,
        int minimumPupils,
        [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out PriorScoreFit? fit,
        [System.Diagnostics.CodeAnalysis.NotNullWhen(false)] out Unavailable? reason)
    {
        ArgumentNullException.ThrowIfNull(scores);
        fit = null;
        reason = scores.Count == 0 ? Unavailable.NoPupils
            : scores.Count < Math.Max(3, minimumPupils) ? Unavailable.TooFewPupils
            : null;
        if (reason is not null) return false;
        var meanPrior = scores.Average(score => score.Prior);
        var meanCurrent = scores.Average(score => score.Current);
        var squares = scores.Sum(score => (score.Prior - meanPrior) * (score.Prior - meanPrior));
        var products = scores.Sum(score => (score.Prior - meanPrior) * (score.Current - meanCurrent));
        var slope = squares == 0 ? 0 : products / squares;
        var intercept = meanCurrent - slope * meanPrior;
        var residualSquares = scores.Sum(score =>
        {
            var residual = score.Current - intercept - slope * score.Prior;
            return residual * residual;
        });
        var residualSd = Math.Sqrt(residualSquares / (scores.Count - 2));
        if (squares == 0 || residualSd <= 1e-9 * current.Sd)
        {
            reason = Unavailable.NoVariation;
            return false;
        }
        fit = new PriorScoreFit(scores.Count, slope, intercept, residualSd, prior, current);
        return true;
    }

    /// <summary>The score expected of a pupil with that prior score, in points of the current test.</summary>
    public double Predict(double priorScore) => Intercept + Slope * priorScore;

    /// <summary>Score less expected score, in points of the current test; above 0 is better than expected.</summary>
    public double Residual(double priorScore, double currentScore) => currentScore - Predict(priorScore);

    /// <summary>
    /// What the scores say about the pupil's true residual: a normal with mean ρ × residual and variance ρ × error variance,
    /// ρ being <see cref="ResidualReliability"/> (normal prior and normal error; Kelley's true-score estimate). Where ρ is 0
    /// nobody truly differs, and both probabilities are 0.
    /// </summary>
    public TrueResidual Judge(double priorScore, double currentScore)
    {
        var observed = Residual(priorScore, currentScore);
        var reliability = ResidualReliability;
        if (reliability == 0) return new TrueResidual(observed, 0, 0, 0, 0);
        var mean = reliability * observed;
        var sd = Math.Sqrt(reliability * ErrorVariance);
        var below = Normal.CDF(mean, sd, 0);
        return new TrueResidual(observed, mean, sd, below, 1 - below);
    }
}

/// <summary>A pupil's progress from the own start, with measurement error taken out. Points of the current test.</summary>
/// <param name="Observed">Score less expected score.</param>
/// <param name="Mean">Most likely true residual: the observed one, shrunk toward 0.</param>
/// <param name="Sd">How sure: standard deviation of the true residual, given the scores.</param>
/// <param name="ProbabilityBelow">P(true residual &lt; 0), 0 to 1.</param>
/// <param name="ProbabilityAbove">P(true residual &gt; 0), 0 to 1.</param>
public sealed record TrueResidual(
    double Observed, double Mean, double Sd, double ProbabilityBelow, double ProbabilityAbove);
