using GoldenThread.Statistics;
using GoldenThread.Tracking.Progress;

namespace GoldenThread.Tracking.Tests;

/// <summary>Which fit a window is judged by: tests come back each year, and each cohort has its own.</summary>
public sealed class FitTests
{
    private const string Year = "4";
    private static readonly TestNorm Norm = new(100, 15, 0.9);
    private static readonly JudgedTest Autumn = Test();
    private static readonly JudgedTest Spring = Test();
    private static readonly (Guid Id, DateOnly Due) LastYear = (Guid.NewGuid(), new(2025, 3, 28));
    private static readonly (Guid Id, DateOnly Due) ThisYear = (Guid.NewGuid(), new(2026, 3, 27));

    [Fact]
    public void Window_IsJudgedByTheFitOfItsOwnCollection_WhateverWasFittedSince()
    {
        var fits = Of(Fit(1, LastYear, 10), Fit(2, ThisYear, 7));

        // 117 after 100: 17 above last year's fit (P of truly above .946), 20 above this year's (.971).
        Assert.Equal((ProgressStatus.OnTrack, 1), Judged(fits, LastYear, 117));
        Assert.Equal((ProgressStatus.Exceeding, 2), Judged(fits, ThisYear, 117));

        // Last year's collection was unlocked and locked again: the newest version, and still not this year's.
        var again = Of(Fit(1, LastYear, 10), Fit(2, ThisYear, 7), Fit(3, LastYear, 10.5));
        Assert.Equal((ProgressStatus.OnTrack, 3), Judged(again, LastYear, 117));
        Assert.Equal((ProgressStatus.Exceeding, 2), Judged(again, ThisYear, 117));
    }

    [Fact]
    public void Window_OfACollectionNotLockedYet_IsJudgedByTheLatestBefore_AndByNoneAfter()
    {
        Assert.Equal((ProgressStatus.OnTrack, 1), Judged(Of(Fit(1, LastYear, 10)), ThisYear, 117));
        Assert.Equal((ProgressStatus.NoData, null), Judged(Of(Fit(1, ThisYear, 7)), LastYear, 117));
    }

    [Fact]
    public void TestSatTwiceBefore_IsNoBaseForThreeWindows_SinceItsFitIsFromTheSecondTime()
    {
        // A growth of 6 marks a window. The fit pairs each score with the one before it, not with the one before that.
        var reading = Test();
        var windows = new[] { 94d, 100d, 106d }.Select((score, at) => Window(reading, (Guid.NewGuid(), LastYear.Due.AddMonths(at)), score)).ToList();
        var fit = new FrozenFit(1, windows[2].CollectionId, windows[2].DueOn, new PriorScoreFit(200, 0.9, 16, 8, Norm, Norm));
        var fits = new Fits(new[] { fit }.ToLookup(_ => (reading.Id, reading.Id, Year)));

        var last = Judging.Judge(windows, fits, ProgressRule.Default).Last();

        Assert.Equal((ProgressStatus.OnTrack, 2), (last.Progress.Status, last.Progress.PointsSpanned));
        Assert.Equal(0, last.Progress.Residual!.Mean, 9);
    }

    [Fact]
    public void Windows_DueOnOneDay_AreNotJudgedByEachOther()
    {
        // 120 and 94 on one day, after 105: neither is a fall from the other, whichever of the two is listed first.
        var (reading, before) = (Test(), Window(Test(), (Guid.NewGuid(), LastYear.Due.AddMonths(-3)), 105));
        Window[] sameDay = [Window(reading, LastYear, 120), Window(reading, (Guid.NewGuid(), LastYear.Due), 94)];

        foreach (var windows in new[] { sameDay, [.. sameDay.Reverse()] })
        {
            var judged = Judging.Judge([before, .. windows], Of(), ProgressRule.Default).Skip(1).Select(each => each.Progress.Status);
            Assert.Equal([ProgressStatus.NoData, ProgressStatus.NoData], judged);
        }
    }

    [Fact]
    public void WindowsDueOnOneDay_AreOnePointForTheNext_ThatOfItsOwnTest_ThenTheOneSatLater_InWhateverOrderTheyAreListed()
    {
        var (reading, other) = (Test(), Test());
        var before = Window(Autumn, (Guid.NewGuid(), LastYear.Due.AddMonths(-3)), 100);
        var next = Window(reading, (Guid.NewGuid(), LastYear.Due.AddMonths(3)), 100);
        var ofItsTest = Window(reading, (Guid.NewGuid(), LastYear.Due), 100) with { SatOn = LastYear.Due.AddDays(-9) };
        var fits = new Fits(new[] { Autumn, reading }.ToLookup(test => (test.Id, reading.Id, Year), _ => Fit(1, (next.CollectionId, next.DueOn), 10)));

        // 130 on another test of that day: a fall of two SDs, were it the point before.
        AssertBefore(next, [ofItsTest, Window(other, (Guid.NewGuid(), LastYear.Due), 130)], ProgressStatus.OnTrack, 3);

        // Neither is of its test: the one sat later is the point, and from that test there is no fit.
        Window[] ofOthers = [Window(other, (Guid.NewGuid(), LastYear.Due), 130), Window(Test(), (Guid.NewGuid(), LastYear.Due), 100) with { SatOn = LastYear.Due.AddDays(-9) }];
        AssertBefore(next, ofOthers, ProgressStatus.FallingBehind, 3);

        void AssertBefore(Window judged, Window[] sameDay, ProgressStatus status, int points)
        {
            foreach (var windows in new[] { sameDay, [.. sameDay.Reverse()] })
            {
                var last = Judging.Judge([before, .. windows, judged], fits, ProgressRule.Default).Last();
                Assert.Equal((status, points), (last.Progress.Status, last.Progress.PointsSpanned));
            }
        }
    }

    private static (ProgressStatus, int?) Judged(Fits fits, (Guid Id, DateOnly Due) collection, double score)
    {
        Window[] windows = [Window(Autumn, (Guid.NewGuid(), collection.Due.AddMonths(-3)), 100), Window(Spring, collection, score)];
        var last = Judging.Judge(windows, fits, ProgressRule.Default).Last();
        return (last.Progress.Status, last.FitVersion);
    }

    private static Window Window(JudgedTest test, (Guid Id, DateOnly Due) collection, double score) =>
        new(collection.Id, collection.Due, 900_001, Year, test, score, collection.Due.AddDays(-7), new DateTimeOffset(collection.Due, default, TimeSpan.Zero));

    private static FrozenFit Fit(int version, (Guid Id, DateOnly Due) collection, double intercept) =>
        new(version, collection.Id, collection.Due, new PriorScoreFit(200, 0.9, intercept, 8, Norm, Norm));

    private static Fits Of(params FrozenFit[] fits) => new(fits.ToLookup(_ => (Autumn.Id, Spring.Id, Year)));

    private static JudgedTest Test() => new(Guid.NewGuid(), 100, 15, 0.9m, "[]");
}
