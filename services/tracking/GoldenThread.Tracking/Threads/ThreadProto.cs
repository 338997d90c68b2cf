using GoldenThread.ServiceDefaults;
using GoldenThread.Tracking.V1;
using Google.Protobuf.WellKnownTypes;

namespace GoldenThread.Tracking.Threads;

/// <summary>A thread as partners see it.</summary>
internal static class ThreadProto
{
    public static V1.Thread ToProto(this GapThread thread, DateOnly today)
    {
        var proto = new V1.Thread
        {
            ThreadId = thread.ThreadId.ToString(),
            SchoolUrn = thread.SchoolUrn,
            Gap = thread.Gap,
            Objective = thread.Objective,
            OwnerPersonId = thread.OwnerPersonId.ToString(),
            ReviewOn = thread.ReviewOn.Text(),
            State = thread.State,
            OpenedAt = thread.OpenedAt.ToTimestamp(),
            Etag = Etag.Of(thread.Version),
            TargetPupilIds = { thread.TargetPupilIds.Select(p => p.ToString()) },
            Actions = { thread.Actions.OrderBy(a => a.DueOn).ThenBy(a => a.ActionId).Select(a => a.ToProto(today)) },
        };
        if (thread.Outcome is { } outcome)
        {
            proto.Outcome = outcome;
        }

        return proto;
    }

    private static AgreedAction ToProto(this ThreadAction action, DateOnly today)
    {
        var proto = new AgreedAction
        {
            ActionId = action.ActionId.ToString(),
            What = action.What,
            OwnerPersonId = action.OwnerPersonId.ToString(),
            DueOn = action.DueOn.Text(),
            State = action.State,
            Overdue = action.State == ActionState.Open && action.DueOn < today,
        };
        if (action.SettledOn is { } on)
        {
            proto.SettledOn = on.Text();
        }

        if (action.Note is { } note)
        {
            proto.Note = note;
        }

        return proto;
    }
}
