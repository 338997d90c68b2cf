using System.Globalization;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Google.Rpc;
using Grpc.Core;
using Status = Grpc.Core.Status;

namespace GoldenThread.ServiceDefaults;

/// <summary>
/// Builds the errors that leave a service: a gRPC status whose details carry a stable reason (<c>ErrorInfo</c>) and, for bad input,
/// the fields at fault (<c>BadRequest</c>). Each service names its own in its Errors class; nothing else throws.
/// </summary>
public static class Refusal
{
    private const string Domain = "goldenthread";
    private const string DetailsTrailer = "grpc-status-details-bin";

    /// <summary>The request itself is wrong, whatever the state: REST 400.</summary>
    public static RpcException Invalid(string reason, string message, params (string Field, string Words)[] violations)
    {
        var badRequest = new BadRequest();
        badRequest.FieldViolations.AddRange(violations.Select(v =>
            new BadRequest.Types.FieldViolation { Field = v.Field, Description = v.Words }));
        return Build(StatusCode.InvalidArgument, reason, message, violations.Length > 0 ? badRequest : null);
    }

    /// <summary>One field of the request is wrong: REST 400.</summary>
    public static RpcException InvalidField(string reason, string field, string words) => Invalid(reason, words, (field, words));

    /// <summary>It does not exist, or lies outside the caller's grant; the two look alike: REST 404.</summary>
    public static RpcException NotFound(string reason, string message) => Build(StatusCode.NotFound, reason, message);

    /// <summary>The state does not allow it now: REST 409.</summary>
    public static RpcException FailedPrecondition(string reason, string message) => Build(StatusCode.FailedPrecondition, reason, message);

    /// <summary>It is there already: REST 409.</summary>
    public static RpcException AlreadyExists(string reason, string message) => Build(StatusCode.AlreadyExists, reason, message);

    /// <summary>The caller lacks the scope or the role, alike for every id: REST 403.</summary>
    public static RpcException PermissionDenied(string reason, string message) => Build(StatusCode.PermissionDenied, reason, message);

    /// <summary>It concerns every school, and no grant of the caller does: REST 403.</summary>
    public static RpcException TrustGrantNeeded() =>
        PermissionDenied("TRUST_GRANT_NEEDED", "This holds for every school, so it takes a grant for the whole trust, without limits.");

    /// <summary>Nobody is signed in, or the token is not believed: REST 401.</summary>
    public static RpcException Unauthenticated(string reason, string message) => Build(StatusCode.Unauthenticated, reason, message);

    /// <summary>Something the service needs is not there now; nothing was done: REST 503 with Retry-After.</summary>
    public static RpcException Unavailable(string reason, string message, TimeSpan? retryAfter = null) =>
        Build(StatusCode.Unavailable, reason, message, new RetryInfo { RetryDelay = Duration.FromTimeSpan(retryAfter ?? TimeSpan.FromSeconds(1)) });

    /// <summary>More was sent than is taken: REST 413.</summary>
    public static RpcException TooLarge(string reason, string message) => Build(StatusCode.ResourceExhausted, reason, message);

    /// <summary>The sender of a file stopped in the middle of it, or sends hardly anything: REST 408.</summary>
    public static RpcException UploadStalled(TimeSpan patience, long least) => Build(StatusCode.Aborted, "UPLOAD_STALLED", string.Create(
        CultureInfo.InvariantCulture,
        $"Less than {least:N0} bytes of the file came within {patience.TotalSeconds:0.#} seconds, so it was given up and nothing of it was done. Send the whole file again."));

    /// <summary>Somebody else changed it meanwhile: REST 412.</summary>
    public static RpcException EtagMismatch() =>
        Build(StatusCode.Aborted, "ETAG_MISMATCH", "It was changed meanwhile. Read it again, then repeat the change with the new etag.");

    /// <summary>A change must say which version it changes: REST 428.</summary>
    public static RpcException IfMatchRequired() =>
        Build(StatusCode.FailedPrecondition, "IF_MATCH_REQUIRED", "Send the etag you read in If-Match, so that nobody's change is lost.");

    /// <summary>A grant of the caller ended between a request and its repeat under one Idempotency-Key: REST 409.</summary>
    public static RpcException AnswerNotRepeated() => Build(StatusCode.FailedPrecondition, "ANSWER_NOT_REPEATED",
        "This request was done before, and a grant of yours has ended since, so its answer is not repeated. Read what you may see of it.");

    /// <summary>The same Idempotency-Key came with another payload: REST 422.</summary>
    public static RpcException IdempotencyKeyReused() =>
        Build(StatusCode.FailedPrecondition, "IDEMPOTENCY_KEY_REUSED", "This Idempotency-Key was used with another request. Use a new key for a new request.");

    /// <summary>A fault of ours; the caller learns nothing but the trace id: REST 500.</summary>
    public static RpcException Internal() => Build(StatusCode.Internal, "INTERNAL", "Something went wrong here. It has been recorded under the trace id.");

    private static RpcException Build(StatusCode code, string reason, string message, IMessage? detail = null)
    {
        var status = new Google.Rpc.Status { Code = (int)code, Message = message };
        status.Details.Add(Any.Pack(new ErrorInfo { Reason = reason, Domain = Domain }));
        if (detail is not null)
        {
            status.Details.Add(Any.Pack(detail));
        }

        var trailers = new Metadata { { DetailsTrailer, status.ToByteArray() } };
        return new RpcException(new Status(code, message), trailers);
    }
}
