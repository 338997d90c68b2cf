using System.Globalization;
using System.Text;
using System.Text.Json;

namespace GoldenThread.Gateway.Transcoding.Json;

/// <summary>Writes Google's well-known types in the JSON that proto3 gives them.</summary>
internal static class WellKnownToJson
{
    private const long FirstSecond = -62135596800;
    private const long LastSecond = 253402300799;

    public static void Write(MessageShape shape, ReadOnlySpan<byte> wire, Utf8JsonWriter writer, bool sorted)
    {
        switch (shape.Kind)
        {
            case WellKnown.Timestamp:
                WriteTimestamp(wire, writer);
                break;
            case WellKnown.Duration:
                WriteDuration(wire, writer);
                break;
            case WellKnown.FieldMask:
                WriteFieldMask(wire, writer);
                break;
            case WellKnown.Wrapper:
                WriteWrapper(shape.Fields[0], wire, writer, sorted);
                break;
            case WellKnown.Struct:
                WriteStruct(shape.Fields[0], wire, writer, sorted);
                break;
            case WellKnown.ListValue:
                WriteList(shape.Fields[0], wire, writer, sorted);
                break;
            case WellKnown.Value:
                WriteAnyValue(shape, wire, writer, sorted);
                break;
        }
    }

    private static (long Seconds, int Nanos) SecondsAndNanos(ReadOnlySpan<byte> wire)
    {
        long seconds = 0;
        var nanos = 0;
        var reader = new WireReader(wire);
        while (!reader.AtEnd)
        {
            var tag = reader.Tag();
            switch (tag)
            {
                case 1 << 3:
                    seconds = (long)reader.Varint();
                    break;
                case 2 << 3:
                    nanos = (int)reader.Varint();
                    break;
                default:
                    reader.Skip(tag);
                    break;
            }
        }

        return (seconds, nanos);
    }

    private static void WriteTimestamp(ReadOnlySpan<byte> wire, Utf8JsonWriter writer)
    {
        var (seconds, nanos) = SecondsAndNanos(wire);
        if (seconds is < FirstSecond or > LastSecond || nanos is < 0 or > 999_999_999)
        {
            throw new WireFormatException("a timestamp is out of range");
        }

        Span<byte> text = stackalloc byte[40];
        DateTime.UnixEpoch.AddSeconds(seconds).TryFormat(text, out var length, "yyyy-MM-ddTHH:mm:ss", CultureInfo.InvariantCulture);
        length += WriteFraction(nanos, text[length..]);
        text[length++] = (byte)'Z';
        writer.WriteStringValue(text[..length]);
    }

    private static void WriteDuration(ReadOnlySpan<byte> wire, Utf8JsonWriter writer)
    {
        var (seconds, nanos) = SecondsAndNanos(wire);
        if (Math.Abs((decimal)seconds) > JsonText.LongestDuration || nanos is < -999_999_999 or > 999_999_999
            || Math.Sign(seconds) * Math.Sign(nanos) < 0)
        {
            throw new WireFormatException("a duration is out of range");
        }

        Span<byte> text = stackalloc byte[40];
        var length = 0;
        if (seconds < 0 || nanos < 0)
        {
            text[length++] = (byte)'-';
        }

        Math.Abs(seconds).TryFormat(text[length..], out var digits, default, CultureInfo.InvariantCulture);
        length += digits;
        length += WriteFraction(Math.Abs(nanos), text[length..]);
        text[length++] = (byte)'s';
        writer.WriteStringValue(text[..length]);
    }

    // A point and 3, 6 or 9 digits, or nothing.
    private static int WriteFraction(int nanos, Span<byte> text)
    {
        if (nanos == 0)
        {
            return 0;
        }

        var (value, format) = nanos % 1_000_000 == 0 ? (nanos / 1_000_000, "D3") : nanos % 1_000 == 0 ? (nanos / 1_000, "D6") : (nanos, "D9");
        text[0] = (byte)'.';
        value.TryFormat(text[1..], out var digits, format, CultureInfo.InvariantCulture);
        return digits + 1;
    }

    private static void WriteFieldMask(ReadOnlySpan<byte> wire, Utf8JsonWriter writer)
    {
        var paths = new List<string>();
        var reader = new WireReader(wire);
        while (!reader.AtEnd)
        {
            var tag = reader.Tag();
            if (tag == (1 << 3 | 2))
            {
                paths.Add(JsonText.ToLowerCamelCase(Encoding.UTF8.GetString(reader.Bytes())));
            }
            else
            {
                reader.Skip(tag);
            }
        }

        writer.WriteStringValue(string.Join(',', paths));
    }

    private static void WriteWrapper(FieldShape value, ReadOnlySpan<byte> wire, Utf8JsonWriter writer, bool sorted)
    {
        var last = new WireReader(default);
        var reader = new WireReader(wire);
        while (!reader.AtEnd)
        {
            var tag = reader.Tag();
            var start = reader.Position;
            reader.Skip(tag);
            last = tag == value.Tag ? new WireReader(reader.Since(start)) : last;
        }

        if (last.AtEnd)
        {
            WireToJson.WriteDefault(value, writer);
        }
        else
        {
            WireToJson.WriteValue(value, ref last, writer, sorted);
        }
    }

    private static void WriteStruct(FieldShape fields, ReadOnlySpan<byte> wire, Utf8JsonWriter writer, bool sorted)
    {
        writer.WriteStartObject();
        var reader = new WireReader(wire);
        while (!reader.AtEnd)
        {
            var tag = reader.Tag();
            if (tag == fields.Tag)
            {
                WireToJson.WriteMapEntry(fields, reader.Bytes(), writer, sorted);
            }
            else
            {
                reader.Skip(tag);
            }
        }

        writer.WriteEndObject();
    }

    private static void WriteList(FieldShape values, ReadOnlySpan<byte> wire, Utf8JsonWriter writer, bool sorted)
    {
        writer.WriteStartArray();
        var reader = new WireReader(wire);
        while (!reader.AtEnd)
        {
            var tag = reader.Tag();
            if (tag == values.Tag)
            {
                WireToJson.WriteValue(values, ref reader, writer, sorted);
            }
            else
            {
                reader.Skip(tag);
            }
        }

        writer.WriteEndArray();
    }

    // The last of its kinds that is set; null where none is.
    private static void WriteAnyValue(MessageShape shape, ReadOnlySpan<byte> wire, Utf8JsonWriter writer, bool sorted)
    {
        FieldShape? kind = null;
        var value = new WireReader(default);
        var reader = new WireReader(wire);
        while (!reader.AtEnd)
        {
            var tag = reader.Tag();
            var start = reader.Position;
            reader.Skip(tag);
            if (shape.ByNumber(tag >> 3) is { } field && field.Accepts(tag))
            {
                kind = field;
                value = new WireReader(reader.Since(start));
            }
        }

        if (kind is null)
        {
            writer.WriteNullValue();
        }
        else
        {
            WireToJson.WriteValue(kind, ref value, writer, sorted);
        }
    }
}
