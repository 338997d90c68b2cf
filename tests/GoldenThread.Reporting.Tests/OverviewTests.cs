using GoldenThread.Assessment.Events.V1;
using GoldenThread.Reporting.Disclosure;
using GoldenThread.Reporting.Overview;
using GoldenThread.Reporting.V1;
using GoldenThread.Reviews.Events.V1;
using GoldenThread.TestSupport;
using GoldenThread.Tracking.Events.V1;
using GoldenThread.Tracking.Internal.V1;
using GoldenThread.Type.V1;
using Grpc.Core;
using PupilEnrolment = GoldenThread.Tracking.Events.V1.PupilEnrolment;
using PupilSnapshot = GoldenThread.Tracking.Events.V1.PupilSnapshot;

namespace GoldenThread.Tests;

/// <summary>The trust on one page, and the lists behind it.</summary>
public sealed class OverviewTests(ReportingHouse house)
{
    /// <summary>Of a pupil who is seen to fall behind before a fit can judge anybody.</summary>
    private const string FallingWithoutFit = "falling-behind-without-fit";

    private static readonly DateOnly LongAgo = new(2025, 10, 1);
    private static readonly DateOnly FarAhead = new(2099, 10, 1);

    [Fact]
    public async Task Overview_TellsCategoryAttainmentProgressOpenWorkAndVisits()
    {
        var cohort = new Cohort();
        await cohort.TellAsync(house, 30, 18);
        await house.PublishAsync(new CategoryChanged
        {
            SchoolUrn = cohort.SchoolUrn,
            Version = 2,
            Category = "reinforce",
            From = new(2025, 9, 1),
            DueOn = FarAhead,
            OverdueAfter = FarAhead,
        });
        await house.PublishAsync(new CategoryChanged { SchoolUrn = cohort.SchoolUrn, Version = 1, Category = "stabilise", From = LongAgo, OverdueAfter = LongAgo });
        await house.PublishAsync(Thread(cohort, "open", LongAgo, LongAgo, FarAhead));
        await house.PublishAsync(Thread(cohort, "open", FarAhead, FarAhead));
        await house.PublishAsync(Thread(cohort, "closed", LongAgo, LongAgo));
        foreach (var (state, on) in new (string, DateOnly?)[]
            { ("held", LongAgo), ("planned", FarAhead), ("confirmed", FarAhead), ("planned", LongAgo), ("unplaced", null), ("cancelled", null) })
        {
            await house.PublishAsync(new VisitChanged
            {
                VisitId = Guid.NewGuid(),
                Version = 1,
                SchoolUrn = cohort.SchoolUrn,
                AcademicYear = "2025/26",
                Entitlement = "annual-review",
                State = state,
                On = on,
            });
        }

        foreach (var (due, done) in new (DateOnly, DateOnly?)[] { (LongAgo, null), (FarAhead, null), (LongAgo, LongAgo) })
        {
            await house.PublishAsync(new AgreedActionChanged
            {
                ActionId = Guid.NewGuid(),
                Version = 1,
                VisitId = Guid.NewGuid(),
                SchoolUrn = cohort.SchoolUrn,
                DueOn = due,
                DoneOn = done,
            });
        }

        await house.PublishAsync(Statuses(cohort, ("stuck", 3), ("slow-moving", 4), ("falling-behind", 0), ("on-track", 8), ("no-data", 9)));
        var head = await house.CallerAsync(Role.Headteacher, cohort.SchoolUrn);

        await Eventually.Async(async () =>
        {
            var overview = await OverviewAsync(head, cohort);
            Assert.Equal(("Autumn 2025", "2025/26", false), (overview.CollectionName, overview.AcademicYear, overview.Locked));
            var school = Assert.Single(overview.Schools);
            Assert.Equal(("reinforce", false), (school.Category.Category, school.Category.Overdue));
            var reading = Assert.Single(school.Subjects);
            Assert.Equal(60, reading.Figures.PercentMet.Estimate.Point, 6);
            Assert.Equal(
                new OpenWork
                {
                    OpenThreads = 2,
                    ThreadsPastReview = 1,
                    OpenThreadActions = 3,
                    OverdueThreadActions = 1,
                    OpenAgreedActions = 2,
                    OverdueAgreedActions = 1,
                },
                school.OpenWork);
            Assert.Equal(new VisitCounts { Owed = 5, Held = 1, Planned = 2, Unplaced = 1 }, school.Visits);
            Assert.Equal(15, school.Progress.Judged.Value);
            Assert.Equal(20, school.Progress.PercentStuck.Estimate.Point, 6);
            Assert.Equal(0, school.Progress.PercentFallingBehind.Estimate.Point, 6);
            Assert.Equal(15, school.Progress.NoData.Value);
            Assert.Equal("complete", school.Completeness.Words);
        });
    }

    [Fact]
    public async Task Visits_OfAYearThatNothingIsPlannedFor_AreAbsent_NotZero()
    {
        var cohort = new Cohort();
        await cohort.TellAsync(house, 0, 0);
        await house.PublishAsync(cohort.Collection(2) with { AcademicYear = "2031/32" });
        await house.SettledAsync();
        var lead = await house.CallerAsync(Role.DataLead);

        await Eventually.Async(async () =>
        {
            var overview = await OverviewAsync(lead, cohort);
            Assert.Equal("2031/32", overview.AcademicYear);
            Assert.Null(overview.Schools.Single(s => s.SchoolUrn == cohort.SchoolUrn).Visits);
        });
    }

    [Fact]
    public async Task Category_FromALaterDay_IsNotShownYet()
    {
        var cohort = new Cohort();
        await cohort.TellAsync(house, 0, 0);
        await house.PublishAsync(new CategoryChanged { SchoolUrn = cohort.SchoolUrn, Version = 1, Category = "stabilise", From = LongAgo });
        await house.PublishAsync(new CategoryChanged { SchoolUrn = cohort.SchoolUrn, Version = 3, Category = "sustain", From = FarAhead });
        await house.PublishAsync(new CategoryChanged { SchoolUrn = cohort.SchoolUrn, Version = 2, Category = "refine", From = LongAgo });
        await house.SettledAsync();
        var lead = await house.CallerAsync(Role.DataLead);

        await Eventually.Async(async () =>
        {
            var school = (await OverviewAsync(lead, cohort)).Schools.Single(s => s.SchoolUrn == cohort.SchoolUrn);
            Assert.Equal(("refine", LongAgo.Iso()), (school.Category.Category, school.Category.From));
        });
    }

    [Fact]
    public async Task School_WithEntriesMissing_IsMarkedIncomplete_AndLateOnceTheDueDayHasPassed()
    {
        var cohort = new Cohort();
        await cohort.TellAsync(house, 20, 20);
        await house.PublishAsync(cohort.Enrol(5));
        var late = new Cohort { CollectionId = cohort.CollectionId, TestId = cohort.TestId };
        await house.PublishAsync(late.School("Yew"));
        await house.PublishAsync(late.Enrol(12));
        var lead = await house.CallerAsync(Role.DataLead);

        await Eventually.Async(async () =>
        {
            var schools = (await OverviewAsync(lead, cohort)).Schools;
            var some = schools.Single(s => s.SchoolUrn == cohort.SchoolUrn).Completeness;
            Assert.Equal((20, 25, "incomplete 20 of 25", true), (some.Entries, some.Expected, some.Words, some.Incomplete));
            var none = schools.Single(s => s.SchoolUrn == late.SchoolUrn).Completeness;
            Assert.Equal("incomplete 0 of 12", none.Words);
        });
        await house.PublishAsync(cohort.Collection(2, FarAhead));
        await Eventually.Async(async () => Assert.False(
            (await OverviewAsync(lead, cohort)).Schools.Single(s => s.SchoolUrn == cohort.SchoolUrn).Completeness.Late));
        await house.PublishAsync(cohort.Collection(3, LongAgo));
        await Eventually.Async(async () => Assert.True(
            (await OverviewAsync(lead, cohort)).Schools.Single(s => s.SchoolUrn == cohort.SchoolUrn).Completeness.Late));
    }

    [Fact]
    public async Task EntriesOfLeavers_DoNotStandInForTheBlankOfAJoiner_AndOneMadeElsewhereCounts()
    {
        var cohort = new Cohort();
        await cohort.TellAsync(house, 28, 20);
        Guid[] leavers = [Guid.CreateVersion7(), Guid.CreateVersion7()];
        var moved = Guid.CreateVersion7();
        var elsewhere = new Cohort { CollectionId = cohort.CollectionId, TestId = cohort.TestId };
        await house.PublishAsync(Cohort.Roster([.. leavers.Select(id => Left(cohort, id, new(2025, 12, 4))), cohort.Pupil(moved, 1, [])]));
        await house.PublishAsync(Cohort.Recorded(
            [.. leavers.Select(id => cohort.Result(id, 105, satOn: new(2025, 12, 2))), elsewhere.Result(moved, 99)]));
        await house.PublishAsync(cohort.Enrol(1));
        await house.SettledAsync();
        var lead = await house.CallerAsync(Role.DataLead);

        await Eventually.Async(async () =>
        {
            var some = (await OverviewAsync(lead, cohort)).Schools.Single(s => s.SchoolUrn == cohort.SchoolUrn).Completeness;
            Assert.Equal(("incomplete 29 of 30", true, true), (some.Words, some.Incomplete, some.Late));
        });
    }

    [Fact]
    public async Task Expected_IsWhatTheCollectionTakesFromAYearGroup_NotWhatAnyPupilOfItHappenedToSit()
    {
        var cohort = new Cohort { YearGroup = "6" };
        await cohort.TellAsync(house, 20, 20);
        var younger = new Cohort { SchoolUrn = cohort.SchoolUrn, YearGroup = "2", CollectionId = cohort.CollectionId, TestId = cohort.TestId };
        await house.PublishAsync(younger.Enrol(15));
        await house.PublishAsync(Cohort.Recorded(younger.Result(younger.Pupils[0], 90)));
        var late = new Cohort { YearGroup = "6", CollectionId = cohort.CollectionId };
        await house.PublishAsync(late.School("Yew"));
        await house.PublishAsync(late.Enrol(12));
        await house.SettledAsync();
        var lead = await house.CallerAsync(Role.DataLead);
        // As long as nothing is known of the collection's tests, whatever was sat is owed by all.
        await TellsAsync(cohort, "incomplete 21 of 35");

        await house.PublishAsync(cohort.Collection(2) with { Tests = [new CollectedTest { TestId = cohort.TestId, YearGroups = ["5", "6"] }] });
        await TellsAsync(cohort, "complete");
        await TellsAsync(late, "incomplete 0 of 12");

        await house.PublishAsync(cohort.Collection(4) with
        {
            Tests = [new() { TestId = cohort.TestId, YearGroups = ["6"] }, new() { TestId = Guid.CreateVersion7(), YearGroups = ["2"] }],
        });
        await TellsAsync(cohort, "incomplete 20 of 35");
        // Neither an older word nor one that says nothing of tests takes them away.
        await house.PublishAsync(cohort.Collection(3) with { Tests = [] });
        await house.PublishAsync(cohort.Collection(5));
        await house.SettledAsync();
        await TellsAsync(cohort, "incomplete 20 of 35");

        Task TellsAsync(Cohort of, string words) => Eventually.Async(async () =>
            Assert.Equal(words, (await OverviewAsync(lead, cohort)).Schools.Single(s => s.SchoolUrn == of.SchoolUrn).Completeness.Words));
    }

    [Fact]
    public async Task NumberOfEntries_IsNotForAggregateRoles_WhomItWouldGiveTheNumberOfPupils()
    {
        var cohort = new Cohort();
        await cohort.TellAsync(house, 4, 2);
        await house.SettledAsync();
        var governor = await house.CallerAsync(Role.Governor, cohort.SchoolUrn);
        var head = await house.CallerAsync(Role.Headteacher, cohort.SchoolUrn);

        await TellsAsync(governor, EntryState.Complete, null);
        await TellsAsync(head, EntryState.Complete, "complete");
        Assert.Equal(
            "SMALL_NUMBER", Assert.Single(Assert.Single((await OverviewAsync(governor, cohort)).Schools).Subjects).Figures.Pupils.Redacted?.Reason);
        await house.PublishAsync(cohort.Enrol(1));
        await TellsAsync(governor, EntryState.Late, null);
        await TellsAsync(head, EntryState.Late, "incomplete 4 of 5");
        await house.PublishAsync(cohort.Collection(2, FarAhead));
        await TellsAsync(governor, EntryState.Incomplete, null);

        Task TellsAsync(TestCaller caller, EntryState state, string? words) => Eventually.Async(async () =>
        {
            var school = Assert.Single((await OverviewAsync(caller, cohort)).Schools);
            Assert.Equal((state, words), (school.Entries, school.Completeness?.Words));
        });
    }

    [Fact]
    public async Task Overview_ForAggregateRoles_HidesSmallSharesAndTheNextSmallest_AndShowsOwnSchoolsOnly()
    {
        var cohort = new Cohort();
        await cohort.TellAsync(house, 60, 56);
        await house.PublishAsync(Statuses(cohort, ("stuck", 3), ("slow-moving", 8), ("falling-behind", 12), ("on-track", 37)));
        var other = new Cohort { CollectionId = cohort.CollectionId, TestId = cohort.TestId };
        await house.PublishAsync(other.School("Yew"));
        await house.PublishAsync(other.Enrol(60));
        await house.PublishAsync(other.Results(30));

        foreach (var role in new[] { Role.Governor, Role.Reviewer, Role.Partner })
        {
            var caller = await house.CallerAsync(role, cohort.SchoolUrn);
            await Eventually.Async(async () =>
            {
                var school = Assert.Single((await OverviewAsync(caller, cohort)).Schools);
                Assert.Equal(60, school.Progress.Judged.Value);
                Assert.Equal("SMALL_NUMBER", school.Progress.PercentStuck.Redacted.Reason);
                Assert.Equal("SMALL_NUMBER", school.Progress.PercentSlowMoving.Redacted.Reason);
                Assert.Equal(20, school.Progress.PercentFallingBehind.Estimate.Point, 6);
                // 4 of 60 did not meet it: a complement of 1 to 5.
                Assert.Equal("SMALL_NUMBER", Assert.Single(school.Subjects).Figures.PercentMet.Redacted.Reason);
                Assert.Equal(60, Assert.Single(school.Subjects).Figures.Pupils.Value);
            });
        }

        var board = await house.CallerAsync(Role.Board);
        await Eventually.Async(async () => Assert.Equal(2, (await OverviewAsync(board, cohort)).Schools.Count(s => s.Subjects.Count > 0)));
        var teacher = await house.CallerAsync(Role.Teacher, cohort.SchoolUrn);
        Assert.Equal(StatusCode.PermissionDenied, (await Assert.ThrowsAsync<RpcException>(() => OverviewAsync(teacher, cohort))).StatusCode);
        var unknown = new Cohort();
        Assert.Equal(StatusCode.NotFound, (await Assert.ThrowsAsync<RpcException>(() => OverviewAsync(board, unknown))).StatusCode);
    }

    [Fact]
    public async Task SharesOfProgress_AreHiddenByHowManyPupilsTheyTellOf_NotByHowManySubjects()
    {
        var (fewStuck, few, sameFew) = (new Cohort(), new Cohort(), new Cohort());
        // 5 pupils stuck in three subjects each, among 25.
        await TellAsync(fewStuck, (5, ["stuck", "stuck", "stuck"]), (20, ["on-track", "on-track", "on-track"]));
        // 5 pupils in all.
        await TellAsync(few, (5, ["stuck", "on-track", "on-track"]));
        // 4 pupils who are stuck in one subject and slow moving in the others: hiding the two kinds together hides nobody.
        await TellAsync(sameFew, (4, ["stuck", "slow-moving", "slow-moving"]), (9, ["falling-behind", "on-track", "on-track"]), (20, ["on-track"]));
        await house.SettledAsync();

        var ofFewStuck = await ProgressAsync(fewStuck, Role.Governor);
        var ofFew = await ProgressAsync(few, Role.Governor);
        var ofSameFew = await ProgressAsync(sameFew, Role.Governor);

        Assert.Equal(75, ofFewStuck.Judged.Value);
        Assert.Equal("SMALL_NUMBER", ofFewStuck.PercentStuck.Redacted?.Reason);
        Assert.Equal("SMALL_NUMBER", ofFew.Judged.Redacted?.Reason);
        Assert.Equal("SMALL_NUMBER", ofFew.PercentStuck.Redacted?.Reason);
        Assert.Equal("SMALL_NUMBER", ofSameFew.PercentStuck.Redacted?.Reason);
        Assert.Equal("SMALL_NUMBER", ofSameFew.PercentSlowMoving.Redacted?.Reason);
        Assert.Equal("SMALL_NUMBER", ofSameFew.PercentFallingBehind.Redacted?.Reason);
        Assert.Equal(20, (await ProgressAsync(fewStuck, Role.Headteacher)).PercentStuck.Estimate.Point, 6);

    }

    [Theory]
    [InlineData(Role.Headteacher)]
    [InlineData(Role.Governor)]
    public async Task Interval_OfAShareOfProgress_IsThatOfPupils_NotOfPupilsTimesSubjects(Role role)
    {
        var (same, unlike) = (new Cohort(), new Cohort());
        await TellAsync(same, (12, ["stuck", "stuck", "stuck"]), (48, ["on-track", "on-track", "on-track"]));
        await TellAsync(unlike, (12, ["stuck", "stuck"]), (48, ["on-track", "on-track", "no-data"]));
        await house.SettledAsync();

        var stuck = (await ProgressAsync(same, role)).PercentStuck.Estimate;
        var unlikeStuck = (await ProgressAsync(unlike, role)).PercentStuck.Estimate;

        // Wilson of 12 of 60; of a fifth of 120 statuses in up to three subjects, which are worth 40.
        Assert.Equal((11.8, 20.0, 31.8), (Math.Round(stuck.Low, 1), Math.Round(stuck.Point, 1), Math.Round(stuck.High, 1)));
        Assert.Equal((10.5, 20.0, 34.8), (Math.Round(unlikeStuck.Low, 1), Math.Round(unlikeStuck.Point, 1), Math.Round(unlikeStuck.High, 1)));
    }

    [Fact]
    public async Task PupilsWithoutAnEntry_HaveNoData_AsTrackingCountsThem()
    {
        var cohort = new Cohort();
        await TellAsync(cohort, (20, ["on-track", "stuck", "on-track"]));
        await house.PublishAsync(cohort.Enrol(40));
        await house.PublishAsync(new Cohort { SchoolUrn = cohort.SchoolUrn, YearGroup = "5" }.Enrol(7));
        // One who left before the due day counts no longer; one who joined counts with what was sat elsewhere.
        var (leaver, joiner) = (Guid.CreateVersion7(), cohort.Pupils[^1]);
        var elsewhere = new Cohort { CollectionId = cohort.CollectionId };
        await house.PublishAsync(Cohort.Roster([Left(cohort, leaver, new(2025, 12, 4))]));
        await house.PublishAsync(Judged([Status(cohort, leaver, "stuck", 1), Status(elsewhere, joiner, "on-track", 1)]));
        await house.SettledAsync();

        foreach (var role in new[] { Role.Headteacher, Role.Governor })
        {
            var progress = await ProgressAsync(cohort, role);
            Assert.Equal((61.0, 119.0), (progress.Judged.Value, progress.NoData.Value));
            Assert.Equal(100.0 * 20 / 61, progress.PercentStuck.Estimate.Point, 6);
        }
    }

    [Fact]
    public async Task Status_OfWhatWasSatElsewhereOnceThePupilHadLeft_IsTheNextSchools_AndAnyOtherCounts()
    {
        var before = new Cohort();
        var cohort = new Cohort { CollectionId = before.CollectionId, TestId = before.TestId };
        var elsewhere = new Cohort { CollectionId = before.CollectionId, TestId = before.TestId };
        await cohort.TellAsync(house, 0, 0);
        await house.PublishAsync(cohort.School(version: 2, predecessors: before.SchoolUrn));
        await house.PublishAsync(elsewhere.School("Elsewhere"));
        await house.PublishAsync(cohort.Enrol(20));
        var (lastDay, later) = (new DateOnly(2025, 12, 10), new DateOnly(2025, 12, 12));
        var (mover, joiner, guest, returner, kept) = (
            Guid.CreateVersion7(), Guid.CreateVersion7(), Guid.CreateVersion7(), Guid.CreateVersion7(), Guid.CreateVersion7());
        await house.PublishAsync(Cohort.Roster(
        [
            Enrolled(mover, Stay(cohort, null, lastDay), Stay(elsewhere, lastDay.AddDays(1), null)),
            Enrolled(joiner, Stay(elsewhere, null, new(2025, 11, 28)), Stay(cohort, new(2025, 12, 1), new(2026, 7, 20))),
            cohort.Pupil(guest, 1, []),
            Enrolled(returner, Stay(cohort, null, lastDay), Stay(elsewhere, lastDay.AddDays(1), new(2026, 1, 9)), Stay(cohort, new(2026, 1, 12), null)),
            // On the roll of the school that was replaced, and nowhere else yet.
            Enrolled(kept, Stay(before, null, lastDay)),
        ]));
        await house.PublishAsync(Cohort.Recorded(
        [
            .. cohort.Pupils.Select(id => cohort.Result(id, 105)), elsewhere.Result(mover, 95, satOn: later), elsewhere.Result(joiner, 95),
            elsewhere.Result(guest, 95, satOn: later), elsewhere.Result(returner, 95, satOn: later), cohort.Result(kept, 95, satOn: later),
        ]));
        await house.PublishAsync(Judged(
        [
            .. cohort.Pupils.Select(id => Status(cohort, id, "on-track", 1)), Status(cohort, kept, "stuck", 1),
            .. new[] { mover, joiner, guest, returner }.Select(id => Status(elsewhere, id, "stuck", 1)),
        ]));
        await house.SettledAsync();

        var progress = await ProgressAsync(cohort, Role.Headteacher);

        // Of 25 the mover has no data here; four of the others are stuck.
        Assert.Equal((24.0, 1.0), (progress.Judged.Value, progress.NoData.Value));
        Assert.Equal(100.0 * 4 / 24, progress.PercentStuck.Estimate.Point, 6);

        PupilSnapshot Enrolled(Guid id, params PupilEnrolment[] stays) => cohort.Pupil(id, 1, []) with { Enrolments = stays };

        static PupilEnrolment Stay(Cohort at, DateOnly? from, DateOnly? to) =>
            new() { SchoolUrn = at.SchoolUrn, From = from ?? new(2025, 9, 1), To = to, IsMain = true, YearGroup = at.YearGroup };
    }

    [Fact]
    public async Task NoData_IsOfAllWhomTheCollectionTakesATestOf_AlsoWhereNobodySat()
    {
        var cohort = new Cohort { Subject = "maths" };
        await TellAsync(cohort, (20, ["on-track"]));
        await house.PublishAsync(new Cohort { SchoolUrn = cohort.SchoolUrn, YearGroup = "5" }.Enrol(30));
        await house.SettledAsync();
        Assert.Equal(0, (await ProgressAsync(cohort, Role.Headteacher)).NoData.Value);

        await house.PublishAsync(cohort.Collection(2) with { Tests = [new() { TestId = cohort.TestId, YearGroups = ["4", "5"] }] });

        await Eventually.Async(async () =>
        {
            var progress = await ProgressAsync(cohort, Role.Headteacher);
            Assert.Equal((20.0, 30.0), (progress.Judged.Value, progress.NoData.Value));
        });
    }

    [Fact]
    public async Task NoData_OfASchoolWhereFewWereJudged_DoesNotTellHowMany()
    {
        var cohort = new Cohort();
        await TellAsync(cohort, (3, ["on-track", "on-track", "on-track"]));
        await house.PublishAsync(cohort.Enrol(57));
        await house.SettledAsync();

        var progress = await ProgressAsync(cohort, Role.Governor);

        Assert.Equal(("SMALL_NUMBER", "SMALL_NUMBER"), (progress.Judged.Redacted?.Reason, progress.NoData.Redacted?.Reason));
        Assert.Equal(171, (await ProgressAsync(cohort, Role.Headteacher)).NoData.Value);
    }

    [Fact]
    public async Task NoData_OfFewPupils_CannotBeTakenFromTheRoll_ByWhatIsShownOfTheOthers()
    {
        var cohort = new Cohort();
        await TellAsync(cohort, (12, ["stuck"]), (45, ["on-track"]));
        await house.PublishAsync(cohort.Enrol(3));
        await house.SettledAsync();

        var progress = await ProgressAsync(cohort, Role.Governor);
        var clear = await ProgressAsync(cohort, Role.Headteacher);

        Assert.Equal(("SMALL_NUMBER", "SMALL_NUMBER"), (progress.Judged.Redacted?.Reason, progress.NoData.Redacted?.Reason));
        // 12 of 57 is a multiple of one nineteenth, and of no fraction of 60: rounded to 2 it is one of any number from 55 to 59. The interval
        // is Wilson's of 55, from that of 21% to that of 23%.
        var stuck = progress.PercentStuck.Estimate;
        Assert.Equal((22.0, 12.3, 35.7), (stuck.Point, Math.Round(stuck.Low, 1), Math.Round(stuck.High, 1)));
        Assert.Equal((57.0, 3.0), (clear.Judged.Value, clear.NoData.Value));
        Assert.Equal(100.0 * 12 / 57, clear.PercentStuck.Estimate.Point, 9);
    }

    [Theory]
    [InlineData(Role.Headteacher)]
    [InlineData(Role.Governor)]
    public async Task Share_IsOfThoseWhomAFitJudged_AndNotThereBeforeAnyDid(Role role)
    {
        var (before, after) = (new Cohort(), new Cohort());
        await TellAsync(before, (8, [FallingWithoutFit]), (32, ["no-data"]));
        await TellAsync(after, (12, ["stuck"]), (9, [FallingWithoutFit]), (48, ["on-track"]), (7, ["no-data"]));
        await house.SettledAsync();

        var caller = await house.CallerAsync(role, before.SchoolUrn);
        await Eventually.Async(async () =>
        {
            var none = Assert.Single((await OverviewAsync(caller, before)).Schools).Progress;
            Assert.Equal((0.0, 32.0), (none.Judged.Value, none.NoData.Value));
            Assert.All(
                new[] { none.PercentStuck, none.PercentSlowMoving, none.PercentFallingBehind }, share => Assert.Equal("NO_FIT", share.Redacted?.Reason));
        });
        var shares = await ProgressAsync(after, role);
        Assert.Equal((60.0, 7.0), (shares.Judged.Value, shares.NoData.Value));
        Assert.Equal((20.0, 0.0), (Math.Round(shares.PercentStuck.Estimate.Point, 9), shares.PercentFallingBehind.Estimate.Point));
    }

    [Fact]
    public async Task Share_OfFewerThanSixWhomAFitJudged_IsNotThere_EvenWherePupilsMayBeSeen()
    {
        var cohort = new Cohort();
        await TellAsync(cohort, (2, ["stuck", "stuck"]), (3, ["on-track", "on-track"]), (20, ["no-data", "no-data"]));
        await house.SettledAsync();

        var progress = await ProgressAsync(cohort, Role.Headteacher);

        Assert.Equal((10.0, 40.0), (progress.Judged.Value, progress.NoData.Value));
        Assert.Equal(("SMALL_NUMBER", "SMALL_NUMBER"), (progress.PercentStuck.Redacted?.Reason, progress.PercentSlowMoving.Redacted?.Reason));
    }

    [Fact]
    public async Task FewWhoFallWithoutAFit_CannotBeTakenFromTheRoll()
    {
        var (alone, besideNoData) = (new Cohort(), new Cohort());
        await TellAsync(alone, (12, ["stuck"]), (45, ["on-track"]), (3, [FallingWithoutFit]));
        await TellAsync(besideNoData, (12, ["stuck"]), (48, ["on-track"]), (3, [FallingWithoutFit]), (10, ["no-data"]));
        await house.SettledAsync();

        var ofThree = await ProgressAsync(alone, Role.Governor);
        var ofThirteen = await ProgressAsync(besideNoData, Role.Governor);

        // As of three without data: rounded, and with the interval that goes with it.
        Assert.Equal(("SMALL_NUMBER", "SMALL_NUMBER"), (ofThree.Judged.Redacted?.Reason, ofThree.NoData.Redacted?.Reason));
        var stuck = ofThree.PercentStuck.Estimate;
        Assert.Equal((22.0, 12.3, 35.7), (stuck.Point, Math.Round(stuck.Low, 1), Math.Round(stuck.High, 1)));
        // Thirteen were not judged, which the roll tells: how many of them fall, it does not.
        Assert.Equal((60.0, "SMALL_NUMBER"), (ofThirteen.Judged.Value, ofThirteen.NoData.Redacted?.Reason));
        Assert.Equal(20, ofThirteen.PercentStuck.Estimate.Point, 9);
        var clear = await ProgressAsync(besideNoData, Role.Headteacher);
        Assert.Equal((60.0, 10.0), (clear.Judged.Value, clear.NoData.Value));
    }

    [Theory]
    [InlineData(1, 0)]
    [InlineData(3, 0)]
    [InlineData(1, 2)]
    public void WhatIsShownBesideAFewWithoutData_FitsSeveralNumbersOfThem(int subjects, int fallingAtMost)
    {
        var shown = 0;
        for (var pupils = 8; pupils < 130; pupils += 3)
        {
            var fits = new Dictionary<string, HashSet<int>>();
            for (var without = 1; without <= 5; without++)
            {
                for (var stuck = 0; stuck <= pupils - without; stuck++)
                {
                    var shares = ProgressTable.Of(
                        [Alike(stuck, r => r with { Stuck = subjects }), Alike(pupils - without - stuck, r => r with { OtherwiseJudged = subjects }),
                            Alike(without - Math.Min(without, fallingAtMost), r => r with { NoData = subjects }),
                            Alike(Math.Min(without, fallingAtMost), r => r with { FallingWithoutFit = subjects })], Sight.Suppressed);
                    if (shares.PercentStuck.Estimate is not null)
                    {
                        shown++;
                        fits.TryAdd(shares.ToString(), []);
                        fits[shares.ToString()].Add(without);
                    }
                }
            }

            Assert.All(fits, f => Assert.True(f.Value.Count >= 3, $"of {pupils} pupils, {string.Join(" or ", f.Value)} are without data where it says {f.Key}"));
        }

        Assert.True(shown > 5000, $"{shown} are shown");

        static AlikePupilsRow Alike(int pupils, Func<AlikePupilsRow, AlikePupilsRow> with) => with(new AlikePupilsRow
        {
            SchoolUrn = 1,
            Stuck = 0,
            SlowMoving = 0,
            FallingBehind = 0,
            FallingWithoutFit = 0,
            OtherwiseJudged = 0,
            NoData = 0,
            Pupils = pupils,
        });
    }

    [Fact]
    public async Task Overview_WithinALimitedGrant_TellsNothingOfTheWholeSchool()
    {
        var cohort = new Cohort();
        await cohort.TellAsync(house, 30, 18);
        await house.PublishAsync(new VisitChanged
        {
            VisitId = Guid.NewGuid(),
            Version = 1,
            SchoolUrn = cohort.SchoolUrn,
            AcademicYear = "2025/26",
            Entitlement = "annual-review",
            State = "planned",
            On = FarAhead,
        });
        await house.PublishAsync(Statuses(cohort, ("stuck", 8), ("on-track", 22)));
        await house.PublishAsync(Thread(cohort, "open", LongAgo, LongAgo));
        await house.PublishAsync(new CategoryChanged { SchoolUrn = cohort.SchoolUrn, Version = 1, Category = "stabilise", From = LongAgo });
        await house.SettledAsync();

        foreach (var role in new[] { Role.Governor, Role.SeniorLeader })
        {
            var whole = await house.CallerAsync(role, cohort.SchoolUrn);
            await Eventually.Async(async () =>
            {
                var line = Assert.Single((await OverviewAsync(whole, cohort)).Schools);
                Assert.True(line is { Category: not null, Progress: not null, Entries: EntryState.Complete, OpenWork: not null, Visits: not null });
                Assert.Single(line.Subjects);
            });

            var ofSubject = Assert.Single((await OverviewAsync(await Limited(role, subjects: [cohort.Subject]), cohort)).Schools);
            Assert.Equal(cohort.Subject, Assert.Single(ofSubject.Subjects).Subject);
            Assert.True(ofSubject is { Category: null, Progress: null, Completeness: null, OpenWork: null, Visits: null });
            Assert.Equal(EntryState.Unspecified, ofSubject.Entries);
            Assert.Empty((await OverviewAsync(await Limited(role, subjects: ["music"]), cohort)).Schools);
            Assert.Empty((await OverviewAsync(await Limited(role, years: ["4"]), cohort)).Schools);
            Assert.Empty((await OverviewAsync(await Limited(role, classes: [Guid.NewGuid()]), cohort)).Schools);
        }

        Task<TestCaller> Limited(Role role, string[]? years = null, string[]? subjects = null, Guid[]? classes = null) => house.CallerAsync(
            ReportingHouse.ReadScopes, new TestGrant(role) { SchoolUrn = cohort.SchoolUrn, YearGroups = years, Subjects = subjects, ClassIds = classes });
    }

    [Fact]
    public async Task ThreadsOnASensitiveGroup_AreCountedForThoseAloneWhoMaySeeWhoIsInIt()
    {
        var cohort = new Cohort();
        await cohort.TellAsync(house, 0, 0);
        await house.PublishAsync(Thread(cohort, "open", LongAgo, FarAhead));
        await house.PublishAsync(Thread(cohort, "open", LongAgo, LongAgo) with { Group = "looked-after" });
        await house.PublishAsync(Thread(cohort, "open", LongAgo, LongAgo) with { Group = $"told-{Guid.NewGuid():N}" });
        await house.SettledAsync();

        foreach (var (role, counts) in new[] { (Role.Headteacher, (3, 3, 3, 2)), (Role.Senco, (1, 1, 1, 0)), (Role.Governor, (1, 1, 1, 0)) })
        {
            await TellsAsync(await house.CallerAsync(role, cohort.SchoolUrn), counts);
        }

        await TellsAsync(
            await house.CallerAsync(
                ReportingHouse.ReadScopes,
                new TestGrant(Role.Governor) { SchoolUrn = cohort.SchoolUrn },
                new TestGrant(Role.DesignatedTeacher) { SchoolUrn = cohort.SchoolUrn, YearGroups = ["5"] }),
            (1, 1, 1, 0));

        Task TellsAsync(TestCaller caller, (int, int, int, int) counts) => Eventually.Async(async () =>
        {
            var work = Assert.Single((await OverviewAsync(caller, cohort)).Schools).OpenWork;
            Assert.Equal(counts, (work.OpenThreads, work.ThreadsPastReview, work.OpenThreadActions, work.OverdueThreadActions));
        });
    }

    [Fact]
    public async Task ThreadsOnAGroupThatWasSensitive_AreNotCountedForOthersOnceItIsDefinedOpen()
    {
        var cohort = new Cohort();
        await cohort.TellAsync(house, 0, 0);
        var group = $"once-{Guid.NewGuid():N}";
        var defined = new GroupDefined { Group = group, DefinitionVersion = 1, Name = "Once", ComparatorName = "Never", Sensitive = false };

        // The definitions in an order in which they may come: the sensitive one between them last.
        await house.PublishAsync(defined);
        await house.PublishAsync(defined with { DefinitionVersion = 3 });
        await house.SettledAsync();
        await house.PublishAsync(defined with { DefinitionVersion = 2, Sensitive = true });
        foreach (int? version in new int?[] { null, 1, 2, 3, 4 })
        {
            await house.PublishAsync(Thread(cohort, "open", FarAhead) with { Group = group, DefinitionVersion = version });
        }

        await house.SettledAsync();

        // Of the fifth nothing has been told.
        foreach (var (role, threads) in new[] { (Role.Headteacher, 5), (Role.Senco, 1), (Role.Governor, 1) })
        {
            var caller = await house.CallerAsync(role, cohort.SchoolUrn);
            await Eventually.Async(async () => Assert.Equal(threads, Assert.Single((await OverviewAsync(caller, cohort)).Schools).OpenWork.OpenThreads));
        }
    }

    [Fact]
    public async Task Statuses_OfALargeSet_AreStreamed_AndAnOlderVersionIsIgnored()
    {
        var cohort = new Cohort();
        await cohort.TellAsync(house, 0, 0);
        await house.PublishAsync(cohort.Enrol(700));
        var pupils = cohort.Pupils;
        var changeSet = Guid.CreateVersion7();
        house.Peers.Statuses[changeSet.ToString()] = [.. pupils.Select(id => new StatusSnapshot
        {
            PupilId = id.ToString(),
            Subject = cohort.Subject,
            CollectionId = cohort.CollectionId.ToString(),
            Version = 2,
            SchoolUrn = cohort.SchoolUrn,
            YearGroup = cohort.YearGroup,
            Status = "on-track",
            FitVersion = 1,
        })];
        await house.PublishAsync(new StatusesChanged { ChangeSetId = changeSet, JudgedAt = DateTimeOffset.UtcNow, Count = 700 });
        var lead = await house.CallerAsync(Role.DataLead);
        await Eventually.Async(async () => Assert.Equal(700, await JudgedAsync()));

        await house.PublishAsync(Judged([Status(cohort, pupils[0], "stuck", 1), Status(cohort, pupils[1], "stuck", 3)]));
        await house.SettledAsync();

        await Eventually.Async(async () =>
        {
            var school = (await OverviewAsync(lead, cohort)).Schools.Single(s => s.SchoolUrn == cohort.SchoolUrn);
            Assert.Equal(100.0 / 700, school.Progress.PercentStuck.Estimate.Point, 6);
        });

        async Task<double> JudgedAsync() =>
            (await OverviewAsync(lead, cohort)).Schools.Single(s => s.SchoolUrn == cohort.SchoolUrn).Progress.Judged.Value;
    }

    [Fact]
    public async Task PupilsByStatus_CarryTheNamesThatTrackingGivesThisCaller()
    {
        var (cohort, classId) = await PupilsWithStatusesAsync();
        house.Peers.Names[cohort.Pupils[0].ToString()] = ("Ada", "Reed");
        var head = await house.CallerAsync(Role.Headteacher, cohort.SchoolUrn);
        var request = Request(cohort);

        var answer = await head.Progress.ListPupilsByStatusAsync(request, head.Headers);

        Assert.True(answer.NamesAvailable);
        Assert.Equal(3, answer.Pupils.Count);
        var ada = answer.Pupils.Single(p => p.PupilId == cohort.Pupils[0].ToString());
        Assert.Equal(("Ada Reed", "stuck", "reading", "95"), (ada.Name, ada.Status, ada.Subject, ada.Score));
        Assert.All(answer.Pupils.Where(p => p != ada), p => Assert.False(p.HasName));
        Assert.Equal(head.Headers.GetValue("authorization"), house.Peers.NamesAskedWith);
        await Eventually.Async(async () =>
        {
            await using var command = house.Database.CreateCommand(
                $"select count(*) from audit where subject_kind = 'pupil' and '{cohort.Pupils[0]}' = any (subject_ids) and school_urn = {cohort.SchoolUrn}");
            Assert.True((long)(await command.ExecuteScalarAsync())! > 0);
        });
        Assert.Equal(2, (await head.Progress.ListPupilsByStatusAsync(new(request) { Status = "on-track" }, head.Headers)).Pupils.Count);

        var teacher = await house.CallerAsync(ReportingHouse.ReadScopes, new TestGrant(Role.Teacher) { SchoolUrn = cohort.SchoolUrn, ClassIds = [classId] });
        Assert.Single((await teacher.Progress.ListPupilsByStatusAsync(request, teacher.Headers)).Pupils);
        var otherClass = await house.CallerAsync(
            ReportingHouse.ReadScopes, new TestGrant(Role.Teacher) { SchoolUrn = cohort.SchoolUrn, ClassIds = [Guid.NewGuid()] });
        Assert.Empty((await otherClass.Progress.ListPupilsByStatusAsync(request, otherClass.Headers)).Pupils);
    }

    [Fact]
    public async Task PupilsByStatus_CarryTheScoreThatTheStatusIsOf_NotTheNextSchoolsNorAJudgementBesideIt()
    {
        var cohort = new Cohort();
        await cohort.TellAsync(house, 0, 0);
        await house.PublishAsync(cohort.Test(2) with { Mean = 100 });
        var judgement = new Cohort { SchoolUrn = cohort.SchoolUrn, CollectionId = cohort.CollectionId, Scale = "teacher-assessment" };
        await house.PublishAsync(judgement.Test());
        var next = new Cohort { CollectionId = cohort.CollectionId, TestId = cohort.TestId };
        await house.PublishAsync(next.School("Next"));
        await house.PublishAsync(cohort.Enrol(2));
        var (mover, judged) = (cohort.Pupils[0], cohort.Pupils[1]);
        await house.PublishAsync(Cohort.Recorded(
            cohort.Result(mover, 95), next.Result(mover, 121, satOn: Cohort.SatOn.AddDays(9)),
            cohort.Result(judged, 96), judgement.Result(judged, 3, satOn: Cohort.SatOn.AddDays(9))));
        await house.PublishAsync(Judged([Status(cohort, mover, "stuck", 1), Status(cohort, judged, "stuck", 1)]));
        await house.SettledAsync();
        var head = await house.CallerAsync(Role.Headteacher, cohort.SchoolUrn);

        await Eventually.Async(async () =>
        {
            var answer = await head.Progress.ListPupilsByStatusAsync(Request(cohort), head.Headers);
            Assert.Equal(
                new[] { (mover.ToString(), "95"), (judged.ToString(), "96") }.Order(), answer.Pupils.Select(p => (p.PupilId, p.Score)).Order());
        });
    }

    [Fact]
    public async Task PupilsByStatus_WithTrackingDown_ComeWithoutNames_AndSaySo()
    {
        var (cohort, _) = await PupilsWithStatusesAsync();
        house.Peers.Names[cohort.Pupils[0].ToString()] = ("Ada", "Reed");
        var head = await house.CallerAsync(Role.Headteacher, cohort.SchoolUrn);
        house.Peers.TrackingIsDown = true;
        try
        {
            var answer = await head.Progress.ListPupilsByStatusAsync(Request(cohort), head.Headers);
            Assert.False(answer.NamesAvailable);
            Assert.Equal(3, answer.Pupils.Count);
            Assert.All(answer.Pupils, p => Assert.False(p.HasName));
        }
        finally
        {
            house.Peers.TrackingIsDown = false;
        }
    }

    [Fact]
    public async Task PupilsByStatus_AreNeitherForForeignSchoolsNorForAggregateRoles()
    {
        var (cohort, _) = await PupilsWithStatusesAsync();
        var request = Request(cohort);
        foreach (var role in new[] { Role.Board, Role.Ceo, Role.Committee, Role.Governor, Role.Reviewer, Role.Partner, Role.TrustIt })
        {
            await RefusedAsync(StatusCode.PermissionDenied, await house.CallerAsync(role), request);
        }

        await RefusedAsync(StatusCode.NotFound, await house.CallerAsync(Role.Headteacher, ReportingHouse.NewUrn()), request);
        var lead = await house.CallerAsync(Role.DataLead);
        await RefusedAsync(StatusCode.InvalidArgument, lead, new(request) { Status = "lazy" });
        await RefusedAsync(StatusCode.InvalidArgument, lead, new(request) { PageToken = "x" });
        await RefusedAsync(StatusCode.InvalidArgument, lead, new(request) { CollectionId = "" });

        var first = await lead.Progress.ListPupilsByStatusAsync(new(request) { PageSize = 2 }, lead.Headers);
        var second = await lead.Progress.ListPupilsByStatusAsync(new(request) { PageSize = 2, PageToken = first.NextPageToken }, lead.Headers);
        Assert.Equal(3, first.Pupils.Concat(second.Pupils).Select(p => p.PupilId).Distinct().Count());
        Assert.Empty(second.NextPageToken);
    }

    /// <summary>Ten schools with 200,000 statuses: the present URN is asked for once per school, not once per status.</summary>
    [Fact]
    public async Task PupilsByStatus_OfALargeTrust_AnswerInSeconds()
    {
        var (cohort, _) = await PupilsWithStatusesAsync();
        await using (var command = house.Database.CreateCommand(
            """
            insert into pupil_status (school_urn, pupil_id, subject, collection_id, version, year_group, status, fit_version)
            select case when p % 10 = 0 then $1 else 800000 + p % 10 end, md5('many' || p)::uuid, subject, $2, 1, (1 + p % 6)::text,
                case when p % 50 = 0 then 'stuck' else 'on-track' end, 1
            from generate_series(1, 66000) p, unnest(array['maths', 'reading', 'writing']) subject
            """))
        {
            command.Parameters.Add(new() { Value = cohort.SchoolUrn });
            command.Parameters.Add(new() { Value = cohort.CollectionId });
            await command.ExecuteNonQueryAsync();
        }

        await using (var analyze = house.Database.CreateCommand("analyze pupil_status"))
        {
            await analyze.ExecuteNonQueryAsync();
        }

        var lead = await house.CallerAsync(Role.DataLead);

        var answer = await lead.Progress.ListPupilsByStatusAsync(
            new(Request(cohort)) { Subject = "reading", PageSize = 500 }, lead.Headers, DateTime.UtcNow.AddSeconds(4));

        Assert.Equal(500, answer.Pupils.Count);
        Assert.All(answer.Pupils, p => Assert.Equal("reading", p.Subject));
    }

    /// <summary>Five pupils: two stuck and one falling behind, two on track; only the first is in the class.</summary>
    private async Task<(Cohort Cohort, Guid ClassId)> PupilsWithStatusesAsync()
    {
        var (cohort, classId) = (new Cohort(), Guid.CreateVersion7());
        await cohort.TellAsync(house, 0, 0);
        await house.PublishAsync(cohort.Enrol(1, classId: classId));
        await house.PublishAsync(cohort.Enrol(4));
        await house.PublishAsync(cohort.Results(0));
        string[] statuses = ["stuck", "stuck", "falling-behind", "on-track", "on-track"];
        await house.PublishAsync(Judged([.. cohort.Pupils.Select((id, i) => Status(cohort, id, statuses[i], 1))]));
        var lead = await house.CallerAsync(Role.DataLead);
        await Eventually.Async(async () =>
        {
            var answer = await lead.Progress.ListPupilsByStatusAsync(Request(cohort), lead.Headers);
            Assert.Equal(3, answer.Pupils.Count(p => p.HasScore));
            var ofClass = await house.CallerAsync(ReportingHouse.ReadScopes, new TestGrant(Role.Teacher) { SchoolUrn = cohort.SchoolUrn, ClassIds = [classId] });
            Assert.Single((await ofClass.Progress.ListPupilsByStatusAsync(Request(cohort), ofClass.Headers)).Pupils);
        });
        return (cohort, classId);
    }

    /// <summary>Tells a school, and enrols pupils with their statuses in up to three subjects.</summary>
    private async Task TellAsync(Cohort cohort, params (int Pupils, string[] Statuses)[] kinds)
    {
        await cohort.TellAsync(house, 0, 0);
        string[] subjects = ["maths", "reading", "writing"];
        await house.PublishAsync(cohort.Enrol(kinds.Sum(kind => kind.Pupils)));
        var statuses = kinds.SelectMany(kind => Enumerable.Repeat(kind.Statuses, kind.Pupils)).ToList();
        await house.PublishAsync(Judged([.. from pupil in cohort.Pupils.Zip(statuses)
                                            from subject in pupil.Second.Select((status, i) => (Status: status, Name: subjects[i]))
                                            select Status(cohort, pupil.First, subject.Status, 1) with { Subject = subject.Name }]));
    }

    /// <summary>Progress once something is judged.</summary>
    private async Task<ProgressShares> ProgressAsync(Cohort cohort, Role role)
    {
        var caller = await house.CallerAsync(role, cohort.SchoolUrn);
        return await Eventually.Async(async () =>
        {
            var progress = Assert.Single((await OverviewAsync(caller, cohort)).Schools).Progress;
            Assert.False(progress.Judged is { ShownCase: Figure.ShownOneofCase.Value, Value: 0 });
            return progress;
        });
    }

    private static Tracking.Events.V1.PupilSnapshot Left(Cohort cohort, Guid pupilId, DateOnly lastDay)
    {
        var pupil = cohort.Pupil(pupilId, 1, []);
        return pupil with { Enrolments = [pupil.Enrolments[0] with { To = lastDay }] };
    }

    private static ListPupilsByStatusRequest Request(Cohort cohort) =>
        new() { SchoolUrn = cohort.SchoolUrn, CollectionId = cohort.CollectionId.ToString() };

    private static async Task<TrustOverview> OverviewAsync(TestCaller caller, Cohort cohort) =>
        (await caller.Overview.GetTrustOverviewAsync(new() { CollectionId = cohort.CollectionId.ToString() }, caller.Headers)).Overview;

    private static ThreadChanged Thread(Cohort cohort, string state, DateOnly reviewOn, params DateOnly[] openActions) => new()
    {
        ThreadId = Guid.NewGuid(),
        Version = 1,
        SchoolUrn = cohort.SchoolUrn,
        Group = "disadvantaged",
        Subject = cohort.Subject,
        State = state,
        ReviewOn = reviewOn,
        OpenActionsDueOn = openActions,
        ActionsDone = 0,
    };

    /// <summary>One status each for the first pupils of a cohort.</summary>
    private static StatusesChanged Statuses(Cohort cohort, params (string Status, int Count)[] counts) =>
        Judged([.. counts.SelectMany(c => Enumerable.Repeat(c.Status, c.Count)).Zip(cohort.Pupils, (status, id) => Status(cohort, id, status, 1))]);

    private static StatusesChanged Judged(IReadOnlyList<JudgedStatus> rows) => new()
    {
        ChangeSetId = Guid.CreateVersion7(),
        JudgedAt = DateTimeOffset.UtcNow,
        Count = rows.Count,
        Rows = rows,
    };

    private static JudgedStatus Status(Cohort cohort, Guid pupilId, string status, long version) => new()
    {
        PupilId = pupilId,
        Subject = cohort.Subject,
        CollectionId = cohort.CollectionId,
        Version = version,
        SchoolUrn = cohort.SchoolUrn,
        YearGroup = cohort.YearGroup,
        Status = status is FallingWithoutFit ? "falling-behind" : status,
        FitVersion = status is FallingWithoutFit or "no-data" ? null : 1,
    };

    private static async Task RefusedAsync(StatusCode status, TestCaller caller, ListPupilsByStatusRequest request)
    {
        var refused = await Assert.ThrowsAsync<RpcException>(async () => await caller.Progress.ListPupilsByStatusAsync(request, caller.Headers));
        Assert.Equal(status, refused.StatusCode);
    }
}
