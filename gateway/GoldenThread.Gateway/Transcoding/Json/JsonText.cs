using System.Globalization;
using System.Text;

namespace GoldenThread.Gateway.Transcoding.Json;

/// <summary>Values that JSON gives as text: instants, durations, field paths.</summary>
internal static class JsonText
{
    /// <summary>Some 10,000 years, in seconds: google.protobuf.Duration's range.</summary>
    public const long LongestDuration = 315_576_000_000;

    /// <summary>Reads an RFC 3339 instant, whose offset must be given.</summary>
    public static bool TryTimestamp(ReadOnlySpan<char> text, out long seconds, out int nanos)
    {
        seconds = 0;
        nanos = 0;
        const int dateAndTime = 19;
        if (text.Length <= dateAndTime
            || !DateTime.TryParseExact(text[..dateAndTime], "yyyy-MM-ddTHH:mm:ss", CultureInfo.InvariantCulture, DateTimeStyles.None, out var instant))
        {
            return false;
        }

        var rest = text[dateAndTime..];
        if (!TryFraction(ref rest, out nanos) || !TryOffset(rest, out var offset))
        {
            return false;
        }

        var ticks = instant.Ticks - offset.Ticks;
        if (ticks < DateTime.MinValue.Ticks || ticks > DateTime.MaxValue.Ticks)
        {
            return false;
        }

        seconds = (ticks - DateTime.UnixEpoch.Ticks) / TimeSpan.TicksPerSecond;
        return true;
    }

    /// <summary>Reads seconds with up to nine decimals and an s, as in `1.5s`.</summary>
    public static bool TryDuration(ReadOnlySpan<char> text, out long seconds, out int nanos)
    {
        seconds = 0;
        nanos = 0;
        if (text.Length < 2 || text[^1] != 's')
        {
            return false;
        }

        var negative = text[0] == '-';
        var rest = negative ? text[1..^1] : text[..^1];
        var point = rest.IndexOf('.');
        var whole = point < 0 ? rest : rest[..point];
        if (whole.Length > 12 || !long.TryParse(whole, NumberStyles.None, CultureInfo.InvariantCulture, out seconds) || seconds > LongestDuration)
        {
            return false;
        }

        var fraction = point < 0 ? default : rest[point..];
        if (!TryFraction(ref fraction, out nanos) || fraction.Length > 0)
        {
            return false;
        }

        (seconds, nanos) = negative ? (-seconds, -nanos) : (seconds, nanos);
        return true;
    }

    /// <summary>snake_case to lowerCamelCase; points and all else stay.</summary>
    public static string ToLowerCamelCase(string snake)
    {
        var camel = new StringBuilder(snake.Length);
        var raise = false;
        foreach (var letter in snake)
        {
            if (letter == '_')
            {
                raise = true;
                continue;
            }

            camel.Append(raise ? char.ToUpperInvariant(letter) : letter);
            raise = false;
        }

        return camel.ToString();
    }

    /// <summary>lowerCamelCase to snake_case, as Google does it: an abbreviation in capitals stays one word; points and all else stay.</summary>
    public static string ToSnakeCase(ReadOnlySpan<char> camel)
    {
        var snake = new StringBuilder(camel.Length + 8);
        for (var at = 0; at < camel.Length; at++)
        {
            if (!char.IsAsciiLetterUpper(camel[at]))
            {
                snake.Append(camel[at]);
                continue;
            }

            var beginsWord = at > 0 && (!char.IsAsciiLetterUpper(camel[at - 1]) || at + 1 < camel.Length && char.IsAsciiLetterLower(camel[at + 1]));
            snake.Append(beginsWord ? "_" : "").Append(char.ToLowerInvariant(camel[at]));
        }

        return snake.ToString();
    }

    // Takes `.123` (1 to 9 digits) off the front, if it stands there.
    private static bool TryFraction(ref ReadOnlySpan<char> text, out int nanos)
    {
        nanos = 0;
        if (text.IsEmpty || text[0] != '.')
        {
            return true;
        }

        var digits = 0;
        while (digits + 1 < text.Length && char.IsAsciiDigit(text[digits + 1]))
        {
            nanos = digits < 9 ? nanos * 10 + (text[digits + 1] - '0') : nanos;
            digits++;
        }

        for (var missing = digits; missing < 9; missing++)
        {
            nanos *= 10;
        }

        text = text[(digits + 1)..];
        return digits is >= 1 and <= 9;
    }

    private static bool TryOffset(ReadOnlySpan<char> text, out TimeSpan offset)
    {
        offset = TimeSpan.Zero;
        if (text is "Z")
        {
            return true;
        }

        if (text.Length != 6 || text[0] is not ('+' or '-') || !TimeSpan.TryParseExact(text[1..], @"hh\:mm", CultureInfo.InvariantCulture, out offset))
        {
            return false;
        }

        offset = text[0] == '-' ? -offset : offset;
        return offset.Duration() <= TimeSpan.FromHours(18);
    }
}
