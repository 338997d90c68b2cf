namespace GoldenThread.Assessment.Imports;

/// <summary>What a column of a file of results can hold.</summary>
internal enum ResultColumn
{
    Upn,
    PupilId,
    SchoolUrn,
    Subject,
    Test,
    SatOn,
    Score,
    Code,
    Outcome,
}

/// <summary>Which column of a file holds what, read from its header.</summary>
internal sealed class ResultColumns
{
    // Headers are compared by their letters and digits alone, so that "Date of sitting" and "date_of_sitting" are one.
    private static readonly Dictionary<string, ResultColumn> Names = new(StringComparer.Ordinal)
    {
        ["upn"] = ResultColumn.Upn,
        ["pupilupn"] = ResultColumn.Upn,
        ["uniquepupilnumber"] = ResultColumn.Upn,
        ["pupilid"] = ResultColumn.PupilId,
        ["urn"] = ResultColumn.SchoolUrn,
        ["schoolurn"] = ResultColumn.SchoolUrn,
        ["subject"] = ResultColumn.Subject,
        ["test"] = ResultColumn.Test,
        ["testname"] = ResultColumn.Test,
        ["testid"] = ResultColumn.Test,
        ["assessment"] = ResultColumn.Test,
        ["date"] = ResultColumn.SatOn,
        ["saton"] = ResultColumn.SatOn,
        ["datesat"] = ResultColumn.SatOn,
        ["testdate"] = ResultColumn.SatOn,
        ["sitting"] = ResultColumn.SatOn,
        ["dateofsitting"] = ResultColumn.SatOn,
        ["resultdate"] = ResultColumn.SatOn,
        ["score"] = ResultColumn.Score,
        ["standardisedscore"] = ResultColumn.Score,
        ["scaledscore"] = ResultColumn.Score,
        ["mark"] = ResultColumn.Score,
        ["code"] = ResultColumn.Code,
        ["result"] = ResultColumn.Outcome,
        ["outcome"] = ResultColumn.Outcome,
    };

    private readonly int[] places = [.. Enumerable.Repeat(-1, Enum.GetValues<ResultColumn>().Length)];

    private ResultColumns(int count) => Count = count;

    /// <summary>Number of columns of the header.</summary>
    public int Count { get; }

    /// <summary>Headers that mean nothing to us.</summary>
    public List<string> Unknown { get; } = [];

    /// <summary>Reads a header. INVALID_ARGUMENT HEADER_INCOMPLETE, all that is wrong at once.</summary>
    /// <param name="headers">The names of the first line.</param>
    /// <param name="hasDate">Whether the request gives the day of the sitting.</param>
    public static ResultColumns From(IReadOnlyList<string> headers, bool hasDate)
    {
        const int LongestShown = 100;
        var columns = new ResultColumns(headers.Count);
        var faults = new List<string>();
        for (var i = 0; i < headers.Count; i++)
        {
            if (!Names.TryGetValue(Plain(headers[i]), out var column))
            {
                columns.Unknown.Add(headers[i].Length <= LongestShown ? headers[i] : headers[i][..LongestShown]);
            }
            else if (columns.places[(int)column] >= 0)
            {
                faults.Add($"Two columns mean the same: \"{headers[columns.places[(int)column]]}\" and \"{headers[i]}\".");
            }
            else
            {
                columns.places[(int)column] = i;
            }
        }

        columns.Require(faults, "a UPN or pupil_id", ResultColumn.Upn, ResultColumn.PupilId);
        columns.Require(faults, "a subject or test", ResultColumn.Subject, ResultColumn.Test);
        columns.Require(faults, "a score, code or result", ResultColumn.Score, ResultColumn.Code, ResultColumn.Outcome);
        if (!hasDate)
        {
            columns.Require(faults, "a date (or give sat_on with the request)", ResultColumn.SatOn);
        }

        return faults.Count == 0 ? columns : throw Errors.HeaderIncomplete(faults);
    }

    /// <summary>Place of a column; −1 where the file has none.</summary>
    public int this[ResultColumn column] => places[(int)column];

    private void Require(List<string> faults, string what, params ReadOnlySpan<ResultColumn> oneOf)
    {
        foreach (var column in oneOf)
        {
            if (this[column] >= 0)
            {
                return;
            }
        }

        faults.Add($"There is no column for {what}.");
    }

    private static string Plain(string header) => string.Concat(header.Where(char.IsLetterOrDigit)).ToLowerInvariant();
}
