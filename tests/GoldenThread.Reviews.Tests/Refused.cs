using Google.Protobuf;
using Google.Rpc;
using Grpc.Core;

namespace GoldenThread.Reviews.Tests;

/// <summary>Asserts on refusals: status and stable reason.</summary>
internal static class Refused
{
    public static async Task<RpcException> WithAsync(StatusCode code, string reason, Func<Task> call)
    {
        var e = await Assert.ThrowsAsync<RpcException>(call);
        Assert.True(code == e.StatusCode && reason == ReasonOf(e), $"{e.StatusCode} {ReasonOf(e)}: {e.Status.Detail}");
        return e;
    }

    public static Task<RpcException> WithAsync<T>(StatusCode code, string reason, Func<AsyncUnaryCall<T>> call) =>
        WithAsync(code, reason, async () => await call());

    public static string? ReasonOf(RpcException e)
    {
        var bytes = e.Trailers.GetValueBytes("grpc-status-details-bin");
        return bytes is null ? null : DetailsOf(bytes).OfType<ErrorInfo>().FirstOrDefault()?.Reason;
    }

    public static IReadOnlyList<string> FieldsOf(RpcException e) =>
        DetailsOf(e.Trailers.GetValueBytes("grpc-status-details-bin")!).OfType<BadRequest>()
            .SelectMany(b => b.FieldViolations).Select(v => v.Field).ToList();

    private static IEnumerable<IMessage> DetailsOf(byte[] bytes)
    {
        foreach (var any in Google.Rpc.Status.Parser.ParseFrom(bytes).Details)
        {
            if (any.TryUnpack<ErrorInfo>(out var info))
            {
                yield return info;
            }
            else if (any.TryUnpack<BadRequest>(out var bad))
            {
                yield return bad;
            }
        }
    }
}
