using System.Net.Http.Headers;
using System.Text;
using GoldenThread.Gateway.Transcoding;
using GoldenThread.Gateway.Transcoding.Json;
using Google.Protobuf;
using Google.Rpc;

namespace GoldenThread.Gateway.Problems;

/// <summary>How a gRPC call ended.</summary>
/// <param name="Code">The status code.</param>
/// <param name="Message">The service's words.</param>
internal sealed record GrpcStatus(Code Code, string Message)
{
    private static readonly TimeSpan UnavailableWait = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan ExhaustedWait = TimeSpan.FromSeconds(1);

    /// <summary>google.rpc.Status as the service sent it, if it did.</summary>
    public Status? Details { get; init; }

    public bool IsOk => Code == Code.Ok;

    /// <summary>The service cannot be reached.</summary>
    public static GrpcStatus Unreachable { get; } = new(Code.Unavailable, "The service cannot be reached at the moment. Try again soon.");

    /// <summary>The service did not answer in time.</summary>
    public static GrpcStatus TooLate { get; } = new(Code.DeadlineExceeded, "The service did not answer in time.");

    /// <summary>Reads the status from the trailers, or from the headers where there is no body.</summary>
    public static GrpcStatus Of(HttpResponseMessage response)
    {
        var from = response.TrailingHeaders.NonValidated.Contains("grpc-status") ? response.TrailingHeaders : response.Headers;
        if (!int.TryParse(Header(from, "grpc-status"), out var code))
        {
            return new GrpcStatus(Code.Unknown, "The service ended without a status.");
        }

        if (code == 0)
        {
            return new GrpcStatus(Code.Ok, "");
        }

        return new GrpcStatus(Enum.IsDefined((Code)code) ? (Code)code : Code.Unknown, PercentDecode(Header(from, "grpc-message")))
        {
            Details = ReadDetails(Header(from, "grpc-status-details-bin")),
        };
    }

    /// <summary>What an HTTP answer that is not gRPC means, as the gRPC specification maps it.</summary>
    public static GrpcStatus OfHttp(int status) => status switch
    {
        401 => new GrpcStatus(Code.Unauthenticated, "The service asks for a valid token."),
        403 => new GrpcStatus(Code.PermissionDenied, "The service does not allow this."),
        404 => new GrpcStatus(Code.Unimplemented, "The service does not offer this."),
        429 or 502 or 503 or 504 => Unreachable,
        _ => new GrpcStatus(Code.Unknown, ""),
    };

    /// <summary>The status as a problem for the caller of a method.</summary>
    public Problem ToProblem(RestMethod method)
    {
        var reason = Detail<ErrorInfo>()?.Reason is { Length: > 0 } named ? named : null;
        var status = HttpStatus(reason);
        if (status == StatusCodes.Status500InternalServerError)
        {
            // Whatever it says, it was not written for callers.
            return Problem.Unexpected();
        }

        return new Problem(status, reason ?? NameOf(Code), Message.Length > 0 ? Message : DefaultWords())
        {
            Errors = Violations(method),
            RetryAfter = Detail<RetryInfo>()?.RetryDelay?.ToTimeSpan() ?? DefaultWait(status),
        };
    }

    private int HttpStatus(string? reason) => (Code, reason) switch
    {
        (Code.InvalidArgument or Code.FailedPrecondition or Code.Aborted, "ETAG_MISMATCH") => StatusCodes.Status412PreconditionFailed,
        (Code.InvalidArgument or Code.FailedPrecondition or Code.Aborted, "IF_MATCH_REQUIRED") => StatusCodes.Status428PreconditionRequired,
        (Code.InvalidArgument or Code.FailedPrecondition or Code.Aborted or Code.AlreadyExists, "IDEMPOTENCY_KEY_REUSED") =>
            StatusCodes.Status422UnprocessableEntity,
        (Code.Aborted, "UPLOAD_STALLED") => StatusCodes.Status408RequestTimeout,
        (Code.ResourceExhausted, { } named) when named.EndsWith("_TOO_LARGE", StringComparison.Ordinal) => StatusCodes.Status413PayloadTooLarge,
        (Code.InvalidArgument or Code.OutOfRange, _) => StatusCodes.Status400BadRequest,
        (Code.Unauthenticated, _) => StatusCodes.Status401Unauthorized,
        (Code.PermissionDenied, _) => StatusCodes.Status403Forbidden,
        (Code.NotFound, _) => StatusCodes.Status404NotFound,
        (Code.AlreadyExists or Code.FailedPrecondition or Code.Aborted, _) => StatusCodes.Status409Conflict,
        (Code.ResourceExhausted, _) => StatusCodes.Status429TooManyRequests,
        (Code.Cancelled, _) => StatusCodes.Status499ClientClosedRequest,
        (Code.Unimplemented, _) => StatusCodes.Status501NotImplemented,
        (Code.Unavailable, _) => StatusCodes.Status503ServiceUnavailable,
        (Code.DeadlineExceeded, _) => StatusCodes.Status504GatewayTimeout,
        _ => StatusCodes.Status500InternalServerError,
    };

    private string DefaultWords() => Code switch
    {
        Code.Unavailable => Unreachable.Message,
        Code.DeadlineExceeded => TooLate.Message,
        _ => "The service refused the request.",
    };

    private static TimeSpan? DefaultWait(int status) => status switch
    {
        StatusCodes.Status503ServiceUnavailable => UnavailableWait,
        StatusCodes.Status429TooManyRequests => ExhaustedWait,
        _ => null,
    };

    private List<ProblemError> Violations(RestMethod method) =>
        Detail<BadRequest>()?.FieldViolations.Select(violation => new ProblemError(PointerTo(violation.Field, method), violation.Description)).ToList() ?? [];

    // `pupil.facts[3].from_date` becomes /pupil/facts/3/fromDate, or /facts/3/fromDate where the JSON body is the field `pupil`.
    private static string PointerTo(string field, RestMethod method)
    {
        var steps = new List<string>();
        foreach (var name in field.Replace("[", ".", StringComparison.Ordinal).Replace("]", "", StringComparison.Ordinal).Split('.'))
        {
            if (name.Length > 0)
            {
                steps.Add(JsonText.ToLowerCamelCase(name));
            }
        }

        if (steps.Count > 1 && method.BodyField is { } body && steps[0] == body.Descriptor.JsonName)
        {
            steps.RemoveAt(0);
        }

        return string.Concat(steps.Select(step => "/" + JsonPointer.Escape(step)));
    }

    private T? Detail<T>()
        where T : class, IMessage<T>, new()
    {
        foreach (var detail in Details?.Details ?? [])
        {
            try
            {
                if (detail.TryUnpack<T>(out var found))
                {
                    return found;
                }
            }
            catch (InvalidProtocolBufferException)
            {
                // A detail that cannot be read says nothing; the status itself still stands.
            }
        }

        return null;
    }

    private static Status? ReadDetails(string base64)
    {
        if (base64.Length == 0)
        {
            return null;
        }

        try
        {
            return Status.Parser.ParseFrom(Convert.FromBase64String(base64.TrimEnd('=').PadRight((base64.TrimEnd('=').Length + 3) / 4 * 4, '=')));
        }
        catch (Exception e) when (e is FormatException or InvalidProtocolBufferException)
        {
            return null;
        }
    }

    private static string Header(HttpResponseHeaders headers, string name) =>
        headers.NonValidated.TryGetValues(name, out var values) ? values.ToString() : "";

    private static string PercentDecode(string text) => text.Contains('%') ? Uri.UnescapeDataString(text) : text;

    private static string NameOf(Code code)
    {
        var name = new StringBuilder();
        foreach (var letter in code.ToString())
        {
            if (char.IsUpper(letter) && name.Length > 0)
            {
                name.Append('_');
            }

            name.Append(char.ToUpperInvariant(letter));
        }

        return name.ToString();
    }
}
