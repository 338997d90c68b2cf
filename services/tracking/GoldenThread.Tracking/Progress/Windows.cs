using System.Text.Json;
using GoldenThread.Statistics;

namespace GoldenThread.Tracking.Progress;

/// <summary>A test as far as statuses need it; a test without a norm or reliability takes no part in them.</summary>
public sealed class JudgedTest
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);
    private static readonly BandSet OneBand = new([new Band("", double.NegativeInfinity, IsLow: false)]);

    /// <summary>Reads a test of the copy.</summary>
    /// <param name="id">The test.</param>
    /// <param name="mean">Mean of the norm group; null where unknown.</param>
    /// <param name="sd">Standard deviation of the norm group; null where unknown.</param>
    /// <param name="reliability">Reliability, 0 to 1; null where unknown.</param>
    /// <param name="bands">The bands as JSON, low to high.</param>
    public JudgedTest(Guid id, decimal? mean, decimal? sd, decimal? reliability, string bands)
    {
        Id = id;
        Norm = mean is { } m && sd is > 0 and { } s && reliability is > 0 and < 1 and { } r ? new TestNorm((double)m, (double)s, (double)r) : null;
        var parsed = JsonSerializer.Deserialize<List<BandRow>>(bands, Json)!;
        HasBands = parsed.Count > 0;
        Bands = HasBands
            ? new BandSet(parsed.Select((band, i) => new Band(band.Name, i == 0 ? double.NegativeInfinity : (double)band.From, band.IsLow)))
            : OneBand;
    }

    /// <summary>The test.</summary>
    public Guid Id { get; }

    /// <summary>Norm and reliability; null where the test declares none.</summary>
    public TestNorm? Norm { get; }

    /// <summary>Its bands; one without a name where it has none.</summary>
    public BandSet Bands { get; }

    /// <summary>Whether it has bands of its own.</summary>
    public bool HasBands { get; }

    private sealed record BandRow(string Name, decimal From, bool IsLow);
}

/// <summary>What a pupil brought to one window in one subject.</summary>
/// <param name="CollectionId">The window.</param>
/// <param name="DueOn">The day on which it was due.</param>
/// <param name="SchoolUrn">Where it was sat.</param>
/// <param name="YearGroup">National Curriculum year at the sitting.</param>
/// <param name="Test">The test.</param>
/// <param name="Score">The score; null where a code stands instead.</param>
/// <param name="SatOn">The day on which it was sat.</param>
/// <param name="RecordedAt">When the result was recorded.</param>
public sealed record Window(
    Guid CollectionId, DateOnly DueOn, int SchoolUrn, string YearGroup, JudgedTest Test, double? Score, DateOnly SatOn, DateTimeOffset RecordedAt)
{
    /// <summary>The window as the rule takes it; null where it has no score on a test with a norm.</summary>
    public ScoredWindow? Scored => Score is { } score && Test.Norm is { } norm ? new ScoredWindow(score, norm, Test.Bands.Of(score)) : null;
}

/// <summary>One version of a fit.</summary>
/// <param name="Version">Its number.</param>
/// <param name="CollectionId">The collection whose lock froze it.</param>
/// <param name="DueOn">The day on which that was due.</param>
/// <param name="Fit">The fit.</param>
public sealed record FrozenFit(int Version, Guid CollectionId, DateOnly DueOn, PriorScoreFit Fit);

/// <summary>Frozen fits. Tests come back each year, and with them the pair of a fit: each cohort is judged by its own.</summary>
public sealed class Fits(ILookup<(Guid Prior, Guid Current, string YearGroup), FrozenFit> frozen)
{
    /// <summary>
    /// The fit from an earlier test to the window's: the one frozen from its own collection; while there is none, that of the latest collection
    /// before it; null where there is neither. Never a later one: what was judged is not judged again by those who came after.
    /// </summary>
    public FrozenFit? Find(Guid prior, Window window) => frozen[(prior, window.Test.Id, window.YearGroup)]
        .Where(fit => fit.CollectionId == window.CollectionId || fit.DueOn < window.DueOn)
        .OrderByDescending(fit => fit.CollectionId == window.CollectionId).ThenByDescending(fit => fit.DueOn).ThenByDescending(fit => fit.Version)
        .FirstOrDefault();
}

/// <summary>A status that was judged.</summary>
/// <param name="Window">The window it is judged at.</param>
/// <param name="Progress">The status and what it rests on.</param>
/// <param name="Band">Band of the score; null without a score or without bands.</param>
/// <param name="FitVersion">Version of the fit the residual came from; null without one.</param>
public sealed record Judgement(Window Window, Statistics.Progress Progress, string? Band, int? FitVersion);

/// <summary>Judges a pupil's windows in a subject, each by what came before it: docs/statuses.md, pure.</summary>
public static class Judging
{
    /// <summary>One judgement per window.</summary>
    /// <param name="windows">The pupil's windows in the subject, oldest first.</param>
    /// <param name="fits">Frozen fits.</param>
    /// <param name="rule">Parameters of the rule.</param>
    public static IEnumerable<Judgement> Judge(IReadOnlyList<Window> windows, Fits fits, ProgressRule rule)
    {
        var earlier = new List<(Window Window, ScoredWindow Scored)>();
        foreach (var window in windows)
        {
            var scored = window.Scored;
            yield return JudgeOne(window, scored, Before(window, earlier), fits, rule);
            if (scored is not null)
            {
                earlier.Add((window, scored));
            }
        }
    }

    /// <summary>
    /// Scored windows due before this one, the latest first. Of several due on one day none comes before the other, and one counts: that of the test
    /// of this window, then the one sat later.
    /// </summary>
    private static List<(Window Window, ScoredWindow Scored)> Before(Window window, List<(Window Window, ScoredWindow Scored)> earlier) =>
    [
        .. earlier.Where(e => e.Window.DueOn < window.DueOn).GroupBy(e => e.Window.DueOn).OrderByDescending(day => day.Key).Select(day => day
            .OrderByDescending(e => e.Window.Test.Id == window.Test.Id)
            .ThenByDescending(e => e.Window.SatOn)
            .ThenByDescending(e => e.Window.RecordedAt)
            .First()),
    ];

    private static Judgement JudgeOne(
        Window window, ScoredWindow? scored, List<(Window Window, ScoredWindow Scored)> earlier, Fits fits, ProgressRule rule)
    {
        var fromLast = earlier.Count > 0 ? fits.Find(earlier[0].Window.Test.Id, window) : null;
        // Of a test sat twice before, the fit is from the second time.
        var fromLastButOne = earlier.Count > 1 && earlier[1].Window.Test.Id != earlier[0].Window.Test.Id ? fits.Find(earlier[1].Window.Test.Id, window) : null;
        var progress = ProgressDecision.Decide(scored, earlier.Select(e => e.Scored).ToList(), fromLast?.Fit, fromLastButOne?.Fit, rule);
        var version = progress.PointsSpanned switch
        {
            3 => fromLastButOne?.Version,
            2 => fromLast?.Version,
            _ => null,
        };
        return new(window, progress, scored is not null && window.Test.HasBands ? scored.Band.Code : null, version);
    }
}
