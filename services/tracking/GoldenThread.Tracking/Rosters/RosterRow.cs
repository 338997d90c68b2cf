using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using GoldenThread.Education;
using GoldenThread.Tracking.Classes;
using GoldenThread.Tracking.Pupils;

namespace GoldenThread.Tracking.Rosters;

/// <summary>Reads one row of a roster: what it says, or everything that is wrong with it.</summary>
/// <param name="header">What the columns mean.</param>
/// <param name="from">Day from which a row holds that names none.</param>
/// <param name="today">Today, which no birthday lies after.</param>
internal sealed class RosterRow(RosterHeader header, DateOnly from, DateOnly today)
{
    /// <summary>Characters of a forename or surname at most.</summary>
    public const int LongestName = 100;

    private const int LongestCell = 500;
    private const int OldestYear = 1990;
    private const int EarliestYear = 1901;
    private const int LatestYear = 2199;
    private const string CellsCount = "CELLS_COUNT";

    private static readonly string[] DateFormats = ["yyyy-MM-dd", "dd/MM/yyyy", "d/M/yyyy"];
    private static readonly JsonSerializerOptions Json = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Reads a row of the file.</summary>
    /// <param name="line">Line on which it begins.</param>
    /// <param name="values">Its cells, in the order of the file.</param>
    /// <param name="isMalformed">Whether it breaks the rules of CSV.</param>
    public RosterLine Read(int line, string[] values, bool isMalformed)
    {
        var problems = new List<RosterProblem>();
        if (isMalformed)
        {
            problems.Add(new("", "ROW_MALFORMED", "The row has a quote in the middle of a cell. Put the whole cell in quotes and double those within."));
        }

        var extra = values.Skip(header.Names.Length).Any(value => value.Length > 0);
        if (values.Length < header.Names.Length || extra)
        {
            problems.Add(new("", CellsCount, $"The row has {values.Length} cells, the header {header.Names.Length}."));
        }

        var cells = new Dictionary<string, string>(StringComparer.Ordinal);
        for (var i = 0; i < header.Names.Length && i < values.Length; i++)
        {
            if (header.Names[i].Length > 0)
            {
                cells[header.Names[i]] = values[i];
            }
        }

        return Read(line, cells, problems);
    }

    /// <summary>Reads cells by header, as they lie in quarantine.</summary>
    public RosterLine Read(int line, IReadOnlyDictionary<string, string> cells) => Read(line, cells, []);

    private RosterLine Read(int line, IReadOnlyDictionary<string, string> cells, List<RosterProblem> problems)
    {
        var row = new Cells(header, cells, problems);
        var fromOn = row.Day(RosterColumn.From);
        var leftOn = row.Day(RosterColumn.LeftOn);
        if (leftOn < fromOn)
        {
            row.Add(RosterColumn.LeftOn, "DATE_INVALID", "The pupil cannot leave before the day on which the row begins.");
        }

        // Without a day of its own, a leaver's row speaks of the last day, not of today.
        var begins = fromOn ?? (leftOn < from ? leftOn.Value : from);
        var upn = row.Upn();
        var forename = row.Name(RosterColumn.Forename, required: true);
        var surname = row.Name(RosterColumn.Surname, required: true);
        var bornOn = row.BirthDay(today);
        var urn = row.Urn();
        var who = upn ?? string.Join('\u001f', forename?.ToLowerInvariant(), surname?.ToLowerInvariant(), bornOn?.Text(), urn);
        return new RosterLine
        {
            Line = line,
            SchoolUrn = urn,
            Upn = upn,
            Forename = forename,
            Surname = surname,
            PreferredForename = row.Name(RosterColumn.PreferredForename, required: false),
            PreferredSurname = row.Name(RosterColumn.PreferredSurname, required: false),
            BornOn = bornOn,
            Sex = row.Sex(),
            YearGroup = row.YearGroup(),
            ClassName = row.ClassName(),
            AcademicYear = AcademicYear.Of(begins).ToString(),
            FromOn = begins,
            LeftOn = leftOn,
            IsMain = !row.IsSubsidiary(),
            Facts = row.Facts(),
            Cells = JsonSerializer.Serialize(cells.ToDictionary(c => Storable(c.Key), c => Storable(c.Value)), Json),
            RowHash = Hash(cells.OrderBy(c => c.Key, StringComparer.Ordinal).SelectMany(c => new[] { c.Key, c.Value })),
            IdentityHash = Hash([upn ?? "", forename ?? "", surname ?? "", bornOn?.Text() ?? "", urn?.ToString(CultureInfo.InvariantCulture) ?? ""]),
            Who = who,
            Problems = problems,
        };
    }

    // PostgreSQL's text holds no NUL, and no half of a surrogate pair.
    private static string Storable(string text) => text.Replace('\0', '\u2400');

    private static byte[] Hash(IEnumerable<string> parts) => SHA256.HashData(Encoding.UTF8.GetBytes(string.Join('\u001f', parts)));

    /// <summary>The cells of one row by column, and what is wrong with them.</summary>
    private sealed class Cells(RosterHeader header, IReadOnlyDictionary<string, string> cells, List<RosterProblem> problems)
    {
        public void Add(RosterColumn column, string reason, string words) => problems.Add(new(NameOf(column), reason, words));

        public string? Upn()
        {
            var text = Text(RosterColumn.Upn);
            if (text is null || Education.Upn.TryParse(text, out var upn, out var problem))
            {
                return text is null ? null : text.Trim().ToUpperInvariant();
            }

            Add(RosterColumn.Upn, "UPN_INVALID", problem);
            return null;
        }

        public int? Urn()
        {
            var text = Required(RosterColumn.Urn);
            if (text is null || Education.Urn.TryParse(text, out var urn, out var problem))
            {
                return text is null ? null : int.Parse(text, CultureInfo.InvariantCulture);
            }

            Add(RosterColumn.Urn, "URN_UNKNOWN", problem);
            return null;
        }

        public string? Name(RosterColumn column, bool required)
        {
            var text = required ? Required(column) : Text(column);
            if (text is { Length: > LongestName })
            {
                Add(column, "VALUE_TOO_LONG", $"A name has at most {LongestName} characters.");
                return null;
            }

            return text;
        }

        public DateOnly? BirthDay(DateOnly today)
        {
            var day = Required(RosterColumn.DateOfBirth) is null ? null : Day(RosterColumn.DateOfBirth, "DOB_INVALID");
            if (day > today)
            {
                Add(RosterColumn.DateOfBirth, "DOB_IN_FUTURE", "The date of birth lies in the future.");
                return null;
            }

            if (day?.Year < OldestYear)
            {
                Add(RosterColumn.DateOfBirth, "DOB_INVALID", $"A pupil born before {OldestYear} is no pupil any more.");
                return null;
            }

            return day;
        }

        public DateOnly? Day(RosterColumn column, string reason = "DATE_INVALID")
        {
            var text = Text(column);
            if (text is null)
            {
                return null;
            }

            // A birthday in a far future year is told apart from a date that is none.
            var latest = column == RosterColumn.DateOfBirth ? DateOnly.MaxValue.Year : LatestYear;
            if (DateOnly.TryParseExact(text, DateFormats, CultureInfo.InvariantCulture, DateTimeStyles.None, out var day)
                && day.Year >= EarliestYear && day.Year <= latest)
            {
                return day;
            }

            Add(column, reason, "Write a date as 2026-01-31 or 31/01/2026.");
            return null;
        }

        public string? Sex()
        {
            var text = Required(RosterColumn.Sex);
            switch (text?.ToUpperInvariant())
            {
                case "F" or "FEMALE":
                    return "F";
                case "M" or "MALE":
                    return "M";
                case null:
                    return null;
                default:
                    Add(RosterColumn.Sex, "SEX_UNKNOWN", "Sex is F or M.");
                    return null;
            }
        }

        public string? YearGroup()
        {
            var text = Required(RosterColumn.YearGroup);
            if (text is null || Education.YearGroup.TryParse(text, out var year, out var problem))
            {
                return text is null ? null : Education.YearGroup.Parse(text).Code;
            }

            Add(RosterColumn.YearGroup, "YEAR_GROUP_UNKNOWN", problem);
            return null;
        }

        public string? ClassName()
        {
            var text = Text(RosterColumn.Class);
            if (text is { Length: > SchoolClass.LongestName })
            {
                Add(RosterColumn.Class, "VALUE_TOO_LONG", $"The name of a class has at most {SchoolClass.LongestName} characters.");
                return null;
            }

            return text;
        }

        public bool IsSubsidiary()
        {
            switch (Text(RosterColumn.Subsidiary)?.ToUpperInvariant())
            {
                case "Y" or "YES" or "TRUE" or "1":
                    return true;
                case null or "N" or "NO" or "FALSE" or "0":
                    return false;
                default:
                    Add(RosterColumn.Subsidiary, "VALUE_UNKNOWN", "Subsidiary is Y or N.");
                    return false;
            }
        }

        public List<(string Fact, string Value)> Facts()
        {
            var facts = new List<(string Fact, string Value)>();
            foreach (var (index, _, fact) in header.Known.Where(k => k.Column == RosterColumn.Fact))
            {
                var text = Checked(header.Names[index]);
                if (text is null)
                {
                    continue;
                }

                if (Fact.Read(fact, text, out var problem) is { } value)
                {
                    facts.Add((fact, value));
                }
                else
                {
                    problems.Add(new(header.Names[index], text.Length > Fact.LongestValue ? "VALUE_TOO_LONG" : "VALUE_UNKNOWN", problem));
                }
            }

            return facts;
        }

        private string NameOf(RosterColumn column) =>
            header.Known.FirstOrDefault(k => k.Column == column) is { Index: var index } && header.Known.Any(k => k.Column == column)
                ? header.Names[index]
                : column.ToString();

        private string? Required(RosterColumn column)
        {
            var text = Text(column);
            if (text is null && !problems.Exists(p => p.Column == NameOf(column) || p.Reason == CellsCount))
            {
                Add(column, "VALUE_MISSING", "This cell must not be empty.");
            }

            return text;
        }

        private string? Text(RosterColumn column) =>
            header.Known.Any(k => k.Column == column) ? Checked(NameOf(column)) : null;

        // The text of a cell; null where it is empty, or where it is so wrong that nothing else need be said.
        private string? Checked(string name)
        {
            if (!cells.TryGetValue(name, out var cell) || string.IsNullOrWhiteSpace(cell))
            {
                return null;
            }

            var text = cell.Trim();
            var problem = text.Any(c => char.IsControl(c) || c is '\uFFFE' or '\uFFFF') ? new RosterProblem(name, "TEXT_INVALID", "The cell holds a control character, such as NUL or a line break.")
                : text.Length > LongestCell ? new RosterProblem(name, "VALUE_TOO_LONG", $"A cell has at most {LongestCell} characters.")
                : null;
            if (problem is null)
            {
                return text.Normalize(NormalizationForm.FormC);
            }

            if (!problems.Contains(problem))
            {
                problems.Add(problem);
            }

            return null;
        }
    }
}
