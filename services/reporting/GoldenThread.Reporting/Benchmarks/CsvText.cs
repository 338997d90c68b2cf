using System.Text;

namespace GoldenThread.Reporting.Benchmarks;

/// <summary>A record of a CSV file.</summary>
/// <param name="Line">The line it starts on, from 1.</param>
/// <param name="Fields">Its fields, trimmed and unquoted.</param>
internal sealed record CsvRecord(int Line, IReadOnlyList<string> Fields);

/// <summary>
/// Reads CSV (RFC 4180) with commas or semicolons, whichever the first line has more of; LF or CRLF; blank lines are passed over. Strict about
/// quotes, because a quote that is never closed is how a truncated file looks.
/// </summary>
internal static class CsvText
{
    /// <summary>The records, the header first.</summary>
    /// <exception cref="UnreadableFileException">A quote is opened and not closed, or stands within an unquoted field.</exception>
    public static IEnumerable<CsvRecord> Records(string text)
    {
        var separator = Separator(text);
        var position = 0;
        var line = 1;
        while (position < text.Length)
        {
            var start = line;
            var fields = new List<string>();
            bool more;
            do
            {
                (var field, more) = Field(text, separator, ref position, ref line);
                fields.Add(field);
            }
            while (more);

            if (fields.Count > 1 || fields[0].Length > 0)
            {
                yield return new CsvRecord(start, fields);
            }
        }
    }

    private static char Separator(string text)
    {
        var end = text.IndexOf('\n', StringComparison.Ordinal);
        var firstLine = end < 0 ? text.AsSpan() : text.AsSpan(0, end);
        return firstLine.Count(';') > firstLine.Count(',') ? ';' : ',';
    }

    /// <summary>Reads one field and what ends it; true where another field follows on the same record.</summary>
    private static (string Field, bool More) Field(string text, char separator, ref int position, ref int line)
    {
        var field = new StringBuilder();
        if (position < text.Length && text[position] == '"')
        {
            Quoted(text, field, ref position, ref line);
        }

        while (position < text.Length)
        {
            var next = text[position++];
            if (next == separator)
            {
                return (field.ToString().Trim(), true);
            }

            if (next == '\n')
            {
                line++;
                break;
            }

            if (next == '"')
            {
                throw new UnreadableFileException($"Line {line} has a quote in the middle of a field. Put the whole field in quotes and double those within.");
            }

            field.Append(next);
        }

        return (field.ToString().Trim(), false);
    }

    private static void Quoted(string text, StringBuilder field, ref int position, ref int line)
    {
        var opened = line;
        for (position++; position < text.Length; position++)
        {
            if (text[position] != '"')
            {
                line += text[position] == '\n' ? 1 : 0;
                field.Append(text[position]);
                continue;
            }

            if (position + 1 < text.Length && text[position + 1] == '"')
            {
                field.Append('"');
                position++;
                continue;
            }

            position++;
            return;
        }

        throw new UnreadableFileException($"The quote opened on line {opened} is never closed: the file may have been cut off.");
    }
}
