namespace GoldenThread.Statistics;

/// <summary>A pupil's progress in a subject at a window. Exactly one applies; see docs/statuses.md.</summary>
public enum ProgressStatus
{
    /// <summary>Nothing can be said, and why is known. Never read as on track.</summary>
    NoData,

    /// <summary>A decline that measurement error does not explain.</summary>
    FallingBehind,

    /// <summary>In the same low band again, and no growth from the own start to be seen.</summary>
    Stuck,

    /// <summary>Less growth than pupils with the same start, reliably, over three points or more.</summary>
    SlowMoving,

    /// <summary>More growth than pupils with the same start, reliably.</summary>
    Exceeding,

    /// <summary>None of these.</summary>
    OnTrack,
}

/// <summary>Why there is no status.</summary>
public enum NoDataReason
{
    /// <summary>No score in the window that is judged.</summary>
    NoScore,

    /// <summary>No score in any window before it.</summary>
    NoPriorScore,

    /// <summary>No frozen fit from either earlier test to this one.</summary>
    NoFit,
}

/// <summary>The parameters of the rule; they are kept with every status.</summary>
public sealed record ProgressRule
{
    /// <summary>The rule of docs/statuses.md.</summary>
    public static ProgressRule Default { get; } = new();

    /// <summary>Standard errors of the difference beyond which a decline is reliable; 1.96 is 95%, two-sided.</summary>
    public double DeclineZ { get; init; } = 1.96;

    /// <summary>Standard errors of the difference beyond which one step counts as a fall.</summary>
    public double FallZ { get; init; } = 1.0;

    /// <summary>Probability from which a true residual is said to be below or above 0; above 0.5 and below 1.</summary>
    public double Certainty { get; init; } = 0.95;

    /// <summary>Scored windows in one low band from which a pupil may be stuck, the judged one included; 2 or more.</summary>
    public int StuckWindows { get; init; } = 2;

    /// <summary>Scored windows that the residual must span before a pupil is called slow: 2 or 3.</summary>
    public int SlowPoints { get; init; } = 3;

    /// <summary>Pupils with both scores below whom there is no fit.</summary>
    public int MinimumFitPupils { get; init; } = 30;
}

/// <summary>A pupil's score in one window.</summary>
/// <param name="Score">In the unit of the window's test.</param>
/// <param name="Norm">Norm and reliability of that test.</param>
/// <param name="Band">The score's band in that test's band set.</param>
public sealed record ScoredWindow(double Score, TestNorm Norm, Band Band);

/// <summary>A status with what it rests on.</summary>
/// <param name="Status">Exactly one.</param>
/// <param name="Reason">Why there is no status; null where there is one.</param>
/// <param name="Residual">Progress from the own start; null where no fit applied or none was needed.</param>
/// <param name="PointsSpanned">Scored windows that the residual spans: 3, 2, or 0 without a residual.</param>
public sealed record Progress(ProgressStatus Status, NoDataReason? Reason, TrueResidual? Residual, int PointsSpanned);

/// <summary>The decision of docs/statuses.md, pure: scores, frozen fits and parameters in, one status out.</summary>
public static class ProgressDecision
{
    /// <summary>Judges one pupil in one subject at one window.</summary>
    /// <param name="current">The score of the judged window; null where there is none.</param>
    /// <param name="earlier">The pupil's scored windows before it, the latest first. Windows without a score are left out.</param>
    /// <param name="fitFromLast">Frozen fit from the test of <c>earlier[0]</c> to the current one; null where there is none.</param>
    /// <param name="fitFromLastButOne">The same from the test of <c>earlier[1]</c>.</param>
    /// <param name="rule">The parameters.</param>
    public static Progress Decide(
        ScoredWindow? current,
        IReadOnlyList<ScoredWindow> earlier,
        PriorScoreFit? fitFromLast,
        PriorScoreFit? fitFromLastButOne,
        ProgressRule rule)
    {
        ArgumentNullException.ThrowIfNull(earlier);
        ArgumentNullException.ThrowIfNull(rule);
        if (current is null) return Nothing(NoDataReason.NoScore);
        if (earlier.Count == 0) return Nothing(NoDataReason.NoPriorScore);

        var (residual, points) = ResidualOverTheLongestSpan(current, earlier, fitFromLast, fitFromLastButOne);
        if (HasFallen(current, earlier, rule)) return new Progress(ProgressStatus.FallingBehind, null, residual, points);
        if (residual is null) return Nothing(NoDataReason.NoFit);

        var above = residual.ProbabilityAbove >= rule.Certainty;
        var below = residual.ProbabilityBelow >= rule.Certainty;
        var status = IsHeldInALowBand(current, earlier, rule) && !above ? ProgressStatus.Stuck
            : below && points >= rule.SlowPoints ? ProgressStatus.SlowMoving
            : above ? ProgressStatus.Exceeding
            : ProgressStatus.OnTrack;
        return new Progress(status, null, residual, points);
    }

    private static Progress Nothing(NoDataReason reason) => new(ProgressStatus.NoData, reason, null, 0);

    private static (TrueResidual? Residual, int Points) ResidualOverTheLongestSpan(
        ScoredWindow current,
        IReadOnlyList<ScoredWindow> earlier,
        PriorScoreFit? fitFromLast,
        PriorScoreFit? fitFromLastButOne)
    {
        if (earlier.Count >= 2 && fitFromLastButOne is not null)
            return (fitFromLastButOne.Judge(earlier[1].Score, current.Score), 3);
        return fitFromLast is null ? (null, 0) : (fitFromLast.Judge(earlier[0].Score, current.Score), 2);
    }

    private static bool HasFallen(ScoredWindow current, IReadOnlyList<ScoredWindow> earlier, ProgressRule rule)
    {
        var last = earlier[0];
        if (DropExceeds(last, current, rule.DeclineZ)) return true;
        if (earlier.Count < 2) return false;
        var lastButOne = earlier[1];
        return DropExceeds(lastButOne, last, rule.FallZ)
            && DropExceeds(last, current, rule.FallZ)
            && DropExceeds(lastButOne, current, rule.DeclineZ);
    }

    /// <summary>In standings, so that it holds between tests on different scales.</summary>
    private static bool DropExceeds(ScoredWindow from, ScoredWindow to, double standardErrors)
    {
        var drop = from.Norm.Standing(from.Score) - to.Norm.Standing(to.Score);
        var error = Math.Sqrt(1 - from.Norm.Reliability + (1 - to.Norm.Reliability));
        return drop > standardErrors * error;
    }

    private static bool IsHeldInALowBand(ScoredWindow current, IReadOnlyList<ScoredWindow> earlier, ProgressRule rule)
    {
        var before = rule.StuckWindows - 1;
        return current.Band.IsLow
            && earlier.Count >= before
            && earlier.Take(before).All(window => window.Band.Code == current.Band.Code);
    }
}
