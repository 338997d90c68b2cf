using System.Buffers;
using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using Google.Protobuf.Reflection;

namespace GoldenThread.Gateway.Transcoding.Json;

/// <summary>
/// Writes a protobuf message, given as wire bytes, as JSON, driven by descriptors alone. A field without presence is always written; one with
/// presence is left out when unset. Fields stand in the order of their numbers.
/// </summary>
internal static class WireToJson
{
    private const int DeepestNesting = 100;
    private static readonly JsonWriterOptions WriterOptions = new() { SkipValidation = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
    private static readonly ArrayBufferWriter<byte> Nowhere = new(16);

    [ThreadStatic]
    private static Utf8JsonWriter? _writer;

    /// <summary>Appends the JSON of a message.</summary>
    /// <exception cref="WireFormatException">The bytes are not such a message.</exception>
    public static void Write(MessageShape shape, ReadOnlySpan<byte> wire, ArrayBufferWriter<byte> output)
    {
        var writer = _writer ??= new Utf8JsonWriter(Nowhere, WriterOptions);
        var start = output.WrittenCount;
        try
        {
            writer.Reset(output);
            WriteMessage(shape, wire, writer, sorted: false);
            writer.Flush();
        }
        catch (UnsortedWireException)
        {
            // Serialisers write fields in order and once; the format allows more. Sorting is rare, so it may cost.
            var sorted = new ArrayBufferWriter<byte>();
            writer.Reset(sorted);
            WriteMessage(shape, WireSorter.Sort(shape, wire), writer, sorted: true);
            writer.Flush();
            if (start == 0)
            {
                output.ResetWrittenCount();
            }

            output.Write(sorted.WrittenSpan);
        }
        finally
        {
            writer.Reset(Nowhere);
        }
    }

    internal static void WriteMessage(MessageShape shape, ReadOnlySpan<byte> wire, Utf8JsonWriter writer, bool sorted)
    {
        if (writer.CurrentDepth > DeepestNesting)
        {
            throw new WireFormatException("messages are nested too deep");
        }

        if (shape.Kind != WellKnown.None)
        {
            WellKnownToJson.Write(shape, wire, writer, sorted);
            return;
        }

        writer.WriteStartObject();
        var reader = new WireReader(wire);
        var next = 0;
        ulong oneofs = 0;
        while (!reader.AtEnd)
        {
            var tag = reader.Tag();
            if (shape.ByNumber(tag >> 3) is not { } field || !field.Accepts(tag))
            {
                reader.Skip(tag);
                continue;
            }

            if (field.Ordinal < next || IsSecondOfOneof(field, ref oneofs))
            {
                throw UnsortedWireException.Instance;
            }

            WriteUnset(shape, next, field.Ordinal, writer);
            next = field.Ordinal + 1;
            writer.WritePropertyName(field.JsonName);
            WriteField(field, tag, ref reader, writer, sorted);
        }

        WriteUnset(shape, next, shape.Fields.Length, writer);
        writer.WriteEndObject();
    }

    internal static void WriteValue(FieldShape field, ref WireReader reader, Utf8JsonWriter writer, bool sorted)
    {
        switch (field.Type)
        {
            case FieldType.String:
                writer.WriteStringValue(reader.Bytes());
                break;
            case FieldType.Message:
                var message = field.Message!;
                var wire = reader.Bytes();
                WriteMessage(message, sorted ? WireSorter.Sort(message, wire) : wire, writer, sorted);
                break;
            case FieldType.Bytes:
                writer.WriteBase64StringValue(reader.Bytes());
                break;
            case FieldType.Enum:
                WriteEnum(field.Enum!, (int)reader.Varint(), writer);
                break;
            case FieldType.Bool:
                writer.WriteBooleanValue(reader.Varint() != 0);
                break;
            case FieldType.Int32:
                writer.WriteNumberValue((int)reader.Varint());
                break;
            case FieldType.SInt32:
                writer.WriteNumberValue((int)ZigZag((uint)reader.Varint()));
                break;
            case FieldType.UInt32:
                writer.WriteNumberValue((uint)reader.Varint());
                break;
            case FieldType.Fixed32:
                writer.WriteNumberValue(reader.Fixed32());
                break;
            case FieldType.SFixed32:
                writer.WriteNumberValue((int)reader.Fixed32());
                break;
            case FieldType.Int64:
                WriteQuoted((long)reader.Varint(), writer);
                break;
            case FieldType.SInt64:
                WriteQuoted(ZigZag(reader.Varint()), writer);
                break;
            case FieldType.SFixed64:
                WriteQuoted((long)reader.Fixed64(), writer);
                break;
            case FieldType.UInt64:
                WriteQuoted(reader.Varint(), writer);
                break;
            case FieldType.Fixed64:
                WriteQuoted(reader.Fixed64(), writer);
                break;
            case FieldType.Double:
                WriteDouble(BitConverter.UInt64BitsToDouble(reader.Fixed64()), writer);
                break;
            case FieldType.Float:
                WriteFloat(BitConverter.UInt32BitsToSingle(reader.Fixed32()), writer);
                break;
        }
    }

    /// <summary>Zero, the empty string, false or the first name: what a field without presence means when the wire is silent.</summary>
    internal static void WriteDefault(FieldShape field, Utf8JsonWriter writer)
    {
        switch (field.Type)
        {
            case FieldType.Message:
                WriteMessage(field.Message!, default, writer, sorted: false);
                break;
            case FieldType.Bool:
                writer.WriteBooleanValue(false);
                break;
            case FieldType.String or FieldType.Bytes:
                writer.WriteStringValue(""u8);
                break;
            case FieldType.Enum:
                WriteEnum(field.Enum!, 0, writer);
                break;
            case FieldType.Int64 or FieldType.UInt64 or FieldType.SInt64 or FieldType.Fixed64 or FieldType.SFixed64:
                writer.WriteStringValue("0"u8);
                break;
            default:
                writer.WriteNumberValue(0);
                break;
        }
    }

    internal static void WriteMapEntry(FieldShape map, ReadOnlySpan<byte> entry, Utf8JsonWriter writer, bool sorted)
    {
        var key = new WireReader(default);
        var value = new WireReader(default);
        var reader = new WireReader(entry);
        while (!reader.AtEnd)
        {
            var tag = reader.Tag();
            var start = reader.Position;
            reader.Skip(tag);
            if (tag == map.MapKey!.Tag)
            {
                key = new WireReader(reader.Since(start));
            }
            else if (tag == map.MapValue!.Tag)
            {
                value = new WireReader(reader.Since(start));
            }
        }

        WriteMapKey(map.MapKey!, ref key, writer);
        if (value.AtEnd)
        {
            WriteDefault(map.MapValue!, writer);
        }
        else
        {
            WriteValue(map.MapValue!, ref value, writer, sorted);
        }
    }

    private static bool IsSecondOfOneof(FieldShape field, ref ulong oneofs)
    {
        if (field.Oneof < 0)
        {
            return false;
        }

        var bit = 1ul << field.Oneof;
        var second = (oneofs & bit) != 0;
        oneofs |= bit;
        return second;
    }

    private static void WriteUnset(MessageShape shape, int from, int to, Utf8JsonWriter writer)
    {
        for (var ordinal = from; ordinal < to; ordinal++)
        {
            var field = shape.Fields[ordinal];
            if (field.HasPresence)
            {
                continue;
            }

            writer.WritePropertyName(field.JsonName);
            if (field.IsMap)
            {
                writer.WriteStartObject();
                writer.WriteEndObject();
            }
            else if (field.IsRepeated)
            {
                writer.WriteStartArray();
                writer.WriteEndArray();
            }
            else
            {
                WriteDefault(field, writer);
            }
        }
    }

    private static void WriteField(FieldShape field, uint tag, ref WireReader reader, Utf8JsonWriter writer, bool sorted)
    {
        if (field.IsMap)
        {
            writer.WriteStartObject();
            do
            {
                WriteMapEntry(field, reader.Bytes(), writer, sorted);
            }
            while (reader.TryRepeat(tag));
            writer.WriteEndObject();
        }
        else if (!field.IsRepeated)
        {
            WriteValue(field, ref reader, writer, sorted);
        }
        else
        {
            writer.WriteStartArray();
            do
            {
                WriteElements(field, tag, ref reader, writer, sorted);
            }
            while (reader.TryRepeat(tag));
            writer.WriteEndArray();
        }
    }

    private static void WriteElements(FieldShape field, uint tag, ref WireReader reader, Utf8JsonWriter writer, bool sorted)
    {
        if (!field.IsPackable || tag != field.Tag)
        {
            WriteValue(field, ref reader, writer, sorted);
            return;
        }

        var packed = new WireReader(reader.Bytes());
        while (!packed.AtEnd)
        {
            WriteValue(field, ref packed, writer, sorted);
        }
    }

    private static void WriteMapKey(FieldShape key, ref WireReader reader, Utf8JsonWriter writer)
    {
        if (key.Type == FieldType.String)
        {
            writer.WritePropertyName(reader.AtEnd ? ""u8 : reader.Bytes());
            return;
        }

        if (key.Type == FieldType.Bool)
        {
            writer.WritePropertyName(!reader.AtEnd && reader.Varint() != 0 ? "true"u8 : "false"u8);
            return;
        }

        Span<byte> digits = stackalloc byte[24];
        int length;
        if (reader.AtEnd)
        {
            digits[0] = (byte)'0';
            length = 1;
        }
        else if (key.Type is FieldType.UInt64 or FieldType.Fixed64 or FieldType.UInt32 or FieldType.Fixed32)
        {
            Unsigned(key.Type, ref reader).TryFormat(digits, out length, default, CultureInfo.InvariantCulture);
        }
        else
        {
            Signed(key.Type, ref reader).TryFormat(digits, out length, default, CultureInfo.InvariantCulture);
        }

        writer.WritePropertyName(digits[..length]);
    }

    private static ulong Unsigned(FieldType type, ref WireReader reader) => type switch
    {
        FieldType.Fixed64 => reader.Fixed64(),
        FieldType.Fixed32 => reader.Fixed32(),
        FieldType.UInt32 => (uint)reader.Varint(),
        _ => reader.Varint(),
    };

    private static long Signed(FieldType type, ref WireReader reader) => type switch
    {
        FieldType.SFixed64 => (long)reader.Fixed64(),
        FieldType.SFixed32 => (int)reader.Fixed32(),
        FieldType.SInt64 => ZigZag(reader.Varint()),
        FieldType.SInt32 => ZigZag((uint)reader.Varint()),
        FieldType.Int32 => (int)reader.Varint(),
        _ => (long)reader.Varint(),
    };

    private static void WriteEnum(EnumShape shape, int number, Utf8JsonWriter writer)
    {
        if (shape.IsNull)
        {
            writer.WriteNullValue();
        }
        else if (shape.NameOf(number) is { } name)
        {
            writer.WriteStringValue(name);
        }
        else
        {
            // A service newer than this descriptor set: the number is all there is.
            writer.WriteNumberValue(number);
        }
    }

    private static long ZigZag(ulong value) => (long)(value >> 1) ^ -(long)(value & 1);

    private static void WriteQuoted(long value, Utf8JsonWriter writer)
    {
        Span<byte> digits = stackalloc byte[24];
        value.TryFormat(digits, out var length, default, CultureInfo.InvariantCulture);
        writer.WriteStringValue(digits[..length]);
    }

    private static void WriteQuoted(ulong value, Utf8JsonWriter writer)
    {
        Span<byte> digits = stackalloc byte[24];
        value.TryFormat(digits, out var length, default, CultureInfo.InvariantCulture);
        writer.WriteStringValue(digits[..length]);
    }

    private static void WriteDouble(double value, Utf8JsonWriter writer)
    {
        if (double.IsFinite(value))
        {
            writer.WriteNumberValue(value);
        }
        else
        {
            writer.WriteStringValue(double.IsNaN(value) ? "NaN"u8 : value > 0 ? "Infinity"u8 : "-Infinity"u8);
        }
    }

    private static void WriteFloat(float value, Utf8JsonWriter writer)
    {
        if (float.IsFinite(value))
        {
            writer.WriteNumberValue(value);
        }
        else
        {
            WriteDouble(value, writer);
        }
    }
}

/// <summary>Fields stand out of order or twice; <see cref="WireSorter"/> puts them right. A signal, not an error: it carries nothing.</summary>
internal sealed class UnsortedWireException : Exception
{
    public static readonly UnsortedWireException Instance = new();
}
