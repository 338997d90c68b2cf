using System.Buffers.Text;
using System.Globalization;
using System.Text;
using Google.Protobuf.Reflection;

namespace GoldenThread.Gateway.Transcoding.Json;

/// <summary>Writes one value given as text (a path variable, a query parameter, a map's key, a number in quotes) to the wire, without its tag.</summary>
internal static class ScalarText
{
    public const string NulRefused = "The text contains the NUL character.";
    private const NumberStyles RealNumber = NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent;

    /// <exception cref="BadInputException">The text is not such a value.</exception>
    public static void Write(FieldShape field, ReadOnlySpan<char> text, WireBuffer output)
    {
        switch (field.Type)
        {
            case FieldType.String:
                RefuseNul(text);
                output.Text(text);
                break;
            case FieldType.Bytes:
                output.Bytes(FromBase64(text));
                break;
            case FieldType.Bool:
                output.Varint(text is "true" ? 1u : text is "false" ? 0u : throw JsonToWire.Expected("true or false"));
                break;
            case FieldType.Enum:
                output.Varint((ulong)(long)EnumNumber(field.Enum!, text));
                break;
            case FieldType.Int32:
                output.Varint((ulong)Whole(text, int.MinValue, int.MaxValue));
                break;
            case FieldType.Int64:
                output.Varint((ulong)Whole(text, long.MinValue, long.MaxValue));
                break;
            case FieldType.UInt32:
                output.Varint((ulong)Whole(text, uint.MinValue, uint.MaxValue));
                break;
            case FieldType.UInt64:
                output.Varint((ulong)Whole(text, ulong.MinValue, ulong.MaxValue));
                break;
            case FieldType.SInt32:
                output.Varint(ZigZag((long)Whole(text, int.MinValue, int.MaxValue)));
                break;
            case FieldType.SInt64:
                output.Varint(ZigZag((long)Whole(text, long.MinValue, long.MaxValue)));
                break;
            case FieldType.Fixed32:
                output.Fixed32((uint)Whole(text, uint.MinValue, uint.MaxValue));
                break;
            case FieldType.SFixed32:
                output.Fixed32((uint)(int)Whole(text, int.MinValue, int.MaxValue));
                break;
            case FieldType.Fixed64:
                output.Fixed64((ulong)Whole(text, ulong.MinValue, ulong.MaxValue));
                break;
            case FieldType.SFixed64:
                output.Fixed64((ulong)(long)Whole(text, long.MinValue, long.MaxValue));
                break;
            case FieldType.Double:
                output.Fixed64(BitConverter.DoubleToUInt64Bits(Real(text)));
                break;
            case FieldType.Float:
                output.Fixed32(BitConverter.SingleToUInt32Bits(Narrow(Real(text))));
                break;
            case FieldType.Message:
                WriteMessage(field.Message!, text, output);
                break;
        }
    }

    /// <summary>Whether a field's value can be given as text.</summary>
    public static bool CanBeText(FieldShape field) =>
        !field.IsMap && (field.Message is null || field.Message.Kind is WellKnown.Timestamp or WellKnown.Duration or WellKnown.FieldMask or WellKnown.Wrapper);

    /// <summary>Decodes base64, in the alphabet of URLs too, padded or not.</summary>
    public static byte[] FromBase64(ReadOnlySpan<char> text)
    {
        var trimmed = text.TrimEnd('=').ToString().Replace('+', '-').Replace('/', '_');
        var padding = text.Length - trimmed.Length;
        if (padding > 2 || padding > 0 && text.Length % 4 != 0)
        {
            throw JsonToWire.Expected("bytes in base64");
        }

        try
        {
            return Base64Url.DecodeFromChars(trimmed);
        }
        catch (FormatException)
        {
            throw JsonToWire.Expected("bytes in base64");
        }
    }

    private static void WriteMessage(MessageShape message, ReadOnlySpan<char> text, WireBuffer output)
    {
        var opened = output.Open();
        if (message.Kind == WellKnown.Wrapper)
        {
            output.Varint(message.Fields[0].Tag);
            Write(message.Fields[0], text, output);
        }
        else
        {
            WellKnownFromJson.WriteText(message, text, output);
        }

        output.Close(opened);
    }

    private static void RefuseNul(ReadOnlySpan<char> text)
    {
        if (text.Contains('\0'))
        {
            throw BadInputException.Invalid(NulRefused);
        }
    }

    private static int EnumNumber(EnumShape shape, ReadOnlySpan<char> text)
    {
        var name = text.ToString();
        if (shape.Descriptor.FindValueByName(name) is { } value)
        {
            return value.Number;
        }

        if (int.TryParse(name, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) && shape.NameOf(number) is not null)
        {
            return number;
        }

        throw JsonToWire.Expected($"one of {shape.Allowed}");
    }

    // 1.0 and 1e3 are whole numbers too. Int128 holds every 64-bit number, signed or not.
    private static Int128 Whole(ReadOnlySpan<char> text, Int128 least, Int128 most)
    {
        RefuseOddSpelling(text);
        if (!Int128.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var value))
        {
            // A decimal takes 1e-30 for 0; a double does not.
            if (!decimal.TryParse(text, RealNumber, CultureInfo.InvariantCulture, out var real)
                || real != decimal.Truncate(real)
                || !double.IsInteger(double.Parse(text, RealNumber, CultureInfo.InvariantCulture)))
            {
                throw JsonToWire.Expected("a whole number");
            }

            value = (Int128)real;
        }

        return value >= least && value <= most ? value : throw JsonToWire.Expected($"a whole number from {least} to {most}");
    }

    private static double Real(ReadOnlySpan<char> text)
    {
        switch (text)
        {
            case "NaN":
                return double.NaN;
            case "Infinity":
                return double.PositiveInfinity;
            case "-Infinity":
                return double.NegativeInfinity;
        }

        RefuseOddSpelling(text);
        return double.TryParse(text, RealNumber, CultureInfo.InvariantCulture, out var value) && double.IsFinite(value)
            ? value
            : throw JsonToWire.Expected("a number");
    }

    // +5 and 007 are no numbers in JSON, and so in none of its text.
    private static void RefuseOddSpelling(ReadOnlySpan<char> text)
    {
        var digits = text.StartsWith('-') ? text[1..] : text;
        if (digits.StartsWith('+') || digits.Length > 1 && digits[0] == '0' && char.IsAsciiDigit(digits[1]))
        {
            throw JsonToWire.Expected("a number without plus sign or leading zeros");
        }
    }

    private static float Narrow(double value)
    {
        var narrow = (float)value;
        return float.IsInfinity(narrow) && double.IsFinite(value) ? throw JsonToWire.Expected("a number in the range of a float") : narrow;
    }

    private static ulong ZigZag(long value) => (ulong)(value << 1 ^ value >> 63);
}
