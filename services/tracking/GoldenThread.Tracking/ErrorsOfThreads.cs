using GoldenThread.ServiceDefaults;
using Grpc.Core;

namespace GoldenThread.Tracking;

/// <summary>The errors of progress, gaps and threads.</summary>
internal static partial class Errors
{
    public static RpcException GapNotFound() => Refusal.NotFound(
        "GAP_NOT_FOUND", "There is no such gap: the group, the collection, the subject or the school is unknown, or not one of yours.");

    public static RpcException ThreadNotFound() => Refusal.NotFound("THREAD_NOT_FOUND", "There is no such thread, or not at one of your schools.");

    public static RpcException ActionNotFound() => Refusal.NotFound("ACTION_NOT_FOUND", "This thread has no such action.");

    public static RpcException ThreadClosed() => Refusal.FailedPrecondition("THREAD_CLOSED", "The thread is closed. Open a new one on the gap as it is now.");

    public static RpcException ThreadHasOpenActions() =>
        Refusal.FailedPrecondition("THREAD_HAS_OPEN_ACTIONS", "The thread has actions that are neither done nor given up. Settle them first.");

    public static RpcException ActionSettled() => Refusal.FailedPrecondition("ACTION_SETTLED", "The action is settled already.");

    public static RpcException ThreadInvalid(string field, string words) => Refusal.InvalidField("THREAD_INVALID", field, words);

    public static RpcException ImpactNotMeasurable() => Refusal.FailedPrecondition(
        "IMPACT_NOT_MEASURABLE", "No target pupil has a score on one and the same scale at both collections, so nothing can be compared.");

    public static RpcException ImpactNotLater() => Refusal.FailedPrecondition(
        "IMPACT_NOT_MEASURABLE",
        "The collection to compare with is not due later than the one of the gap, so it shows nothing of what came after. Choose one that is due later.");
}
