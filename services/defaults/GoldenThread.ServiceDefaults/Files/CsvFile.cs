using System.Text.Unicode;
using CsvHelper;

namespace GoldenThread.ServiceDefaults;

/// <summary>Thrown where a file is not what it should be as a whole; the message is for its sender.</summary>
/// <param name="message">What is wrong, where, and what to do.</param>
public sealed class UnreadableFileException(string message) : Exception(message);

/// <summary>
/// A CSV file (RFC 4180) read record by record in constant memory: UTF-8, or what its byte order mark says; LF or CRLF; comma, semicolon or tab, whichever
/// the header has. Blank lines are passed over, cells trimmed. Every method throws <see cref="UnreadableFileException"/>.
/// </summary>
public sealed class CsvFile : IAsyncDisposable
{
    private const int LongestRecordBytes = 64 * 1024;
    private const string NotUtf8 = "is not UTF-8. In a spreadsheet, save the file as \"CSV UTF-8\" and send it again.";
    private bool broken;
    private long? unterminated;

    private CsvFile(Stream stream)
    {
        var options = new CsvReaderOptions
        {
            TrackLineNumbers = true,
            TrimWhitespace = true,
            MaxRecordSize = LongestRecordBytes,
            IncludeValuesInExceptions = false,
            MalformedData = CsvMalformedDataHandling.Recover,
            OnMalformedRecord = Note,
        };
        Record = CsvReader.Create(stream, options, leaveOpen: true);
    }

    /// <summary>The reader, standing on the current record.</summary>
    public CsvReader Record { get; }

    /// <summary>Whether the current record breaks the rules of CSV, such as by text after a closing quote.</summary>
    public bool IsMalformed { get; private set; }

    /// <summary>Line of the file on which the current record begins, from 1.</summary>
    public int Line => (int)Record.LineNumber;

    /// <summary>Opens a file and reads its header; the stream stays its owner's.</summary>
    public static async Task<CsvFile> OpenAsync(Stream stream, CancellationToken ct)
    {
        var file = new CsvFile(stream);
        try
        {
            await file.Record.ReadHeaderAsync(ct);
            return file.Record.Headers.Any(name => name.Contains('\uFFFD', StringComparison.Ordinal))
                ? throw new UnreadableFileException($"The header {NotUtf8}")
                : file;
        }
        catch (CsvFormatException)
        {
            await file.DisposeAsync();
            throw Overlong(1);
        }
        catch (UnreadableFileException)
        {
            await file.DisposeAsync();
            throw;
        }
    }

    /// <summary>Goes to the next record; false after the last.</summary>
    public async ValueTask<bool> ReadAsync(CancellationToken ct)
    {
        broken = false;
        try
        {
            if (!await Record.ReadAsync(ct))
            {
                return unterminated is { } line
                    ? throw new UnreadableFileException($"The quote that opens on line {line} is never closed. The file may have been cut off.")
                    : false;
            }
        }
        catch (CsvFormatException e)
        {
            throw Overlong(e.LineNumber);
        }

        IsMalformed = broken;
        return Utf8.IsValid(Record.RawRecord) ? true : throw new UnreadableFileException($"Line {Line} {NotUtf8}");
    }

    /// <summary>The cells of the current record.</summary>
    public string[] Cells()
    {
        var cells = new string[Record.FieldCount];
        for (var at = 0; at < cells.Length; at++)
        {
            cells[at] = Record.GetString(at);
        }

        return cells;
    }

    /// <inheritdoc />
    public ValueTask DisposeAsync() => Record.DisposeAsync();

    private static UnreadableFileException Overlong(long line) => new(
        $"The row that begins on line {line} is longer than {LongestRecordBytes / 1024} kB: a quote that opens there may never be closed. Is this a CSV file?");

    private void Note(CsvMalformedRecord record)
    {
        broken = true;
        if (record.Reason == CsvMalformedReason.UnterminatedQuote)
        {
            unterminated = record.LineNumber;
        }
    }
}
