using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using GoldenThread.Gateway.Contracts;
using GoldenThread.Gateway.Transcoding;
using GoldenThread.Type.V1;
using Google.Protobuf.Reflection;
using ServiceDescriptor = Google.Protobuf.Reflection.ServiceDescriptor;

namespace GoldenThread.Gateway.OpenApi;

/// <summary>
/// The OpenAPI 3.1 document of a descriptor set. Everything in it comes from the contracts and their comments; the same set gives the same bytes.
/// </summary>
internal static class OpenApiDocument
{
    /// <summary>Name of the security scheme.</summary>
    public const string SecurityScheme = "oauth2";

    private const string Introduction =
        """
        From assessments to gaps, from gaps to agreed actions, from actions to what came of them.

        **Sign-in.** OAuth 2: authorization code with PKCE for people, client credentials for partner applications. A token carries scopes; which
        schools, year groups and classes its holder may see is granted in the product. What lies outside is 404, exactly as what does not exist.
        The addresses given here are those of the development issuer; in production sign-in is at the trust's own identity provider.

        **JSON.** Names in lowerCamelCase, query parameters as they stand here. A field that is not optional is always written in an answer: zero is
        not absent. Scores are decimals in quotes; days are ISO dates, instants UTC. Unknown fields and parameters are refused.

        **Lists** have pages: give `page_size`, and the `nextPageToken` of one answer as `page_token` of the next request.

        **Changes.** An answer carries its version as `etag` and in the header `ETag`; give it back in `If-Match`. Send an `Idempotency-Key` with what
        must not happen twice.

        **Errors** are problems (RFC 9457) with a stable `code`; give the `traceId` when you report one.
        """;

    private static readonly string[] Verbs = ["GET", "PUT", "POST", "DELETE", "PATCH"];

    private static readonly JsonSerializerOptions Layout = new()
    {
        WriteIndented = true,
        NewLine = "\n",
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <summary>The document in UTF-8, indented, with a line feed at its end.</summary>
    public static byte[] Of(ContractSet contracts)
    {
        var schemas = new Schemas(contracts.Methods);
        schemas.Add(ProblemResponses.SchemaName, ProblemResponses.Schema);
        var paths = Paths(contracts, new Operations(schemas));
        var document = new JsonObject
        {
            ["openapi"] = "3.1.0",
            ["info"] = new JsonObject { ["title"] = "GoldenThread", ["version"] = "v1", ["description"] = Introduction.ReplaceLineEndings("\n") },
            ["servers"] = new JsonArray(new JsonObject { ["url"] = "/", ["description"] = "The gateway that serves this document" }),
            ["tags"] = Tags(contracts),
            ["x-tagGroups"] = TagGroups(contracts),
            ["paths"] = paths,
            ["components"] = new JsonObject
            {
                ["schemas"] = schemas.Components,
                ["responses"] = ProblemResponses.ComponentsFor(paths),
                ["parameters"] = Parameters.Components,
                ["headers"] = Headers(),
                ["securitySchemes"] = new JsonObject { [SecurityScheme] = Security(contracts) },
            },
        };
        return Encoding.UTF8.GetBytes(document.ToJsonString(Layout) + "\n");
    }

    private static JsonObject Paths(ContractSet contracts, Operations operations)
    {
        var paths = new JsonObject();
        var byPath = contracts.Methods.GroupBy(method => PathOf(method.Path.Text)).OrderBy(group => group.Key, StringComparer.Ordinal);
        foreach (var group in byPath)
        {
            paths[group.Key] = new JsonObject(group
                .OrderBy(method => Array.IndexOf(Verbs, method.Verb))
                .Select(method => KeyValuePair.Create(method.Verb.ToLowerInvariant(), (JsonNode?)operations.Of(method))));
        }

        return paths;
    }

    /// <summary>`{name=schools/*}` as `{name}`: OpenAPI knows no patterns.</summary>
    public static string PathOf(string template) => string.Join('}', template.Split('}').Select(part =>
    {
        var open = part.IndexOf('{', StringComparison.Ordinal);
        var equals = open < 0 ? -1 : part.IndexOf('=', open);
        return equals < 0 ? part : part[..equals];
    }));

    private static IEnumerable<ServiceDescriptor> Services(ContractSet contracts) =>
        contracts.PublicRpcs.Select(rpc => rpc.Service).Distinct().OrderBy(service => service.FullName, StringComparer.Ordinal);

    private static JsonArray Tags(ContractSet contracts)
    {
        var tags = Services(contracts).Select(service => (JsonNode)new JsonObject
        {
            ["name"] = Operations.TagOf(service),
            ["description"] = Comments.Of(service),
        });
        return new JsonArray(tags.DistinctBy(tag => (string?)tag["name"]).ToArray());
    }

    private static JsonArray TagGroups(ContractSet contracts) => new(Services(contracts)
        .GroupBy(service => ContractSet.ServiceNameOf(service.Methods[0]))
        .Select(group => (JsonNode)new JsonObject
        {
            ["name"] = Comments.Words(char.ToUpperInvariant(group.Key[0]) + group.Key[1..]),
            ["tags"] = new JsonArray(group.Select(service => (JsonNode)Operations.TagOf(service)).ToArray()),
        })
        .ToArray());

    private static JsonObject Headers() => new()
    {
        ["ETag"] = Header("The version of what was answered, for If-Match.", "\"3\""),
        ["ContentDisposition"] = Header("Name of the file.", "attachment; filename=\"attainment.csv\""),
        ["RateLimit"] = Header("What is left to this client, and seconds until all of it is there again.", "\"client\";r=5999;t=1"),
        ["RateLimitPolicy"] = Header("Requests per window, and the window in seconds.", "\"client\";q=6000;w=60"),
        ["RetryAfter"] = Header("Seconds to wait before trying again.", "5"),
        ["TraceParent"] = Header("The trace of this request (W3C Trace Context).", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"),
    };

    private static JsonObject Header(string description, string example) => new()
    {
        ["description"] = description,
        ["schema"] = new JsonObject { ["type"] = "string" },
        ["example"] = example,
    };

    private static JsonObject Security(ContractSet contracts)
    {
        var scopes = contracts.PublicRpcs
            .Select(rpc => rpc.GetOptions()?.GetExtension(AccessExtensions.Access)?.Scope)
            .OfType<string>().Distinct().Order(StringComparer.Ordinal)
            .Select(scope => KeyValuePair.Create(scope, (JsonNode?)InWords(scope)))
            .ToList();
        return new JsonObject
        {
            ["type"] = "oauth2",
            ["description"] = "People sign in with a code and PKCE; partner applications use their own credentials.",
            ["flows"] = new JsonObject
            {
                ["clientCredentials"] = new JsonObject { ["tokenUrl"] = "/connect/token", ["scopes"] = Scopes() },
                ["authorizationCode"] = new JsonObject
                {
                    ["authorizationUrl"] = "/connect/authorize",
                    ["tokenUrl"] = "/connect/token",
                    ["scopes"] = Scopes(),
                },
            },
        };

        JsonObject Scopes() => new(scopes.Select(scope => KeyValuePair.Create(scope.Key, scope.Value?.DeepClone())));
    }

    // "results.write" is "Change results".
    private static string InWords(string scope)
    {
        var noun = scope.Split('.')[0].Replace('-', ' ').Replace('_', ' ');
        return (scope.EndsWith(".write", StringComparison.Ordinal) ? "Change " : "Read ") + noun;
    }
}
