using System.Buffers;
using System.Buffers.Text;
using System.Globalization;
using System.Text;
using CsvHelper;
using GoldenThread.Education;
using GoldenThread.ServiceDefaults;

namespace GoldenThread.Assessment.Imports;

/// <summary>The tests that a file may name, by what it may call them.</summary>
internal sealed class NamedTests
{
    private readonly Dictionary<string, Guid> tests = new(StringComparer.OrdinalIgnoreCase);
    private readonly Dictionary<string, string> subjects = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>Adds a test of the collection with its subject.</summary>
    public void Add(Guid testId, string testName, string subjectCode, string subjectName)
    {
        tests[testId.ToString()] = testId;
        tests[testName] = testId;
        subjects[subjectName] = subjectCode;
        subjects[subjectCode] = subjectCode;
    }

    public bool TryTest(string name, out Guid testId) => tests.TryGetValue(name, out testId);

    public bool TrySubject(string name, out string? code) => subjects.TryGetValue(name, out code);
}

/// <summary>The values of a row as the file gave them, in the order of the quarantine's columns; each cut at 200 characters.</summary>
internal sealed record GivenFields(
    string Upn, string PupilId, string SchoolUrn, string Subject, string Test, string SatOn, string Score, string Code)
{
    private const int Longest = 200;

    /// <summary>The values in their order.</summary>
    public string[] ToArray() => [Upn, PupilId, SchoolUrn, Subject, Test, SatOn, Score, Code];

    public static GivenFields From(string[] values) =>
        new(values[0], values[1], values[2], values[3], values[4], values[5], values[6], values[7]);

    /// <summary>A text as it can be kept: without NUL, cut short, but never in the middle of a character.</summary>
    public static string Keep(string text)
    {
        var plain = text.Contains('\0', StringComparison.Ordinal) ? text.Replace('\0', '\uFFFD') : text;
        return plain.Length <= Longest ? plain : plain[..(char.IsHighSurrogate(plain[Longest - 1]) ? Longest - 1 : Longest)];
    }
}

/// <summary>One row of a file, read: either its typed values or what is wrong with it. The same object is filled again for each row.</summary>
internal sealed class FileRow
{
    public int Line { get; set; }

    public string? Upn { get; set; }

    public Guid? PupilId { get; set; }

    public int? SchoolUrn { get; set; }

    public string? Subject { get; set; }

    public Guid? TestId { get; set; }

    public DateOnly? SatOn { get; set; }

    public decimal? Score { get; set; }

    public string? Code { get; set; }

    /// <summary>What is wrong, or null.</summary>
    public string? Fault { get; set; }

    /// <summary>The values as given; kept only where something is wrong.</summary>
    public string[]? Given { get; set; }

    public void Clear(int line)
    {
        Line = line;
        Upn = null;
        PupilId = null;
        SchoolUrn = null;
        Subject = null;
        TestId = null;
        SatOn = null;
        Score = null;
        Code = null;
        Fault = null;
        Given = null;
    }
}

/// <summary>Reads the values of a row; the first thing wrong with it is its fault. Pure: it knows the header, the tests and nothing else.</summary>
internal sealed class RowReader(NamedTests tests, DateOnly? standardDay)
{
    private const int LongestCode = 10;
    private static readonly SearchValues<char> Blanks = SearchValues.Create(" \t");

    // Files repeat the same few tests and subjects; the last ones are remembered by their bytes.
    private readonly Dictionary<int, (byte[] Bytes, string Text)> remembered = [];

    /// <summary>Reads texts, as a person mends them.</summary>
    public FileRow Read(GivenFields given, int line)
    {
        var row = new FileRow { Line = line };
        row.Fault = ReadUpn(row, given.Upn)
            ?? ReadPupilId(row, given.PupilId)
            ?? ReadUrn(row, given.SchoolUrn)
            ?? ReadTest(row, given.Test, given.Subject)
            ?? ReadDay(row, given.SatOn)
            ?? ReadOutcome(row, given.Score, given.Code);
        return row;
    }

    /// <summary>Reads the current row of a file.</summary>
    public void Read(CsvFile file, ResultColumns columns, FileRow row)
    {
        var csv = file.Record;
        row.Fault = file.IsMalformed || csv.FieldCount > columns.Count
            ? "ROW_MALFORMED"
            : ReadUpnBytes(row, csv, columns[ResultColumn.Upn])
                ?? ReadPupilId(row, Text(csv, columns[ResultColumn.PupilId]))
                ?? ReadUrn(row, Text(csv, columns[ResultColumn.SchoolUrn]))
                ?? ReadTest(row, Text(csv, columns[ResultColumn.Test]), Text(csv, columns[ResultColumn.Subject]))
                ?? ReadDayBytes(row, csv, columns[ResultColumn.SatOn])
                ?? ReadOutcome(row, csv, columns);
        if (row.Fault is not null)
        {
            row.Given = Given(csv, columns);
        }
    }

    private string[] Given(CsvReader csv, ResultColumns columns)
    {
        string Value(ResultColumn column) =>
            columns[column] is >= 0 and var place && place < csv.FieldCount ? GivenFields.Keep(csv.GetString(place).Trim()) : "";
        var outcome = Value(ResultColumn.Outcome);
        var isScore = decimal.TryParse(outcome, NumberStyles.Float, CultureInfo.InvariantCulture, out _);
        return
        [
            Value(ResultColumn.Upn),
            Value(ResultColumn.PupilId),
            Value(ResultColumn.SchoolUrn),
            Value(ResultColumn.Subject),
            Value(ResultColumn.Test),
            Value(ResultColumn.SatOn) is { Length: > 0 } day ? day : standardDay?.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture) ?? "",
            columns[ResultColumn.Score] >= 0 ? Value(ResultColumn.Score) : isScore ? outcome : "",
            columns[ResultColumn.Code] >= 0 ? Value(ResultColumn.Code) : isScore ? "" : outcome,
        ];
    }

    private static string? ReadUpnBytes(FileRow row, CsvReader csv, int place) =>
        place < 0 || place >= csv.FieldCount ? null : ReadUpn(row, Encoding.UTF8.GetString(csv.GetSpan(place)));

    private static string? ReadUpn(FileRow row, string text)
    {
        if (text.AsSpan().ContainsAnyExcept(Blanks) is false)
        {
            return null;
        }

        if (!Upn.TryParse(text, out var upn))
        {
            return "UPN_INVALID";
        }

        row.Upn = upn.ToString();
        return null;
    }

    private static string? ReadPupilId(FileRow row, string text)
    {
        if (text.Length > 0)
        {
            if (!Guid.TryParseExact(text, "D", out var id))
            {
                return "PUPIL_ID_INVALID";
            }

            row.PupilId = id;
            row.Upn = null;
            return null;
        }

        return row.Upn is null ? "PUPIL_MISSING" : null;
    }

    private static string? ReadUrn(FileRow row, string text)
    {
        if (text.Length == 0)
        {
            return null;
        }

        if (!Urn.TryParse(text, out var urn))
        {
            return "URN_INVALID";
        }

        row.SchoolUrn = urn.Number;
        return null;
    }

    private string? ReadTest(FileRow row, string test, string subject)
    {
        if (test.Length > 0)
        {
            if (!tests.TryTest(test, out var testId))
            {
                return "TEST_NOT_IN_COLLECTION";
            }

            row.TestId = testId;
            return null;
        }

        if (!tests.TrySubject(subject, out var code))
        {
            return "TEST_NOT_IN_COLLECTION";
        }

        row.Subject = code;
        return null;
    }

    private string? ReadDayBytes(FileRow row, CsvReader csv, int place)
    {
        if (place < 0 || place >= csv.FieldCount)
        {
            return ReadDay(row, "");
        }

        var bytes = csv.GetSpan(place);
        if (bytes.Length == 10 && bytes[4] == '-' && Utf8Parser.TryParse(bytes, out DateTime day, out var used, 'O') && used == 10)
        {
            row.SatOn = DateOnly.FromDateTime(day);
            return null;
        }

        return ReadDay(row, csv.GetString(place).Trim());
    }

    private string? ReadDay(FileRow row, string text)
    {
        if (text.Length == 0)
        {
            row.SatOn = standardDay;
            return standardDay is null ? "DATE_MISSING" : null;
        }

        if (!DateOnly.TryParseExact(text, ["yyyy-MM-dd", "dd/MM/yyyy", "d/M/yyyy"], CultureInfo.InvariantCulture, DateTimeStyles.None, out var day))
        {
            return "DATE_INVALID";
        }

        row.SatOn = day;
        return null;
    }

    private static string? ReadOutcome(FileRow row, CsvReader csv, ResultColumns columns)
    {
        if (columns[ResultColumn.Outcome] is >= 0 and var place && place < csv.FieldCount && columns[ResultColumn.Score] < 0)
        {
            var outcome = csv.GetString(place).Trim();
            return TryNumber(outcome, out var number) ? TakeScore(row, number) : ReadOutcome(row, "", outcome);
        }

        var scorePlace = columns[ResultColumn.Score];
        if (scorePlace >= 0 && scorePlace < csv.FieldCount && columns[ResultColumn.Code] < 0)
        {
            var bytes = csv.GetSpan(scorePlace);
            if (bytes.Length is > 0 and < 16 && bytes.IndexOfAnyExceptInRange((byte)'0', (byte)'9') < 0 && Utf8Parser.TryParse(bytes, out long whole, out _))
            {
                return TakeScore(row, whole);
            }
        }

        string Value(int at) => at >= 0 && at < csv.FieldCount ? csv.GetString(at).Trim() : "";
        return ReadOutcome(row, Value(scorePlace), Value(columns[ResultColumn.Code]));
    }

    private static string? ReadOutcome(FileRow row, string score, string code)
    {
        if (score.Length > 0 && code.Length > 0)
        {
            return "SCORE_AND_CODE";
        }

        if (score.Length > 0)
        {
            return TryNumber(score, out var number) ? TakeScore(row, number) : "NUMBER_INVALID";
        }

        if (code.Length == 0)
        {
            return "VALUE_MISSING";
        }

        if (code.Length > LongestCode || code.Any(char.IsControl))
        {
            return "CODE_UNKNOWN";
        }

        row.Code = code;
        return null;
    }

    private static string? TakeScore(FileRow row, decimal score)
    {
        row.Score = score;
        return null;
    }

    private static bool TryNumber(string text, out decimal number) =>
        decimal.TryParse(text, NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out number);

    private string Text(CsvReader csv, int place)
    {
        if (place < 0 || place >= csv.FieldCount)
        {
            return "";
        }

        var bytes = csv.GetSpan(place);
        if (bytes.IsEmpty)
        {
            return "";
        }

        if (remembered.TryGetValue(place, out var last) && bytes.SequenceEqual(last.Bytes))
        {
            return last.Text;
        }

        var text = Encoding.UTF8.GetString(bytes).Trim();
        remembered[place] = (bytes.ToArray(), text);
        return text;
    }
}
