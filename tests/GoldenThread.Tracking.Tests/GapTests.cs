using GoldenThread.TestSupport;
using GoldenThread.Tracking.V1;
using GoldenThread.Type.V1;
using Grpc.Core;
using static GoldenThread.TestSupport.Refusals;

namespace GoldenThread.Tracking.Tests;

/// <summary>A gap is counted from the pupils who sat, by the groups of the day it was due, and told in whole pupils with its uncertainty.</summary>
public sealed class GapTests(TrackingHouse house)
{
    [Fact]
    public async Task Gap_IsThatOfTheCounts_WithNewcombesInterval_AndInWholePupils()
    {
        var cohort = await TwelveAgainstTwentyAsync();

        var gap = await GapAsync(cohort);

        Assert.Equal((12, 4, 20, 15), (gap.InGroup.Pupils, gap.InGroup.Met, gap.Others.Pupils, gap.Others.Met));

        // 4 of 12 against 15 of 20, by standard Python: Newcombe 1998, method 10, and Wilson 1927.
        Assert.Equal(-41.66666666666667, gap.PercentagePoints.Estimate.Point, 9);
        Assert.Equal(-65.58118098008428, gap.PercentagePoints.Estimate.Low, 9);
        Assert.Equal(-6.448676547893112, gap.PercentagePoints.Estimate.High, 9);
        Assert.Equal(13.812009109121314, gap.InGroup.PercentMet.Estimate.Low, 9);
        Assert.Equal(60.93779111272004, gap.InGroup.PercentMet.Estimate.High, 9);
        Assert.Equal(-5, gap.WholePupils);
        Assert.Contains("−5 pupils", gap.Words);
        Assert.Contains("more than chance", gap.Words);
        Assert.Equal("not disadvantaged, same school, those with nothing recorded included", gap.Comparator.ToLowerInvariant());
    }

    [Fact]
    public async Task Code_CountsAsNotMet_WhereItsScaleSaysSo_AndElseNotAtAll()
    {
        var cohort = await TwelveAgainstTwentyAsync();

        await cohort.RecordCodeAsync(0, 0, "A");
        await cohort.RecordCodeAsync(0, 1, "J");

        // The first two had met it: one is now in the denominator only, the other is in neither.
        var gap = await GapAsync(cohort);
        Assert.Equal((11, 2, 10), (gap.InGroup.Pupils, gap.InGroup.Met, gap.InGroup.Scored));
    }

    [Fact]
    public async Task Pupil_CountsOnce_WithTheLaterOfTwoScores()
    {
        var cohort = await TwelveAgainstTwentyAsync();
        var again = cohort.Row(0, 11, 120m) with { ResultId = Guid.CreateVersion7(), Version = 1, SatOn = new DateOnly(2025, 9, 30) };

        await cohort.TellAsync([again]);
        await house.KnownAsync("select count(*) from result_copy where result_id = @ResultId", new { again.ResultId });

        var gap = await GapAsync(cohort);
        Assert.Equal((12, 5), (gap.InGroup.Pupils, gap.InGroup.Met));
    }

    [Fact]
    public async Task Pupil_WithAJudgementBesideTheTest_CountsByTheTest()
    {
        var cohort = await TwelveAgainstTwentyAsync();
        var judgement = await cohort.AddWindowAsync(scale: "steps", reliability: null);
        var later = Enumerable.Range(4, 8).Select(at => cohort.Row(0, at, 120m) with
        {
            ResultId = Guid.CreateVersion7(),
            Version = 1,
            TestId = cohort.Test(judgement),
            SatOn = new DateOnly(2025, 9, 30),
        }).ToList();

        await cohort.TellAsync(later);
        await house.KnownAsync("select count(*) from result_copy where result_id = any (@ids)", new { ids = later.Select(row => row.ResultId).ToArray() }, later.Count);

        var gap = await GapAsync(cohort);
        Assert.Equal((12, 4), (gap.InGroup.Pupils, gap.InGroup.Met));
    }

    [Fact]
    public async Task Pupil_WhoSatAtTwoSchools_CountsOnce_AtTheMainSchoolOfTheDueDay()
    {
        var (cohort, other) = (await TwelveAgainstTwentyAsync(), await Cohort.OfAsync(house, 1));
        var visit = cohort.Row(0, 0, 90m) with
        {
            ResultId = Guid.CreateVersion7(),
            Version = 1,
            SchoolUrn = other.Urn,
            SatOn = new DateOnly(2025, 9, 30),
        };

        await cohort.TellAsync([visit]);
        await house.KnownAsync("select count(*) from result_copy where result_id = @ResultId", new { visit.ResultId });

        Assert.Equal((12, 4), ((await GapAsync(cohort)).InGroup.Pupils, (await GapAsync(cohort)).InGroup.Met));
        var there = Request(cohort);
        there.SchoolUrn = other.Urn;
        await RefusedAsync(StatusCode.NotFound, "GAP_NOT_FOUND", () => house.Lead.Gaps.MeasureGapAsync(there, house.Lead.Headers).ResponseAsync);
    }

    [Fact]
    public async Task FormerSchool_LearnsFromAGapNothingThatWasRecordedSince()
    {
        var cohort = await TwelveAgainstTwentyAsync();
        var (moves, there) = (cohort.Pupils[20].PupilId, await house.SchoolAsync());
        await house.Lead.Pupils.EnrolPupilAsync(
            new() { PupilId = moves, Enrolment = new() { SchoolUrn = there, YearGroup = Cohort.YearGroup, From = "2025-11-03" } }, house.Lead.Headers);
        await house.Lead.Pupils.RecordPupilFactAsync(
            new() { PupilId = moves, Fact = new() { Fact = "sen", Value = "K", From = "2025-09-01" } }, house.Lead.Headers);
        var head = await house.CallerAsync(Role.Headteacher, cohort.Urn);
        async Task<(int, int)> SidesAsync(TestCaller caller, string group)
        {
            var gap = (await caller.Gaps.MeasureGapAsync(new(Request(cohort)) { Group = group }, caller.Headers)).Gap;
            return (gap.InGroup.Pupils, gap.Others.Pupils);
        }

        Assert.Equal((1, 31), await SidesAsync(house.Lead, "send"));
        Assert.Equal((0, 31), await SidesAsync(head, "send"));
        Assert.Equal((12, 20), await SidesAsync(head, "disadvantaged"));
    }

    [Fact]
    public async Task FormerSchool_LearnsFromAGapNoSexAndNoBirthdayThatWasCorrectedSince()
    {
        // All are girls born in January, as the former school knew them.
        var cohort = await TwelveAgainstTwentyAsync();
        var there = await house.SchoolAsync();
        var moved = (await house.Lead.Pupils.EnrolPupilAsync(
            new() { PupilId = cohort.Pupils[20].PupilId, Enrolment = new() { SchoolUrn = there, YearGroup = Cohort.YearGroup, From = "2025-11-03" } },
            house.Lead.Headers)).Pupil;
        var head = await house.CallerAsync(Role.Headteacher, cohort.Urn);
        Assert.Equal((0, 32), await SidesAsync(head, "boys"));

        moved = await ChangeAsync(new() { Sex = Sex.Male });
        Assert.Equal((1, 31), await SidesAsync(house.Lead, "boys"));
        Assert.Equal((0, 31), await SidesAsync(head, "boys"));
        Assert.Equal((0, 32), await SidesAsync(head, "summer-born"));

        // By a file, and by a birthday of the same month, which tells of no group.
        moved = await ChangeAsync(new() { BornOn = "2016-01-02" });
        Assert.Equal((0, 32), await SidesAsync(head, "summer-born"));
        await house.Lead.ImportAsync(
            $"URN,Forename,Surname,DOB,Sex,Year group,UPN\n{there},Pupil,{cohort.Surname(20)},2016-05-02,M,{Cohort.YearGroup},{moved.Upn}\n", from: "2025-11-04");
        Assert.Equal((1, 31), await SidesAsync(house.Lead, "summer-born"));
        Assert.Equal((0, 31), await SidesAsync(head, "summer-born"));

        async Task<Pupil> ChangeAsync(PupilChanges changes)
        {
            changes.Upn = moved.HasUpn ? moved.Upn : TrackingHouse.NewUpn();
            return (await house.Lead.Pupils.UpdatePupilAsync(new() { PupilId = moved.PupilId, Pupil = changes }, house.Lead.IfMatch(moved.Etag))).Pupil;
        }

        async Task<(int, int)> SidesAsync(TestCaller caller, string group)
        {
            var gap = (await caller.Gaps.MeasureGapAsync(new(Request(cohort)) { Group = group }, caller.Headers)).Gap;
            return (gap.InGroup.Pupils, gap.Others.Pupils);
        }
    }

    [Fact]
    public async Task Joiner_AfterTheDueDay_CountsInTheGroupOfTheFirstDay()
    {
        var cohort = await TwelveAgainstTwentyAsync();
        await house.Lead.ImportAsync(
            $"URN,Forename,Surname,DOB,Sex,Year group,From,FSM\n{cohort.Urn},Pupil,Joiner{cohort.Urn},2016-01-01,F,{Cohort.YearGroup},2025-10-06,Y\n", from: "2025-10-06");
        var joiner = await house.Lead.PupilAsync(cohort.Urn, $"Joiner{cohort.Urn}", "2025-10-06");
        var late = cohort.Row(0, 0, 110m) with
        {
            ResultId = Guid.CreateVersion7(),
            Version = 1,
            PupilId = Guid.Parse(joiner.PupilId),
            SatOn = new DateOnly(2025, 10, 7),
        };

        await cohort.TellAsync([late]);
        await house.KnownAsync("select count(*) from result_copy where result_id = @ResultId", new { late.ResultId });

        var gap = await GapAsync(cohort);
        Assert.Equal((13, 5, 20), (gap.InGroup.Pupils, gap.InGroup.Met, gap.Others.Pupils));
    }

    [Fact]
    public async Task Code_AfterAScoreInOneCollection_DoesNotTakeTheScoresPlace()
    {
        var cohort = await TwelveAgainstTwentyAsync();
        var later = cohort.Row(0, 0, null, "A") with { ResultId = Guid.CreateVersion7(), Version = 1, SatOn = new DateOnly(2025, 9, 30) };

        await cohort.TellAsync([later]);
        await house.KnownAsync("select count(*) from result_copy where result_id = @ResultId", new { later.ResultId });

        var gap = await GapAsync(cohort);
        Assert.Equal((12, 4, 12), (gap.InGroup.Pupils, gap.InGroup.Met, gap.InGroup.Scored));
    }

    [Fact]
    public async Task Group_ThatBeginsBetweenSittingAndDueDay_Counts()
    {
        var cohort = await TwelveAgainstTwentyAsync();

        await house.Lead.ImportAsync(
            $"URN,Forename,Surname,DOB,Sex,Year group,From,FSM\n{cohort.Urn},Pupil,{cohort.Surname(20)},2016-01-01,F,{Cohort.YearGroup},2025-09-29,Y\n", from: "2025-09-29");

        Assert.Equal(13, (await GapAsync(cohort)).InGroup.Pupils);
    }

    [Fact]
    public async Task Trust_HoldsTheSchoolsThatBelongedToItOnTheDueDay_UnderTheirOwnUrnOrOneTheyReplaced()
    {
        var cohort = await TwelveAgainstTwentyAsync();
        var trust = Request(cohort);
        trust.ClearSchoolUrn();
        await BelongsAsync(cohort.Urn, "2025-09-30");

        await RefusedAsync(StatusCode.NotFound, "GAP_NOT_FOUND", () => house.Lead.Gaps.MeasureGapAsync(trust, house.Lead.Headers).ResponseAsync);
        Assert.Equal(12, (await GapAsync(cohort)).InGroup.Pupils);

        await BelongsAsync(TrackingHouse.NewUrn(), null, cohort.Urn);
        Assert.Equal(12, (await house.Lead.Gaps.MeasureGapAsync(trust, house.Lead.Headers)).Gap.InGroup.Pupils);
    }

    [Fact]
    public async Task Group_IsThatOfTheDayTheCollectionWasDue_NotOfToday()
    {
        var cohort = await TwelveAgainstTwentyAsync();

        // Joined the group after the day.
        await house.Lead.ImportAsync(
            $"URN,Forename,Surname,DOB,Sex,Year group,From,FSM\n{cohort.Urn},Pupil,{cohort.Surname(20)},2016-01-01,F,{Cohort.YearGroup},2025-10-02,Y\n", from: "2025-10-02");
        Assert.Contains("disadvantaged", (await house.Lead.PupilAsync(cohort.Urn, cohort.Surname(20), "2025-10-02")).Groups);

        Assert.Equal(12, (await GapAsync(cohort)).InGroup.Pupils);
    }

    [Fact]
    public async Task FewPupils_AreToldAsCounts_AndNothingIsSaidAboutChance()
    {
        var cohort = await Cohort.OfAsync(house, 20, disadvantaged: 5);
        await cohort.AddWindowAsync();
        await cohort.RecordAsync(0, Enumerable.Range(0, 20).Select(at => (at, at < 5 ? 90m : 110m)));

        var gap = await GapAsync(cohort);

        Assert.Equal((5, 0), (gap.InGroup.Pupils, gap.InGroup.Met));
        Assert.Equal("SMALL_NUMBER", gap.InGroup.PercentMet.Redacted.Reason);
        Assert.Equal("SMALL_NUMBER", gap.PercentagePoints.Redacted?.Reason);
        Assert.Equal(-5, gap.WholePupils);
        Assert.EndsWith("too few pupils to say whether it is more than chance.", gap.Words);
    }

    [Fact]
    public async Task Scores_OfTwoScales_AreNeverAveraged_ButTheirStandardsAreCounted()
    {
        var cohort = await Cohort.OfAsync(house, 14, disadvantaged: 7);
        await cohort.AddWindowAsync();
        await cohort.RecordAsync(0, Enumerable.Range(0, 12).Select(at => (at, 100m)));
        var (first, other) = (cohort.Row(0, 12, 100m), Guid.NewGuid());
        await cohort.AddWindowAsync(scale: "age-standardised", test: other);
        await cohort.TellAsync([first with { TestId = other }]);
        await house.KnownAsync("select count(*) from result_copy where test_id = @other", new { other });

        var gap = await GapAsync(cohort);

        Assert.Equal(13, gap.InGroup.Pupils + gap.Others.Pupils);
        Assert.All([gap.MeanDifference, gap.HedgesG, gap.InGroup.MeanScore], figure => Assert.Equal("MIXED_SCALES", figure.Redacted.Reason));
        Assert.Equal(Figure.ShownOneofCase.Estimate, gap.PercentagePoints.ShownCase);
    }

    [Fact]
    public async Task Code_OnAnotherScale_DoesNotHideTheMeanOfScoresThatAreAllOnOne()
    {
        var cohort = await TwelveAgainstTwentyAsync();
        await cohort.AddWindowAsync(scale: "steps", reliability: null);
        var absent = cohort.Row(0, 0, null, "A") with { TestId = cohort.Test(1), ResultId = Guid.CreateVersion7(), Version = 1 };
        var withdrawn = cohort.Row(0, 0, null, "J");
        await cohort.TellAsync([absent, withdrawn]);
        await house.KnownAsync("select count(*) from result_copy where result_id = @ResultId", new { absent.ResultId });
        await house.KnownAsync("select count(*) from result_copy where result_id = @ResultId and version = @Version", new { withdrawn.ResultId, withdrawn.Version });

        var gap = await GapAsync(cohort);

        // Of the other eleven three have 105 and eight 95.
        Assert.Equal(11, gap.InGroup.Scored);
        Assert.Equal(((3 * 105) + (8 * 95)) / 11.0, gap.InGroup.MeanScore.Estimate.Point, 9);
    }

    [Fact]
    public async Task Test_WithoutAnExpectedStandard_IsSaidToHaveNone_NotToHaveBeenSatByNobody()
    {
        var cohort = await Cohort.OfAsync(house, 20, disadvantaged: 8);
        await cohort.AddWindowAsync(tellTest: false);
        await cohort.TellTestAsync(0, expectedFrom: null);
        await cohort.RecordAsync(0, Enumerable.Range(0, 20).Select(at => (at, 90m + at)));

        var gap = await GapAsync(cohort);

        Assert.Equal((8, 12), (gap.InGroup.Scored, gap.Others.Scored));
        Assert.All([gap.PercentagePoints, gap.InGroup.PercentMet, gap.Others.PercentMet], figure => Assert.Equal("NO_EXPECTED_STANDARD", figure.Redacted?.Reason));
        Assert.StartsWith("The test has no expected standard", gap.Words);

        // 90 to 97 against 98 to 109.
        Assert.Equal(93.5 - 103.5, gap.MeanDifference.Estimate.Point, 9);
    }

    [Fact]
    public async Task Gap_OverTwoSchools_HasAnIntervalThatAGapCanHave()
    {
        // In the one school the six of the group met it and none of the others, in the other school it is the reverse.
        var (cohort, other) = (await Cohort.OfAsync(house, 24, disadvantaged: 12), await house.SchoolAsync());
        await cohort.AddWindowAsync();
        var rows = Enumerable.Range(0, 24).Select(at => cohort.Row(0, at, at is < 6 or >= 18 ? 105m : 95m) with { SchoolUrn = at % 12 < 6 ? cohort.Urn : other }).ToList();
        await cohort.TellAsync(rows);
        await house.KnownAsync("select count(*) from result_copy where result_id = any (@ids)", new { ids = rows.Select(row => row.ResultId).ToArray() }, rows.Count);
        var trust = Request(cohort);
        trust.ClearSchoolUrn();

        var gap = (await house.Lead.Gaps.MeasureGapAsync(trust, house.Lead.Headers)).Gap;

        // By hand: the parts of the difference are ±.5, so its standard error is √(2 × (.25 + .25)) = 1, times 12.706 (t on one degree of freedom).
        Assert.Equal((-100, 0, 100), (gap.PercentagePoints.Estimate.Low, gap.PercentagePoints.Estimate.Point, gap.PercentagePoints.Estimate.High));
    }

    [Fact]
    public async Task Gap_OfAGroupInOneSchoolOfTwo_HasNoInterval_AndIsSaidNotToBeToldFromThatSchool()
    {
        var (cohort, other) = (await Cohort.OfAsync(house, 48, disadvantaged: 12), await house.SchoolAsync());
        await cohort.AddWindowAsync();
        var rows = Enumerable.Range(0, 48).Select(at => cohort.Row(0, at, at < 12 ? 95m : 105m) with { SchoolUrn = at < 30 ? cohort.Urn : other }).ToList();
        await cohort.TellAsync(rows);
        await house.KnownAsync("select count(*) from result_copy where result_id = any (@ids)", new { ids = rows.Select(row => row.ResultId).ToArray() }, rows.Count);
        var trust = Request(cohort);
        trust.ClearSchoolUrn();

        var gap = (await house.Lead.Gaps.MeasureGapAsync(trust, house.Lead.Headers)).Gap;

        Assert.Equal((Figure.ShownOneofCase.Value, -100), (gap.PercentagePoints.ShownCase, gap.PercentagePoints.Value));
        Assert.EndsWith("The gap is −12 pupils; all of the group are in one school, so it cannot be told from a difference between that school and the others.", gap.Words);
        Assert.Contains("more than chance", (await GapAsync(cohort)).Words);
    }

    [Fact]
    public async Task Gap_OverTestsOfWhichOneHasNoExpectedStandard_IsOfScoresAlone()
    {
        // Year 5 sat a test with a standard, Year 6 one without: who met it would be of Year 5, the scores of both.
        var cohort = await Cohort.OfAsync(house, 32, disadvantaged: 8, yearSix: 12);
        await cohort.AddWindowAsync();
        await cohort.AddWindowAsync(tellTest: false);
        await cohort.TellTestAsync(1, expectedFrom: null);
        var rows = Enumerable.Range(0, 32).Select(at => cohort.Row(0, at, 90m + at) with { TestId = cohort.Test(at < 20 ? 0 : 1) }).ToList();
        await cohort.TellAsync(rows);
        await house.KnownAsync("select count(*) from result_copy where result_id = any (@ids)", new { ids = rows.Select(row => row.ResultId).ToArray() }, rows.Count);

        var gap = await GapAsync(cohort);
        var ofYearFive = (await house.Lead.Gaps.MeasureGapAsync(new(Request(cohort)) { YearGroup = "5" }, house.Lead.Headers)).Gap;

        Assert.All([gap.PercentagePoints, gap.InGroup.PercentMet, gap.Others.PercentMet], figure => Assert.Equal("NO_EXPECTED_STANDARD", figure.Redacted?.Reason));
        Assert.False(gap.HasWholePupils);
        Assert.Contains("only scores can be compared", gap.Words);
        Assert.Equal(93.5 - 109.5, gap.MeanDifference.Estimate.Point, 9);
        Assert.Equal((Figure.ShownOneofCase.Estimate, true), (ofYearFive.PercentagePoints.ShownCase, ofYearFive.HasWholePupils));
    }

    [Fact]
    public async Task NobodyOnASide_IsNoGap_AndNoZeroIsMadeUp()
    {
        var cohort = await Cohort.OfAsync(house, 8);
        await cohort.AddWindowAsync();
        await cohort.RecordAsync(0, Enumerable.Range(0, 8).Select(at => (at, 100m)));

        var gap = await GapAsync(cohort);

        Assert.False(gap.HasWholePupils);
        Assert.Equal(Figure.ShownOneofCase.Redacted, gap.PercentagePoints.ShownCase);
        Assert.StartsWith("There is nobody on one side", gap.Words);
    }

    [Fact]
    public async Task Gap_IsSeenWithinTheGrant_AndASensitiveGroupOnlyByThoseWhoMaySeeIt()
    {
        var cohort = await TwelveAgainstTwentyAsync();
        var foreign = await house.SchoolAsync();
        var head = await house.CallerAsync(Role.Headteacher, cohort.Urn);
        var senco = await house.CallerAsync(Role.Senco, cohort.Urn);
        var elsewhere = await house.CallerAsync(Role.Headteacher, foreign);
        var music = await house.CallerAsync(Role.SubjectLeader, cohort.Urn, grant => grant.Subjects.Add("music"));

        Assert.Equal(12, (await head.Gaps.MeasureGapAsync(Request(cohort), head.Headers)).Gap.InGroup.Pupils);
        var absent = new MeasureGapRequest(Request(cohort)) { CollectionId = Guid.NewGuid().ToString() };
        foreach (var caller in new[] { elsewhere, music })
        {
            await SameRefusalAsync(
                () => caller.Gaps.MeasureGapAsync(Request(cohort), caller.Headers).ResponseAsync,
                () => caller.Gaps.MeasureGapAsync(absent, caller.Headers).ResponseAsync);
        }

        // The trust as a whole is for those whose grant holds for all of it.
        var trust = Request(cohort);
        trust.ClearSchoolUrn();
        await RefusedAsync(StatusCode.NotFound, "GAP_NOT_FOUND", () => head.Gaps.MeasureGapAsync(trust, head.Headers).ResponseAsync);
        Assert.Equal(12, (await house.Lead.Gaps.MeasureGapAsync(trust, house.Lead.Headers)).Gap.InGroup.Pupils);

        var sensitive = new MeasureGapRequest(Request(cohort)) { Group = "looked-after" };
        Assert.Equal(32, (await head.Gaps.MeasureGapAsync(sensitive, head.Headers)).Gap.Others.Pupils);
        await RefusedAsync(StatusCode.NotFound, "GAP_NOT_FOUND", () => senco.Gaps.MeasureGapAsync(sensitive, senco.Headers).ResponseAsync);
    }

    [Fact]
    public async Task Gap_OfWhatIsUnknown_IsNotFound()
    {
        var cohort = await TwelveAgainstTwentyAsync();
        foreach (var spoil in new Action<MeasureGapRequest>[] { r => r.Group = "no-such-group", r => r.Subject = "astrology", r => r.SchoolUrn = 999_999 })
        {
            var request = Request(cohort);
            spoil(request);
            await RefusedAsync(StatusCode.NotFound, "GAP_NOT_FOUND", () => house.Lead.Gaps.MeasureGapAsync(request, house.Lead.Headers).ResponseAsync);
        }
    }

    // Of 12 disadvantaged pupils 4 meet the standard, of 20 others 15.
    private async Task<Cohort> TwelveAgainstTwentyAsync()
    {
        var cohort = await Cohort.OfAsync(house, 32, disadvantaged: 12);
        await cohort.AddWindowAsync();
        await cohort.RecordAsync(0, Enumerable.Range(0, 32).Select(at => (at, at is < 4 or (>= 12 and < 27) ? 105m : 95m)));
        return cohort;
    }

    private async Task BelongsAsync(int urn, string? to, params int[] predecessors)
    {
        var membership = new TrustMembership { From = "2015-09-01" };
        if (to is not null)
        {
            membership.To = to;
        }

        var school = new School { Name = $"School {urn}", Phase = Phase.Primary, Memberships = { membership }, PredecessorUrns = { predecessors } };
        await house.Lead.Schools.PutSchoolAsync(new() { SchoolUrn = urn, School = school }, house.Lead.Headers);
    }

    private async Task<Gap> GapAsync(Cohort cohort) => (await house.Lead.Gaps.MeasureGapAsync(Request(cohort), house.Lead.Headers)).Gap;

    private static MeasureGapRequest Request(Cohort cohort) =>
        new() { Group = "disadvantaged", CollectionId = cohort.Collection(0), Subject = cohort.Subject, SchoolUrn = cohort.Urn };
}
