using System.Runtime.CompilerServices;
using System.Text;

namespace GoldenThread.Tracking.Rosters;

/// <summary>A record of a CSV file.</summary>
/// <param name="Line">Line of the file on which it begins, from 1.</param>
/// <param name="Cells">Its cells.</param>
/// <param name="IsTooLong">Whether it was longer than a record may be; what is beyond was not kept.</param>
internal readonly record struct CsvRecord(int Line, string[] Cells, bool IsTooLong);

/// <summary>
/// Reads CSV (RFC 4180) from bytes as they arrive, in constant memory: UTF-8 with or without BOM, LF or CRLF, quotes, and whichever of comma,
/// semicolon and tab stands most often in the header.
/// </summary>
internal static class CsvRecords
{
    private const int LongestRecord = 64 * 1024;
    private const char ByteOrderMark = '\uFEFF';

    /// <summary>The records, without empty lines. Bytes that are not UTF-8, and a quote that is never closed, refuse the file.</summary>
    public static async IAsyncEnumerable<CsvRecord> ReadAsync(
        IAsyncEnumerable<ReadOnlyMemory<byte>> pieces, [EnumeratorCancellation] CancellationToken ct)
    {
        var decoder = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true).GetDecoder();
        var reader = new RecordReader();
        await foreach (var piece in pieces.WithCancellation(ct))
        {
            foreach (var record in reader.Take(Decode(decoder, piece.Span, flush: false)))
            {
                yield return record;
            }
        }

        foreach (var record in reader.Take(Decode(decoder, [], flush: true)))
        {
            yield return record;
        }

        if (reader.End() is { } last)
        {
            yield return last;
        }
    }

    private static char[] Decode(Decoder decoder, ReadOnlySpan<byte> bytes, bool flush)
    {
        try
        {
            var characters = new char[decoder.GetCharCount(bytes, flush)];
            decoder.GetChars(bytes, characters, flush);
            return characters;
        }
        catch (DecoderFallbackException)
        {
            throw Errors.RosterUnreadable("The file is not UTF-8. In a spreadsheet, save it as \"CSV UTF-8\".");
        }
    }

    private sealed class RecordReader
    {
        private readonly StringBuilder cell = new();
        private readonly StringBuilder header = new();
        private readonly List<string> cells = [];
        private char separator;
        private int line = 1;
        private int recordLine = 1;
        private int recordLength;
        private bool inQuotes;
        private bool quoteSeen;
        private bool wasQuoted;
        private bool afterReturn;
        private bool begun;

        /// <summary>The records that are complete with these characters.</summary>
        public IEnumerable<CsvRecord> Take(char[] characters)
        {
            var start = 0;
            if (separator == '\0')
            {
                start = TakeHeader(characters);
                if (separator == '\0')
                {
                    yield break;
                }

                var text = header.ToString();
                foreach (var record in Read(text))
                {
                    yield return record;
                }
            }

            foreach (var record in Read(characters.AsMemory(start).ToString()))
            {
                yield return record;
            }
        }

        /// <summary>The record that the end of the file completes.</summary>
        public CsvRecord? End()
        {
            if (separator == '\0')
            {
                separator = Detect(header);
                var records = Read(header.ToString()).ToList();
                if (records.Count > 0)
                {
                    return records[0];
                }
            }

            if (inQuotes && !quoteSeen)
            {
                throw Errors.RosterUnreadable($"The quote that opens on line {recordLine} is never closed. The file may have been cut off.");
            }

            return Finish();
        }

        // The header is kept until its line ends: only then is the separator known.
        private int TakeHeader(char[] characters)
        {
            var end = Array.IndexOf(characters, '\n');
            var taken = end < 0 ? characters.Length : end + 1;
            var isFirst = header.Length == 0 && characters.Length > 0 && characters[0] == ByteOrderMark;
            header.Append(characters, isFirst ? 1 : 0, isFirst ? taken - 1 : taken);
            if (end >= 0)
            {
                separator = Detect(header);
            }
            else if (header.Length > LongestRecord)
            {
                throw Errors.RosterUnreadable("The first line is too long for a header. Is this a CSV file?");
            }

            return taken;
        }

        private static char Detect(StringBuilder header)
        {
            var text = header.ToString();
            return new[] { ',', ';', '\t' }.MaxBy(c => text.Count(t => t == c));
        }

        private IEnumerable<CsvRecord> Read(string characters)
        {
            foreach (var character in characters)
            {
                if (Accept(character) && Finish() is { } record)
                {
                    yield return record;
                }
            }
        }

        // True where the character ends a record.
        private bool Accept(char character)
        {
            if (character == '\n')
            {
                line++;
            }

            if (inQuotes && !quoteSeen)
            {
                quoteSeen = character == '"';
                if (!quoteSeen)
                {
                    Append(character);
                }

                return false;
            }

            if (quoteSeen && character == '"')
            {
                quoteSeen = false;
                Append('"');
                return false;
            }

            inQuotes = quoteSeen = false;
            return AcceptPlain(character);
        }

        private bool AcceptPlain(char character)
        {
            var endsLine = character == '\n' || (afterReturn && character != '\r');
            if (character == '\n')
            {
                afterReturn = false;
                return true;
            }

            if (endsLine)
            {
                // A lone CR within a line is text.
                afterReturn = false;
                Append('\r');
            }

            if (character == '\r')
            {
                afterReturn = true;
            }
            else if (character == separator)
            {
                EndCell();
            }
            else if (character == '"' && cell.Length == 0 && !wasQuoted)
            {
                begun = inQuotes = wasQuoted = true;
            }
            else
            {
                Append(character);
            }

            return false;
        }

        private void Append(char character)
        {
            begun = true;
            if (++recordLength <= LongestRecord)
            {
                cell.Append(character);
            }
        }

        private void EndCell()
        {
            begun = true;
            cells.Add(cell.ToString());
            cell.Clear();
            wasQuoted = false;
        }

        private CsvRecord? Finish()
        {
            CsvRecord? record = null;
            if (begun)
            {
                if (cell.Length > 0 && char.IsHighSurrogate(cell[^1]))
                {
                    // The limit fell within a pair.
                    cell.Length--;
                }

                EndCell();
                record = new CsvRecord(recordLine, [.. cells], recordLength > LongestRecord);
            }

            cells.Clear();
            cell.Clear();
            recordLength = 0;
            begun = inQuotes = quoteSeen = wasQuoted = afterReturn = false;
            recordLine = line;
            return record;
        }
    }
}
