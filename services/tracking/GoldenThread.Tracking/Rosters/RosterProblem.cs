using System.Text.Json;
using GoldenThread.Tracking.V1;

namespace GoldenThread.Tracking.Rosters;

/// <summary>What is wrong with a row, in words a school office understands. The text of the cell is not repeated: it may be a name.</summary>
/// <param name="Column">Header of the column; empty where the row as a whole is meant.</param>
/// <param name="Reason">Stable reason.</param>
/// <param name="Words">The reason in words.</param>
internal sealed record RosterProblem(string Column, string Reason, string Words)
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);

    /// <summary>Stands for the line of another row, known only once the rows are compared.</summary>
    public const string OtherLine = "{line}";

    public static readonly RosterProblem UrnUnknown = new(
        "URN", "URN_UNKNOWN", "No school with this URN is in the register, or it is not one of yours. Check the six digits.");

    public static readonly RosterProblem Duplicate = new(
        "", "DUPLICATE_ROW", $"This row is about the same pupil, school and day as line {OtherLine}. Keep one of them.");

    public static readonly RosterProblem SameUpn = new(
        "UPN", "DUPLICATE_ROW", $"Line {OtherLine} gives this UPN to another pupil. One of them is wrong.");

    public static readonly RosterProblem TwoMainSchools = new(
        "Subsidiary", "DUPLICATE_ROW",
        $"Line {OtherLine} has this pupil on the main roll of another school from the same day. Mark one of them as subsidiary.");

    public static readonly RosterProblem TooManyRows = new(
        "", "DUPLICATE_ROW", $"A file has at most {MostRowsPerPupil} rows about one pupil. Send the others in another file.");

    public static readonly RosterProblem NeedsConfirmation = new(
        "", "NEEDS_CONFIRMATION",
        "A pupil of this name and date of birth, or with this UPN now or in former times, is known. Check the row. If it is right, "
        + "somebody who may see that pupil, such as the data lead, confirms that it is the same, or that this one is new.");

    public static readonly RosterProblem UpnTaken = new(
        "UPN", "UPN_TAKEN",
        "Another pupil of the trust has this UPN. Check the number. If it is right, ask the data lead, who sees whether it is the same child; until "
        + "then, leave the UPN out.");

    public static readonly RosterProblem OnRollElsewhere = new(
        "URN", "ON_ROLL_ELSEWHERE",
        "The pupil is on the roll of another school of the trust. Ask that school for a leaving date, or ask the data lead to import the row.");

    /// <summary>Rows about one pupil that one file may hold.</summary>
    public const int MostRowsPerPupil = 24;

    /// <summary>Problems as they are stored.</summary>
    public static string ToJson(IEnumerable<RosterProblem> problems) => JsonSerializer.Serialize(problems, Json);

    /// <summary>This problem alone, as it is stored.</summary>
    public string ToJson() => ToJson([this]);

    /// <summary>Problems as they were stored.</summary>
    public static IReadOnlyList<RosterProblem> FromJson(string json) => JsonSerializer.Deserialize<List<RosterProblem>>(json, Json) ?? [];

    /// <summary>The problem as contracts show it.</summary>
    public RowProblem ToProto(int line) => new() { Line = line, Column = Column, Reason = Reason, Words = Words };
}
