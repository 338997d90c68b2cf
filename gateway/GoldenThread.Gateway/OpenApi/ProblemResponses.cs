using System.Text.Json.Nodes;
using GoldenThread.Gateway.Problems;
using GoldenThread.Gateway.Transcoding;
using GoldenThread.Gateway.Transcoding.Json;
using Microsoft.AspNetCore.WebUtilities;

namespace GoldenThread.Gateway.OpenApi;

/// <summary>The ways in which operations fail: problem+json, one schema, a shared response per status, an own one where reasons are promised.</summary>
internal static class ProblemResponses
{
    /// <summary>Name of the schema.</summary>
    public const string SchemaName = "Problem";

    private static readonly SharedProblem[] Shared =
    [
        new(400, "BadRequest", "UNKNOWN_PARAMETER", "The request does not fit the contract: malformed JSON, an unknown field or parameter, a value that cannot be.",
            "The request does not fit: There is no query parameter 'pupil' here.", "/pupil"),
        new(401, "Unauthenticated", "TOKEN_MISSING", "No token, or one that is not believed: expired, or meant for somebody else.",
            "Sign in first: the call carries no bearer token."),
        new(403, "PermissionDenied", "ROLE_MISSING", "The token lacks the scope, or none of the caller's roles allows this; alike for every id.",
            "None of your roles allows this."),
        new(404, "NotFound", "NOT_FOUND", "There is none, or it lies outside the caller's grants; the two look alike.", "There is no such pupil."),
        new(408, "UploadStalled", "UPLOAD_STALLED", "The file stopped coming, or came too slowly, so the upload was given up; nothing of it was done.",
            "Less than 61,440 bytes of the file came within 30 seconds, so it was given up and nothing of it was done. Send the whole file again."),
        new(409, "Conflict", "FAILED_PRECONDITION", "The state does not allow it now, or it is there already.", "The collection is locked."),
        new(412, "PreconditionFailed", "ETAG_MISMATCH", "It was changed since the etag in If-Match was read.",
            "It was changed meanwhile. Read it again, then repeat the change with the new etag."),
        new(413, "ContentTooLarge", "MESSAGE_TOO_LARGE", "More was sent than is taken: 4 MiB of JSON, 1 GiB in an upload.",
            BadInputException.JsonBeyond(new SizeOptions().Json).Message),
        new(415, "UnsupportedMediaType", "UNSUPPORTED_MEDIA_TYPE", "The body is not JSON.", "The body must be JSON: send Content-Type: application/json."),
        new(422, "IdempotencyKeyReused", "IDEMPOTENCY_KEY_REUSED", "The Idempotency-Key was used with another request.",
            "This Idempotency-Key was used with another request. Use a new key for a new request."),
        new(428, "PreconditionRequired", "IF_MATCH_REQUIRED", "If-Match is missing.", "Send the etag you read in If-Match, so that nobody's change is lost."),
        new(429, "TooManyRequests", "RATE_LIMITED", "More requests than this client may make; Retry-After says when to come back.", "Too many requests; wait a moment."),
        new(500, "Internal", "INTERNAL", "A fault of ours; the trace id leads to it.", "Something went wrong on our side. Give the trace id when you report it."),
        new(503, "Unavailable", "UNAVAILABLE", "The service cannot be reached; Retry-After says when to try again. Nothing is half done.",
            "The service cannot be reached at the moment. Try again soon."),
        new(504, "TooLate", "DEADLINE_EXCEEDED", "The service did not answer in time.", "The service did not answer in time."),
    ];

    /// <summary>The schema of a problem (RFC 9457).</summary>
    public static JsonObject Schema => new()
    {
        ["type"] = "object",
        ["description"] = "What went wrong (RFC 9457).",
        ["required"] = new JsonArray("type", "title", "status", "detail", "code", "traceId"),
        ["properties"] = new JsonObject
        {
            ["type"] = Text("`urn:goldenthread:problem:` and the code.", "uri"),
            ["title"] = Text("The HTTP status in words."),
            ["status"] = new JsonObject { ["type"] = "integer", ["minimum"] = 400, ["maximum"] = 599, ["description"] = "The HTTP status." },
            ["detail"] = Text("What happened, in words for the caller."),
            ["code"] = Text("Stable name of what happened: programs may rely on it."),
            ["traceId"] = Text("Leads to the request in logs and traces; give it when you report a fault."),
            ["errors"] = new JsonObject
            {
                ["type"] = "array",
                ["description"] = "The values at fault, where there are such.",
                ["items"] = new JsonObject
                {
                    ["type"] = "object",
                    ["required"] = new JsonArray("pointer", "detail"),
                    ["properties"] = new JsonObject
                    {
                        ["pointer"] = Text("JSON Pointer into the body, or to the name of the parameter."),
                        ["detail"] = Text("What is wrong with the value."),
                    },
                },
            },
        },
    };

    /// <summary>The shared responses that the operations refer to, by name.</summary>
    public static JsonObject ComponentsFor(JsonObject paths)
    {
        var operations = paths.ToJsonString();
        return new JsonObject(Shared
            .Where(problem => operations.Contains($"\"{ReferenceTo(problem)}\"", StringComparison.Ordinal))
            .Select(problem => KeyValuePair.Create(problem.Name, (JsonNode?)Response(problem, problem.Description, problem.Code))));
    }

    /// <summary>Adds to an operation's responses all failures that can meet its caller.</summary>
    public static void AddTo(JsonObject responses, RestMethod method, Promise promise, bool hasBody)
    {
        foreach (var problem in Shared.Where(problem => Applies(problem.Status, method, promise, hasBody)))
        {
            var reasons = promise.Reasons(problem.Status);
            responses[problem.Key] = reasons.Count == 0
                ? new JsonObject { ["$ref"] = ReferenceTo(problem) }
                : Response(problem, $"{problem.Description} Codes: {string.Join(", ", reasons.Select(reason => $"`{reason}`"))}.", reasons.First());
        }
    }

    private static bool Applies(int status, RestMethod method, Promise promise, bool hasBody) => status switch
    {
        StatusCodes.Status404NotFound => method.Path.Fields.Any() || promise.Mentions(status),
        StatusCodes.Status408RequestTimeout => method.Kind == CallKind.Upload,
        StatusCodes.Status409Conflict => promise.Mentions(status),
        StatusCodes.Status412PreconditionFailed => promise.TakesIfMatch && !method.IsSafe,
        StatusCodes.Status413PayloadTooLarge => hasBody,
        StatusCodes.Status415UnsupportedMediaType => hasBody && method.Kind != CallKind.Upload,
        StatusCodes.Status422UnprocessableEntity => !method.IsSafe,
        StatusCodes.Status428PreconditionRequired => promise.NeedsIfMatch,
        _ => true,
    };

    private static JsonObject Response(SharedProblem problem, string description, string code)
    {
        var response = new JsonObject { ["description"] = description };
        if (problem.Status is StatusCodes.Status429TooManyRequests or StatusCodes.Status503ServiceUnavailable)
        {
            response["headers"] = new JsonObject { ["Retry-After"] = new JsonObject { ["$ref"] = "#/components/headers/RetryAfter" } };
        }

        response["content"] = new JsonObject
        {
            [Problem.ContentType] = new JsonObject
            {
                ["schema"] = new JsonObject { ["$ref"] = "#/components/schemas/" + SchemaName },
                ["example"] = Example(problem, code),
            },
        };
        return response;
    }

    private static string ReferenceTo(SharedProblem problem) => "#/components/responses/" + problem.Name;

    private static JsonObject Example(SharedProblem problem, string code)
    {
        var example = new JsonObject
        {
            ["type"] = "urn:goldenthread:problem:" + code,
            ["title"] = ReasonPhrases.GetReasonPhrase(problem.Status),
            ["status"] = problem.Status,
            ["detail"] = code == problem.Code ? problem.Detail : problem.Description,
            ["code"] = code,
            ["traceId"] = "4bf92f3577b34da6a3ce929d0e0e4736",
        };
        if (problem.Pointer is { } pointer && code == problem.Code)
        {
            example["errors"] = new JsonArray(new JsonObject { ["pointer"] = pointer, ["detail"] = problem.Detail });
        }

        return example;
    }

    private static JsonObject Text(string description, string? format = null)
    {
        var text = new JsonObject { ["type"] = "string", ["description"] = description };
        if (format is not null)
        {
            text["format"] = format;
        }

        return text;
    }

    private sealed record SharedProblem(int Status, string Name, string Code, string Description, string Detail, string? Pointer = null)
    {
        public string Key => Status.ToString(System.Globalization.CultureInfo.InvariantCulture);
    }
}
