using System.Globalization;
using GoldenThread.Education;
using GoldenThread.ServiceDefaults;
using GoldenThread.Statistics;
using GoldenThread.Tracking.Gaps;
using GoldenThread.Tracking.Progress;
using GoldenThread.Tracking.V1;
using Grpc.Core;
using Figure = GoldenThread.Type.V1.Figure;
using ThreadState = GoldenThread.Tracking.V1.ThreadState;

namespace GoldenThread.Tracking.Threads;

/// <summary>Threads on gaps, their actions and what came of them.</summary>
public sealed class ThreadsEdge(ThreadStore store, GapStore gaps, StatusReadStore statuses, Works works, TimeProvider clock) : ThreadService.ThreadServiceBase
{
    private const int MostTargets = 200;
    private const int MostThreads = 200;

    /// <inheritdoc />
    public override async Task<OpenThreadResponse> OpenThread(OpenThreadRequest request, ServerCallContext context)
    {
        var ct = context.CancellationToken;
        var question = new GapQuestion(request.Group, Fields.Id(request.CollectionId, "collection_id"), Fields.Text(request.Subject, "subject", 50),
            request.SchoolUrn, TrackingFields.OptionalYearGroup(request.YearGroup, "year_group"));
        var objective = Fields.Text(request.Objective, "objective", 1000);
        var owner = Fields.Id(request.OwnerPersonId, "owner_person_id");
        var reviewOn = Fields.Day(request.ReviewOn, "review_on");
        var targets = Targets(request);
        if (reviewOn < clock.Today())
        {
            throw Errors.ThreadInvalid("review_on", "The review must be today or later.");
        }

        var counted = await gaps.CountAsync(question, context.Authority(), context.SensitiveAuthority(), clock.Today(), ct) ?? throw Errors.GapNotFound();
        await using var work = await works.BeginAsync(context);
        await DemandOwnerAsync(work, owner, "owner_person_id", ct);
        if (await store.CountOnRollAsync(
            work, targets, question, clock.Today(), context.Authority(), context.SensitiveAuthority(), ct) != targets.Count)
        {
            throw Errors.ThreadInvalid("target_pupil_ids", "Every target pupil must be on the roll of the school today, and one of yours.");
        }

        var thread = new GapThread
        {
            ThreadId = Guid.CreateVersion7(),
            SchoolUrn = request.SchoolUrn,
            Version = 1,
            Gap = GapFinding.Of(question, counted),
            Objective = objective,
            OwnerPersonId = owner,
            ReviewOn = reviewOn,
            TargetPupilIds = targets,
            State = ThreadState.Open,
            OpenedAt = clock.GetUtcNow(),
            Actions = [],
        };
        await store.AddAsync(work, thread, ct);
        Tell(work, thread);
        return await work.CommitAsync(new OpenThreadResponse { Thread = thread.ToProto(clock.Today()) });
    }

    /// <inheritdoc />
    public override async Task<GetThreadResponse> GetThread(GetThreadRequest request, ServerCallContext context) =>
        new() { Thread = (await FindAsync(request.ThreadId, context)).ToProto(clock.Today()) };

    /// <inheritdoc />
    public override async Task<ListThreadsResponse> ListThreads(ListThreadsRequest request, ServerCallContext context)
    {
        var most = Paging.Size(request.PageSize, maximum: MostThreads);
        var list = $"threads {request.SchoolUrn} {request.State} {request.OverdueOnly}";
        var keyset = Paging.Keyset(request.PageToken, list, 2);
        var today = clock.Today();
        if (!await statuses.ReachesAsync(context.Authority(), request.SchoolUrn, context.CancellationToken))
        {
            throw Errors.SchoolNotFound();
        }

        var threads = await store.ListAsync(request.SchoolUrn, request.State, request.OverdueOnly, today,
            keyset is null ? null : (Paging.Part<bool>(keyset[0]), Paging.Part<Guid>(keyset[1])), most + 1,
            context.Authority(), context.SensitiveAuthority(), context.CancellationToken);
        var answer = new ListThreadsResponse { Threads = { threads.Take(most).Select(t => t.ToProto(today)) } };
        if (threads.Count > most)
        {
            var last = threads[most - 1];
            var calm = !last.Actions.Any(a => a.State == ActionState.Open && a.DueOn < today);
            answer.NextPageToken = Paging.Token(list, calm.ToString(CultureInfo.InvariantCulture), last.ThreadId.ToString());
        }

        return answer;
    }

    /// <inheritdoc />
    public override async Task<CloseThreadResponse> CloseThread(CloseThreadRequest request, ServerCallContext context)
    {
        var outcome = Fields.Text(request.Outcome, "outcome", 2000);
        var closed = (await FindAtAsync(request.ThreadId, context)).Close(outcome);
        await using var work = await works.BeginAsync(context);
        return await SaveAsync(work, closed, null, thread => new CloseThreadResponse { Thread = thread }, context.CancellationToken);
    }

    /// <inheritdoc />
    public override async Task<AgreeActionResponse> AgreeAction(AgreeActionRequest request, ServerCallContext context)
    {
        var what = Fields.Text(request.What, "what", 1000);
        var owner = Fields.Id(request.OwnerPersonId, "owner_person_id");
        var dueOn = Fields.Day(request.DueOn, "due_on");
        await using var work = await works.BeginAsync(context);
        var (thread, action) = (await LockAsync(work, request.ThreadId, context)).Agree(Guid.CreateVersion7(), what, owner, dueOn);
        return await SaveAsync(work, thread, action, t => new AgreeActionResponse { Thread = t }, context.CancellationToken);
    }

    /// <inheritdoc />
    public override async Task<SettleActionResponse> SettleAction(SettleActionRequest request, ServerCallContext context)
    {
        var note = Fields.Text(request.Note, "note", 2000);
        if (request.State is not (ActionState.Done or ActionState.NotDone))
        {
            throw Errors.ThreadInvalid("state", "An action is settled as ACTION_STATE_DONE or ACTION_STATE_NOT_DONE.");
        }

        var (thread, action) = (await FindAtAsync(request.ThreadId, context))
            .Settle(Fields.Id(request.ActionId, "action_id"), request.State, note, clock.Today());
        await using var work = await works.BeginAsync(context);
        return await SaveAsync(work, thread, action, t => new SettleActionResponse { Thread = t }, context.CancellationToken);
    }

    /// <inheritdoc />
    public override async Task<MeasureImpactResponse> MeasureImpact(MeasureImpactRequest request, ServerCallContext context)
    {
        var after = Fields.Id(request.CollectionId, "collection_id");
        var thread = await FindAsync(request.ThreadId, context);
        var pairs = await store.PairsAsync(thread, after, context.Authority(), context.SensitiveAuthority(), context.CancellationToken);
        if (pairs.Count > 0)
        {
            return Impact(thread, pairs);
        }

        throw await store.IsLaterAsync(thread, after, context.CancellationToken) ? Errors.ImpactNotMeasurable() : Errors.ImpactNotLater();
    }

    private static MeasureImpactResponse Impact(GapThread thread, IReadOnlyList<PairRow> pairs)
    {
        var answer = new MeasureImpactResponse
        {
            Targeted = thread.TargetPupilIds.Count,
            Measured = pairs.Select(p => p.PupilId).Distinct().Count(),
            Method = "before and after only",
        };
        if (pairs.Any(p => p.Scale != pairs[0].Scale))
        {
            SetMixed(answer);
        }
        else
        {
            SetCompared(answer, pairs);
        }

        return answer;
    }

    private static void SetMixed(MeasureImpactResponse answer)
    {
        answer.Before = Figures.MixedScales();
        answer.After = Figures.MixedScales();
        answer.Change = Figures.MixedScales();
        answer.ExpectedWithoutAction = Figures.MixedScales();
        answer.Verdict = ImpactVerdict.CannotTell;
    }

    private static void SetCompared(MeasureImpactResponse answer, IReadOnlyList<PairRow> pairs)
    {
        var reliability = pairs.All(p => p.Reliability is not null) ? pairs.Min(p => p.Reliability) : null;

        // What is to be expected is linear in the population's mean, so the mean over pupils of their own year groups' means gives it exactly.
        var compared = BeforeAfter.Compare(pairs.Select(p => (p.Before, p.After)).ToList(), pairs.Average(p => p.PopulationMean), reliability ?? 1);
        answer.Before = Means.Interval(Sample.Of(pairs.Select(p => p.Before))).ToProto();
        answer.After = Means.Interval(Sample.Of(pairs.Select(p => p.After))).ToProto();
        answer.Change = compared.Change.ToProto();
        answer.ExpectedWithoutAction =
            reliability is null ? Figures.Redacted("NOT_AVAILABLE", "The reliability of the test is unknown.")
            : pairs.Any(p => Figures.IsSmall(p.Population)) ? Figures.Redacted(
                "SMALL_NUMBER", "In the year group of a target pupil so few sat before that their mean does not say what to expect.")
            : pairs.Any(p => Figures.IsSmall(p.BeyondReach)) ? Figures.Redacted(
                "SMALL_NUMBER", "In the year group of a target pupil so few sat before at other schools that the mean of all would tell of them.")
            : Tenths(compared.ExpectedChange.ToProto());
        answer.Verdict = compared.Verdict == Verdict.CannotTell ? ImpactVerdict.CannotTell : ImpactVerdict.CannotAttribute;
    }

    // All digits would give back the mean of all in the trust exactly. What is rounded to nothing has no sign.
    private static Figure Tenths(Figure figure)
    {
        figure.Value = Math.Round(figure.Value, 1) + 0.0;
        return figure;
    }

    private static List<Guid> Targets(OpenThreadRequest request)
    {
        if (request.TargetPupilIds.Count is 0 or > MostTargets)
        {
            throw Errors.ThreadInvalid("target_pupil_ids", $"Name 1 to {MostTargets} target pupils.");
        }

        return request.TargetPupilIds.Select(p => Fields.Id(p, "target_pupil_ids")).Distinct().ToList();
    }

    private async Task<GapThread> FindAsync(string threadId, ServerCallContext context) =>
        await store.FindAsync(Fields.Id(threadId, "thread_id"), context.Authority(), context.SensitiveAuthority(), context.CancellationToken)
        ?? throw Errors.ThreadNotFound();

    private async Task<GapThread> FindAtAsync(string threadId, ServerCallContext context)
    {
        var version = context.IfMatch();
        var thread = await FindAsync(threadId, context);
        return thread.Version == version ? thread : throw Refusal.EtagMismatch();
    }

    // Who adds to a thread names no version of it, and waits for whoever is just changing it.
    private static async Task<GapThread> LockAsync(Work work, string threadId, ServerCallContext context) =>
        await ThreadStore.LockAsync(
            work, Fields.Id(threadId, "thread_id"), context.Authority(), context.SensitiveAuthority(), context.CancellationToken) ?? throw Errors.ThreadNotFound();

    private async Task<T> SaveAsync<T>(Work work, GapThread thread, ThreadAction? action, Func<V1.Thread, T> answer, CancellationToken ct)
        where T : class, Google.Protobuf.IMessage<T>, new()
    {
        if (action is { State: ActionState.Open })
        {
            await DemandOwnerAsync(work, action.OwnerPersonId, "owner_person_id", ct);
        }

        if (!await store.SaveAsync(work, thread, ct))
        {
            throw Refusal.EtagMismatch();
        }

        if (action is not null)
        {
            await store.SaveActionAsync(work, thread.ThreadId, action, ct);
        }

        Tell(work, thread);
        return await work.CommitAsync(answer(thread.ToProto(clock.Today())));
    }

    private async Task DemandOwnerAsync(Work work, Guid personId, string field, CancellationToken ct)
    {
        if (!await store.IsWithTrustAsync(work, personId, clock.Today(), ct))
        {
            throw Errors.ThreadInvalid(field, "The owner must be a person of the trust who has not left.");
        }
    }

    private static void Tell(Work work, GapThread thread)
    {
        work.Publish(thread.Fact());
        work.Audit("thread", thread.ThreadId.ToString(), thread.SchoolUrn);
    }
}
