using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using GoldenThread.Gateway.Contracts;
using GoldenThread.Gateway.Transcoding;
using GoldenThread.Type.V1;
using Google.Protobuf.Reflection;
using ServiceDescriptor = Google.Protobuf.Reflection.ServiceDescriptor;

namespace GoldenThread.Gateway.OpenApi;

/// <summary>One operation per way to reach an rpc.</summary>
internal sealed partial class Operations(Schemas schemas)
{
    private const string ServiceSuffix = "Service";

    /// <summary>The operation of a method.</summary>
    public JsonObject Of(RestMethod method)
    {
        var rpc = method.Rpc;
        var access = rpc.GetOptions()?.GetExtension(AccessExtensions.Access) ?? new Access();
        var promise = Promise.Of(rpc);
        var comment = Comments.Of(rpc);
        var roles = access.Roles.Select(role => NameOf(role)).ToList();
        var body = RequestBody(method);
        var operation = new JsonObject
        {
            ["operationId"] = OperationId(method),
            ["tags"] = new JsonArray(TagOf(rpc.Service)),
            ["summary"] = Comments.FirstClause(comment),
            ["description"] = $"{comment}\n\nScope `{access.Scope}`; roles {string.Join(", ", roles.Select(InWords))}.",
            ["parameters"] = Parameters.Of(method, promise, access.Purpose, schemas),
        };
        if (body is not null)
        {
            operation["requestBody"] = body;
        }

        var responses = new JsonObject { ["200"] = Success(method) };
        ProblemResponses.AddTo(responses, method, promise, body is not null);
        operation["responses"] = responses;
        operation["security"] = new JsonArray(new JsonObject { [OpenApiDocument.SecurityScheme] = new JsonArray(access.Scope) });
        operation["x-roles"] = new JsonArray(roles.Select(role => (JsonNode)role).ToArray());
        operation["x-names-pupils"] = access.NamesPupils;
        return operation;
    }

    /// <summary>The tag of a service: its name without "Service"; with the part of the house where two services share the name.</summary>
    public static string TagOf(ServiceDescriptor service) =>
        Comments.Words(service.Name.EndsWith(ServiceSuffix, StringComparison.Ordinal) ? service.Name[..^ServiceSuffix.Length] : service.Name);

    private static string OperationId(RestMethod method)
    {
        var binding = method.RouteId[(method.RouteId.IndexOf('#', StringComparison.Ordinal) + 1)..];
        return $"{ContractSet.ServiceNameOf(method.Rpc)}_{method.Rpc.Name}" + (binding == "0" ? "" : "_" + binding);
    }

    private JsonObject? RequestBody(RestMethod method)
    {
        if (method.Upload is { } upload)
        {
            var media = MediaTypesIn(Comments.Of(upload.Field), Comments.Of(method.Rpc));
            return Body(Comments.Of(upload.Field), new JsonObject(media.Select(type => KeyValuePair.Create(type, (JsonNode?)new JsonObject()))));
        }

        var schema = method.BodyField is { } field ? schemas.Of(field) : method.TakesWholeBody ? schemas.BodyOf(method) : null;
        return schema is null ? null : Body(null, Json(schema, Examples.OfBody(method)));
    }

    private static JsonObject Body(string? description, JsonObject content)
    {
        var body = new JsonObject();
        if (!string.IsNullOrEmpty(description))
        {
            body["description"] = description;
        }

        body["required"] = true;
        body["content"] = content;
        return body;
    }

    private JsonObject Success(RestMethod method)
    {
        var headers = new JsonObject();
        if (method.EtagOfResponse.Length > 0)
        {
            headers["ETag"] = HeaderRef("ETag");
        }

        if (method.Kind == CallKind.Download)
        {
            headers["Content-Disposition"] = HeaderRef("ContentDisposition");
        }

        headers["RateLimit"] = HeaderRef("RateLimit");
        headers["RateLimit-Policy"] = HeaderRef("RateLimitPolicy");
        headers["traceparent"] = HeaderRef("TraceParent");
        return new JsonObject
        {
            ["description"] = method.Kind switch
            {
                CallKind.Download => "The file.",
                CallKind.Stream => "One line of JSON per message (NDJSON). A failure after the first line ends the answer with the line "
                    + "`{\"error\": …}`, which holds a problem.",
                _ => Comments.Of(method.Rpc.OutputType) is { Length: > 0 } comment ? comment : "Done.",
            },
            ["headers"] = headers,
            ["content"] = Content(method),
        };
    }

    private JsonObject Content(RestMethod method) => method.Kind switch
    {
        CallKind.Download => new JsonObject(MediaTypesIn(Comments.Of(method.Rpc)).Select(type => KeyValuePair.Create(type, (JsonNode?)new JsonObject()))),
        CallKind.Stream => new JsonObject { ["application/x-ndjson"] = new JsonObject { ["schema"] = schemas.Of(method.Response!) } },
        _ => Json(schemas.Of(method.Response!), Examples.Of(method.Response!)),
    };

    private static JsonObject Json(JsonObject schema, JsonNode example) =>
        new() { ["application/json"] = new JsonObject { ["schema"] = schema, ["example"] = example } };

    // The comments name the media types of raw bodies; the wire does not restrict them.
    private static List<string> MediaTypesIn(params IEnumerable<string> comments)
    {
        var named = comments.SelectMany(comment => MediaType().Matches(comment)).Select(match => match.Value).Distinct().ToList();
        return named.Count > 0 ? named : ["application/octet-stream"];
    }

    private static JsonObject HeaderRef(string name) => new() { ["$ref"] = "#/components/headers/" + name };

    private static string NameOf(Role role) => AccessReflection.Descriptor.EnumTypes.Single(type => type.Name == nameof(Role)).FindValueByNumber((int)role).Name;

    private static string InWords(string role) => role["ROLE_".Length..].Replace('_', ' ').ToLowerInvariant();

    [GeneratedRegex(@"\b(?:text|application)/[a-z0-9.+-]*[a-z0-9]")]
    private static partial Regex MediaType();
}
