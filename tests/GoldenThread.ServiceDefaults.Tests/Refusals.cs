using Google.Rpc;
using Grpc.Core;

namespace GoldenThread.ServiceDefaults.Tests;

/// <summary>What a refused call says.</summary>
internal static class Refusals
{
    /// <summary>The stable reason; the status where it has none.</summary>
    public static string ReasonOf(RpcException refused) => Detail<ErrorInfo>(refused)?.Reason ?? refused.Status.ToString();

    /// <summary>One of the details; null where there is none such.</summary>
    public static T? Detail<T>(RpcException refused) where T : class, Google.Protobuf.IMessage<T>, new()
    {
        var details = refused.Trailers.GetValueBytes("grpc-status-details-bin") is { } bytes ? Google.Rpc.Status.Parser.ParseFrom(bytes).Details : [];
        return details.Select(detail => detail.TryUnpack<T>(out var found) ? found : null).FirstOrDefault(found => found is not null);
    }

    /// <summary>Expects a call to be refused with this status and reason.</summary>
    public static async Task<RpcException> RefusedAsync(StatusCode status, string reason, Func<Task> call)
    {
        var refused = await Assert.ThrowsAsync<RpcException>(call);
        Assert.Equal((status, reason), (refused.StatusCode, ReasonOf(refused)));
        return refused;
    }
}
