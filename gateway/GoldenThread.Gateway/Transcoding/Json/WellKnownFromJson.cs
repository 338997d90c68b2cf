using System.Text.Json;

namespace GoldenThread.Gateway.Transcoding.Json;

/// <summary>Reads Google's well-known types from the JSON that proto3 gives them.</summary>
internal static class WellKnownFromJson
{
    private const uint NullTag = 1 << 3;
    private const uint NumberTag = 2 << 3 | 1;
    private const uint TextTag = 3 << 3 | 2;
    private const uint BoolTag = 4 << 3;
    private const uint StructNumber = 5;
    private const uint ListNumber = 6;

    public static void Read(MessageShape shape, ref Utf8JsonReader reader, WireBuffer output)
    {
        switch (shape.Kind)
        {
            case WellKnown.Wrapper:
                output.Varint(shape.Fields[0].Tag);
                JsonToWire.ReadValue(shape.Fields[0], ref reader, output);
                break;
            case WellKnown.Struct or WellKnown.ListValue:
                JsonToWire.ReadField(shape.Fields[0], ref reader, output);
                break;
            case WellKnown.Value:
                ReadAnyValue(shape, ref reader, output);
                break;
            default:
                WriteText(shape, reader.TokenType == JsonTokenType.String ? JsonToWire.TextOf(ref reader) : throw JsonToWire.Expected("text"), output);
                break;
        }
    }

    /// <summary>Writes the body of a timestamp, duration or field mask given as text.</summary>
    public static void WriteText(MessageShape shape, ReadOnlySpan<char> text, WireBuffer output)
    {
        switch (shape.Kind)
        {
            case WellKnown.Timestamp when JsonText.TryTimestamp(text, out var seconds, out var nanos):
                WriteSecondsAndNanos(seconds, nanos, output);
                break;
            case WellKnown.Timestamp:
                throw JsonToWire.Expected("an instant with its offset, such as 2026-09-01T08:30:00Z");
            case WellKnown.Duration when JsonText.TryDuration(text, out var seconds, out var nanos):
                WriteSecondsAndNanos(seconds, nanos, output);
                break;
            case WellKnown.Duration:
                throw JsonToWire.Expected("a duration in seconds, such as 1.5s");
            case WellKnown.FieldMask:
                WriteFieldMask(shape, text, output);
                break;
        }
    }

    private static void WriteFieldMask(MessageShape shape, ReadOnlySpan<char> text, WireBuffer output)
    {
        foreach (var part in text.Split(','))
        {
            var path = text[part];
            if (path.IsEmpty && !text.IsEmpty || path.Contains('_'))
            {
                throw JsonToWire.Expected("field names in lowerCamelCase, separated by commas");
            }

            if (!path.IsEmpty)
            {
                output.Varint(shape.Fields[0].Tag);
                ScalarText.Write(shape.Fields[0], JsonText.ToSnakeCase(path), output);
            }
        }
    }

    private static void ReadAnyValue(MessageShape shape, ref Utf8JsonReader reader, WireBuffer output)
    {
        switch (reader.TokenType)
        {
            case JsonTokenType.Null:
                output.Varint(NullTag);
                output.Varint(0);
                break;
            case JsonTokenType.Number:
                output.Varint(NumberTag);
                var number = reader.GetDouble();
                output.Fixed64(BitConverter.DoubleToUInt64Bits(double.IsFinite(number) ? number : throw JsonToWire.Expected("a number")));
                break;
            case JsonTokenType.String:
                output.Varint(TextTag);
                JsonToWire.ReadText(ref reader, output);
                break;
            case JsonTokenType.True or JsonTokenType.False:
                output.Varint(BoolTag);
                output.Varint(reader.TokenType == JsonTokenType.True ? 1u : 0u);
                break;
            default:
                var kind = shape.ByNumber(reader.TokenType == JsonTokenType.StartObject ? StructNumber : ListNumber)!;
                output.Varint(kind.Tag);
                JsonToWire.ReadValue(kind, ref reader, output);
                break;
        }
    }

    private static void WriteSecondsAndNanos(long seconds, int nanos, WireBuffer output)
    {
        if (seconds != 0)
        {
            output.Varint(1 << 3);
            output.Varint((ulong)seconds);
        }

        if (nanos != 0)
        {
            output.Varint(2 << 3);
            output.Varint((ulong)(long)nanos);
        }
    }
}
