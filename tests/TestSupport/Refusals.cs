using Google.Protobuf;
using Google.Rpc;
using Grpc.Core;
using Xunit;

namespace GoldenThread.TestSupport;

/// <summary>What a refused call says.</summary>
public static class Refusals
{
    private const string Details = "grpc-status-details-bin";

    /// <summary>Expects a call to be refused with this status and reason.</summary>
    public static async Task<RpcException> RefusedAsync(StatusCode status, string reason, Func<Task> call)
    {
        var refused = await Assert.ThrowsAsync<RpcException>(call);
        Assert.True((status, reason) == (refused.StatusCode, ReasonOf(refused)),
            $"expected {status} {reason}, was {refused.StatusCode} {ReasonOf(refused)}: {refused.Status.Detail}");
        return refused;
    }

    /// <summary>Expects two calls to be refused with the very same bytes: what is foreign looks like what is absent.</summary>
    public static async Task SameRefusalAsync(Func<Task> one, Func<Task> other)
    {
        var told = await ToldAsync(one);
        Assert.StartsWith($"{StatusCode.NotFound} ", told, StringComparison.Ordinal);
        Assert.Equal(told, await ToldAsync(other));
    }

    /// <summary>All that a refused caller is told.</summary>
    public static async Task<string> ToldAsync(Func<Task> call)
    {
        var refused = await Assert.ThrowsAsync<RpcException>(call);
        var details = Convert.ToHexString(refused.Trailers.GetValueBytes(Details) ?? []);
        return $"{refused.StatusCode} {ReasonOf(refused)} {refused.Status.Detail} {details}";
    }

    /// <summary>The stable reason; the status where it has none.</summary>
    public static string ReasonOf(RpcException refused) => Detail<ErrorInfo>(refused)?.Reason ?? refused.Status.ToString();

    /// <summary>The fields it finds fault with.</summary>
    public static IReadOnlyList<BadRequest.Types.FieldViolation> Violations(this RpcException refused) => Detail<BadRequest>(refused)?.FieldViolations ?? [];

    /// <summary>One of the details; null where there is none such.</summary>
    public static T? Detail<T>(RpcException refused) where T : class, IMessage<T>, new()
    {
        var details = refused.Trailers.GetValueBytes(Details) is { } bytes ? Google.Rpc.Status.Parser.ParseFrom(bytes).Details : [];
        return details.Select(detail => detail.TryUnpack<T>(out var found) ? found : null).FirstOrDefault(found => found is not null);
    }
}
