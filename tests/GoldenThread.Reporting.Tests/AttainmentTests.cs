using GoldenThread.Assessment.Events.V1;
using GoldenThread.Assessment.Internal.V1;
using GoldenThread.Reporting.V1;
using GoldenThread.TestSupport;
using GoldenThread.Tracking.Events.V1;
using GoldenThread.Type.V1;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;

namespace GoldenThread.Tests;

/// <summary>From an event on the bus to a figure at the door.</summary>
public sealed class AttainmentTests(ReportingHouse house)
{
    [Fact]
    public async Task Attainment_OfResultsRecorded_HasCountPercentMeanAndIntervals()
    {
        var cohort = new Cohort();
        await cohort.TellAsync(house, pupils: 30, met: 18);
        await house.SettledAsync();

        var row = await WholeCohortAsync(cohort, r => r.Figures.Pupils.Value == 30);

        Assert.Equal(cohort.SchoolUrn, row.SchoolUrn);
        Assert.Equal("Ashgrove", row.SchoolName);
        // Wilson, 18 of 30, worked out by hand in Python: 0.4232036, 0.6, 0.7540937.
        Assert.Equal(60, row.Figures.PercentMet.Estimate.Point, 6);
        Assert.Equal(42.32036, row.Figures.PercentMet.Estimate.Low, 4);
        Assert.Equal(75.40937, row.Figures.PercentMet.Estimate.High, 4);
        // 18 × 105 and 12 × 95: mean 101, s = 4.982729, t(29) = 2.045230.
        Assert.Equal(101, row.Figures.MeanScore.Estimate.Point, 6);
        Assert.Equal(101 - (2.045230 * 4.982729 / Math.Sqrt(30)), row.Figures.MeanScore.Estimate.Low, 4);
        Assert.Equal("standardised", row.Figures.Scale);
        Assert.True(row.LargeEnoughToJudge);
    }

    [Fact]
    public async Task Results_BeforeTheirPupilTestAndCollection_AreKeptAndSummedWhenTheseCome()
    {
        var cohort = new Cohort();
        var roster = cohort.Enrol(12, inGroup: 4);
        await house.PublishAsync(cohort.Results(9));
        await Eventually.Async(async () => Assert.Equal(12, (await DigestAsync(cohort)).Digests.Sum(d => d.Count)));
        Assert.Equal(12, (await DigestAsync(cohort)).Waiting);

        await house.PublishAsync(roster);
        await house.PublishAsync(cohort.Test());
        await house.PublishAsync(cohort.Collection());
        await house.PublishAsync(cohort.School());

        await house.SettledAsync();
        var row = await WholeCohortAsync(cohort, r => r.Figures.Pupils.Value == 12);
        Assert.Equal(75, row.Figures.PercentMet.Estimate.Point, 6);
        Assert.Equal(0, (await DigestAsync(cohort)).Waiting);
    }

    [Fact]
    public async Task ResultsAndPupils_TestAtOnce_LeaveNoSumBehind()
    {
        // The three consumers run at once over the same pupils and cell, in every interleaving that the broker gives.
        var cohorts = Enumerable.Range(0, 8).Select(_ => new Cohort()).ToList();
        await Task.WhenAll(cohorts.SelectMany(cohort =>
        {
            var roster = cohort.Enrol(20, inGroup: 8);
            return new[]
            {
                house.PublishAsync(roster), house.PublishAsync(cohort.Test()), house.PublishAsync(cohort.Results(11)),
                house.PublishAsync(cohort.Collection()), house.PublishAsync(cohort.School()),
            };
        }));

        foreach (var cohort in cohorts)
        {
            await WholeCohortAsync(cohort, r => r.Figures.Pupils.Value == 20 && Math.Abs(r.Figures.PercentMet.Estimate.Point - 55) < 1e-9);
            await RowAsync(cohort, "disadvantaged", r => r.Figures.Pupils.Value == 8);
        }
    }

    [Fact]
    public async Task Results_RecordedOneByOneByManyAtOnce_AreAllCounted()
    {
        var cohort = new Cohort();
        await cohort.TellAsync(house, 0, 0);
        await house.PublishAsync(cohort.Enrol(120));

        await Task.WhenAll(cohort.Pupils.Select((id, i) => house.PublishAsync(Cohort.Recorded(cohort.Result(id, i < 90 ? 105 : 95)))));

        var row = await WholeCohortAsync(cohort, r => r.Figures.Pupils.Value == 120);
        Assert.Equal(75, row.Figures.PercentMet.Estimate.Point, 6);
    }

    [Fact]
    public async Task Message_ToldTwiceAndVersionsOutOfOrder_CountOnce()
    {
        var cohort = new Cohort();
        await cohort.TellAsync(house, 10, 10);
        var resultId = Guid.CreateVersion7();
        var pupil = cohort.Enrol(1);
        await house.PublishAsync(pupil);
        var twice = Guid.CreateVersion7();
        var third = Cohort.Recorded(cohort.Result(cohort.Pupils[^1], 120, version: 3, resultId: resultId));

        await house.PublishAsync(third, twice);
        await WholeCohortAsync(cohort, r => r.Figures.Pupils.Value == 11);
        await house.PublishAsync(third, twice);
        await house.PublishAsync(Cohort.Recorded(cohort.Result(cohort.Pupils[^1], 70, version: 1, resultId: resultId)));
        await house.PublishAsync(Cohort.Recorded(cohort.Result(cohort.Pupils[^1], 80, version: 2, resultId: resultId)));
        var after = cohort.Enrol(1);
        await house.PublishAsync(after);
        await house.PublishAsync(Cohort.Recorded(cohort.Result(cohort.Pupils[^1], 105)));
        await house.SettledAsync();

        var row = await WholeCohortAsync(cohort, r => r.Figures.Pupils.Value == 12);
        Assert.Equal(100, row.Figures.PercentMet.Estimate.Point, 6);
        Assert.Equal(((11 * 105) + 120) / 12.0, row.Figures.MeanScore.Estimate.Point, 6);
    }

    [Fact]
    public async Task Correction_ThatMovesAResultToAnotherYearGroup_LeavesTheOldCell()
    {
        var cohort = new Cohort();
        await cohort.TellAsync(house, 12, 6);
        var resultId = Guid.CreateVersion7();
        await house.PublishAsync(cohort.Enrol(1));
        var first = cohort.Result(cohort.Pupils[^1], 120, resultId: resultId);
        await house.PublishAsync(Cohort.Recorded(first));
        await WholeCohortAsync(cohort, r => r.Figures.Pupils.Value == 13);

        await house.PublishAsync(Cohort.Recorded(first with { Version = 2, YearGroup = "5" }));

        await WholeCohortAsync(cohort, r => r.Figures.Pupils.Value == 12);
        await RowAsync(cohort, null, r => r.Figures.Pupils.Value == 1, yearGroup: "5");
    }

    [Fact]
    public async Task Code_ThatCountsAsNotMet_StaysInTheDenominator_AndAnotherIsExcluded()
    {
        var cohort = new Cohort();
        await cohort.TellAsync(house, 10, 10);
        await house.PublishAsync(cohort.Enrol(2));
        await house.PublishAsync(Cohort.Recorded(cohort.Result(cohort.Pupils[10], null, "A"), cohort.Result(cohort.Pupils[11], null, "L")));

        var row = await WholeCohortAsync(cohort, r => r.Figures.Pupils.Value == 11);
        Assert.Equal(1000 / 11.0, row.Figures.PercentMet.Estimate.Point, 6);
        Assert.Equal(1, row.Figures.Excluded.Value);
        // All scores are alike: an interval without width would look like certainty.
        Assert.Equal(105, row.Figures.MeanScore.Value, 6);
    }

    [Fact]
    public async Task Pupil_WithTwoResultsInACell_CountsOnceByTheLatestSitting()
    {
        var cohort = new Cohort();
        await cohort.TellAsync(house, 12, 12);
        await house.PublishAsync(Cohort.Recorded(cohort.Result(cohort.Pupils[0], 70, satOn: Cohort.SatOn.AddDays(1))));

        var row = await WholeCohortAsync(cohort, r => Math.Abs(r.Figures.PercentMet.Estimate.Point - (1100 / 12.0)) < 1e-6);
        Assert.Equal(12, row.Figures.Pupils.Value);
    }

    [Fact]
    public async Task Code_AfterAScoreInOneCollection_DoesNotTakeTheScoresPlace()
    {
        var cohort = new Cohort();
        await cohort.TellAsync(house, 12, 12);
        await house.PublishAsync(Cohort.Recorded(
            cohort.Result(cohort.Pupils[0], null, "A", satOn: Cohort.SatOn.AddDays(1)), cohort.Result(cohort.Pupils[1], null, "L", satOn: Cohort.SatOn.AddDays(1))));
        await house.SettledAsync();

        var row = await WholeCohortAsync(cohort, r => r.Figures.Pupils.Value == 12);
        Assert.Equal(100, row.Figures.PercentMet.Estimate.Point, 6);
        Assert.Equal(12, (await WholeCohortAsync(cohort, r => true, on: "2025-12-05")).Figures.Pupils.Value);
    }

    [Fact]
    public async Task Pupil_WithResultsAtTwoSchools_CountsOnceInTheTrust_ByAScoreThenAtTheMainSchool()
    {
        var (main, guest) = await TwoSchoolsAsync();
        var pupil = main.Pupils[0];
        var (atMain, atGuest) = (main.Result(pupil, 105), guest.Result(pupil, 70, satOn: Cohort.SatOn.AddDays(1)));

        await house.PublishAsync(Cohort.Recorded(atMain));
        await CountedAsync(main, 12, guest, 12);
        await house.PublishAsync(Cohort.Recorded(atGuest));
        await house.SettledAsync();
        await CountedAsync(main, 12, guest, 12);

        // The main school's score became a code: the guest's score counts, and the main school loses the pupil.
        await house.PublishAsync(Cohort.Recorded(atMain with { Version = 2, Score = null, Code = "A" }));
        await CountedAsync(main, 11, guest, 13);

        await house.PublishAsync(Cohort.Recorded(atGuest with { Version = 2, Score = null, Code = "L" }));
        await CountedAsync(main, 12, guest, 12);
    }

    [Fact]
    public async Task Pupil_WithResultsAtTwoSchools_FollowsTheMainSchoolOfTheDueDay()
    {
        var (left, joined) = await TwoSchoolsAsync();
        var pupil = left.Pupils[0];
        await house.PublishAsync(Cohort.Recorded(left.Result(pupil, 105), joined.Result(pupil, 105, satOn: Cohort.SatOn.AddDays(-1))));
        await CountedAsync(left, 12, joined, 12);

        var snapshot = left.Pupil(pupil, 2, []);
        await house.PublishAsync(Cohort.Roster([snapshot with
        {
            Enrolments =
            [
                snapshot.Enrolments[0] with { To = new(2025, 11, 19) },
                snapshot.Enrolments[0] with { SchoolUrn = joined.SchoolUrn, From = new(2025, 11, 20) },
            ],
        }]));
        await CountedAsync(left, 11, joined, 13);
        await WholeCohortAsync(left, r => r.Figures.Pupils.Value == 12, on: "2025-11-19");
        await WholeCohortAsync(joined, r => r.Figures.Pupils.Value == 13, on: "2025-11-20");

        await house.PublishAsync(left.Collection(2, new(2025, 11, 19)));
        await CountedAsync(left, 12, joined, 12);
    }

    [Fact]
    public async Task Pupil_WhoCountsAtAnotherSchool_HasEnteredAtTheOwnAllTheSame()
    {
        var (main, guest) = await TwoSchoolsAsync();
        await house.PublishAsync(Cohort.Recorded(main.Result(main.Pupils[0], null, "A"), guest.Result(main.Pupils[0], 70)));
        await CountedAsync(main, 11, guest, 13);
        var lead = await house.CallerAsync(Role.DataLead);

        var overview = (await lead.Overview.GetTrustOverviewAsync(new() { CollectionId = main.CollectionId.ToString() }, lead.Headers)).Overview;

        Assert.Equal("complete", overview.Schools.Single(s => s.SchoolUrn == main.SchoolUrn).Completeness.Words);
    }

    [Fact]
    public async Task Pupil_WithATestAndAJudgement_CountsByTheTestWithANorm_ThoughTheJudgementIsLater()
    {
        var cohort = new Cohort();
        await cohort.TellAsync(house, 12, 12);
        var judgement = new Cohort { SchoolUrn = cohort.SchoolUrn, CollectionId = cohort.CollectionId, Scale = "teacher-assessment" };
        await house.PublishAsync(cohort.Test(2) with { Mean = 100 });
        await house.PublishAsync(judgement.Test(expectedFrom: 3));
        await house.PublishAsync(Cohort.Recorded([.. cohort.Pupils.Take(7).Select(id => judgement.Result(id, 1, satOn: Cohort.SatOn.AddDays(9)))]));
        await house.SettledAsync();

        foreach (var on in new[] { null, "2025-12-05" })
        {
            var row = await WholeCohortAsync(cohort, r => r.Figures.PercentMet.Estimate.Point > 99, on: on);
            Assert.Equal((12.0, 105.0), (row.Figures.Pupils.Value, row.Figures.MeanScore.Value));
        }

        // Without its norm the test is as good as the judgement, and the later counts.
        await house.PublishAsync(cohort.Test(3) with { Mean = 100, Reliability = null });
        await WholeCohortAsync(cohort, r => r.Figures.MeanScore.Redacted?.Reason == "MIXED_SCALES");
    }

    [Fact]
    public async Task Pupil_WithTwoTestsWithANorm_CountsByTheOneSatLater_WhicheverWasRecordedFirst()
    {
        var cohort = new Cohort();
        var later = new Cohort { SchoolUrn = cohort.SchoolUrn, CollectionId = cohort.CollectionId };
        await cohort.TellAsync(house, 0, 0);
        await house.PublishAsync(cohort.Enrol(12));
        await house.PublishAsync(cohort.Test(2) with { Mean = 100 });
        await house.PublishAsync(later.Test(2) with { Mean = 100 });
        await house.PublishAsync(Cohort.Recorded([.. cohort.Pupils.Take(7).Select(id => later.Result(id, 95, satOn: Cohort.SatOn.AddDays(9)))]));
        await house.PublishAsync(cohort.Results(12));
        await house.SettledAsync();

        foreach (var on in new[] { null, "2025-12-05" })
        {
            var row = await WholeCohortAsync(cohort, r => r.Figures.Pupils.Value == 12, on: on);
            Assert.Equal(100.0 * 5 / 12, row.Figures.PercentMet.Estimate.Point, 6);
            Assert.Equal(((7 * 95) + (5 * 105)) / 12.0, row.Figures.MeanScore.Estimate.Point, 6);
        }
    }

    [Fact]
    public async Task Group_OfOneWhoJoinedAfterTheDueDay_IsThatOfTheFirstDayOnRoll()
    {
        var cohort = new Cohort();
        await cohort.TellAsync(house, 20, 10, inGroup: 8);
        await house.PublishAsync(cohort.Enrol(1));
        var late = cohort.Pupil(cohort.Pupils[20], 2, ["disadvantaged"]);
        PupilSnapshot From(DateOnly day, long version) => late with
        {
            Version = version,
            Enrolments = [late.Enrolments[0] with { From = day }],
            Groups = [late.Groups[0] with { From = new(2025, 12, 10) }],
        };

        await house.PublishAsync(Cohort.Roster([From(new(2025, 12, 10), 2)]));
        await house.PublishAsync(Cohort.Recorded(cohort.Result(late.PupilId, 105, satOn: new(2025, 12, 11))));
        await RowAsync(cohort, "disadvantaged", r => r.Figures.Pupils.Value == 9 && r.Comparator.Figures.Pupils.Value == 12);

        // On roll before the due day after all: the group is that of the due day again, when there was none.
        await house.PublishAsync(Cohort.Roster([From(new(2025, 12, 1), 3)]));
        await RowAsync(cohort, "disadvantaged", r => r.Figures.Pupils.Value == 8 && r.Comparator.Figures.Pupils.Value == 13);
    }

    [Fact]
    public async Task Group_IsThatOfTheDayTheCollectionWasDue_AndFollowsThatDay()
    {
        var cohort = new Cohort();
        await cohort.TellAsync(house, 20, 10, inGroup: 8);
        var joined = cohort.Pupil(cohort.Pupils[8], 2, ["disadvantaged"]);
        await house.PublishAsync(Cohort.Roster([joined with { Groups = [joined.Groups[0] with { From = Cohort.SatOn.AddDays(5) }] }]));
        await RowAsync(cohort, "disadvantaged", r => r.Figures.Pupils.Value == 9);

        await house.PublishAsync(cohort.Collection(2, Cohort.SatOn.AddDays(4)));
        await RowAsync(cohort, "disadvantaged", r => r.Figures.Pupils.Value == 8);

        await house.PublishAsync(cohort.Collection(3, Cohort.SatOn.AddDays(5)));
        await RowAsync(cohort, "disadvantaged", r => r.Figures.Pupils.Value == 9);
    }

    [Fact]
    public async Task Trust_HoldsTheSchoolsThatBelongedToItOnTheDueDay()
    {
        var cohort = new Cohort();
        await cohort.TellAsync(house, 20, 10);
        var left = new Cohort { CollectionId = cohort.CollectionId, TestId = cohort.TestId };
        var school = left.School("Elm");
        await house.PublishAsync(school with { Memberships = [school.Memberships[0] with { To = new(2025, 12, 4) }] });
        await house.PublishAsync(left.Enrol(14));
        await house.PublishAsync(left.Results(7));
        await WholeCohortAsync(left, r => r.Figures.Pupils.Value == 14);
        await WholeCohortAsync(cohort, r => r.Figures.Pupils.Value == 20);
        var lead = await house.CallerAsync(Role.DataLead);

        await Eventually.Async(async () => Assert.Equal(20, (await lead.AttainmentAsync(new()
        {
            CollectionId = cohort.CollectionId.ToString(),
            Level = AttainmentLevel.Trust,
            Group = "all",
        })).Single().Figures.Pupils.Value));
    }

    [Fact]
    public async Task Test_WhoseExpectedScoreOrSubjectChanges_IsJudgedAnew()
    {
        var cohort = new Cohort();
        await cohort.TellAsync(house, 20, 12);
        await WholeCohortAsync(cohort, r => r.Figures.Pupils.Value == 20);

        await house.PublishAsync(cohort.Test(version: 2, expectedFrom: 90));
        await WholeCohortAsync(cohort, r => r.Figures.PercentMet.Estimate?.Point == 100);

        await house.PublishAsync(cohort.Test(version: 3, expectedFrom: null));
        await WholeCohortAsync(cohort, r => r.Figures.PercentMet.Redacted?.Reason == "NO_EXPECTED_STANDARD");

        await house.PublishAsync(cohort.Test(version: 4, subject: "maths"));
        await Eventually.Async(async () =>
        {
            var all = await ListAsync(cohort);
            Assert.DoesNotContain(all, r => r.Subject == "reading");
            Assert.Equal(20, Assert.Single(all, r => r.Subject == "maths" && !r.HasGroup).Figures.Pupils.Value);
        });
    }

    [Fact]
    public async Task Group_IsSetAgainstTheRestOfTheCohort_NeverAgainstAll()
    {
        var cohort = new Cohort();
        await house.PublishAsync(new GroupDefined
        {
            Group = "disadvantaged",
            DefinitionVersion = 1,
            Name = "Disadvantaged",
            ComparatorName = "Not disadvantaged",
            Sensitive = false,
        });
        await cohort.TellAsync(house, 0, 0);
        await house.PublishAsync(cohort.Enrol(40, inGroup: 16));
        // In the group 6 of 16 met it, of the rest 18 of 24.
        await house.PublishAsync(Cohort.Recorded([.. cohort.Pupils.Select((id, i) => cohort.Result(id, i is < 6 or (>= 16 and < 34) ? 105 : 95))]));

        var row = await RowAsync(cohort, "disadvantaged", r => r.Figures.Pupils.Value == 16 && r.GroupName == "Disadvantaged");

        Assert.Equal(37.5, row.Figures.PercentMet.Estimate.Point, 6);
        Assert.Equal("Not disadvantaged", row.Comparator.Name);
        Assert.Equal(24, row.Comparator.Figures.Pupils.Value);
        Assert.Equal(75, row.Comparator.Figures.PercentMet.Estimate.Point, 6);
        // Newcombe's method 10, from the two Wilson intervals worked out in Python (0.1848, 0.6136) and (0.5510, 0.8800).
        Assert.Equal(-37.5, row.Comparator.PercentagePoints.Estimate.Point, 6);
        Assert.Equal(-60.53758, row.Comparator.PercentagePoints.Estimate.Low, 4);
        Assert.Equal(-6.43172, row.Comparator.PercentagePoints.Estimate.High, 4);
        Assert.Equal(-6, row.Comparator.WholePupils.Value);
        Assert.Equal(-3.75, row.Comparator.Points.Estimate.Point, 6);
    }

    [Fact]
    public async Task Pupil_WhoseGroupChanges_IsSummedAnew_AndOneWhoIsErasedNoLongerCounts()
    {
        var cohort = new Cohort();
        await cohort.TellAsync(house, 20, 10, inGroup: 8);
        await RowAsync(cohort, "disadvantaged", r => r.Figures.Pupils.Value == 8);

        await house.PublishAsync(Cohort.Roster([cohort.Pupil(cohort.Pupils[8], 2, ["disadvantaged"])]));
        await RowAsync(cohort, "disadvantaged", r => r.Figures.Pupils.Value == 9 && r.Comparator.Figures.Pupils.Value == 11);

        await house.PublishAsync(Cohort.Roster([cohort.Pupil(cohort.Pupils[8], 3, [], erased: true)]));
        await WholeCohortAsync(cohort, r => r.Figures.Pupils.Value == 19);

        await house.PublishAsync(Cohort.Roster([cohort.Pupil(cohort.Pupils[8], 2, ["disadvantaged"])]));
        await house.PublishAsync(Cohort.Roster([cohort.Pupil(cohort.Pupils[0], 2, [])]));
        await RowAsync(cohort, "disadvantaged", r => r.Figures.Pupils.Value == 7 && r.Comparator.Figures.Pupils.Value == 12);
    }

    [Fact]
    public async Task On_ADay_CountsWhoBelongedThen()
    {
        var cohort = new Cohort();
        await cohort.TellAsync(house, 15, 9, inGroup: 15);
        var (leaver, left) = (cohort.Pupils[0], new DateOnly(2025, 12, 31));
        var snapshot = cohort.Pupil(leaver, 2, ["disadvantaged"]);
        await house.PublishAsync(Cohort.Roster(
        [
            snapshot with
            {
                Enrolments = [snapshot.Enrolments[0] with { To = left }],
                Groups = [snapshot.Groups[0] with { To = new(2025, 12, 10) }],
            },
        ]));

        // On the day the collection was due all were there: nothing moves.
        await RowAsync(cohort, "disadvantaged", r => r.Figures.Pupils.Value == 15);
        await RowAsync(cohort, "disadvantaged", r => r.Figures.Pupils.Value == 14 && r.Comparator.Figures.Pupils.Value == 1, on: "2025-12-15");
        await WholeCohortAsync(cohort, r => r.Figures.Pupils.Value == 14, on: "2026-01-15");
    }

    [Fact]
    public async Task Results_UnderAReplacedUrn_AreReportedUnderThePresentOne()
    {
        var before = new Cohort();
        await before.TellAsync(house, 14, 7);
        await WholeCohortAsync(before, r => r.Figures.Pupils.Value == 14);
        var present = new Cohort { CollectionId = before.CollectionId, TestId = before.TestId };

        await house.PublishAsync(present.School("Ashgrove Academy", 1, before.SchoolUrn));
        await house.PublishAsync(present.Enrol(16));
        await house.PublishAsync(present.Results(8));

        var row = await WholeCohortAsync(present, r => r.Figures.Pupils.Value == 30);
        Assert.Equal("Ashgrove Academy", row.SchoolName);
        var head = await house.CallerAsync(Role.Headteacher, before.SchoolUrn);
        Assert.Equal(30, (await head.AttainmentAsync(new() { CollectionId = before.CollectionId.ToString(), SchoolUrn = before.SchoolUrn }))
            .Single(r => !r.HasGroup).Figures.Pupils.Value);
    }

    [Fact]
    public async Task LargeChangeSets_AreStreamedFromTheirOwners()
    {
        var cohort = new Cohort();
        await house.PublishAsync(cohort.School());
        await house.PublishAsync(cohort.Collection());
        await house.PublishAsync(cohort.Test());
        var pupils = Enumerable.Range(0, 1200).Select(_ => Guid.CreateVersion7()).ToList();
        var (roster, results) = (Guid.CreateVersion7(), Guid.CreateVersion7());
        house.Peers.Pupils[roster.ToString()] = [.. pupils.Select((id, i) => new Tracking.Internal.V1.PupilSnapshot
        {
            PupilId = id.ToString(),
            Version = 1,
            Enrolments = { new Tracking.Internal.V1.PupilEnrolment { SchoolUrn = cohort.SchoolUrn, From = "2025-09-01", IsMain = true, YearGroup = "4" } },
            Groups = { Enumerable.Repeat(new Tracking.Internal.V1.PupilGroup { Group = "disadvantaged", DefinitionVersion = 1, From = "2025-09-01" }, i < 300 ? 1 : 0) },
        })];
        house.Peers.Results[results.ToString()] = [.. pupils.Select((id, i) => new ResultChange
        {
            ResultId = Guid.CreateVersion7().ToString(),
            Version = 1,
            SchoolUrn = cohort.SchoolUrn,
            PupilId = id.ToString(),
            TestId = cohort.TestId.ToString(),
            CollectionId = cohort.CollectionId.ToString(),
            SatOn = "2025-11-12",
            YearGroup = "4",
            Score = i < 900 ? "105.5" : "95",
            RecordedAt = Timestamp.FromDateTime(DateTime.UtcNow),
        })];

        await house.PublishAsync(new ResultsRecorded
        {
            ChangeSetId = results,
            RecordedAt = DateTimeOffset.UtcNow,
            Schools = [new SchoolCount { SchoolUrn = cohort.SchoolUrn, Count = 1200 }],
            Count = 1200,
        });
        await house.PublishAsync(new PupilsChanged { ChangeSetId = roster, RecordedAt = DateTimeOffset.UtcNow, Count = 1200 });

        var row = await RowAsync(cohort, "disadvantaged", r => r.Figures.Pupils.Value == 300 && r.Comparator.Figures.Pupils.Value == 900);
        Assert.Equal(100, row.Figures.PercentMet.Estimate.Point, 6);
        Assert.Equal(600 / 9.0, row.Comparator.Figures.PercentMet.Estimate.Point, 6);
    }

    [Fact]
    public async Task Trust_SumsItsSchools_WithAnIntervalThatAllowsForClustering()
    {
        var first = new Cohort();
        var collection = first.CollectionId;
        await first.TellAsync(house, 40, 36);
        var second = new Cohort { CollectionId = collection, TestId = first.TestId };
        var third = new Cohort { CollectionId = collection, TestId = first.TestId };
        await house.PublishAsync(second.School("Beech"));
        await house.PublishAsync(third.School("Cedar"));
        await house.PublishAsync(second.Enrol(40));
        await house.PublishAsync(third.Enrol(40));
        await house.PublishAsync(second.Results(20));
        await house.PublishAsync(third.Results(4));
        var board = await house.CallerAsync(Role.DataLead);

        var row = await Eventually.Async(async () =>
        {
            var rows = await board.AttainmentAsync(new() { CollectionId = collection.ToString(), Level = AttainmentLevel.Trust, Group = "all" });
            Assert.Equal(120, Assert.Single(rows).Figures.Pupils.Value);
            return rows[0];
        });

        Assert.False(row.HasSchoolUrn);
        Assert.Equal(50, row.Figures.PercentMet.Estimate.Point, 6);
        // Pupils alone would give ±8.8; schools that differ as these do leave nearly everything open.
        Assert.True(row.Figures.PercentMet.Estimate.High - row.Figures.PercentMet.Estimate.Low > 60);
        Assert.True(row.Figures.MeanScore.Estimate.High - row.Figures.MeanScore.Estimate.Low > 6);
    }

    [Fact]
    public async Task Gap_OverTwoSchools_StaysWithinAHundredPercentagePoints_AndScoresThatAreAlikeHaveNoInterval()
    {
        var first = new Cohort();
        var second = new Cohort { CollectionId = first.CollectionId, TestId = first.TestId };
        await first.TellAsync(house, 40, 20, inGroup: 20);
        await house.PublishAsync(second.School("Beech"));
        await house.PublishAsync(second.Enrol(40, inGroup: 20));
        await house.PublishAsync(Cohort.Recorded([.. second.Pupils.Select((id, i) => second.Result(id, i >= 20 ? 105 : 95))]));
        var lead = await house.CallerAsync(Role.DataLead);

        var row = await Eventually.Async(async () =>
        {
            var rows = await lead.AttainmentAsync(new()
            {
                CollectionId = first.CollectionId.ToString(),
                Level = AttainmentLevel.Trust,
                Group = "disadvantaged",
            });
            Assert.Equal(80, rows.Sum(r => r.Figures.Pupils.Value + r.Comparator.Figures.Pupils.Value));
            return Assert.Single(rows);
        });
        var school = await RowAsync(first, "disadvantaged", r => r.Figures.Pupils.Value == 20 && r.Comparator.Figures.Pupils.Value == 20);

        var gap = row.Comparator.PercentagePoints.Estimate;
        Assert.Equal((-100.0, 0.0, 100.0), (gap.Low, Math.Round(gap.Point, 9), gap.High));
        Assert.Equal((105.0, 95.0), (school.Figures.MeanScore.Value, school.Comparator.Figures.MeanScore.Value));
    }

    [Fact]
    public async Task Share_OfFewerThanSix_IsToldAsACount()
    {
        var cohort = new Cohort();
        await cohort.TellAsync(house, 30, 3, inGroup: 4);

        var row = await RowAsync(cohort, "disadvantaged", r => r.Figures.Pupils.Value == 4 && r.Comparator.Figures.Pupils.Value == 26);

        Assert.Equal("SMALL_NUMBER", row.Figures.PercentMet.Redacted?.Reason);
        Assert.StartsWith("3 of 4 pupils", row.Figures.PercentMet.Redacted?.Detail, StringComparison.Ordinal);
        Assert.Equal("SMALL_NUMBER", row.Comparator.PercentagePoints.Redacted?.Reason);
        Assert.Equal(0, row.Comparator.Figures.PercentMet.Estimate.Point, 9);
        Assert.Equal(3, row.Comparator.WholePupils.Value);
    }

    [Fact]
    public async Task List_IsPaged_AndAForgedTokenIsRefused()
    {
        var cohort = new Cohort();
        await cohort.TellAsync(house, 20, 10, inGroup: 9);
        await house.SettledAsync();
        var lead = await house.CallerAsync(Role.DataLead);
        var request = new ListAttainmentRequest { CollectionId = cohort.CollectionId.ToString(), PageSize = 1 };

        var first = await lead.Attainment.ListAttainmentAsync(request, lead.Headers);
        Assert.Single(first.Rows);
        Assert.NotEmpty(first.NextPageToken);
        // Again where another test defined a group, of which there is a row too, between the two.
        await Eventually.Async(async () => Assert.Equal(
            await lead.AttainmentAsync(new() { CollectionId = request.CollectionId }), await lead.AttainmentAsync(request)));

        await RefusedAsync(StatusCode.InvalidArgument, lead, new(request) { PageToken = "forged" });
        await RefusedAsync(StatusCode.InvalidArgument, lead, new(request) { PageToken = first.NextPageToken, Subject = "maths" });
        await RefusedAsync(StatusCode.InvalidArgument, lead, new(request) { PageSize = -1 });
    }

    [Fact]
    public async Task Request_ThatIsWrongOrOutsideTheGrants_IsRefusedByName()
    {
        var cohort = new Cohort();
        await cohort.TellAsync(house, 20, 10);
        await WholeCohortAsync(cohort, r => r.Figures.Pupils.Value == 20);
        var id = cohort.CollectionId.ToString();
        var lead = await house.CallerAsync(Role.DataLead);
        var stranger = await house.CallerAsync(Role.Headteacher, ReportingHouse.NewUrn());
        var teacher = await house.CallerAsync(Role.Teacher, cohort.SchoolUrn);
        var unscoped = await house.CallerAsync("results.read", new TestGrant(Role.DataLead));

        await RefusedAsync(StatusCode.InvalidArgument, lead, new() { CollectionId = "autumn" });
        await RefusedAsync(StatusCode.InvalidArgument, lead, new() { CollectionId = id, YearGroup = "14" });
        await RefusedAsync(StatusCode.InvalidArgument, lead, new() { CollectionId = id, On = "12/11/2025" });
        await RefusedAsync(StatusCode.NotFound, lead, new() { CollectionId = Guid.NewGuid().ToString() });
        await RefusedAsync(StatusCode.NotFound, stranger, new() { CollectionId = id, SchoolUrn = cohort.SchoolUrn });
        await RefusedAsync(StatusCode.PermissionDenied, teacher, new() { CollectionId = id });
        await RefusedAsync(StatusCode.PermissionDenied, unscoped, new() { CollectionId = id });
        Assert.Empty(await stranger.AttainmentAsync(new() { CollectionId = id }));
        Assert.Empty(await stranger.AttainmentAsync(new() { CollectionId = id, Level = AttainmentLevel.Trust }));
    }

    [Fact]
    public async Task Grant_LimitedToYearSubjectOrClass_ReachesNoMore()
    {
        var cohort = new Cohort();
        await cohort.TellAsync(house, 20, 10);
        await WholeCohortAsync(cohort, r => r.Figures.Pupils.Value == 20);
        var request = new ListAttainmentRequest { CollectionId = cohort.CollectionId.ToString() };

        async Task<int> RowsAsync(TestGrant grant, ListAttainmentRequest asked) =>
            (await (await house.CallerAsync(ReportingHouse.ReadScopes, grant)).AttainmentAsync(asked)).Count(r => !r.HasGroup);

        var leader = new TestGrant(Role.SubjectLeader) { SchoolUrn = cohort.SchoolUrn };
        Assert.Equal(1, await RowsAsync(leader, request));
        Assert.Equal(1, await RowsAsync(leader with { Subjects = ["reading"], YearGroups = ["4"] }, request));
        Assert.Equal(0, await RowsAsync(leader with { Subjects = ["maths"] }, request));
        Assert.Equal(0, await RowsAsync(leader with { YearGroups = ["5"] }, request));
        Assert.Equal(0, await RowsAsync(leader with { YearGroups = ["4"] }, new(request) { YearGroup = "all" }));
        Assert.Equal(0, await RowsAsync(leader with { ClassIds = [Guid.NewGuid()] }, request));
    }

    [Fact]
    public async Task Digest_IsTheSumOfTheHashesOfResultAndVersion_AndForServicesOnly()
    {
        var cohort = new Cohort();
        await cohort.TellAsync(house, 0, 0);
        var result = cohort.Result(Guid.CreateVersion7(), 100);
        await house.PublishAsync(Cohort.Recorded(result));

        var digest = await Eventually.Async(async () => Assert.Single((await DigestAsync(cohort)).Digests));

        await using var command = house.Database.CreateCommand($"select hashtextextended('{result.ResultId}:1', 0)::numeric::text");
        Assert.Equal((string)(await command.ExecuteScalarAsync())!, digest.Digest);
        var lead = await house.CallerAsync(Role.DataLead);
        var refused = await Assert.ThrowsAsync<RpcException>(async () => await lead.Reconciliation.DigestAsync(new(), lead.Headers));
        Assert.Equal(StatusCode.PermissionDenied, refused.StatusCode);
    }

    /// <summary>Two schools of one collection and test; in the first, one of twelve has no result yet.</summary>
    private async Task<(Cohort First, Cohort Second)> TwoSchoolsAsync()
    {
        var first = new Cohort();
        var second = new Cohort { CollectionId = first.CollectionId, TestId = first.TestId };
        await second.TellAsync(house, 12, 12);
        await house.PublishAsync(first.School("Rowan"));
        await house.PublishAsync(first.Enrol(12));
        await house.PublishAsync(Cohort.Recorded([.. first.Pupils.Skip(1).Select(id => first.Result(id, 105))]));
        await CountedAsync(first, 11, second, 12);
        return (first, second);
    }

    /// <summary>Waits for the numbers of pupils of two schools; the trust's is their sum.</summary>
    private async Task CountedAsync(Cohort one, int inOne, Cohort other, int inOther)
    {
        await WholeCohortAsync(one, r => r.Figures.Pupils.Value == inOne && r.Figures.Excluded.Value == 0);
        await WholeCohortAsync(other, r => r.Figures.Pupils.Value == inOther && r.Figures.Excluded.Value == 0);
        var lead = await house.CallerAsync(Role.DataLead);
        var request = new ListAttainmentRequest { CollectionId = one.CollectionId.ToString(), Level = AttainmentLevel.Trust, Group = "all" };
        await Eventually.Async(async () =>
            Assert.Equal(inOne + inOther, Assert.Single(await lead.AttainmentAsync(request)).Figures.Pupils.Value));
    }

    private async Task<Reporting.Internal.V1.DigestResponse> DigestAsync(Cohort cohort)
    {
        var service = house.ServiceCaller();
        return await service.Reconciliation.DigestAsync(new() { SchoolUrn = cohort.SchoolUrn, CollectionId = cohort.CollectionId.ToString() }, service.Headers);
    }

    private async Task<IReadOnlyList<Attainment>> ListAsync(Cohort cohort, string? on = null)
    {
        var lead = await house.CallerAsync(Role.DataLead);
        var request = new ListAttainmentRequest { CollectionId = cohort.CollectionId.ToString(), SchoolUrn = cohort.SchoolUrn };
        if (on is not null)
        {
            request.On = on;
        }

        return await lead.AttainmentAsync(request);
    }

    private Task<Attainment> WholeCohortAsync(Cohort cohort, Func<Attainment, bool> isSo, string? on = null) => RowAsync(cohort, null, isSo, on: on);

    private Task<Attainment> RowAsync(Cohort cohort, string? group, Func<Attainment, bool> isSo, string? yearGroup = null, string? on = null) =>
        Eventually.Async(async () =>
        {
            var rows = await ListAsync(cohort, on);
            var row = rows.SingleOrDefault(r => r.YearGroup == (yearGroup ?? cohort.YearGroup) && (group is null ? !r.HasGroup : r.Group == group));
            Assert.True(row is not null && isSo(row), $"the row is {row}");
            return row!;
        });

    private static async Task RefusedAsync(StatusCode status, TestCaller caller, ListAttainmentRequest request)
    {
        var refused = await Assert.ThrowsAsync<RpcException>(async () => await caller.Attainment.ListAttainmentAsync(request, caller.Headers));
        Assert.Equal(status, refused.StatusCode);
    }
}
