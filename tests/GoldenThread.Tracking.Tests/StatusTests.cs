using Dapper;
using GoldenThread.ServiceDefaults;
using GoldenThread.TestSupport;
using GoldenThread.Tracking.Events.V1;
using GoldenThread.Tracking.Progress;
using GoldenThread.Tracking.Results;
using GoldenThread.Tracking.V1;
using GoldenThread.Type.V1;
using Grpc.Core;
using static GoldenThread.TestSupport.Refusals;
using Status = GoldenThread.Tracking.V1.Status;

namespace GoldenThread.Tracking.Tests;

/// <summary>A result is recorded, and the pupil's status is the one that docs/statuses.md gives, whatever the order in which things are told.</summary>
public sealed class StatusTests(TrackingHouse house)
{
    private const int Fitting = 40;

    [Fact]
    public async Task Status_OfAFirstScore_IsNoData_ForWantOfAnEarlierOne()
    {
        var cohort = await Cohort.OfAsync(house, 1);
        await cohort.AddWindowAsync();

        await cohort.RecordAsync(0, [(0, 101m)]);

        var status = await TheStatusAsync(cohort, 0, 0, ProgressStatus.NoData);
        Assert.Equal(("no-prior-score", "middle"), (status.Reason, status.Band));
    }

    [Fact]
    public async Task Status_AfterADeclineThatErrorDoesNotExplain_IsFallingBehind_WithoutAnyFit()
    {
        // The limit is 1.96 × √(2 × 0.1) × 15 = 13.15 points.
        var cohort = await Cohort.OfAsync(house, 2);
        await cohort.AddWindowAsync();
        await cohort.AddWindowAsync();
        await cohort.RecordAsync(0, [(0, 114m), (1, 114m)]);

        await cohort.RecordAsync(1, [(0, 100m), (1, 101m)]);

        await TheStatusAsync(cohort, 0, 1, ProgressStatus.FallingBehind);
        Assert.Equal("no-fit", (await TheStatusAsync(cohort, 1, 1, ProgressStatus.NoData)).Reason);
    }

    [Fact]
    public async Task Status_OnceTheCollectionLocks_RestsOnAFrozenFit_AndSaysWhich()
    {
        var (cohort, first, second) = await FittedAsync();

        var status = await TheStatusAsync(cohort, 5, second, ProgressStatus.OnTrack);

        // A residual is shown with its interval, never as a bare number.
        Assert.Equal((1, 2), (status.FitVersion, status.PointsSpanned));
        Assert.True(status.Residual.Estimate.Low < status.Residual.Estimate.Point && status.Residual.Estimate.Point < status.Residual.Estimate.High);
        Assert.Equal(ProgressStatus.NoData, (await StatusAsync(cohort, 5, first))!.Status_);

        // Locked again with nothing changed there is no new version; after a correction there is, and the old one stays as it was.
        Task<long> VersionsAsync() =>
            house.ScalarAsync<long>("select count(*) from prior_score_fit where current_test_id = @test", new { test = cohort.Test(second) });
        await cohort.LockAsync(second, version: 4);
        Assert.Equal(1, await VersionsAsync());
        await cohort.RecordAsync(second, [(5, Current(5) + 1)]);
        await cohort.LockAsync(second, version: 6);
        await Eventually.Async(async () => Assert.Equal(2, (await StatusAsync(cohort, 5, second))!.FitVersion));
        Assert.Equal(2, await VersionsAsync());
    }

    [Fact]
    public async Task Fit_OfWhichTooFewPairsAreLeft_IsInForceNoMore_UntilThereAreEnoughAgain()
    {
        var (cohort, _, second) = await FittedAsync(pupils: 31);
        Assert.Equal(1, (await TheStatusAsync(cohort, 5, second, ProgressStatus.OnTrack)).FitVersion);

        // Two scores are withdrawn: 29 pairs are left.
        await cohort.RecordCodeAsync(second, 29, "A");
        await cohort.RecordCodeAsync(second, 30, "A");
        await cohort.LockAsync(second, version: 4);
        await Eventually.Async(async () => Assert.Equal(("no-fit", false), await FitOfAsync(5)));

        await cohort.RecordAsync(second, [(29, Current(29)), (30, Current(30))]);
        await cohort.LockAsync(second, version: 6);
        await Eventually.Async(async () => Assert.Equal(("", true), await FitOfAsync(5)));

        async Task<(string Reason, bool HasFit)> FitOfAsync(int pupil)
        {
            var status = (await StatusAsync(cohort, pupil, second))!;
            return (status.Reason, status.HasFitVersion);
        }
    }

    [Fact]
    public async Task Fits_ThatRestOnATest_AreDueWhenItsReliabilityIsCorrected_AndNoOthers()
    {
        var (cohort, first, second) = await FittedAsync();
        var other = await Cohort.OfAsync(house, 1);
        for (var window = 0; window < 3; window++)
        {
            await other.AddWindowAsync();
        }

        await other.RecordAsync(2, [(0, 100m)]);
        await other.LockAsync(2);
        await cohort.LockAsync(first);
        Guid[] collections = [.. new[] { cohort.Collection(first), cohort.Collection(second), other.Collection(2) }.Select(Guid.Parse)];

        // The second collection rests on the first test too, the first one not on the second; the other is due later and has nothing of either.
        Assert.Equal(collections[..2].Order(), (await DueAfterAsync(cohort.Test(first))).Order());
        Assert.Equal([collections[1]], await DueAfterAsync(cohort.Test(second)));

        async Task<IEnumerable<Guid>> DueAfterAsync(Guid test)
        {
            using var signal = new OutboxSignal();
            await using var work = await new Works(house.Database, signal).BeginAsync(Caller.Service("tracking"), "test", TestContext.Current.CancellationToken);
            await work.Connection.ExecuteAsync(work.Command("delete from refit_due", null, TestContext.Current.CancellationToken));
            Assert.True(await new ResultCopyStore().SaveAsync(work, Cohort.TestOf(cohort.Subject, test, version: 2, reliability: 0.8m), TestContext.Current.CancellationToken));
            return await work.Connection.QueryAsync<Guid>(work.Command(
                "select collection_id from refit_due where collection_id = any (@collections)", new { collections }, TestContext.Current.CancellationToken));
        }
    }

    [Fact]
    public async Task Fit_OfTheSameTestsAYearLater_LeavesWhatWasJudgedAsItWas()
    {
        var (cohort, first, second) = await FittedAsync();
        await TheStatusAsync(cohort, 5, second, ProgressStatus.OnTrack);
        var again = await cohort.AddWindowAsync(tellTest: false, test: cohort.Test(first));
        var last = await cohort.AddWindowAsync(tellTest: false, test: cohort.Test(second));
        await cohort.RecordAsync(again, Enumerable.Range(0, Fitting).Select(at => (at, Prior(at))));
        await cohort.RecordAsync(last, Enumerable.Range(0, Fitting).Select(at => (at, Current(at, change: 12))));
        await cohort.LockAsync(last);

        var pair = new { prior = cohort.Test(first), current = cohort.Test(second) };
        await Eventually.Async(async () => Assert.Equal(2, await house.ScalarAsync<long>(
            "select count(*) from prior_score_fit where prior_test_id = @prior and current_test_id = @current", pair)));
        // A correction has all of the pupil's windows judged anew.
        const string Version = "select version from progress_status where pupil_id = @pupil and collection_id = @collection";
        var judged = new { pupil = cohort[5], collection = Guid.Parse(cohort.Collection(second)) };
        var before = await house.ScalarAsync<long>(Version, judged);
        await cohort.RecordAsync(first, [(5, Prior(5) + 1)]);
        await Eventually.Async(async () => Assert.NotEqual(before, await house.ScalarAsync<long>(Version, judged)));

        Assert.Equal(1, (await StatusAsync(cohort, 5, second))!.FitVersion);
    }

    [Fact]
    public async Task Judgement_BesideATest_DoesNotTakeTheScoresPlace()
    {
        var cohort = await Cohort.OfAsync(house, 1);
        var (before, window) = (await cohort.AddWindowAsync(), await cohort.AddWindowAsync());
        var judgement = await cohort.AddWindowAsync(scale: "steps", reliability: null);
        await cohort.RecordAsync(before, [(0, 115m)]);
        var judged = cohort.Row(window, 0, 3m) with { ResultId = Guid.CreateVersion7(), TestId = cohort.Test(judgement), SatOn = new(2025, 10, 31) };
        await cohort.TellAsync([judged]);
        await house.KnownAsync("select count(*) from result_copy where result_id = @ResultId", new { judged.ResultId });

        await cohort.RecordAsync(window, [(0, 95m)]);

        await TheStatusAsync(cohort, 0, window, ProgressStatus.FallingBehind);
    }

    [Fact]
    public async Task Shares_CountWhoSatAtAnotherSchool_WhereTheyAreExpected()
    {
        var (here, there) = (await Cohort.OfAsync(house, 2), await Cohort.OfAsync(house, 1));
        await here.AddWindowAsync();
        await here.AddWindowAsync();
        await here.RecordAsync(0, [(0, 110m), (1, 110m)]);
        await here.RecordAsync(1, [(1, 110m)]);
        var elsewhere = here.Row(1, 0, 80m) with { SchoolUrn = there.Urn };
        await here.TellAsync([elsewhere]);
        await house.KnownAsync("select count(*) from progress_status where pupil_id = @pupil and status = 2", new { pupil = here[0] });

        var shares = await house.Lead.Progress.GetStatusSharesAsync(Shares(here, 1), house.Lead.Headers);

        Assert.Equal((2, 1, 1), (shares.Expected, Of(shares, ProgressStatus.FallingBehind), Of(shares, ProgressStatus.NoData)));
    }

    [Fact]
    public async Task Shares_CountWhatWasSatBeforeThePupilCame()
    {
        // Sat on 25 October, moved on the 28th, due on 1 November.
        var cohort = await Cohort.OfAsync(house, 2);
        var there = await house.SchoolAsync();
        await cohort.AddWindowAsync();
        await cohort.AddWindowAsync();
        await cohort.RecordAsync(0, [(0, 110m), (1, 110m)]);
        await cohort.RecordAsync(1, [(0, 80m), (1, 110m)]);
        await TheStatusAsync(cohort, 0, 1, ProgressStatus.FallingBehind);
        await MoveAsync(cohort, 0, there);

        var here = await house.Lead.Progress.GetStatusSharesAsync(new(Shares(cohort, 1)) { SchoolUrn = there }, house.Lead.Headers);
        var before = await house.Lead.Progress.GetStatusSharesAsync(Shares(cohort, 1), house.Lead.Headers);

        Assert.Equal((1, 1, 0), (here.Expected, Of(here, ProgressStatus.FallingBehind), Of(here, ProgressStatus.NoData)));
        Assert.Equal((1, 0, 1), (before.Expected, Of(before, ProgressStatus.FallingBehind), Of(before, ProgressStatus.NoData)));
    }

    [Fact]
    public async Task Shares_OfAConvertedSchool_AreOfWhatWasSatUnderItsFormerUrn()
    {
        var (cohort, _, second) = await FittedAsync();
        await TheStatusAsync(cohort, Fitting - 1, second, ProgressStatus.OnTrack);
        var academy = TrackingHouse.NewUrn();
        await house.Lead.Schools.PutSchoolAsync(new()
        {
            SchoolUrn = academy,
            School = new() { Name = $"School {academy}", Phase = Phase.Primary, Memberships = { new TrustMembership { From = "2025-10-28" } }, PredecessorUrns = { cohort.Urn } },
        }, house.Lead.Headers);
        for (var at = 0; at < Fitting; at++)
        {
            await MoveAsync(cohort, at, academy);
        }

        var shares = await house.Lead.Progress.GetStatusSharesAsync(new(Shares(cohort, second)) { SchoolUrn = academy }, house.Lead.Headers);

        Assert.Equal((Fitting, 0), (shares.Expected, Of(shares, ProgressStatus.NoData)));
        Assert.Equal(Figure.ShownOneofCase.Estimate, shares.NeedingAttention.ShownCase);
    }

    [Fact]
    public async Task FormerSchool_IsToldOfItsOwnSittings_AndOfNothingThatCameSince()
    {
        var cohort = await Cohort.OfAsync(house, 3, disadvantaged: 2);
        var (moves, there) = (cohort.Pupils[0].PupilId, await house.SchoolAsync());
        await cohort.AddWindowAsync();
        await cohort.AddWindowAsync();
        await cohort.RecordAsync(0, [(0, 110m), (1, 110m), (2, 110m)]);
        await cohort.RecordAsync(1, [(1, 80m)]);

        // Moved two days after the collection was due, and sat it late, at the next school; which also learns what was so before.
        await house.Lead.Pupils.EnrolPupilAsync(
            new() { PupilId = moves, Enrolment = new() { SchoolUrn = there, YearGroup = Cohort.YearGroup, From = "2025-11-03" } }, house.Lead.Headers);
        await cohort.TellAsync([cohort.Row(1, 0, 80m) with { SchoolUrn = there, SatOn = new DateOnly(2025, 11, 5) }]);
        await house.KnownAsync(
            "select count(*) from progress_status where pupil_id = any (@pupils) and status = 2", new { pupils = new[] { cohort[0], cohort[1] } }, 2);
        foreach (var (fact, value) in new[] { ("sen", "K"), ("looked-after", "yes") })
        {
            await house.Lead.Pupils.RecordPupilFactAsync(
                new() { PupilId = moves, Fact = new() { Fact = fact, Value = value, From = "2025-09-01" } }, house.Lead.Headers);
        }

        var head = await house.CallerAsync(Role.Headteacher, cohort.Urn);
        await RefusedAsync(StatusCode.NotFound, "PUPIL_NOT_FOUND", () =>
            head.Progress.ListPupilStatusesAsync(new() { PupilId = moves }, head.Headers).ResponseAsync);
        Assert.Equal(3, (await head.Progress.ListStatusesAsync(List(cohort, 0), head.Headers)).Statuses.Count);
        Assert.Equal(cohort.Pupils[1].PupilId, Assert.Single((await head.Progress.ListStatusesAsync(List(cohort, 1), head.Headers)).Statuses).PupilId);
        var shares = await head.Progress.GetStatusSharesAsync(Shares(cohort, 1), head.Headers);
        Assert.Equal((3, 1, 2), (shares.Expected, Of(shares, ProgressStatus.FallingBehind), Of(shares, ProgressStatus.NoData)));

        async Task<int> ExpectedAsync(TestCaller caller, string group) =>
            (await caller.Progress.GetStatusSharesAsync(new(Shares(cohort, 1)) { Group = group }, caller.Headers)).Expected;
        foreach (var group in new[] { "send", "looked-after" })
        {
            Assert.Equal((0, 1), (await ExpectedAsync(head, group), await ExpectedAsync(house.Lead, group)));
        }

        // What was known while the pupil was there stays in the cohort as it was.
        Assert.Equal((2, 2), (await ExpectedAsync(head, "fsm"), await ExpectedAsync(house.Lead, "fsm")));
    }

    [Fact]
    public async Task Fit_WhenResultsArriveAfterTheLockThatFollowedThem_IsMadeAnewWithThem()
    {
        var cohort = await Cohort.OfAsync(house, Fitting);
        var first = await cohort.AddWindowAsync();
        var second = await cohort.AddWindowAsync();
        await cohort.RecordAsync(first, Enumerable.Range(0, Fitting).Select(at => (at, Prior(at))));
        var rows = Enumerable.Range(0, Fitting).Select(at => cohort.Row(second, at, Current(at))).ToList();

        await cohort.TellAsync(rows[..35]);
        await cohort.LockAsync(second);
        await cohort.TellAsync(rows[35..]);

        var fit = new { test = cohort.Test(second) };
        await Eventually.Async(async () => Assert.Equal(Fitting, await house.ScalarAsync<int>(
            "select n from prior_score_fit where current_test_id = @test order by version desc limit 1", fit)));
        await Eventually.Async(async () =>
        {
            var version = await house.ScalarAsync<int>("select max(version) from prior_score_fit where current_test_id = @test", fit);
            Assert.Equal(version, (await StatusAsync(cohort, 5, second))!.FitVersion);
            Assert.Equal(version, (await StatusAsync(cohort, Fitting - 1, second))!.FitVersion);
        });
    }

    [Fact]
    public async Task Fit_WhenATestIsHeardOfLast_IsMadeThen()
    {
        var cohort = await Cohort.OfAsync(house, Fitting);
        var first = await cohort.AddWindowAsync();
        var second = await cohort.AddWindowAsync(tellTest: false);
        await cohort.RecordAsync(first, Enumerable.Range(0, Fitting).Select(at => (at, Prior(at))));
        await cohort.RecordAsync(second, Enumerable.Range(0, Fitting).Select(at => (at, Current(at))));
        await cohort.LockAsync(second);

        await cohort.TellTestAsync(second);

        await Eventually.Async(async () => Assert.Equal(1, (await StatusAsync(cohort, 5, second))?.FitVersion));
    }

    [Fact]
    public async Task Fit_OverAllPupils_IsLeastSquares()
    {
        var (cohort, first, second) = await FittedAsync();

        // Computed apart from the scores of FittedAsync.
        var x = Enumerable.Range(0, Fitting).Select(Prior).ToList();
        var y = Enumerable.Range(0, Fitting).Select(at => Current(at)).ToList();
        var (meanX, meanY) = (x.Average(), y.Average());
        var slope = x.Zip(y).Sum(pair => (double)((pair.First - meanX) * (pair.Second - meanY))) / x.Sum(each => (double)((each - meanX) * (each - meanX)));
        var fit = await house.ScalarAsync<double>(
            "select slope from prior_score_fit where prior_test_id = @prior and current_test_id = @current",
            new { prior = cohort.Test(first), current = cohort.Test(second) });
        Assert.Equal(slope, fit, 9);
    }

    [Fact]
    public async Task Residual_WhereErrorExplainsAllDifferences_IsNotShownAsASureNought()
    {
        // Three points more or less are within the error of the tests: 2 × (15² × 0.1) is more than their variance.
        var (cohort, _, second) = await FittedAsync(change: 3);

        Assert.Equal("NO_TRUE_DIFFERENCES", (await TheStatusAsync(cohort, 5, second, ProgressStatus.OnTrack)).Residual.Redacted.Reason);
    }

    [Fact]
    public async Task Fit_OfFewerThanThirtyPupils_IsNotMade()
    {
        var (cohort, _, second) = await FittedAsync(pupils: 29);

        Assert.Equal("no-fit", (await TheStatusAsync(cohort, 5, second, ProgressStatus.NoData)).Reason);
        Assert.Equal(0, await house.ScalarAsync<long>("select count(*) from prior_score_fit where current_test_id = @test", new { test = cohort.Test(second) }));
    }

    [Fact]
    public async Task Correction_OfAResult_ChangesTheStatus_AndAnOlderVersionThatComesLateDoesNot()
    {
        var cohort = await Cohort.OfAsync(house, 1);
        await cohort.AddWindowAsync();
        await cohort.AddWindowAsync();
        await cohort.RecordAsync(0, [(0, 115m)]);
        var typingError = cohort.Row(1, 0, 70m);
        await cohort.TellAsync([typingError]);
        await TheStatusAsync(cohort, 0, 1, ProgressStatus.FallingBehind);

        await cohort.RecordAsync(1, [(0, 110m)]);
        Assert.Equal("no-fit", (await TheStatusAsync(cohort, 0, 1, ProgressStatus.NoData)).Reason);

        await cohort.TellAsync([typingError]);
        await cohort.RecordAsync(0, [(0, 114m)]);
        Assert.Equal(ProgressStatus.NoData, (await StatusAsync(cohort, 0, 1))!.Status_);
        Assert.Equal(110m, await house.ScalarAsync<decimal>("select score from result_copy where result_id = @id", new { id = typingError.ResultId }));
    }

    [Fact]
    public async Task Code_InPlaceOfAScore_IsNoScore_AndIsPassedOverByTheNextWindow()
    {
        var cohort = await Cohort.OfAsync(house, 1);
        for (var window = 0; window < 3; window++)
        {
            await cohort.AddWindowAsync();
        }

        await cohort.RecordAsync(0, [(0, 115m)]);
        await cohort.RecordCodeAsync(1, 0, "A");
        await cohort.RecordAsync(2, [(0, 95m)]);

        var absent = await TheStatusAsync(cohort, 0, 1, ProgressStatus.NoData);
        Assert.Equal(("no-score", false), (absent.Reason, absent.HasBand));
        await TheStatusAsync(cohort, 0, 2, ProgressStatus.FallingBehind);
    }

    [Fact]
    public async Task Status_OfALaterWindow_IsJudgedAnew_WhenAnEarlierOneIsFilledIn()
    {
        var cohort = await Cohort.OfAsync(house, 1);
        await cohort.AddWindowAsync();
        await cohort.AddWindowAsync();
        await cohort.RecordAsync(1, [(0, 90m)]);
        await TheStatusAsync(cohort, 0, 1, ProgressStatus.NoData);

        await cohort.RecordAsync(0, [(0, 118m)]);

        await TheStatusAsync(cohort, 0, 1, ProgressStatus.FallingBehind);
    }

    [Fact]
    public async Task Result_ThatComesBeforeItsTest_IsJudgedAsSoonAsTheTestIsKnown()
    {
        var cohort = await Cohort.OfAsync(house, 1);
        await cohort.AddWindowAsync();
        await cohort.AddWindowAsync(tellTest: false);
        await cohort.RecordAsync(0, [(0, 120m)]);
        await cohort.RecordAsync(1, [(0, 100m)]);
        Assert.Null(await StatusAsync(cohort, 0, 1));

        await cohort.TellTestAsync(1);

        await TheStatusAsync(cohort, 0, 1, ProgressStatus.FallingBehind);
    }

    [Fact]
    public async Task Change_OfStatuses_IsTold_OnceAndWithItsRows()
    {
        var cohort = await Cohort.OfAsync(house, 2);
        await cohort.AddWindowAsync();
        await cohort.RecordAsync(0, [(0, 100m), (1, 90m)]);
        var told = await house.ToldAsync<StatusesChanged>(change => change.Rows?.Any(row => row.PupilId == cohort[0]) == true);

        Assert.Equal(2, told.Count);
        Assert.All(told.Rows!, row => Assert.Equal(("no-data", 1L, cohort.Urn), (row.Status, row.Version, row.SchoolUrn)));

        // The same version again is no change, and nobody is told of it.
        await cohort.AddWindowAsync();
        await cohort.RecordAsync(1, [(0, 80m)]);
        var fall = await house.ToldAsync<StatusesChanged>(change => change.Rows?.Any(row => row.PupilId == cohort[0] && row.Status == "falling-behind") == true);
        Assert.Single(fall.Rows!);
    }

    [Fact]
    public async Task Shares_PartitionTheExpected_AndLeaveNoDataOutOfThePercentage()
    {
        // Of ten, one falls, eight have no fit, one did not sit.
        var cohort = await Cohort.OfAsync(house, 10, disadvantaged: 3);
        await cohort.AddWindowAsync();
        await cohort.AddWindowAsync();
        await cohort.RecordAsync(0, Enumerable.Range(0, 10).Select(at => (at, 110m)));
        await cohort.RecordAsync(1, Enumerable.Range(0, 9).Select(at => (at, at == 0 ? 80m : 110m)));
        await TheStatusAsync(cohort, 0, 1, ProgressStatus.FallingBehind);

        var shares = await house.Lead.Progress.GetStatusSharesAsync(Shares(cohort, 1), house.Lead.Headers);

        Assert.Equal(10, shares.Expected);
        Assert.Equal(10, shares.Counts.Sum(count => count.Pupils));
        Assert.Equal((9, 1), (Of(shares, ProgressStatus.NoData), Of(shares, ProgressStatus.FallingBehind)));
        // Only a decline can be told without a fit: that one of the one pupil who has a status falls says nothing of the ten.
        Assert.Equal("NO_FIT", shares.NeedingAttention.Redacted?.Reason);

        var group = Shares(cohort, 1);
        group.Group = "disadvantaged";
        var ofGroup = await house.Lead.Progress.GetStatusSharesAsync(group, house.Lead.Headers);
        Assert.Equal((3, 2, 1), (ofGroup.Expected, Of(ofGroup, ProgressStatus.NoData), Of(ofGroup, ProgressStatus.FallingBehind)));
    }

    [Fact]
    public async Task Shares_ExpectWhomTheCollectionTakesATestOf_AlsoWhereNobodySat_AndWhoeverElseSat()
    {
        var cohort = await Cohort.OfAsync(house, 10, yearSix: 4);
        var window = await cohort.AddWindowAsync();
        Assert.Equal((0, 0), await SharesAsync(null));

        await cohort.TakesOfAsync(window, "6");
        Assert.Equal((4, 4), await SharesAsync(null));

        await cohort.RecordAsync(window, [(0, 110m), (9, 110m)]);
        await TheStatusAsync(cohort, 0, window, ProgressStatus.NoData);
        Assert.Equal((5, 5), await SharesAsync(null));
        Assert.Equal((1, 1), await SharesAsync("5"));

        async Task<(int Expected, int NoData)> SharesAsync(string? yearGroup)
        {
            var asked = Shares(cohort, window);
            if (yearGroup is not null)
            {
                asked.YearGroup = yearGroup;
            }

            var shares = await house.Lead.Progress.GetStatusSharesAsync(asked, house.Lead.Headers);
            return (shares.Expected, Of(shares, ProgressStatus.NoData));
        }
    }

    [Fact]
    public async Task Collection_ToldAgainWithItsTests_AtTheVersionThatIsKnownWithoutThem_TellsOfThem()
    {
        var cohort = await Cohort.OfAsync(house, 10, yearSix: 4);
        var window = await cohort.AddWindowAsync();

        await cohort.TakesOfAsync(window, version: 1, "6");

        await Eventually.Async(async () =>
            Assert.Equal(4, (await house.Lead.Progress.GetStatusSharesAsync(Shares(cohort, window), house.Lead.Headers)).Expected));

        // What is there already is not written over by the same version.
        await cohort.TakesOfAsync(window, version: 1, "5");
        await cohort.LockAsync(window);
        Assert.Equal(4, (await house.Lead.Progress.GetStatusSharesAsync(Shares(cohort, window), house.Lead.Headers)).Expected);
    }

    [Fact]
    public async Task Shares_NeedingAttention_AreOfThoseWhomAFitJudged_AndOfSixAtLeast()
    {
        var cohort = await Cohort.OfAsync(house, Fitting + 2, disadvantaged: 5);
        var (first, second) = (await cohort.AddWindowAsync(), await cohort.AddWindowAsync());
        var other = await cohort.AddWindowAsync();
        await cohort.RecordAsync(first, Enumerable.Range(0, Fitting).Select(at => (at, Prior(at))));

        // The last two sat another test first, to which there is no fit: both fall, and nobody else can be told anything of without one.
        await cohort.TellAsync([.. Enumerable.Range(Fitting, 2).Select(at => cohort.Row(first, at, 120m) with { TestId = cohort.Test(other) })]);
        await cohort.RecordAsync(second, Enumerable.Range(0, Fitting + 2).Select(at => (at, at < 4 ? Prior(at) - 20 : at < Fitting ? Current(at) : 80m)));
        await cohort.LockAsync(second);
        await TheStatusAsync(cohort, Fitting + 1, second, ProgressStatus.FallingBehind);
        await Eventually.Async(async () => Assert.Equal(1, (await StatusAsync(cohort, 5, second))?.FitVersion));

        var shares = await house.Lead.Progress.GetStatusSharesAsync(Shares(cohort, second), house.Lead.Headers);

        var attention = Of(shares, ProgressStatus.FallingBehind) + Of(shares, ProgressStatus.Stuck) + Of(shares, ProgressStatus.SlowMoving);
        Assert.Equal((Fitting + 2, 0), (shares.Counts.Sum(count => count.Pupils), Of(shares, ProgressStatus.NoData)));
        Assert.True(attention > 2);
        Assert.Equal(100.0 * (attention - 2) / Fitting, shares.NeedingAttention.Estimate.Point, 9);

        // Four of the five disadvantaged fall: a count, and no percentage.
        var group = Shares(cohort, second);
        group.Group = "disadvantaged";
        var few = await house.Lead.Progress.GetStatusSharesAsync(group, house.Lead.Headers);
        Assert.Equal((5, 4), (few.Expected, Of(few, ProgressStatus.FallingBehind)));
        Assert.Equal("SMALL_NUMBER", few.NeedingAttention.Redacted?.Reason);
    }

    [Fact]
    public async Task Fit_ThatRestsOnAnEarlierCollection_IsMadeAnew_WhenThatOneLocksAfterACorrection()
    {
        var (cohort, first, second) = await FittedAsync();
        await TheStatusAsync(cohort, 5, second, ProgressStatus.OnTrack);

        // Ten points were left out in the first collection, which locks after the second.
        await cohort.RecordAsync(first, Enumerable.Range(0, Fitting).Select(at => (at, Prior(at) + 10)));
        await cohort.LockAsync(first);

        // The line moves ten points to the right: the intercept falls by ten slopes.
        const string Line = "select {0} from prior_score_fit where current_test_id = @test and version = @version";
        async Task<double> OfAsync(string what, int version) =>
            await house.ScalarAsync<double?>(string.Format(null, Line, what), new { test = cohort.Test(second), version }) ?? double.NaN;
        await Eventually.Async(async () => Assert.Equal(await OfAsync("intercept - 10 * slope", 1), await OfAsync("intercept", 2), 6));
        await Eventually.Async(async () => Assert.Equal(2, (await StatusAsync(cohort, 5, second))!.FitVersion));
    }

    [Fact]
    public async Task Fit_IsMadeAnew_WhenTheReliabilityOfATestIsCorrected_OrBecomesKnown()
    {
        var cohort = await Cohort.OfAsync(house, Fitting);
        var (first, second) = (await cohort.AddWindowAsync(reliability: null), await cohort.AddWindowAsync());
        await cohort.RecordAsync(first, Enumerable.Range(0, Fitting).Select(at => (at, Prior(at))));
        await cohort.RecordAsync(second, Enumerable.Range(0, Fitting).Select(at => (at, Current(at))));
        await cohort.LockAsync(second);
        await TheStatusAsync(cohort, 5, second, ProgressStatus.NoData);

        await cohort.TellTestAsync(first, reliability: 0.9m, version: 2);
        await Eventually.Async(async () => Assert.Equal(1, (await StatusAsync(cohort, 5, second))!.FitVersion));

        await cohort.TellTestAsync(first, reliability: 0.8m, version: 3);
        await Eventually.Async(async () => Assert.Equal(2, (await StatusAsync(cohort, 5, second))!.FitVersion));
        Assert.Equal(0.8, await house.ScalarAsync<double>(
            "select prior_reliability from prior_score_fit where current_test_id = @test and version = 2", new { test = cohort.Test(second) }));
    }

    [Fact]
    public async Task Window_WithoutAFitOfItsOwn_IsJudgedAnew_WhenTheCollectionBeforeItLocksAfterwards()
    {
        // All but the last sat the second collection; the last sat the same test in the third, before the second was locked.
        var cohort = await Cohort.OfAsync(house, Fitting + 1);
        var (first, second) = (await cohort.AddWindowAsync(), await cohort.AddWindowAsync());
        var third = await cohort.AddWindowAsync(tellTest: false, test: cohort.Test(second));
        await cohort.RecordAsync(first, Enumerable.Range(0, Fitting + 1).Select(at => (at, Prior(at))));
        await cohort.RecordAsync(second, Enumerable.Range(0, Fitting).Select(at => (at, Current(at))));
        await cohort.RecordAsync(third, [(Fitting, Prior(Fitting))]);
        await TheStatusAsync(cohort, Fitting, third, ProgressStatus.NoData);

        await cohort.LockAsync(second);

        Assert.Equal(1, (await TheStatusAsync(cohort, Fitting, third, ProgressStatus.OnTrack)).FitVersion);
    }

    [Fact]
    public async Task Window_IsJudgedByItsOwnFitsNewestVersion_ElseByThatOfTheLatestBefore_HoweverManyThereAre()
    {
        // One pupil, 100 and then 100 in the third of four collections of one test: the fits are put in by hand, in no order.
        var cohort = await Cohort.OfAsync(house, 1);
        var (first, second) = (await cohort.AddWindowAsync(), await cohort.AddWindowAsync());
        var third = await cohort.AddWindowAsync(tellTest: false, test: cohort.Test(second));
        var fourth = await cohort.AddWindowAsync(tellTest: false, test: cohort.Test(second));
        await FreezeAsync(cohort, first, second, 4, second);
        await FreezeAsync(cohort, first, second, 1, second);
        await FreezeAsync(cohort, first, second, 5, fourth);
        await FreezeAsync(cohort, first, second, 2, first);
        await cohort.RecordAsync(first, [(0, 100m)]);
        await cohort.RecordAsync(third, [(0, 100m)]);

        Assert.Equal(4, (await TheStatusAsync(cohort, 0, third, ProgressStatus.OnTrack)).FitVersion);

        await FreezeAsync(cohort, first, second, 3, third);
        await cohort.RecordAsync(third, [(0, 101m)]);
        await Eventually.Async(async () => Assert.Equal(3, (await StatusAsync(cohort, 0, third))!.FitVersion));
    }

    [Fact]
    public async Task Shares_OfASensitiveGroup_AreForThoseWhoMaySeeWhoIsInIt()
    {
        var cohort = await Cohort.OfAsync(house, 3);
        await cohort.AddWindowAsync();
        await cohort.RecordAsync(0, [(0, 110m), (1, 110m), (2, 110m)]);
        await house.Lead.Pupils.RecordPupilFactAsync(
            new() { PupilId = cohort.Pupils[0].PupilId, Fact = new() { Fact = "looked-after", Value = "yes", From = "2025-09-01" } }, house.Lead.Headers);
        await TheStatusAsync(cohort, 0, 0, ProgressStatus.NoData);
        var (sensitive, unknown, open) = (Shares(cohort, 0), Shares(cohort, 0), Shares(cohort, 0));
        (sensitive.Group, unknown.Group, open.Group) = ("looked-after", "no-such-group", "girls");

        foreach (var role in new[] { Role.SeniorLeader, Role.SubjectLeader, Role.Senco })
        {
            var caller = await house.CallerAsync(role, cohort.Urn);
            await RefusedAsync(StatusCode.NotFound, "GROUP_NOT_FOUND", () => caller.Progress.GetStatusSharesAsync(sensitive, caller.Headers).ResponseAsync);
            await SameRefusalAsync(
                () => caller.Progress.GetStatusSharesAsync(sensitive, caller.Headers).ResponseAsync,
                () => caller.Progress.GetStatusSharesAsync(unknown, caller.Headers).ResponseAsync);
            Assert.Equal(3, (await caller.Progress.GetStatusSharesAsync(open, caller.Headers)).Expected);
        }

        foreach (var role in new[] { Role.Headteacher, Role.DesignatedTeacher, Role.SafeguardingLead })
        {
            var caller = await house.CallerAsync(role, cohort.Urn);
            Assert.Equal(1, (await caller.Progress.GetStatusSharesAsync(sensitive, caller.Headers)).Expected);
        }
    }

    [Fact]
    public async Task List_ShowsWhoNeedsATalkFirst_AndPagesWithoutLossOrRepeat()
    {
        var cohort = await Cohort.OfAsync(house, 9);
        await cohort.AddWindowAsync();
        await cohort.AddWindowAsync();
        await cohort.RecordAsync(0, Enumerable.Range(0, 9).Select(at => (at, 110m)));
        await cohort.RecordAsync(1, Enumerable.Range(0, 9).Select(at => (at, at % 4 == 3 ? 80m : 110m)));
        await TheStatusAsync(cohort, 7, 1, ProgressStatus.FallingBehind);

        var seen = new List<Status>();
        var request = List(cohort, 1);
        request.PageSize = 2;
        do
        {
            var page = await house.Lead.Progress.ListStatusesAsync(request, house.Lead.Headers);
            seen.AddRange(page.Statuses);
            request.PageToken = page.NextPageToken;
        }
        while (request.PageToken.Length > 0);

        Assert.Equal(9, seen.Select(status => status.PupilId).Distinct().Count());
        Assert.Equal(
            [ProgressStatus.FallingBehind, ProgressStatus.FallingBehind, .. Enumerable.Repeat(ProgressStatus.NoData, 7)], seen.Select(status => status.Status_));
        request.PageToken = "Zm9yZ2Vk";
        await RefusedAsync(StatusCode.InvalidArgument, "PAGE_TOKEN_INVALID", () => house.Lead.Progress.ListStatusesAsync(request, house.Lead.Headers).ResponseAsync);
    }

    [Fact]
    public async Task History_OfAPupil_IsNewestFirst_AndOnlyOfTheSubjectAskedFor()
    {
        var cohort = await Cohort.OfAsync(house, 1);
        for (var window = 0; window < 3; window++)
        {
            await cohort.AddWindowAsync();
            await cohort.RecordAsync(window, [(0, 100m + window)]);
        }

        await TheStatusAsync(cohort, 0, 2, ProgressStatus.NoData);
        var request = new ListPupilStatusesRequest { PupilId = cohort.Pupils[0].PupilId, Subject = cohort.Subject };
        var all = await house.Lead.Progress.ListPupilStatusesAsync(request, house.Lead.Headers);

        Assert.Equal([cohort.Collection(2), cohort.Collection(1), cohort.Collection(0)], all.Statuses.Select(status => status.CollectionId));
        request.Subject = "music";
        Assert.Empty((await house.Lead.Progress.ListPupilStatusesAsync(request, house.Lead.Headers)).Statuses);
    }

    [Fact]
    public async Task Statuses_AreSeenWithinTheGrant_AndWhatIsForeignLooksLikeWhatIsNot()
    {
        var cohort = await Cohort.OfAsync(house, 2);
        var foreign = await Cohort.OfAsync(house, 1);
        await cohort.AddWindowAsync();
        await cohort.RecordAsync(0, [(0, 100m), (1, 100m)]);
        await TheStatusAsync(cohort, 0, 0, ProgressStatus.NoData);
        var head = await house.CallerAsync(Role.Headteacher, cohort.Urn);
        var elsewhere = await house.CallerAsync(Role.Headteacher, foreign.Urn);
        var otherSubject = await house.CallerAsync(Role.SubjectLeader, cohort.Urn, grant => grant.Subjects.Add("music"));
        var otherYear = await house.CallerAsync(Role.SeniorLeader, cohort.Urn, grant => grant.YearGroups.Add("6"));

        Assert.Equal(2, (await head.Progress.ListStatusesAsync(List(cohort, 0), head.Headers)).Statuses.Count);
        Assert.Empty((await otherSubject.Progress.ListStatusesAsync(List(cohort, 0), otherSubject.Headers)).Statuses);
        Assert.Empty((await otherYear.Progress.ListStatusesAsync(List(cohort, 0), otherYear.Headers)).Statuses);
        var absent = List(cohort, 0);
        absent.SchoolUrn = 999_999;
        await SameRefusalAsync(
            () => elsewhere.Progress.ListStatusesAsync(List(cohort, 0), elsewhere.Headers).ResponseAsync,
            () => elsewhere.Progress.ListStatusesAsync(absent, elsewhere.Headers).ResponseAsync);
        await SameRefusalAsync(
            () => elsewhere.Progress.ListPupilStatusesAsync(new() { PupilId = cohort.Pupils[0].PupilId }, elsewhere.Headers).ResponseAsync,
            () => elsewhere.Progress.ListPupilStatusesAsync(new() { PupilId = Guid.NewGuid().ToString() }, elsewhere.Headers).ResponseAsync);
        await SameRefusalAsync(
            () => elsewhere.Progress.GetStatusSharesAsync(Shares(cohort, 0), elsewhere.Headers).ResponseAsync,
            () => elsewhere.Progress.GetStatusSharesAsync(new(Shares(cohort, 0)) { SchoolUrn = 999_999 }, elsewhere.Headers).ResponseAsync);
    }

    [Fact]
    public async Task Teacher_SeesTheStatusesOfWhoIsInTheClassThatDay_WhateverTheDayOfTheDatabase()
    {
        var cohort = await Cohort.OfAsync(house, 1);
        await cohort.AddWindowAsync();
        await cohort.RecordAsync(0, [(0, 100m)]);
        await TheStatusAsync(cohort, 0, 0, ProgressStatus.NoData);
        var classes = await house.Lead.Classes.ListClassesAsync(new() { SchoolUrn = cohort.Urn, AcademicYear = "2025-26" }, house.Lead.Headers);
        var teacher = await house.CallerAsync(Role.Teacher, cohort.Urn, grant => grant.ClassIds.Add(Assert.Single(classes.Classes).ClassId));
        var authority = new Authority(house.Issuer.Authority, teacher.Subject, [(short)Role.Teacher]);
        var store = new StatusReadStore(house.Database);
        async Task<(int, int)> SeenOnAsync(DateOnly day) => (
            (await store.OfSchoolAsync(authority, cohort.Urn, Guid.Parse(cohort.Collection(0)), "", 0, null, day, null, 10, TestContext.Current.CancellationToken)).Count,
            (await store.OfPupilAsync(authority, cohort[0], "", day, null, 10, TestContext.Current.CancellationToken)).Count);

        Assert.Equal((0, 0), await SeenOnAsync(new(2025, 8, 31)));
        Assert.Equal((1, 1), await SeenOnAsync(new(2025, 9, 1)));
    }

    [Fact]
    public async Task Teacher_SeesTheStatusesOfTheOwnClassAlone()
    {
        var cohort = await Cohort.OfAsync(house, 2);
        await house.Lead.ImportAsync(
            $"URN,Forename,Surname,DOB,Sex,Year group,Class,From\n{cohort.Urn},Pupil,{cohort.Surname(1)},2016-01-01,F,{Cohort.YearGroup},5B,2025-09-02\n");
        await cohort.AddWindowAsync();
        await cohort.RecordAsync(0, [(0, 100m), (1, 100m)]);
        await TheStatusAsync(cohort, 0, 0, ProgressStatus.NoData);
        var classes = await house.Lead.Classes.ListClassesAsync(new() { SchoolUrn = cohort.Urn, AcademicYear = "2025-26" }, house.Lead.Headers);
        var teacher = await house.CallerAsync(Role.Teacher, cohort.Urn, grant => grant.ClassIds.Add(classes.Classes.Single(each => each.Name == "5B").ClassId));

        var seen = await teacher.Progress.ListStatusesAsync(List(cohort, 0), teacher.Headers);

        Assert.Equal(cohort.Pupils[1].PupilId, Assert.Single(seen.Statuses).PupilId);
    }

    private async Task MoveAsync(Cohort cohort, int pupil, int school) => await house.Lead.Pupils.EnrolPupilAsync(
        new()
        {
            PupilId = cohort.Pupils[pupil].PupilId,
            Enrolment = new() { SchoolUrn = school, YearGroup = Cohort.YearGroup, From = "2025-10-28" },
        },
        house.Lead.Headers);

    private Task FreezeAsync(Cohort cohort, int prior, int current, int version, int collection) => house.ScalarAsync<int?>(
        """
        insert into prior_score_fit
            (prior_test_id, current_test_id, year_group, version, n, slope, intercept, residual_sd, prior_mean, prior_sd, prior_reliability,
             current_mean, current_sd, current_reliability, collection_id, fitted_at)
        values (@prior, @current, @year, @version, 200, 0.9, 10, 9, 100, 15, 0.9, 100, 15, 0.9, @collection, now())
        """,
        new
        {
            prior = cohort.Test(prior),
            current = cohort.Test(current),
            year = Cohort.YearGroup,
            version,
            collection = Guid.Parse(cohort.Collection(collection)),
        });

    // Pupils whose second score is their first, so many points more or less by turns.
    private async Task<(Cohort Cohort, int First, int Second)> FittedAsync(int pupils = Fitting, int change = 9)
    {
        var cohort = await Cohort.OfAsync(house, pupils);
        var first = await cohort.AddWindowAsync();
        var second = await cohort.AddWindowAsync();
        await cohort.RecordAsync(first, Enumerable.Range(0, pupils).Select(at => (at, Prior(at))));
        await cohort.RecordAsync(second, Enumerable.Range(0, pupils).Select(at => (at, Current(at, change))));
        await cohort.LockAsync(second);
        return (cohort, first, second);
    }

    private static decimal Prior(int at) => 94 + (at % 30);

    private static decimal Current(int at, int change = 9) => Prior(at) + (at % 2 == 0 ? -change : change);

    private Task<Status> TheStatusAsync(Cohort cohort, int pupil, int window, ProgressStatus expected) => Eventually.Async(async () =>
    {
        var status = await StatusAsync(cohort, pupil, window);
        Assert.Equal(expected, status?.Status_);
        return status!;
    });

    private async Task<Status?> StatusAsync(Cohort cohort, int pupil, int window)
    {
        var request = List(cohort, window);
        request.PageSize = 1000;
        return (await house.Lead.Progress.ListStatusesAsync(request, house.Lead.Headers)).Statuses.SingleOrDefault(each => each.PupilId == cohort.Pupils[pupil].PupilId);
    }

    private static ListStatusesRequest List(Cohort cohort, int window) =>
        new() { SchoolUrn = cohort.Urn, CollectionId = cohort.Collection(window), Subject = cohort.Subject };

    private static GetStatusSharesRequest Shares(Cohort cohort, int window) =>
        new() { SchoolUrn = cohort.Urn, CollectionId = cohort.Collection(window), Subject = cohort.Subject };

    private static int Of(GetStatusSharesResponse shares, ProgressStatus status) => shares.Counts.Single(count => count.Status == status).Pupils;
}
