using System.Buffers;
using System.Buffers.Text;
using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Unicode;
using Google.Protobuf.Reflection;

namespace GoldenThread.Gateway.Transcoding.Json;

/// <summary>
/// Reads JSON into protobuf's wire format, driven by descriptors alone. Stricter than proto3 JSON where leniency would hide a mistake: an unknown
/// field, an unknown enum value, a field given twice, the NUL character and text that is not Unicode are refused.
/// </summary>
internal static class JsonToWire
{
    /// <summary>Deepest nesting of objects and arrays that is read.</summary>
    public const int DeepestNesting = 64;

    internal static readonly JsonReaderOptions ReaderOptions = new() { MaxDepth = DeepestNesting };

    /// <summary>Appends a message given as a JSON document.</summary>
    /// <exception cref="BadInputException">The document does not fit; its pointer says where.</exception>
    public static void Message(MessageShape shape, ReadOnlySpan<byte> json, WireBuffer output) => Document(shape, null, json, output);

    /// <summary>Appends one field, tag included, whose value is a JSON document.</summary>
    /// <exception cref="BadInputException">The document does not fit; its pointer says where.</exception>
    public static void Field(FieldShape field, ReadOnlySpan<byte> json, WireBuffer output) => Document(null, field, json, output);

    /// <summary>Reads one value that is not a list or map.</summary>
    internal static void ReadValue(FieldShape field, ref Utf8JsonReader reader, WireBuffer output)
    {
        switch (field.Type)
        {
            case FieldType.Message:
                var opened = output.Open();
                ReadMessage(field.Message!, ref reader, output);
                output.Close(opened);
                break;
            case FieldType.String:
                ReadText(ref reader, output);
                break;
            case FieldType.Enum:
                output.Varint((ulong)(long)ReadEnum(field.Enum!, ref reader));
                break;
            case FieldType.Bytes:
                ReadBytes(ref reader, output);
                break;
            case FieldType.Bool when reader.TokenType is JsonTokenType.True or JsonTokenType.False:
                output.Varint(reader.TokenType == JsonTokenType.True ? 1u : 0u);
                break;
            case FieldType.Bool:
                throw Expected("true or false");
            default:
                ReadNumber(field, ref reader, output);
                break;
        }
    }

    /// <summary>Reads a list, a map, or a single value, tag included.</summary>
    internal static void ReadField(FieldShape field, ref Utf8JsonReader reader, WireBuffer output)
    {
        if (field.IsMap)
        {
            ReadMap(field, ref reader, output);
        }
        else if (field.IsRepeated)
        {
            ReadList(field, ref reader, output);
        }
        else
        {
            output.Varint(field.Tag);
            ReadValue(field, ref reader, output);
        }
    }

    internal static void ReadText(ref Utf8JsonReader reader, WireBuffer output)
    {
        if (reader.TokenType is not (JsonTokenType.String or JsonTokenType.PropertyName))
        {
            throw Expected("text");
        }

        if (!reader.ValueIsEscaped)
        {
            output.Bytes(reader.ValueSpan);
            return;
        }

        var opened = output.Open();
        var room = output.Room(reader.ValueSpan.Length);
        int length;
        try
        {
            length = reader.CopyString(room);
        }
        catch (InvalidOperationException)
        {
            throw BadInputException.Invalid("The text is not valid Unicode.");
        }

        if (room[..length].Contains((byte)0))
        {
            throw BadInputException.Invalid(ScalarText.NulRefused);
        }

        output.Advance(length);
        output.Close(opened);
    }

    /// <summary>The value of a string token.</summary>
    internal static string TextOf(ref Utf8JsonReader reader)
    {
        try
        {
            return reader.GetString() ?? "";
        }
        catch (InvalidOperationException)
        {
            throw BadInputException.Invalid("The text is not valid Unicode.");
        }
    }

    internal static BadInputException Expected(string what) => BadInputException.Invalid($"Expected {what}.");

    private static void Document(MessageShape? shape, FieldShape? field, ReadOnlySpan<byte> json, WireBuffer output)
    {
        json = json.StartsWith(Encoding.UTF8.Preamble) ? json[Encoding.UTF8.Preamble.Length..] : json;
        if (!Utf8.IsValid(json))
        {
            throw new BadInputException(BadInputException.MalformedJson, "The body is not valid UTF-8.");
        }

        var reader = new Utf8JsonReader(json, ReaderOptions);
        try
        {
            reader.Read();
            if (shape is not null)
            {
                ReadMessage(shape, ref reader, output);
            }
            else
            {
                ReadField(field!, ref reader, output);
            }

            reader.Read();
        }
        catch (JsonException e)
        {
            var where = $"line {(e.LineNumber ?? 0) + 1}, byte {(e.BytePositionInLine ?? 0) + 1}";
            var what = reader.CurrentDepth >= DeepestNesting ? $"The JSON is nested more than {DeepestNesting} deep" : "The JSON is not well formed";
            throw new BadInputException(BadInputException.MalformedJson, $"{what} at {where}.")
            {
                Pointer = JsonPointer.At(json, reader.TokenStartIndex),
            };
        }
        catch (BadInputException e)
        {
            e.Pointer = JsonPointer.At(json, reader.TokenStartIndex);
            throw;
        }
    }

    private static void ReadMessage(MessageShape shape, ref Utf8JsonReader reader, WireBuffer output)
    {
        if (shape.Kind != WellKnown.None)
        {
            WellKnownFromJson.Read(shape, ref reader, output);
            return;
        }

        if (reader.TokenType != JsonTokenType.StartObject)
        {
            throw Expected("an object");
        }

        Span<ulong> given = stackalloc ulong[(shape.Fields.Length + 63) / 64];
        given.Clear();
        ulong oneofs = 0;
        var hint = 0;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var field = shape.ByPropertyName(ref reader, ref hint) ?? throw UnknownField(ref reader);
            ref var word = ref given[field.Ordinal >> 6];
            if ((word & 1ul << (field.Ordinal & 63)) != 0)
            {
                throw BadInputException.Invalid("The field is given twice.");
            }

            word |= 1ul << (field.Ordinal & 63);
            reader.Read();
            if (reader.TokenType == JsonTokenType.Null && !MeansNull(field))
            {
                continue;
            }

            if (field.Oneof >= 0)
            {
                RefuseSecondOfOneof(field, ref oneofs);
            }

            ReadField(field, ref reader, output);
        }
    }

    // null is absence, save where null is a value of its own.
    private static bool MeansNull(FieldShape field) =>
        !field.IsRepeated && (field.Message?.Kind == WellKnown.Value || field.Enum is { IsNull: true });

    private static void RefuseSecondOfOneof(FieldShape field, ref ulong oneofs)
    {
        var bit = 1ul << field.Oneof;
        if ((oneofs & bit) != 0)
        {
            var names = field.Descriptor.RealContainingOneof.Fields.Select(member => member.JsonName);
            throw BadInputException.Invalid($"Give only one of {string.Join(", ", names)}.");
        }

        oneofs |= bit;
    }

    private static BadInputException UnknownField(ref Utf8JsonReader reader) =>
        new(BadInputException.UnknownField, $"There is no field '{TextOf(ref reader)}' here.");

    private static void ReadMap(FieldShape field, ref Utf8JsonReader reader, WireBuffer output)
    {
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            throw Expected("an object");
        }

        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            output.Varint(field.Tag);
            var opened = output.Open();
            output.Varint(field.MapKey!.Tag);
            if (field.MapKey.Type == FieldType.String)
            {
                ReadText(ref reader, output);
            }
            else
            {
                ScalarText.Write(field.MapKey, TextOf(ref reader), output);
            }

            reader.Read();
            output.Varint(field.MapValue!.Tag);
            ReadValue(field.MapValue, ref reader, output);
            output.Close(opened);
        }
    }

    private static void ReadList(FieldShape field, ref Utf8JsonReader reader, WireBuffer output)
    {
        if (reader.TokenType != JsonTokenType.StartArray)
        {
            throw Expected("a list");
        }

        if (!field.IsPackable)
        {
            while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
            {
                output.Varint(field.Tag);
                ReadValue(field, ref reader, output);
            }

            return;
        }

        output.Varint(field.Tag);
        var opened = output.Open();
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            ReadValue(field, ref reader, output);
        }

        output.Close(opened);
    }

    private static int ReadEnum(EnumShape shape, ref Utf8JsonReader reader)
    {
        if (shape.IsNull && reader.TokenType == JsonTokenType.Null)
        {
            return 0;
        }

        if (reader.TokenType == JsonTokenType.String && shape.NumberOf(ref reader) is { } named)
        {
            return named;
        }

        if (reader.TokenType == JsonTokenType.Number && reader.TryGetInt32(out var number) && shape.NameOf(number) is not null)
        {
            return number;
        }

        throw Expected($"one of {shape.Allowed}");
    }

    private static void ReadBytes(ref Utf8JsonReader reader, WireBuffer output)
    {
        if (reader.TokenType != JsonTokenType.String)
        {
            throw Expected("bytes in base64");
        }

        if (!reader.ValueIsEscaped)
        {
            var text = reader.ValueSpan;
            var room = ArrayPool<byte>.Shared.Rent(Base64.GetMaxDecodedFromUtf8Length(text.Length));
            var status = Base64.DecodeFromUtf8(text, room, out var consumed, out var length);
            if (status == OperationStatus.Done && consumed == text.Length)
            {
                output.Bytes(room.AsSpan(0, length));
                ArrayPool<byte>.Shared.Return(room);
                return;
            }

            ArrayPool<byte>.Shared.Return(room);
        }

        output.Bytes(ScalarText.FromBase64(TextOf(ref reader)));
    }

    private static void ReadNumber(FieldShape field, ref Utf8JsonReader reader, WireBuffer output)
    {
        if (reader.TokenType == JsonTokenType.String)
        {
            var quoted = TextOf(ref reader);
            if (field.Type is not (FieldType.Double or FieldType.Float) && quoted.AsSpan().ContainsAny(".eE"))
            {
                throw Expected("a whole number");
            }

            ScalarText.Write(field, quoted, output);
            return;
        }

        if (reader.TokenType != JsonTokenType.Number)
        {
            throw Expected("a number");
        }

        if (field.Type == FieldType.Int32 && reader.TryGetInt32(out var small))
        {
            output.Varint((ulong)(long)small);
            return;
        }

        Span<char> digits = stackalloc char[64];
        if (reader.ValueSpan.Length > digits.Length)
        {
            ScalarText.Write(field, Encoding.UTF8.GetString(reader.ValueSpan), output);
            return;
        }

        var length = Encoding.UTF8.GetChars(reader.ValueSpan, digits);
        ScalarText.Write(field, digits[..length], output);
    }
}
