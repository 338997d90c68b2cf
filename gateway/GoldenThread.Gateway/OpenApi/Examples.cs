using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using GoldenThread.Gateway.Transcoding;
using GoldenThread.Gateway.Transcoding.Json;
using Google.Protobuf.Reflection;

namespace GoldenThread.Gateway.OpenApi;

/// <summary>
/// Examples of bodies and answers, out of the contract alone: a value that a comment names ("such as ..."), else one that the field's kind, format or
/// name suggests. They show the shape; that a service would take the values together is not promised.
/// </summary>
internal static partial class Examples
{
    private const string Id = "018f6f3e-7a90-7c3a-9d8e-2f6b1c0d4e5f";
    private const string Day = "2026-01-31";

    /// <summary>A message.</summary>
    public static JsonNode Of(MessageShape message) => Message(message, message.Fields, []);

    /// <summary>The JSON body of a method's request.</summary>
    public static JsonNode OfBody(RestMethod method) =>
        method.BodyField is { } field ? Field(field, []) : Message(method.Request, Schemas.BodyFields(method), []);

    // A message may contain itself: the inner one is left out. Of a oneof there is the first.
    private static JsonObject Message(MessageShape message, FieldShape[] fields, HashSet<MessageDescriptor> around)
    {
        HashSet<MessageDescriptor> inside = [.. around, message.Descriptor];
        return new JsonObject(fields
            .Where(field => field.Descriptor.RealContainingOneof is not { } oneof || oneof.Fields[0] == field.Descriptor)
            .Where(field => (field.MapValue ?? field).Message is not { } inner || !inside.Contains(inner.Descriptor))
            .Select(field => KeyValuePair.Create(field.Descriptor.JsonName, (JsonNode?)Field(field, inside))));
    }

    private static JsonNode Field(FieldShape field, HashSet<MessageDescriptor> around) =>
        field.IsMap ? new JsonObject { [Key(field.MapKey!)] = Single(field.MapValue!, around) }
        : field.IsRepeated ? new JsonArray(Single(field, around))
        : Single(field, around)!;

    private static string Key(FieldShape key) => key.Type switch
    {
        FieldType.String => "name",
        FieldType.Bool => "true",
        _ => "1",
    };

    private static JsonNode? Single(FieldShape field, HashSet<MessageDescriptor> around) => field.Type switch
    {
        FieldType.Message when field.Message!.Kind == WellKnown.None => Message(field.Message, field.Message.Fields, around),
        FieldType.Message => WellKnownValue(field.Message!),
        FieldType.Enum => field.Enum!.IsNull ? null : field.Enum.Descriptor.Values.FirstOrDefault(value => value.Number > 0, field.Enum.Descriptor.Values[0]).Name,
        FieldType.Bool => true,
        FieldType.Double or FieldType.Float => 0.5,
        FieldType.Int64 or FieldType.SInt64 or FieldType.SFixed64 or FieldType.UInt64 or FieldType.Fixed64 => "1",
        FieldType.Bytes => "",
        FieldType.String => Text(field.Descriptor.Name, Comments.Of(field.Descriptor)),
        _ => Number(field.Descriptor.Name, Comments.Of(field.Descriptor)),
    };

    private static JsonNode? WellKnownValue(MessageShape message) => message.Kind switch
    {
        WellKnown.Timestamp => Day + "T09:00:00Z",
        WellKnown.Duration => "1.5s",
        WellKnown.FieldMask => "name",
        WellKnown.Wrapper => Single(message.Fields[0], []),
        WellKnown.ListValue => new JsonArray(),
        _ => new JsonObject(),
    };

    private static int Number(string name, string comment) =>
        NamedNumber().Match(comment) is { Success: true } named ? int.Parse(named.Groups[1].Value, CultureInfo.InvariantCulture)
        : name.Contains("urn", StringComparison.Ordinal) ? 123456
        : 1;

    private static string Text(string name, string comment) => Schemas.FormatIn(comment) switch
    {
        "uuid" => Id,
        "date" => Day,
        _ when NamedText().Match(comment) is { Success: true } named => named.Groups[1].Value,
        _ => TextCalled(name, comment),
    };

    private static string TextCalled(string name, string comment) => name switch
    {
        "etag" => "\"3\"",
        "next_page_token" => "",
        "issuer" => "https://login.example.org",
        "laestab" => "8014001",
        "school_urn" => "123456",
        "subject" or "subjects" when comment.Contains("ode", StringComparison.Ordinal) => "reading",
        "year_group" or "year_groups" => "5",
        "from" or "to" or "on" => Day,
        _ when name.EndsWith("_on", StringComparison.Ordinal) => Day,
        _ when name.Contains("upn", StringComparison.Ordinal) => "D801200012001",
        _ when name.EndsWith("_id", StringComparison.Ordinal) || name.EndsWith("_ids", StringComparison.Ordinal) => Id,
        "score" => "104.5",
        _ when comment.Contains("decimal", StringComparison.Ordinal) => "104.5",
        _ => char.ToUpperInvariant(name[0]) + name[1..].Replace('_', ' '),
    };

    [GeneratedRegex("\"([^\"]+)\"")]
    private static partial Regex NamedText();

    [GeneratedRegex(@"such as ([0-9]{1,6})\b")]
    private static partial Regex NamedNumber();
}
