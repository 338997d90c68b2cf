using Dapper;
using GoldenThread.Reviews.Events.V1;
using GoldenThread.Reviews.Internal.V1;
using GoldenThread.Reviews.V1;
using GoldenThread.TestSupport;
using GoldenThread.Tracking.Events.V1;
using GoldenThread.Type.V1;
using Grpc.Core;

namespace GoldenThread.Reviews.Tests;

/// <summary>Visits, findings, agreed actions and meetings of a published plan, in the middle of January 2026.</summary>
public class VisitTests(VisitTests.Trust trust) : IClassFixture<VisitTests.Trust>
{
    private readonly ReviewsHost host = trust.Host;
    private readonly VisitService.VisitServiceClient visits = new(trust.Host.Channel);
    private readonly MeetingService.MeetingServiceClient meetings = new(trust.Host.Channel);

    [Fact]
    public async Task Move_ToADayThatBreaksARule_IsRefusedInWords()
    {
        var visit = await LaterAsync();

        await BreaksAsync(visit, new() { VisitId = visit.VisitId, On = "2026-03-14" }, "weekend");
        await BreaksAsync(visit, new() { VisitId = visit.VisitId, On = "2026-04-08" }, "outside the school's terms");
        await BreaksAsync(visit, new() { VisitId = visit.VisitId, On = "2026-05-04" }, "bank holiday");
        await BreaksAsync(visit, new() { VisitId = visit.VisitId, On = "2026-05-13" }, "closed or has an INSET day");
        var sameSchool = (await AllAsync()).First(v => v.SchoolUrn == visit.SchoolUrn && v.VisitId != visit.VisitId && v.HasOn);
        await BreaksAsync(visit, new() { VisitId = visit.VisitId, On = sameSchool.On }, "2 visits on");
        var busy = (await AllAsync()).First(v =>
            v.HasOn && v.SchoolUrn != visit.SchoolUrn && v.HalfDays == 2 && v.Team.Any(m => m.PersonId == visit.Team[0].PersonId));
        await BreaksAsync(visit, new() { VisitId = visit.VisitId, On = busy.On }, "half-days of visits");
        var head = DemoTrust.Input.People.First(p => p.SchoolUrn == visit.SchoolUrn);
        var team = new UpdateVisitRequest { VisitId = visit.VisitId, Team = { new V1.TeamMember { Duty = "head", PersonId = head.Id.ToString() } } };
        await BreaksAsync(visit, team, "their own school");
        Assert.Equal(visit, await GetAsync(visit.VisitId));
    }

    [Fact]
    public async Task Move_ToAFreeDay_MakesTheVisitPlannedAgain()
    {
        var visit = await LaterAsync();
        visit = (await visits.ConfirmVisitAsync(new() { VisitId = visit.VisitId }, host.DeputyIf(visit.Etag))).Visit;
        Assert.Equal(V1.VisitState.Confirmed, visit.State);

        var moved = await MoveToSomeFreeDayAsync(visit);

        Assert.Equal(V1.VisitState.Planned, moved.State);
        Assert.NotEqual(visit.On, moved.On);
        await Refused.WithAsync(StatusCode.Aborted, "ETAG_MISMATCH",
            () => visits.UpdateVisitAsync(new() { VisitId = visit.VisitId, On = visit.On }, host.DeputyIf(visit.Etag)));
        await Refused.WithAsync(StatusCode.FailedPrecondition, "IF_MATCH_REQUIRED",
            () => visits.UpdateVisitAsync(new() { VisitId = visit.VisitId, On = visit.On }, host.Deputy));
        await Eventually.Async(() => Task.FromResult(host.Told.OfType<VisitChanged>()
            .Any(t => t.VisitId.ToString() == visit.VisitId && t.State == "planned" && t.On == DateOnly.Parse(moved.On))), "the move was told");
    }

    [Fact]
    public async Task ConfirmedVisit_OnADayThatTheSchoolClosesLater_SaysSo_UntilItIsMoved()
    {
        var visit = await LaterAsync();
        visit = (await visits.ConfirmVisitAsync(new() { VisitId = visit.VisitId }, host.DeputyIf(visit.Etag))).Visit;
        Assert.False(visit.SchoolClosed);
        var calendar = DemoTrust.CalendarOf(DemoTrust.Input.Schools.Single(s => s.Urn == visit.SchoolUrn), 2);
        await host.TellAsync(calendar with
        {
            Closures = [.. calendar.Closures, new CalendarClosure { On = DateOnly.Parse(visit.On), Kind = "closure" }],
        });

        await Eventually.Async(async () => (await GetAsync(visit.VisitId)).SchoolClosed, "the visit says that the school is closed");

        Assert.Equal([visit.VisitId], (await AllAsync()).Where(v => v.SchoolClosed).Select(v => v.VisitId));
        Assert.False((await MoveToSomeFreeDayAsync(visit)).SchoolClosed);
    }

    [Fact]
    public async Task Visit_AtWhichSomethingWasFound_IsNeitherCancelledNorMovedAhead()
    {
        var visit = await PastAsync();
        await visits.RecordFindingAsync(Finding(visit), host.Deputy);

        var e = await Refused.WithAsync(StatusCode.FailedPrecondition, "VISIT_CLOSED",
            () => visits.CancelVisitAsync(new() { VisitId = visit.VisitId, Reason = "By mistake" }, host.DeputyIf(visit.Etag)));
        Assert.Contains("record it again at the right one", e.Status.Detail, StringComparison.Ordinal);
        await Refused.WithAsync(StatusCode.FailedPrecondition, "VISIT_CLOSED",
            () => visits.UpdateVisitAsync(new() { VisitId = visit.VisitId, On = "2026-06-24" }, host.DeputyIf(visit.Etag)));

        Assert.Equal((V1.VisitState.Planned, visit.On), ((await GetAsync(visit.VisitId)).State, (await GetAsync(visit.VisitId)).On));
        await visits.HoldVisitAsync(new() { VisitId = visit.VisitId }, host.DeputyIf(visit.Etag));
    }

    [Fact]
    public async Task Visit_AtWhichSomethingIsFoundWhileItIsBeingMoved_IsNotMovedAhead()
    {
        var visit = trust.Take((await AllAsync()).Where(v =>
            v is { HasOn: true, State: V1.VisitState.Planned, Entitlement: "further-days" } && string.CompareOrdinal(v.On, "2026-01-13") < 0));
        var free = (await MoveToSomeFreeDayAsync(visit)).On;
        var back = (await visits.UpdateVisitAsync(
            new() { VisitId = visit.VisitId, On = visit.On }, host.DeputyIf((await GetAsync(visit.VisitId)).Etag))).Visit;
        await using var connection = await host.OpenAsync();
        await using var planning = await connection.BeginTransactionAsync();
        await connection.ExecuteAsync("select from planning_year where academic_year = '2025/26' for update", transaction: planning);

        var move = visits.UpdateVisitAsync(new() { VisitId = visit.VisitId, On = free }, host.DeputyIf(back.Etag)).ResponseAsync;
        await WaitsAsync(move);
        await visits.RecordFindingAsync(Finding(visit), host.Deputy);
        await planning.RollbackAsync();

        await Refused.WithAsync(StatusCode.FailedPrecondition, "VISIT_CLOSED", () => move);
        Assert.Equal(back.On, (await GetAsync(visit.VisitId)).On);
    }

    [Fact]
    public async Task Visit_AtWhichAFindingIsBeingRecorded_IsNotCancelled()
    {
        var visit = await PastAsync();
        await using var connection = await host.OpenAsync();
        await using var recording = await connection.BeginTransactionAsync();
        await connection.ExecuteAsync(
            """
            insert into finding (finding_id, visit_id, school_urn, focus_area, kind, text)
            select @finding, visit_id, school_urn, 1, 1, 'Everybody is greeted by name.' from visit where visit_id = @visit for share
            """,
            new { finding = Guid.CreateVersion7(), visit = Guid.Parse(visit.VisitId) }, recording);

        var cancel = visits.CancelVisitAsync(new() { VisitId = visit.VisitId, Reason = "By mistake" }, host.DeputyIf(visit.Etag)).ResponseAsync;
        await WaitsAsync(cancel);
        await recording.CommitAsync();

        await Refused.WithAsync(StatusCode.FailedPrecondition, "VISIT_CLOSED", () => cancel);
    }

    [Fact]
    public async Task Finding_AndAction_AtAVisitThatIsBeingCancelled_AreRefused()
    {
        var visit = await PastAsync();
        await using var connection = await host.OpenAsync();
        await using var cancelling = await connection.BeginTransactionAsync();
        await connection.ExecuteAsync(
            "update visit set state = 5, reason = 'Snow', version = version + 1 where visit_id = @id", new { id = Guid.Parse(visit.VisitId) }, cancelling);

        var finding = visits.RecordFindingAsync(Finding(visit), host.Deputy).ResponseAsync;
        await WaitsAsync(finding);
        var action = visits.AgreeActionAsync(Action(visit, "2026-03-01", null), host.Deputy).ResponseAsync;
        await WaitsAsync(action, 2);
        await cancelling.CommitAsync();

        await Refused.WithAsync(StatusCode.FailedPrecondition, "VISIT_NOT_HELD", () => finding);
        await Refused.WithAsync(StatusCode.FailedPrecondition, "VISIT_NOT_HELD", () => action);
    }

    [Fact]
    public async Task Move_ToSomebodysLeave_NamesTheLeaveOnlyToWhoMayReadIt()
    {
        var visit = await LaterAsync();
        await host.GrantAsync("data.school", Role.DataLead, visit.SchoolUrn);
        var availability = new AvailabilityService.AvailabilityServiceClient(host.Channel);
        var leave = (await availability.AddLeaveAsync(
            new() { PersonId = visit.Team[0].PersonId, From = "2026-06-24", To = "2026-06-24" }, host.Deputy)).Leave;

        await BreaksAsync(visit, new() { VisitId = visit.VisitId, On = "2026-06-24" }, "who is on leave");
        await Refused.WithAsync(StatusCode.NotFound, "PERSON_NOT_FOUND",
            () => availability.ListLeaveAsync(new() { PersonId = visit.Team[0].PersonId }, host.Bearer("data.school")));
        var e = await Refused.WithAsync(StatusCode.FailedPrecondition, "VISIT_BREAKS_RULE",
            () => visits.UpdateVisitAsync(new() { VisitId = visit.VisitId, On = "2026-06-24" }, host.Bearer("data.school", visit.Etag)));

        Assert.Contains("not available", e.Status.Detail, StringComparison.Ordinal);
        Assert.DoesNotContain("leave", e.Status.Detail, StringComparison.Ordinal);
        await availability.RemoveLeaveAsync(new() { PersonId = visit.Team[0].PersonId, LeaveId = leave.LeaveId }, host.Deputy);
    }

    [Fact]
    public async Task ExecutiveHead_GoesToNoneOfTheirSchools()
    {
        var head = DemoTrust.Input.People.Single(p => p.SchoolUrn == 100_006);
        await host.GrantAsync("executive", Role.Headteacher, 100_006, from: new(2024, 9, 1, 0, 0, 0, TimeSpan.Zero));
        await host.GrantAsync("executive", Role.Headteacher, 100_007, from: new(2024, 9, 1, 0, 0, 0, TimeSpan.Zero));
        await host.TellAsync(host.WithSignIn(DemoTrust.PersonOf(head, 2), "executive"));
        await Eventually.Async(async () => await host.CountAsync("select count(*) from person where subject = 'executive'") == 1, "the sign-in is known");
        var review = trust.Take((await AllAsync()).Where(v =>
            v is { SchoolUrn: 100_007, Entitlement: "peer-challenge-review", HasOn: true, State: V1.VisitState.Planned }));

        var request = new UpdateVisitRequest { VisitId = review.VisitId };
        request.Team.AddRange(review.Team.Select(m => m.Duty == "head" ? new V1.TeamMember { Duty = "head", PersonId = head.Id.ToString() } : m));

        await BreaksAsync(review, request, "their own school");
    }

    [Fact]
    public async Task Hold_OfAVisitStillToCome_IsRefused()
    {
        var visit = await LaterAsync();

        await Refused.WithAsync(StatusCode.FailedPrecondition, "VISIT_NOT_HOLDABLE",
            () => visits.HoldVisitAsync(new() { VisitId = visit.VisitId }, host.DeputyIf(visit.Etag)));
        await Refused.WithAsync(StatusCode.FailedPrecondition, "VISIT_NOT_HELD",
            () => visits.RecordFindingAsync(Finding(visit), host.Deputy));
    }

    [Fact]
    public async Task Visit_ThatIsCancelled_StaysSo()
    {
        var visit = await LaterAsync();

        var cancelled = (await visits.CancelVisitAsync(new() { VisitId = visit.VisitId, Reason = "Snow" }, host.DeputyIf(visit.Etag))).Visit;

        Assert.Equal((V1.VisitState.Cancelled, "Snow"), (cancelled.State, cancelled.Reason));
        await Refused.WithAsync(StatusCode.FailedPrecondition, "VISIT_CLOSED",
            () => visits.UpdateVisitAsync(new() { VisitId = visit.VisitId, On = "2026-03-12" }, host.DeputyIf(cancelled.Etag)));
        await Refused.WithAsync(StatusCode.FailedPrecondition, "VISIT_NOT_PLANNED",
            () => visits.ConfirmVisitAsync(new() { VisitId = visit.VisitId }, host.DeputyIf(cancelled.Etag)));
        await Refused.WithAsync(StatusCode.InvalidArgument, "TEXT_MISSING",
            () => visits.CancelVisitAsync(new() { VisitId = visit.VisitId }, host.DeputyIf(cancelled.Etag)));
    }

    [Fact]
    public async Task Visit_LeadsFromFindingToActionToDone()
    {
        var visit = await PastAsync();
        await host.GrantAsync("reviewer.own", Role.Reviewer, visit.SchoolUrn);
        var reviewer = host.Bearer("reviewer.own");
        var held = (await visits.HoldVisitAsync(new() { VisitId = visit.VisitId }, host.Bearer("reviewer.own", visit.Etag))).Visit;
        Assert.Equal(V1.VisitState.Held, held.State);

        var finding = (await visits.RecordFindingAsync(Finding(visit), reviewer)).Finding;
        Assert.Equal(visit.SchoolUrn, finding.SchoolUrn);
        var action = (await visits.AgreeActionAsync(Action(visit, "2026-01-13", finding.FindingId), reviewer)).Action;
        Assert.True(action.Overdue);

        var detail = await GetAsync(visit.VisitId);
        Assert.Equal((1, 1), (detail.Findings, detail.OpenActions));
        Assert.Equal([finding], (await visits.ListFindingsAsync(new() { VisitId = visit.VisitId }, reviewer)).Findings);
        var overdue = await visits.ListAgreedActionsAsync(new() { Overdue = true, SchoolUrn = visit.SchoolUrn }, reviewer);
        Assert.Contains(action, overdue.Actions);

        var later = (await visits.UpdateAgreedActionAsync(
            new() { ActionId = action.ActionId, DueOn = "2026-02-01" }, host.Bearer("reviewer.own", action.Etag))).Action;
        Assert.False(later.Overdue);
        Assert.Equal(action.Text, later.Text);
        await Refused.WithAsync(StatusCode.Aborted, "ETAG_MISMATCH",
            () => visits.CompleteAgreedActionAsync(new() { ActionId = action.ActionId }, host.Bearer("reviewer.own", action.Etag)));
        var done = (await visits.CompleteAgreedActionAsync(new() { ActionId = action.ActionId }, host.Bearer("reviewer.own", later.Etag))).Action;
        Assert.Equal("2026-01-14", done.DoneOn);
        await Refused.WithAsync(StatusCode.FailedPrecondition, "AGREED_ACTION_DONE",
            () => visits.UpdateAgreedActionAsync(new() { ActionId = action.ActionId, Text = "x" }, host.Bearer("reviewer.own", done.Etag)));
        await Eventually.Async(() => Task.FromResult(host.Told.OfType<AgreedActionChanged>()
            .Any(t => t.ActionId.ToString() == action.ActionId && t.Version == 3 && t.DoneOn == new DateOnly(2026, 1, 14))), "the doing was told");
    }

    [Fact]
    public async Task Action_DueBeforeItsVisitOrOwnedByNobody_IsRefused()
    {
        var visit = await PastAsync();

        await Refused.WithAsync(StatusCode.InvalidArgument, "AGREED_ACTION_INVALID",
            () => visits.AgreeActionAsync(Action(visit, "2025-08-31", null), host.Deputy));
        var nobody = Action(visit, "2026-03-01", null);
        nobody.OwnerPersonId = Guid.CreateVersion7().ToString();
        await Refused.WithAsync(StatusCode.InvalidArgument, "AGREED_ACTION_INVALID", () => visits.AgreeActionAsync(nobody, host.Deputy));
        await Refused.WithAsync(StatusCode.InvalidArgument, "AGREED_ACTION_INVALID",
            () => visits.AgreeActionAsync(Action(visit, "2026-03-01", Guid.CreateVersion7().ToString()), host.Deputy));
        var tooLong = Finding(visit);
        tooLong.Text = new string('a', 4001);
        await Refused.WithAsync(StatusCode.InvalidArgument, "TEXT_TOO_LONG", () => visits.RecordFindingAsync(tooLong, host.Deputy));
        var nul = Finding(visit);
        nul.Text = "a\0b";
        await Refused.WithAsync(StatusCode.InvalidArgument, "TEXT_INVALID", () => visits.RecordFindingAsync(nul, host.Deputy));
    }

    [Fact]
    public async Task Action_ChangedToBeDueOrDoneBeforeItsVisit_IsRefusedInWords()
    {
        var visit = await PastAsync();
        var action = (await visits.AgreeActionAsync(Action(visit, "2026-03-01", null), host.Deputy)).Action;

        var due = await Refused.WithAsync(StatusCode.InvalidArgument, "AGREED_ACTION_INVALID",
            () => visits.UpdateAgreedActionAsync(new() { ActionId = action.ActionId, DueOn = "2025-08-31" }, host.DeputyIf(action.Etag)));
        var done = await Refused.WithAsync(StatusCode.InvalidArgument, "AGREED_ACTION_INVALID",
            () => visits.CompleteAgreedActionAsync(new() { ActionId = action.ActionId, DoneOn = "2025-08-31" }, host.DeputyIf(action.Etag)));

        Assert.Equal(("due_on", "done_on"), (Refused.FieldsOf(due).Single(), Refused.FieldsOf(done).Single()));
        Assert.Contains(visit.On, due.Status.Detail, StringComparison.Ordinal);
        Assert.Contains(visit.On, done.Status.Detail, StringComparison.Ordinal);
        await visits.CompleteAgreedActionAsync(new() { ActionId = action.ActionId, DoneOn = visit.On }, host.DeputyIf(action.Etag));
    }

    [Fact]
    public async Task Visit_OfAForeignSchool_IsAsAbsentAsOneThatDoesNotExist()
    {
        var visit = await PastAsync();
        await host.GrantAsync("reviewer.foreign", Role.Reviewer, visit.SchoolUrn == 100_001 ? 100_002 : 100_001);
        var stranger = host.Bearer("reviewer.foreign", visit.Etag);
        var action = (await visits.AgreeActionAsync(Action(visit, "2026-03-01", null), host.Deputy)).Action;

        var foreign = await Refused.WithAsync(StatusCode.NotFound, "VISIT_NOT_FOUND", () => visits.GetVisitAsync(new() { VisitId = visit.VisitId }, stranger));
        var absent = await Refused.WithAsync(StatusCode.NotFound, "VISIT_NOT_FOUND",
            () => visits.GetVisitAsync(new() { VisitId = Guid.CreateVersion7().ToString() }, stranger));
        Assert.Equal(absent.Status.Detail, foreign.Status.Detail);
        await Refused.WithAsync(StatusCode.NotFound, "VISIT_NOT_FOUND", () => visits.HoldVisitAsync(new() { VisitId = visit.VisitId }, stranger));
        await Refused.WithAsync(StatusCode.NotFound, "VISIT_NOT_FOUND", () => visits.RecordFindingAsync(Finding(visit), stranger));
        await Refused.WithAsync(StatusCode.NotFound, "VISIT_NOT_FOUND", () => visits.ListFindingsAsync(new() { VisitId = visit.VisitId }, stranger));
        await Refused.WithAsync(StatusCode.NotFound, "VISIT_NOT_FOUND",
            () => visits.AgreeActionAsync(Action(visit, "2026-03-01", null), stranger));
        await Refused.WithAsync(StatusCode.NotFound, "AGREED_ACTION_NOT_FOUND",
            () => visits.CompleteAgreedActionAsync(new() { ActionId = action.ActionId }, host.Bearer("reviewer.foreign", action.Etag)));
        Assert.DoesNotContain((await visits.ListVisitsAsync(new() { PageSize = 500 }, stranger)).Visits, v => v.SchoolUrn == visit.SchoolUrn);
        Assert.DoesNotContain((await visits.ListAgreedActionsAsync(new(), stranger)).Actions, a => a.SchoolUrn == visit.SchoolUrn);
        Assert.DoesNotContain((await meetings.ListMeetingSeriesAsync(new() { PageSize = 500 }, stranger)).Series, s => s.SchoolUrn == visit.SchoolUrn);
    }

    [Fact]
    public async Task Visits_AreFilteredByStateAndDay()
    {
        var autumn = (await visits.ListVisitsAsync(new() { From = "2025-09-01", To = "2025-12-31", PageSize = 500 }, host.Deputy)).Visits;

        Assert.NotEmpty(autumn);
        Assert.All(autumn, v => Assert.InRange(v.On, "2025-09-01", "2025-12-31"));
        Assert.Equal(autumn.Select(v => v.On).Order(), autumn.Select(v => v.On));
        Assert.All((await visits.ListVisitsAsync(new() { State = V1.VisitState.Held, PageSize = 500 }, host.Deputy)).Visits,
            v => Assert.Equal(V1.VisitState.Held, v.State));
    }

    [Fact]
    public async Task Series_CountsWhatIsOwedAndHeld()
    {
        var series = (await meetings.ListMeetingSeriesAsync(new() { SchoolUrn = 100_001, AcademicYear = "2025/26" }, host.Deputy)).Series
            .Single(s => s.Entitlement == "one-to-one");
        var page = (await meetings.ListMeetingsAsync(new() { SeriesId = series.SeriesId, PageSize = 100 }, host.Deputy)).Meetings;
        Assert.Equal(series.Owed, page.Count);
        Assert.Equal(Enumerable.Range(1, series.Owed), page.Select(m => m.Number));

        var held = (await meetings.HoldMeetingAsync(new() { MeetingId = page[0].MeetingId }, host.DeputyIf(page[0].Etag))).Meeting;
        await meetings.CancelMeetingAsync(new() { MeetingId = page[1].MeetingId, Reason = "Snow" }, host.DeputyIf(page[1].Etag));

        Assert.Equal(MeetingState.Held, held.State);
        await Refused.WithAsync(StatusCode.FailedPrecondition, "MEETING_NOT_HOLDABLE",
            () => meetings.HoldMeetingAsync(new() { MeetingId = page[^1].MeetingId }, host.DeputyIf(page[^1].Etag)));
        await Refused.WithAsync(StatusCode.FailedPrecondition, "MEETING_CLOSED",
            () => meetings.CancelMeetingAsync(new() { MeetingId = held.MeetingId, Reason = "No" }, host.DeputyIf(held.Etag)));
        var after = (await meetings.ListMeetingSeriesAsync(new() { SchoolUrn = 100_001, AcademicYear = "2025/26" }, host.Deputy)).Series
            .Single(s => s.Entitlement == "one-to-one");
        Assert.Equal((1, 1), (after.Held, after.Cancelled));
        Assert.InRange(after.OwedToDate, 13, 17);
    }

    [Fact]
    public async Task Stream_TellsEveryChangeOnce_AndContinuesFromAPosition()
    {
        var feed = new ChangeFeedService.ChangeFeedServiceClient(host.Channel);

        var all = await Eventually.Async(async () =>
        {
            var told = await StreamAsync(feed, ChangeKind.Visit, "");
            Assert.Equal(await host.CountAsync("select count(*) from visit"), told.Count);
            return told;
        });

        Assert.Equal(all.Count, all.Select(c => c.Visit.VisitId).Distinct().Count());
        var rest = await StreamAsync(feed, ChangeKind.Visit, all[9].Position);
        Assert.Equal(all.Skip(10).Select(c => c.Visit.VisitId), rest.Select(c => c.Visit.VisitId));
        Assert.Equal(DemoTrust.Schools, (await StreamAsync(feed, ChangeKind.Category, "")).Count);
        await Refused.WithAsync(StatusCode.InvalidArgument, "POSITION_INVALID", () => StreamAsync(feed, ChangeKind.Visit, "nonsense"));
        var e = await Assert.ThrowsAsync<RpcException>(async () =>
        {
            using var call = feed.StreamChanges(new() { Kind = ChangeKind.Visit }, host.Deputy);
            await call.ResponseStream.MoveNext(TestContext.Current.CancellationToken);
        });
        Assert.True(e.StatusCode is StatusCode.PermissionDenied or StatusCode.Unauthenticated, e.Status.ToString());
    }

    private async Task<List<StreamChangesResponse>> StreamAsync(ChangeFeedService.ChangeFeedServiceClient feed, ChangeKind kind, string position)
    {
        var told = new List<StreamChangesResponse>();
        using var call = feed.StreamChanges(new() { Kind = kind, Position = position }, host.Internal());
        await foreach (var change in call.ResponseStream.ReadAllAsync(TestContext.Current.CancellationToken))
        {
            told.Add(change);
        }

        return told;
    }

    private async Task BreaksAsync(Visit visit, UpdateVisitRequest request, string words)
    {
        var e = await Refused.WithAsync(StatusCode.FailedPrecondition, "VISIT_BREAKS_RULE",
            () => visits.UpdateVisitAsync(request, host.DeputyIf(visit.Etag)));
        Assert.Contains(words, e.Status.Detail, StringComparison.Ordinal);
    }

    private async Task<Visit> MoveToSomeFreeDayAsync(Visit visit)
    {
        for (var day = new DateOnly(2026, 6, 8); day < new DateOnly(2026, 7, 17); day = day.AddDays(1))
        {
            try
            {
                return (await visits.UpdateVisitAsync(
                    new() { VisitId = visit.VisitId, On = day.ToString("yyyy-MM-dd") }, host.DeputyIf(visit.Etag))).Visit;
            }
            catch (RpcException e) when (Refused.ReasonOf(e) == "VISIT_BREAKS_RULE")
            {
                // Taken: the next day.
            }
        }

        throw new InvalidOperationException("No day from 8 June to 16 July is free.");
    }

    private async Task<List<Visit>> AllAsync() =>
        (await visits.ListVisitsAsync(new() { AcademicYear = "2025/26", PageSize = 500 }, host.Deputy)).Visits.ToList();

    /// <summary>Until a call waits for a lock that a test holds, or has ended.</summary>
    private Task WaitsAsync(Task call, int calls = 1) => Eventually.Async(
        async () => call.IsCompleted || await host.CountAsync(
            "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'") >= calls,
        "the call waits");

    private async Task<Visit> GetAsync(string id) => (await visits.GetVisitAsync(new() { VisitId = id }, host.Deputy)).Visit;

    /// <summary>A whole-day visit of the improvement team that lies ahead and that no other test has touched.</summary>
    private async Task<Visit> LaterAsync() => trust.Take((await AllAsync()).Where(v =>
        v is { HasOn: true, State: V1.VisitState.Planned, Entitlement: "further-days" }
        && v.Team[0].Duty == "improvement-team" && string.CompareOrdinal(v.On, "2026-02-01") > 0));

    /// <summary>A planned visit whose day has passed.</summary>
    private async Task<Visit> PastAsync() => trust.Take((await AllAsync()).Where(v =>
        v is { HasOn: true, State: V1.VisitState.Planned } && string.CompareOrdinal(v.On, "2026-01-13") < 0));

    private static RecordFindingRequest Finding(Visit visit) => new()
    {
        VisitId = visit.VisitId,
        FocusArea = FocusArea.ReadingAndPhonics,
        Kind = FindingKind.Strength,
        Text = "Phonics is taught daily with fidelity.",
    };

    private static AgreeActionRequest Action(Visit visit, string dueOn, string? findingId)
    {
        var request = new AgreeActionRequest
        {
            VisitId = visit.VisitId,
            Text = "Share the phonics plan with the neighbouring school.",
            OwnerPersonId = DemoTrust.DeputyId.ToString(),
            DueOn = dueOn,
        };
        if (findingId is not null)
        {
            request.FindingId = findingId;
        }

        return request;
    }

    /// <summary>The demo trust with a published plan.</summary>
    public sealed class Trust : IAsyncLifetime
    {
        private readonly HashSet<string> taken = [];

        public ReviewsHost Host { get; } = new();

        public Visit Take(IEnumerable<Visit> visits)
        {
            var visit = visits.First(v => !taken.Contains(v.VisitId));
            taken.Add(visit.VisitId);
            return visit;
        }

        public async ValueTask InitializeAsync()
        {
            await Host.InitializeAsync();
            await DemoTrust.TellAsync(Host);
            await DemoTrust.CategoriseAsync(Host);
            await DemoTrust.PublishAsync(Host);
            Host.Now = new(2026, 1, 14, 9, 0, 0, TimeSpan.Zero);
        }

        public ValueTask DisposeAsync() => Host.DisposeAsync();
    }
}
