using GoldenThread.TestSupport;
using GoldenThread.Tracking.Events.V1;
using GoldenThread.Tracking.V1;
using GoldenThread.Type.V1;
using Grpc.Core;
using static GoldenThread.TestSupport.Refusals;
using Thread = GoldenThread.Tracking.V1.Thread;
using ThreadState = GoldenThread.Tracking.V1.ThreadState;

namespace GoldenThread.Tracking.Tests;

/// <summary>A thread keeps the gap as it was, who does what by when, and what came of it, and never claims more than the method can bear.</summary>
public sealed class ThreadTests(TrackingHouse house)
{
    private static readonly DateOnly Today = DateOnly.FromDateTime(DateTime.UtcNow);

    [Fact]
    public async Task Thread_KeepsTheGapAsItWasWhenItWasOpened()
    {
        var cohort = await CohortAsync();
        var opened = (await OpenAsync(cohort)).Thread;
        Assert.Equal((8, 2, 12, 9, -4), (opened.Gap.InGroup.Pupils, opened.Gap.InGroup.Met, opened.Gap.Others.Pupils, opened.Gap.Others.Met, opened.Gap.WholePupils));

        await cohort.RecordAsync(0, Enumerable.Range(0, 8).Select(at => (at, 120m)));

        var later = (await house.Lead.Threads.GetThreadAsync(new() { ThreadId = opened.ThreadId }, house.Lead.Headers)).Thread;
        Assert.Equal(opened.Gap, later.Gap);
        var told = await house.ToldAsync<ThreadChanged>(fact => $"{fact.ThreadId}" == opened.ThreadId && fact.Version == 1);
        Assert.Equal(("open", "disadvantaged", 1, cohort.Urn), (told.State, told.Group, told.DefinitionVersion, told.SchoolUrn));
    }

    [Fact]
    public async Task Action_IsAgreed_Overdue_AndDone_AndOnlyThenTheThreadCloses()
    {
        var cohort = await CohortAsync();
        var owner = await PersonAsync();
        var thread = (await OpenAsync(cohort)).Thread;

        thread = (await house.Lead.Threads.AgreeActionAsync(Action(thread, owner, Today.AddDays(-1)), house.Lead.Headers)).Thread;
        var action = Assert.Single(thread.Actions);
        Assert.Equal((ActionState.Open, true), (action.State, action.Overdue));
        await RefusedAsync(StatusCode.FailedPrecondition, "THREAD_HAS_OPEN_ACTIONS", () => CloseAsync(thread));

        thread = (await SettleAsync(thread, action.ActionId, ActionState.Done)).Thread;
        Assert.Equal((ActionState.Done, Today.ToString("yyyy-MM-dd"), false), (thread.Actions[0].State, thread.Actions[0].SettledOn, thread.Actions[0].Overdue));
        await RefusedAsync(StatusCode.FailedPrecondition, "ACTION_SETTLED", () => SettleAsync(thread, action.ActionId, ActionState.NotDone));

        var closed = (await CloseAsync(thread)).Thread;
        Assert.Equal((ThreadState.Closed, "The gap is two pupils smaller."), (closed.State, closed.Outcome));
        await RefusedAsync(StatusCode.FailedPrecondition, "THREAD_CLOSED", () => house.Lead.Threads.AgreeActionAsync(Action(closed, owner, Today), house.Lead.Headers).ResponseAsync);
        var told = await house.ToldAsync<ThreadChanged>(fact => $"{fact.ThreadId}" == closed.ThreadId && fact.State == "closed");
        Assert.Equal((1, 0), (told.ActionsDone, told.OpenActionsDueOn.Count));
    }

    [Fact]
    public async Task Change_OfAThreadThatSomebodyElseChanged_IsRefused()
    {
        var cohort = await CohortAsync();
        var opened = (await OpenAsync(cohort)).Thread;
        var changed = (await house.Lead.Threads.AgreeActionAsync(Action(opened, await PersonAsync(), Today), house.Lead.Headers)).Thread;

        await RefusedAsync(StatusCode.Aborted, "ETAG_MISMATCH", () => SettleAsync(opened, changed.Actions[0].ActionId, ActionState.Done));
        await RefusedAsync(StatusCode.FailedPrecondition, "IF_MATCH_REQUIRED", () => house.Lead.Threads.CloseThreadAsync(
            new() { ThreadId = opened.ThreadId, Outcome = "Nothing." }, house.Lead.Headers).ResponseAsync);
        await RefusedAsync(StatusCode.NotFound, "ACTION_NOT_FOUND", () => SettleAsync(changed, Guid.NewGuid().ToString(), ActionState.Done));
    }

    [Fact]
    public async Task Actions_ThatSeveralPeopleAgreeAtOnce_AreAllAdded()
    {
        var thread = (await OpenAsync(await CohortAsync())).Thread;
        var owner = await PersonAsync();

        var answers = await Task.WhenAll(Enumerable.Range(0, 12).Select(day =>
            house.Lead.Threads.AgreeActionAsync(Action(thread, owner, Today.AddDays(day)), house.Lead.Headers).ResponseAsync));

        Assert.Equal(Enumerable.Range(1, 12), answers.Select(answer => answer.Thread.Actions.Count).Order());
        var now = (await house.Lead.Threads.GetThreadAsync(new() { ThreadId = thread.ThreadId }, house.Lead.Headers)).Thread;
        Assert.Equal(12, now.Actions.Select(action => action.DueOn).Distinct().Count());
    }

    [Fact]
    public async Task Open_WithWhatCannotBe_NamesTheField()
    {
        var cohort = await CohortAsync();
        var other = await Cohort.OfAsync(house, 1);
        var good = await RequestAsync(cohort);
        var left = await PersonAsync(leftOn: Today.AddDays(-1));

        await InvalidAsync(new(good) { OwnerPersonId = Guid.NewGuid().ToString() }, "owner_person_id");
        await InvalidAsync(new(good) { OwnerPersonId = left }, "owner_person_id");
        await InvalidAsync(new(good) { ReviewOn = Today.AddDays(-1).ToString("yyyy-MM-dd") }, "review_on");
        await InvalidAsync(With(good, other.Pupils[0].PupilId), "target_pupil_ids");
        await InvalidAsync(With(good), "target_pupil_ids");
        await RefusedAsync(StatusCode.NotFound, "GAP_NOT_FOUND", () => house.Lead.Threads.OpenThreadAsync(
            new(good) { CollectionId = Guid.NewGuid().ToString() }, house.Lead.Headers).ResponseAsync);
        Assert.Empty((await ListAsync(cohort)).Threads);
    }

    [Fact]
    public async Task List_ShowsOverdueThreadsFirst_ByStateAndPage()
    {
        var cohort = await CohortAsync();
        var owner = await PersonAsync();
        var calm = (await OpenAsync(cohort)).Thread;
        var overdue = (await OpenAsync(cohort)).Thread;
        await house.Lead.Threads.AgreeActionAsync(Action(calm, owner, Today), house.Lead.Headers);
        await house.Lead.Threads.AgreeActionAsync(Action(overdue, owner, Today.AddDays(-30)), house.Lead.Headers);
        var closed = (await CloseAsync((await OpenAsync(cohort)).Thread)).Thread;

        var first = await ListAsync(cohort, request => request.PageSize = 1);
        Assert.Equal(overdue.ThreadId, Assert.Single(first.Threads).ThreadId);
        var second = await ListAsync(cohort, request => (request.PageSize, request.PageToken) = (1, first.NextPageToken));
        Assert.Equal(calm.ThreadId, Assert.Single(second.Threads).ThreadId);

        Assert.Equal(overdue.ThreadId, Assert.Single((await ListAsync(cohort, request => request.OverdueOnly = true)).Threads).ThreadId);
        Assert.Equal(closed.ThreadId, Assert.Single((await ListAsync(cohort, request => request.State = ThreadState.Closed)).Threads).ThreadId);
    }

    [Fact]
    public async Task Impact_IsBeforeAndAfterOfThoseWithBothScores_AndAttributesNothing()
    {
        var cohort = await CohortAsync();
        var thread = (await OpenAsync(cohort)).Thread;
        await cohort.AddWindowAsync();

        // Of eight target pupils one did not sit again; the others gained 6 to 12 points.
        await cohort.RecordAsync(1, Enumerable.Range(0, 7).Select(at => (at, Before(at) + 6 + at)));

        var impact = await house.Lead.Threads.MeasureImpactAsync(
            new() { ThreadId = thread.ThreadId, CollectionId = cohort.Collection(1) }, house.Lead.Headers);

        Assert.Equal((8, 7, ImpactVerdict.CannotAttribute, "before and after only"), (impact.Targeted, impact.Measured, impact.Verdict, impact.Method));
        Assert.Equal(9, impact.Change.Estimate.Point, 9);

        // By hand: the gains 6 to 12 have SD 2.160247, so 9 ± 2.446912 × 2.160247 ÷ √7.
        Assert.Equal(9 - (2.446911851 * 2.160246899 / Math.Sqrt(7)), impact.Change.Estimate.Low, 6);

        // Regression to the mean alone: (1 − .90) × (mean of all that sat before − mean of the target pupils before).
        var everybody = Enumerable.Range(0, 20).Average(Before);
        var targets = Enumerable.Range(0, 7).Average(Before);
        Assert.Equal(Math.Round(0.1 * (double)(everybody - targets), 1), Point(impact.ExpectedWithoutAction), 9);
    }

    [Fact]
    public async Task Impact_WithoutTwoScoresOnOneScale_IsRefused_NotMadeUp()
    {
        var cohort = await CohortAsync();
        var thread = (await OpenAsync(cohort)).Thread;
        await cohort.AddWindowAsync(scale: "age-standardised");
        await cohort.RecordAsync(1, Enumerable.Range(0, 8).Select(at => (at, 110m)));

        await RefusedAsync(StatusCode.FailedPrecondition, "IMPACT_NOT_MEASURABLE", () => house.Lead.Threads.MeasureImpactAsync(
            new() { ThreadId = thread.ThreadId, CollectionId = cohort.Collection(1) }, house.Lead.Headers).ResponseAsync);
        await RefusedAsync(StatusCode.FailedPrecondition, "IMPACT_NOT_MEASURABLE", () => house.Lead.Threads.MeasureImpactAsync(
            new() { ThreadId = thread.ThreadId, CollectionId = cohort.Collection(0) }, house.Lead.Headers).ResponseAsync);
    }

    [Fact]
    public async Task Impact_OverTwoScales_IsNotAveraged_AndSaysWhy()
    {
        var cohort = await CohortAsync();
        var thread = (await OpenAsync(cohort)).Thread;
        await cohort.AddWindowAsync();
        var other = Guid.NewGuid();
        await cohort.AddWindowAsync(scale: "age-standardised", test: other);

        // Four targets sat on the one scale both times, four others on the other.
        await cohort.RecordAsync(1, Enumerable.Range(0, 4).Select(at => (at, 110m)));
        await cohort.TellAsync([.. Enumerable.Range(4, 4).SelectMany(at => new[]
        {
            cohort.Row(0, at, 60m) with { TestId = other, ResultId = Guid.CreateVersion7(), Version = 1, SatOn = new DateOnly(2025, 9, 30) },
            cohort.Row(1, at, 140m) with { TestId = other },
        })]);
        await house.KnownAsync("select count(*) from result_copy where test_id = @other", new { other }, 8);

        var impact = await MeasureAsync(house.Lead, thread, cohort);

        Assert.Equal((8, 8, ImpactVerdict.CannotTell), (impact.Targeted, impact.Measured, impact.Verdict));
        Assert.All(
            [impact.Before, impact.After, impact.Change, impact.ExpectedWithoutAction],
            figure => Assert.Equal("MIXED_SCALES", figure.Redacted?.Reason));
    }

    [Fact]
    public async Task Impact_WithOneReliabilityUnknown_ExpectsNothing()
    {
        var cohort = await CohortAsync();
        var thread = (await OpenAsync(cohort)).Thread;
        await cohort.AddWindowAsync(tellTest: false);
        await cohort.TellTestAsync(1, reliability: null);
        await cohort.RecordAsync(1, Enumerable.Range(0, 8).Select(at => (at, Before(at) + 6)));

        var impact = await MeasureAsync(house.Lead, thread, cohort);

        Assert.Equal("NOT_AVAILABLE", impact.ExpectedWithoutAction.Redacted?.Reason);

        // All gained the same: an interval from 6 to 6 would look like certainty.
        Assert.Equal((Figure.ShownOneofCase.Value, 6, ImpactVerdict.CannotAttribute), (impact.Change.ShownCase, impact.Change.Value, impact.Verdict));
    }

    [Fact]
    public async Task Impact_ExpectsRegressionTowardsThePupilsOwnYearGroup()
    {
        var cohort = await CohortAsync(yearSix: 8);
        var request = With(await RequestAsync(cohort), [.. cohort.Pupils.Take(8).Append(cohort.Pupils[19]).Select(pupil => pupil.PupilId)]);
        var thread = (await house.Lead.Threads.OpenThreadAsync(request, house.Lead.Headers)).Thread;
        await cohort.AddWindowAsync();
        await cohort.RecordAsync(1, Enumerable.Range(0, 8).Append(19).Select(at => (at, Before(at) + 6)));

        var impact = await MeasureAsync(house.Lead, thread, cohort);

        // Of the nine, eight regress towards the mean of the twelve in Year 5, one towards that of the eight in Year 6.
        var (five, six) = (Enumerable.Range(0, 12).Average(Before), Enumerable.Range(12, 8).Average(Before));
        var expected = 0.1m * (Enumerable.Range(0, 8).Sum(at => five - Before(at)) + (six - Before(19))) / 9;
        Assert.Equal((double)decimal.Round(expected, 1), Point(impact.ExpectedWithoutAction), 9);
    }

    [Fact]
    public async Task Impact_ExpectsNothing_WhereAYearGroupIsTooSmallToHaveAMean()
    {
        // The one pupil of Year 6 would be expected to stay at the own score: the mean of the year group is that score.
        var cohort = await CohortAsync(yearSix: 1);
        var request = With(await RequestAsync(cohort), [.. cohort.Pupils.Take(8).Append(cohort.Pupils[19]).Select(pupil => pupil.PupilId)]);
        var thread = (await house.Lead.Threads.OpenThreadAsync(request, house.Lead.Headers)).Thread;
        await cohort.AddWindowAsync();
        await cohort.RecordAsync(1, Enumerable.Range(0, 8).Append(19).Select(at => (at, Before(at) + 6)));

        var impact = await MeasureAsync(house.Lead, thread, cohort);

        Assert.Equal((9, "SMALL_NUMBER"), (impact.Measured, impact.ExpectedWithoutAction.Redacted?.Reason));
        Assert.Equal(6, Point(impact.Change), 9);
    }

    [Fact]
    public async Task Impact_ExpectsNothing_WhereTheMeanOfAllWouldTellOfAFewElsewhere()
    {
        // The head knows the scores of the own twenty: with the mean of all, that of the one elsewhere is theirs by arithmetic.
        var (cohort, other) = (await CohortAsync(), await Cohort.OfAsync(house, 6));
        var thread = (await OpenAsync(cohort)).Thread;
        await cohort.AddWindowAsync();
        await cohort.RecordAsync(1, Enumerable.Range(0, 8).Select(at => (at, Before(at) + 6)));
        var head = await house.CallerAsync(Role.Headteacher, cohort.Urn);
        await SitElsewhereAsync(0);

        Assert.Equal("SMALL_NUMBER", (await MeasureAsync(head, thread, cohort)).ExpectedWithoutAction.Redacted?.Reason);
        Assert.Equal(Figure.ShownOneofCase.Value, (await MeasureAsync(house.Lead, thread, cohort)).ExpectedWithoutAction.ShownCase);

        await SitElsewhereAsync(1, 2, 3, 4, 5);
        Assert.Equal(Figure.ShownOneofCase.Value, (await MeasureAsync(head, thread, cohort)).ExpectedWithoutAction.ShownCase);

        async Task SitElsewhereAsync(params int[] pupils)
        {
            var rows = pupils
                .Select(at => cohort.Row(0, 0, 140m) with { ResultId = Guid.CreateVersion7(), Version = 1, SchoolUrn = other.Urn, PupilId = other[at] })
                .ToList();
            await cohort.TellAsync(rows);
            await house.KnownAsync("select count(*) from result_copy where result_id = any (@ids)", new { ids = rows.Select(row => row.ResultId).ToArray() }, rows.Count);
        }
    }

    [Fact]
    public async Task Impact_ByACollectionThatIsNotLater_IsRefused_AndSaysSo()
    {
        var cohort = await CohortAsync();
        await cohort.AddWindowAsync();
        await cohort.RecordAsync(1, Enumerable.Range(0, 20).Select(at => (at, Before(at) + 6)));
        var request = await RequestAsync(cohort);
        request.CollectionId = cohort.Collection(1);
        var thread = (await house.Lead.Threads.OpenThreadAsync(request, house.Lead.Headers)).Thread;

        // Both lie before the day on which the thread was opened: it is recorded in retrospect, and only their order matters.
        foreach (var window in new[] { 0, 1 })
        {
            var refused = await RefusedAsync(StatusCode.FailedPrecondition, "IMPACT_NOT_MEASURABLE", () => house.Lead.Threads.MeasureImpactAsync(
                new() { ThreadId = thread.ThreadId, CollectionId = cohort.Collection(window) }, house.Lead.Headers).ResponseAsync);
            Assert.Contains("due later", refused.Status.Detail);
        }
    }

    [Fact]
    public async Task TargetPupils_OutsideTheGrant_AreNeitherNamedNorMeasured()
    {
        var cohort = await CohortAsync(yearSix: 8);
        var request = new OpenThreadRequest(await RequestAsync(cohort)) { YearGroup = Cohort.YearGroup };
        var mixed = With(request, [.. cohort.Pupils.Take(6).Concat(cohort.Pupils.TakeLast(2)).Select(pupil => pupil.PupilId)]);
        var thread = (await house.Lead.Threads.OpenThreadAsync(mixed, house.Lead.Headers)).Thread;
        await cohort.AddWindowAsync();
        await cohort.RecordAsync(1, Enumerable.Range(0, 6).Select(at => (at, Before(at) + 6)).Concat([(18, 140m), (19, 140m)]));
        var leader = await house.CallerAsync(Role.SubjectLeader, cohort.Urn, grant => grant.YearGroups.Add(Cohort.YearGroup));

        var own = mixed.TargetPupilIds.Take(6);
        Assert.Equal(own, (await leader.Threads.GetThreadAsync(new() { ThreadId = thread.ThreadId }, leader.Headers)).Thread.TargetPupilIds);
        Assert.Equal(own, Assert.Single((await leader.Threads.ListThreadsAsync(new() { SchoolUrn = cohort.Urn }, leader.Headers)).Threads).TargetPupilIds);
        var impact = await MeasureAsync(leader, thread, cohort);
        Assert.Equal((6, 6, 6), (impact.Targeted, impact.Measured, Point(impact.Change)));
        Assert.Equal((8, 8), ((await MeasureAsync(house.Lead, thread, cohort)).Targeted, (await MeasureAsync(house.Lead, thread, cohort)).Measured));

        // Nor may such a caller name them, or learn that they are there. A change keeps those whom the caller does not see.
        foreach (var stranger in new[] { cohort.Pupils[19].PupilId, $"{Guid.NewGuid()}" })
        {
            var refused = await RefusedAsync(StatusCode.InvalidArgument, "THREAD_INVALID", () =>
                leader.Threads.OpenThreadAsync(With(request, stranger), leader.Headers).ResponseAsync);
            Assert.Equal("target_pupil_ids", Assert.Single(refused.Violations()).Field);
        }

        await leader.Threads.AgreeActionAsync(Action(thread, request.OwnerPersonId, Today), leader.Headers);
        Assert.Equal(mixed.TargetPupilIds, (await house.Lead.Threads.GetThreadAsync(new() { ThreadId = thread.ThreadId }, house.Lead.Headers)).Thread.TargetPupilIds);
    }

    [Fact]
    public async Task Impact_CountsNoScoreThatWasSatAtASchoolOutsideTheGrant()
    {
        var cohort = await CohortAsync();
        var thread = (await OpenAsync(cohort)).Thread;
        await cohort.AddWindowAsync();
        await cohort.RecordAsync(1, Enumerable.Range(0, 7).Select(at => (at, Before(at) + 6)));
        var elsewhere = cohort.Row(1, 7, 140m) with { SchoolUrn = await house.SchoolAsync() };
        await cohort.TellAsync([elsewhere]);
        await house.KnownAsync("select count(*) from result_copy where result_id = @ResultId", new { elsewhere.ResultId });
        var head = await house.CallerAsync(Role.Headteacher, cohort.Urn);

        var impact = await MeasureAsync(head, thread, cohort);

        Assert.Equal((8, 7, 6), (impact.Targeted, impact.Measured, Point(impact.Change)));
        Assert.Equal(8, (await MeasureAsync(house.Lead, thread, cohort)).Measured);
    }

    [Fact]
    public async Task Thread_IsSeenWithinTheGrant_AndWhatIsForeignLooksLikeWhatIsNot()
    {
        var cohort = await CohortAsync();
        var opened = (await OpenAsync(cohort)).Thread;
        var elsewhere = await house.CallerAsync(Role.Headteacher, await house.SchoolAsync());
        var music = await house.CallerAsync(Role.SubjectLeader, cohort.Urn, grant => grant.Subjects.Add("music"));

        foreach (var caller in new[] { elsewhere, music })
        {
            await SameRefusalAsync(
                () => caller.Threads.GetThreadAsync(new() { ThreadId = opened.ThreadId }, caller.Headers).ResponseAsync,
                () => caller.Threads.GetThreadAsync(new() { ThreadId = Guid.NewGuid().ToString() }, caller.Headers).ResponseAsync);
        }

        Assert.Empty((await music.Threads.ListThreadsAsync(new() { SchoolUrn = cohort.Urn }, music.Headers)).Threads);
        await RefusedAsync(StatusCode.NotFound, "SCHOOL_NOT_FOUND", () => elsewhere.Threads.ListThreadsAsync(new() { SchoolUrn = cohort.Urn }, elsewhere.Headers).ResponseAsync);
        var request = await RequestAsync(cohort);
        await RefusedAsync(StatusCode.NotFound, "GAP_NOT_FOUND", () => elsewhere.Threads.OpenThreadAsync(request, elsewhere.Headers).ResponseAsync);
    }

    [Fact]
    public async Task Thread_OnASensitiveGroup_IsNotThereForThoseWhoMayNotSeeWhoIsInIt()
    {
        var cohort = await CohortAsync();
        var request = await RequestAsync(cohort);
        request.Group = "looked-after";
        var thread = (await house.Lead.Threads.OpenThreadAsync(request, house.Lead.Headers)).Thread;
        var absent = new Thread { ThreadId = Guid.NewGuid().ToString(), Etag = thread.Etag };
        var open = (await OpenAsync(cohort)).Thread;

        foreach (var role in new[] { Role.SeniorLeader, Role.SubjectLeader, Role.Senco })
        {
            var caller = await house.CallerAsync(role, cohort.Urn);
            var calls = new Func<Thread, Task>[]
            {
                t => caller.Threads.GetThreadAsync(new() { ThreadId = t.ThreadId }, caller.Headers).ResponseAsync,
                t => caller.Threads.MeasureImpactAsync(new() { ThreadId = t.ThreadId, CollectionId = cohort.Collection(0) }, caller.Headers).ResponseAsync,
                t => caller.Threads.CloseThreadAsync(new() { ThreadId = t.ThreadId, Outcome = "Done." }, caller.IfMatch(t.Etag)).ResponseAsync,
                t => caller.Threads.AgreeActionAsync(Action(t, request.OwnerPersonId, Today), caller.Headers).ResponseAsync,
                t => caller.Threads.SettleActionAsync(
                    new() { ThreadId = t.ThreadId, ActionId = Guid.NewGuid().ToString(), State = ActionState.Done, Note = "Done." },
                    caller.IfMatch(t.Etag)).ResponseAsync,
            };
            foreach (var call in calls)
            {
                await SameRefusalAsync(() => call(thread), () => call(absent));
            }

            var listed = await caller.Threads.ListThreadsAsync(new() { SchoolUrn = cohort.Urn }, caller.Headers);
            Assert.Equal(open.ThreadId, Assert.Single(listed.Threads).ThreadId);
        }

        foreach (var role in new[] { Role.Headteacher, Role.DesignatedTeacher, Role.SafeguardingLead })
        {
            var caller = await house.CallerAsync(role, cohort.Urn);
            Assert.Equal(thread.Gap, (await caller.Threads.GetThreadAsync(new() { ThreadId = thread.ThreadId }, caller.Headers)).Thread.Gap);
            Assert.Equal(2, (await caller.Threads.ListThreadsAsync(new() { SchoolUrn = cohort.Urn }, caller.Headers)).Threads.Count);
        }
    }

    [Fact]
    public async Task Thread_OnAGroupThatWasSensitive_DoesNotOpenUpWithTheGroup()
    {
        var (cohort, code) = (await CohortAsync(), $"trust-{Guid.NewGuid():N}");
        var request = await RequestAsync(cohort);
        request.Group = code;
        var (senco, head) = (await house.CallerAsync(Role.Senco, cohort.Urn), await house.CallerAsync(Role.Headteacher, cohort.Urn));

        await DefineAsync(sensitive: true);
        var before = (await house.Lead.Threads.OpenThreadAsync(request, house.Lead.Headers)).Thread;
        await DefineAsync(sensitive: false);
        var since = (await house.Lead.Threads.OpenThreadAsync(request, house.Lead.Headers)).Thread;

        await RefusedAsync(StatusCode.NotFound, "THREAD_NOT_FOUND", () =>
            senco.Threads.GetThreadAsync(new() { ThreadId = before.ThreadId }, senco.Headers).ResponseAsync);
        Assert.Equal([since.ThreadId], await SeenAsync(senco));
        Assert.Equal([before.ThreadId, since.ThreadId], await SeenAsync(head));

        // What was hidden once is not shown again.
        await DefineAsync(sensitive: true);
        await DefineAsync(sensitive: false);
        Assert.Empty(await SeenAsync(senco));
        Assert.Equal([before.ThreadId, since.ThreadId], await SeenAsync(head));

        Task DefineAsync(bool sensitive) => house.Lead.Groups.DefineGroupAsync(
            new()
            {
                Group = code,
                Definition = new()
                {
                    Name = "Of the trust",
                    ComparatorName = "not in it",
                    Sensitive = sensitive,
                    AnyOf = { new GroupClause { AllOf = { new GroupCondition { Fact = "fsm" } } } },
                },
            },
            house.Lead.Headers).ResponseAsync;

        async Task<IEnumerable<string>> SeenAsync(TestCaller by) =>
            (await by.Threads.ListThreadsAsync(new() { SchoolUrn = cohort.Urn }, by.Headers)).Threads.Select(thread => thread.ThreadId).Order(StringComparer.Ordinal);
    }

    [Fact]
    public async Task Open_Repeated_WithOneIdempotencyKey_OpensOneThread()
    {
        var cohort = await CohortAsync();
        var request = await RequestAsync(cohort);
        var headers = house.Lead.With("idempotency-key", Guid.NewGuid().ToString());

        var first = await house.Lead.Threads.OpenThreadAsync(request, headers);
        var second = await house.Lead.Threads.OpenThreadAsync(request, headers);

        Assert.Equal(first, second);
        Assert.Single((await ListAsync(cohort)).Threads);
    }

    // Of 8 disadvantaged pupils 2 meet the standard, of 12 others 9.
    private async Task<Cohort> CohortAsync(int yearSix = 0)
    {
        var cohort = await Cohort.OfAsync(house, 20, disadvantaged: 8, yearSix);
        await cohort.AddWindowAsync();
        await cohort.RecordAsync(0, Enumerable.Range(0, 20).Select(at => (at, Before(at))));
        return cohort;
    }

    private static decimal Before(int at) => at is < 2 or (>= 8 and < 17) ? 105 + at : 80 + at;

    private async Task<OpenThreadResponse> OpenAsync(Cohort cohort) =>
        await house.Lead.Threads.OpenThreadAsync(await RequestAsync(cohort), house.Lead.Headers);

    private static async Task<MeasureImpactResponse> MeasureAsync(TestCaller caller, Thread thread, Cohort cohort) =>
        await caller.Threads.MeasureImpactAsync(new() { ThreadId = thread.ThreadId, CollectionId = cohort.Collection(1) }, caller.Headers);

    private async Task<OpenThreadRequest> RequestAsync(Cohort cohort) => new()
    {
        SchoolUrn = cohort.Urn,
        Group = "disadvantaged",
        Subject = cohort.Subject,
        CollectionId = cohort.Collection(0),
        Objective = "Halve the gap by summer.",
        OwnerPersonId = await PersonAsync(),
        ReviewOn = Today.AddDays(60).ToString("yyyy-MM-dd"),
        TargetPupilIds = { cohort.Pupils.Take(8).Select(pupil => pupil.PupilId) },
    };

    private async Task<string> PersonAsync(DateOnly? leftOn = null)
    {
        var somebody = new Person { Name = "Somebody of the trust", Duties = { "english-lead" } };
        var person = (await house.Lead.People.CreatePersonAsync(new() { Person = somebody }, house.Lead.Headers)).Person;
        if (leftOn is { } day)
        {
            await house.Lead.People.UpdatePersonAsync(
                new() { PersonId = person.PersonId, Person = new() { LeftOn = day.ToString("yyyy-MM-dd") } }, house.Lead.IfMatch(person.Etag));
        }

        return person.PersonId;
    }

    private async Task<ListThreadsResponse> ListAsync(Cohort cohort, Action<ListThreadsRequest>? filter = null)
    {
        var request = new ListThreadsRequest { SchoolUrn = cohort.Urn };
        filter?.Invoke(request);
        return await house.Lead.Threads.ListThreadsAsync(request, house.Lead.Headers);
    }

    private static AgreeActionRequest Action(Thread thread, string owner, DateOnly dueOn) =>
        new() { ThreadId = thread.ThreadId, What = "Read with them daily.", OwnerPersonId = owner, DueOn = dueOn.ToString("yyyy-MM-dd") };

    private async Task<SettleActionResponse> SettleAsync(Thread thread, string actionId, ActionState state) => await house.Lead.Threads.SettleActionAsync(
        new() { ThreadId = thread.ThreadId, ActionId = actionId, State = state, Note = "Done in spring." }, house.Lead.IfMatch(thread.Etag));

    private async Task<CloseThreadResponse> CloseAsync(Thread thread) => await house.Lead.Threads.CloseThreadAsync(
        new() { ThreadId = thread.ThreadId, Outcome = "The gap is two pupils smaller." }, house.Lead.IfMatch(thread.Etag));

    private async Task InvalidAsync(OpenThreadRequest request, string field)
    {
        var refused = await RefusedAsync(
            StatusCode.InvalidArgument, "THREAD_INVALID", () => house.Lead.Threads.OpenThreadAsync(request, house.Lead.Headers).ResponseAsync);
        Assert.Equal(field, Assert.Single(refused.Violations()).Field);
    }

    private static OpenThreadRequest With(OpenThreadRequest request, params string[] targets)
    {
        var changed = new OpenThreadRequest(request);
        changed.TargetPupilIds.Clear();
        changed.TargetPupilIds.Add(targets);
        return changed;
    }

    private static double Point(Figure figure) => figure.ShownCase == Figure.ShownOneofCase.Value ? figure.Value : figure.Estimate.Point;
}
