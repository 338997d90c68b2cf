using System.Globalization;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Google.Rpc;

namespace GoldenThread.Gateway.Problems;

/// <summary>A problem as callers of native gRPC see it: HTTP 200, and the status in the headers ("trailers-only").</summary>
internal static class GrpcRefusal
{
    private const string Domain = "goldenthread";

    /// <summary>Answers a call with the problem. The answer must not have begun.</summary>
    public static void AnswerGrpc(this Problem problem, HttpResponse response)
    {
        var headers = response.Headers;
        var status = new Status { Code = (int)CodeOf(problem.Status), Message = problem.Detail };
        status.Details.Add(Any.Pack(new ErrorInfo { Reason = problem.Code, Domain = Domain }));
        if (problem.RetryAfter is { } wait)
        {
            status.Details.Add(Any.Pack(new RetryInfo { RetryDelay = Duration.FromTimeSpan(wait) }));
            // What a client's own retry policy goes by.
            headers["grpc-retry-pushback-ms"] = ((long)Math.Ceiling(wait.TotalMilliseconds)).ToString(CultureInfo.InvariantCulture);
        }

        response.StatusCode = StatusCodes.Status200OK;
        response.ContentType = "application/grpc";
        headers["grpc-status"] = status.Code.ToString(CultureInfo.InvariantCulture);
        headers["grpc-message"] = Uri.EscapeDataString(status.Message).Replace("%20", " ", StringComparison.Ordinal);
        headers["grpc-status-details-bin"] = Convert.ToBase64String(status.ToByteArray());
    }

    private static Code CodeOf(int status) => status switch
    {
        StatusCodes.Status400BadRequest => Code.InvalidArgument,
        StatusCodes.Status401Unauthorized => Code.Unauthenticated,
        StatusCodes.Status403Forbidden => Code.PermissionDenied,
        StatusCodes.Status404NotFound or StatusCodes.Status405MethodNotAllowed => Code.Unimplemented,
        StatusCodes.Status413PayloadTooLarge or StatusCodes.Status429TooManyRequests => Code.ResourceExhausted,
        StatusCodes.Status503ServiceUnavailable => Code.Unavailable,
        StatusCodes.Status504GatewayTimeout => Code.DeadlineExceeded,
        _ => Code.Internal,
    };
}
