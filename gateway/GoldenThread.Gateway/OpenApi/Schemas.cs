using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using GoldenThread.Gateway.Transcoding;
using GoldenThread.Gateway.Transcoding.Json;
using Google.Protobuf.Reflection;

namespace GoldenThread.Gateway.OpenApi;

/// <summary>
/// JSON Schemas of messages and enums as proto3's JSON has them: 64-bit numbers are strings, instants are date-times, a field without presence is
/// always written in an answer and may always be left out of a request.
/// </summary>
internal sealed partial class Schemas
{
    private readonly SortedDictionary<string, JsonObject> _components = new(StringComparer.Ordinal);
    private readonly HashSet<string> _sent = new(StringComparer.Ordinal);

    /// <param name="methods">All methods: what a caller may send somewhere can nowhere require a field.</param>
    public Schemas(IEnumerable<RestMethod> methods)
    {
        foreach (var method in methods)
        {
            MarkSent(method.Request);
        }
    }

    /// <summary>The named schemas met so far, by name.</summary>
    public JsonObject Components => new(_components.Select(component => KeyValuePair.Create(component.Key, (JsonNode?)component.Value.DeepClone())));

    /// <summary>Adds a schema that no message stands behind.</summary>
    public void Add(string name, JsonObject schema) => _components.Add(name, schema);

    /// <summary>A message.</summary>
    public JsonObject Of(MessageShape message) => Named(NameOf(message.Descriptor), () => MessageSchema(message, message.Fields));

    /// <summary>The fields of a whole body: what the path does not give.</summary>
    public static FieldShape[] BodyFields(RestMethod method) =>
        method.Request.Fields.Where(field => !method.Path.Fields.Contains(field.Descriptor.Name)).ToArray();

    /// <summary>The JSON body of a method's request: the message without what the path gives; null where nothing is left.</summary>
    public JsonObject? BodyOf(RestMethod method)
    {
        var fields = BodyFields(method);
        if (fields.Length == 0)
        {
            return null;
        }

        var binding = method.RouteId[(method.RouteId.IndexOf('#', StringComparison.Ordinal) + 1)..];
        var name = NameOf(method.Request.Descriptor) + (binding == "0" ? "" : "_" + binding);
        return Named(name, () => MessageSchema(method.Request, fields));
    }

    /// <summary>A field with its description.</summary>
    public JsonObject Of(FieldShape field)
    {
        var comment = Comments.Of(field.Descriptor);
        var schema = field.IsMap ? new JsonObject { ["type"] = "object", ["additionalProperties"] = Single(field.MapValue!) }
            : field.IsRepeated ? new JsonObject { ["type"] = "array", ["items"] = Single(field) }
            : Single(field);
        if (FormatOf(field, comment) is { } format)
        {
            schema["format"] = format;
        }

        if (comment.Length > 0)
        {
            schema["description"] = comment;
        }

        return schema;
    }

    private JsonObject Named(string name, Func<JsonObject> create)
    {
        if (!_components.ContainsKey(name))
        {
            // A message may contain itself: its name must be known before its fields are looked at.
            _components[name] = [];
            _components[name] = create();
        }

        return new JsonObject { ["$ref"] = "#/components/schemas/" + name };
    }

    private JsonObject MessageSchema(MessageShape message, FieldShape[] fields)
    {
        var schema = new JsonObject { ["type"] = "object" };
        if (Comments.Of(message.Descriptor) is { Length: > 0 } comment)
        {
            schema["description"] = comment;
        }

        schema["properties"] = new JsonObject(fields.Select(field => KeyValuePair.Create(field.Descriptor.JsonName, (JsonNode?)Of(field))));
        var always = fields.Where(field => !field.HasPresence).Select(field => (JsonNode)field.Descriptor.JsonName).ToArray();
        if (always.Length > 0 && !_sent.Contains(message.Descriptor.FullName))
        {
            schema["required"] = new JsonArray(always);
        }

        AddOneofs(message.Descriptor, schema);
        return schema;
    }

    // At most one field of a oneof: no two of them together.
    private static void AddOneofs(MessageDescriptor message, JsonObject schema)
    {
        var pairs = new JsonArray();
        var words = new List<string>();
        foreach (var oneof in message.Oneofs.Where(oneof => !oneof.IsSynthetic))
        {
            var names = oneof.Fields.Select(field => field.JsonName).ToList();
            var comment = Comments.Of(oneof);
            words.Add($"At most one of {string.Join(", ", names.Select(name => $"`{name}`"))}" + (comment.Length > 0 ? $": {comment}" : "."));
            foreach (var (first, second) in names.SelectMany((name, at) => names.Skip(at + 1).Select(other => (name, other))))
            {
                pairs.Add((JsonNode)new JsonObject { ["required"] = new JsonArray(first, second) });
            }
        }

        if (pairs.Count == 0)
        {
            return;
        }

        schema["description"] = string.Join("\n\n", words.Prepend((string?)schema["description"] ?? "").Where(text => text.Length > 0));
        schema["not"] = pairs.Count == 1 ? pairs[0]!.DeepClone() : new JsonObject { ["anyOf"] = pairs };
    }

    private JsonObject Single(FieldShape field) => field.Type switch
    {
        FieldType.Message => field.Message!.Kind == WellKnown.None ? Of(field.Message) : WellKnownSchema(field.Message),
        FieldType.Enum => field.Enum!.IsNull ? Type("null") : EnumSchema(field.Enum.Descriptor),
        FieldType.Bool => Type("boolean"),
        FieldType.Double => Type("number", "double"),
        FieldType.Float => Type("number", "float"),
        FieldType.Int32 or FieldType.SInt32 or FieldType.SFixed32 => Type("integer", "int32"),
        FieldType.UInt32 or FieldType.Fixed32 => new JsonObject { ["type"] = "integer", ["minimum"] = 0, ["maximum"] = uint.MaxValue },
        FieldType.Int64 or FieldType.SInt64 or FieldType.SFixed64 => new JsonObject { ["type"] = "string", ["pattern"] = "^-?[0-9]+$" },
        FieldType.UInt64 or FieldType.Fixed64 => new JsonObject { ["type"] = "string", ["pattern"] = "^[0-9]+$" },
        FieldType.Bytes => new JsonObject { ["type"] = "string", ["contentEncoding"] = "base64" },
        _ => Type("string"),
    };

    private JsonObject WellKnownSchema(MessageShape message) => message.Kind switch
    {
        WellKnown.Timestamp => Type("string", "date-time"),
        WellKnown.Duration => new JsonObject { ["type"] = "string", ["pattern"] = @"^-?[0-9]+(\.[0-9]{1,9})?s$" },
        WellKnown.FieldMask => Type("string"),
        WellKnown.Wrapper => Single(message.Fields[0]),
        WellKnown.Struct => Type("object"),
        WellKnown.ListValue => new JsonObject { ["type"] = "array", ["items"] = new JsonObject() },
        _ => [],
    };

    private JsonObject EnumSchema(EnumDescriptor type) => Named(NameOf(type), () => new JsonObject
    {
        ["type"] = "string",
        ["description"] = string.Join("\n", type.Values.Select(value => $"- `{value.Name}`: {Comments.Of(value)}").Prepend(Comments.Of(type) + "\n")),
        ["enum"] = new JsonArray(type.Values.Select(value => (JsonNode)value.Name).ToArray()),
    });

    private void MarkSent(MessageShape message)
    {
        if (!_sent.Add(message.Descriptor.FullName))
        {
            return;
        }

        foreach (var inner in message.Fields.Select(field => field.IsMap ? field.MapValue!.Message : field.Message).OfType<MessageShape>())
        {
            MarkSent(inner);
        }
    }

    private static JsonObject Type(string type, string? format = null)
    {
        var schema = new JsonObject { ["type"] = type };
        if (format is not null)
        {
            schema["format"] = format;
        }

        return schema;
    }

    /// <summary>What the comment says of a text.</summary>
    public static string? FormatIn(string comment) => IsUuid().IsMatch(comment) ? "uuid" : IsDay().IsMatch(comment) ? "date" : null;

    // Where the empty text means something too, the format does not hold.
    private static string? FormatOf(FieldShape field, string comment) =>
        field.Type != FieldType.String || field.IsRepeated || comment.Contains("mpty", StringComparison.Ordinal) ? null : FormatIn(comment);

    // goldenthread.assessment.v1.Result is assessment.Result; from version 2 on the version is part of the name.
    private static string NameOf(IDescriptor type)
    {
        var package = type.File.Package.Split('.');
        var local = type.FullName[(type.File.Package.Length + 1)..];
        return package is [.., var service, "v1"] ? $"{service}.{local}" : $"{string.Join('.', package[^Math.Min(2, package.Length)..])}.{local}";
    }

    [GeneratedRegex(@"^UUIDs?\b|\(UUIDs?\)")]
    private static partial Regex IsUuid();

    [GeneratedRegex(@"\bISO date\b|yyyy-MM-dd")]
    private static partial Regex IsDay();
}
