using System.Text.Json.Nodes;
using GoldenThread.Gateway.Transcoding;
using GoldenThread.Gateway.Transcoding.Json;
using GoldenThread.ServiceDefaults;

namespace GoldenThread.Gateway.OpenApi;

/// <summary>The parameters of an operation: path, query, headers.</summary>
internal static class Parameters
{
    private const int DeepestFilter = 3;

    /// <summary>The headers that operations share, as components.</summary>
    public static JsonObject Components => new()
    {
        ["IdempotencyKey"] = new JsonObject
        {
            ["name"] = "Idempotency-Key",
            ["in"] = "header",
            ["required"] = false,
            ["description"] = "A key of your own for this request, such as a UUID. Sent again with the same request within 7 days, it gets the stored answer "
                + "and changes nothing; with another request it is refused (422).",
            ["schema"] = new JsonObject { ["type"] = "string", ["minLength"] = 1, ["maxLength"] = HeaderLimits.IdempotencyKey },
        },
        ["IfMatch"] = IfMatch(required: false, "The etag you read. Where it is sent, the change is made only if nobody changed it since (else 412)."),
        ["IfMatchRequired"] = IfMatch(required: true, "The etag you read: the change is made only if nobody changed it since (else 412; 428 without it)."),
    };

    /// <summary>The parameters of a method.</summary>
    public static JsonArray Of(RestMethod method, Promise promise, string purpose, Schemas schemas)
    {
        var parameters = new JsonArray();
        foreach (var name in method.Path.Fields)
        {
            parameters.Add((JsonNode)Named("path", name, method.Request.ByName(name)!, schemas));
        }

        foreach (var (name, field) in QueryFields(method))
        {
            parameters.Add((JsonNode)Named("query", name, field, schemas));
        }

        if (promise.TakesIfMatch && !method.IsSafe)
        {
            parameters.Add((JsonNode)Ref(promise.NeedsIfMatch ? "IfMatchRequired" : "IfMatch"));
        }

        if (!method.IsSafe)
        {
            parameters.Add((JsonNode)Ref("IdempotencyKey"));
        }

        parameters.Add((JsonNode)Purpose(purpose));
        return parameters;
    }

    /// <summary>The fields that may be given in the query, nested ones by their dotted names.</summary>
    public static IEnumerable<(string Name, FieldShape Field)> QueryFields(RestMethod method) =>
        method.Request.Fields.Where(field => RequestParameters.MayBeQuery(method, field)).SelectMany(field => Leaves(field, "", DeepestFilter));

    private static IEnumerable<(string Name, FieldShape Field)> Leaves(FieldShape field, string prefix, int depth)
    {
        var name = prefix + field.Descriptor.Name;
        if (ScalarText.CanBeText(field))
        {
            return [(name, field)];
        }

        return depth > 0 && field is { IsRepeated: false, Message.Kind: WellKnown.None }
            ? field.Message.Fields.SelectMany(inner => Leaves(inner, name + ".", depth - 1))
            : [];
    }

    private static JsonObject Named(string place, string name, FieldShape field, Schemas schemas)
    {
        var schema = schemas.Of(field);
        schema.Remove("description");
        if (name == "page_size")
        {
            schema["minimum"] = 0;
        }

        return new JsonObject
        {
            ["name"] = name,
            ["in"] = place,
            ["required"] = place == "path",
            ["description"] = Comments.Of(field.Descriptor),
            ["schema"] = schema,
        };
    }

    private static JsonObject Purpose(string purpose) => new()
    {
        ["name"] = "Purpose",
        ["in"] = "header",
        ["required"] = false,
        ["description"] = "Why you ask; it is written to the audit.",
        ["schema"] = new JsonObject { ["type"] = "string", ["maxLength"] = HeaderLimits.Purpose, ["default"] = purpose },
    };

    private static JsonObject IfMatch(bool required, string description) => new()
    {
        ["name"] = "If-Match",
        ["in"] = "header",
        ["required"] = required,
        ["description"] = description,
        ["schema"] = new JsonObject { ["type"] = "string" },
        ["example"] = "\"3\"",
    };

    private static JsonObject Ref(string name) => new() { ["$ref"] = "#/components/parameters/" + name };
}
