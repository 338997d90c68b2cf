using GoldenThread.Tracking.Events.V1;
using GoldenThread.Tracking.V1;
using ThreadState = GoldenThread.Tracking.V1.ThreadState;

namespace GoldenThread.Tracking.Threads;

/// <summary>An agreed action.</summary>
public sealed record ThreadAction
{
    public required Guid ActionId { get; init; }

    public required string What { get; init; }

    public required Guid OwnerPersonId { get; init; }

    public required DateOnly DueOn { get; init; }

    public required ActionState State { get; init; }

    public DateOnly? SettledOn { get; init; }

    public string? Note { get; init; }
}

/// <summary>A thread on a gap, with what may be done to it; pure.</summary>
public sealed record GapThread
{
    public required Guid ThreadId { get; init; }

    public required int SchoolUrn { get; init; }

    public required long Version { get; init; }

    public required Gap Gap { get; init; }

    public required string Objective { get; init; }

    public required Guid OwnerPersonId { get; init; }

    public required DateOnly ReviewOn { get; init; }

    /// <summary>The pupils it is for, as far as the caller reaches them.</summary>
    public required IReadOnlyList<Guid> TargetPupilIds { get; init; }

    public required ThreadState State { get; init; }

    public string? Outcome { get; init; }

    public required DateTimeOffset OpenedAt { get; init; }

    public required IReadOnlyList<ThreadAction> Actions { get; init; }

    /// <summary>The thread with one more action.</summary>
    public (GapThread Thread, ThreadAction Action) Agree(Guid actionId, string what, Guid owner, DateOnly dueOn)
    {
        DemandOpen();
        var action = new ThreadAction { ActionId = actionId, What = what, OwnerPersonId = owner, DueOn = dueOn, State = ActionState.Open };
        return (this with { Version = Version + 1, Actions = [.. Actions, action] }, action);
    }

    /// <summary>The thread with an action done or given up.</summary>
    public (GapThread Thread, ThreadAction Action) Settle(Guid actionId, ActionState state, string note, DateOnly on)
    {
        DemandOpen();
        var action = Actions.FirstOrDefault(a => a.ActionId == actionId) ?? throw Errors.ActionNotFound();
        if (action.State != ActionState.Open)
        {
            throw Errors.ActionSettled();
        }

        var settled = action with { State = state, Note = note, SettledOn = on };
        return (this with { Version = Version + 1, Actions = Actions.Select(a => a.ActionId == actionId ? settled : a).ToList() }, settled);
    }

    /// <summary>The thread closed with its outcome; every action must be settled, so that nothing is dropped in silence.</summary>
    public GapThread Close(string outcome)
    {
        DemandOpen();
        return Actions.Any(a => a.State == ActionState.Open)
            ? throw Errors.ThreadHasOpenActions()
            : this with { Version = Version + 1, State = ThreadState.Closed, Outcome = outcome };
    }

    /// <summary>What other services hear of it.</summary>
    public ThreadChanged Fact() => new()
    {
        ThreadId = ThreadId,
        Version = Version,
        SchoolUrn = SchoolUrn,
        Group = Gap.Group,
        Subject = Gap.Subject,
        State = State == ThreadState.Open ? "open" : "closed",
        ReviewOn = ReviewOn,
        OpenActionsDueOn = Actions.Where(a => a.State == ActionState.Open).Select(a => a.DueOn).Order().ToList(),
        ActionsDone = Actions.Count(a => a.State == ActionState.Done),
        DefinitionVersion = Gap.DefinitionVersion,
    };

    private void DemandOpen()
    {
        if (State != ThreadState.Open)
        {
            throw Errors.ThreadClosed();
        }
    }
}
