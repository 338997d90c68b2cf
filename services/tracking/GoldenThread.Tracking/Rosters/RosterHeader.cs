using System.Collections.Frozen;
using GoldenThread.Tracking.Pupils;

namespace GoldenThread.Tracking.Rosters;

/// <summary>The columns a roster can have.</summary>
internal enum RosterColumn
{
    Upn,
    Urn,
    Forename,
    Surname,
    PreferredForename,
    PreferredSurname,
    DateOfBirth,
    Sex,
    YearGroup,
    Class,
    From,
    LeftOn,
    Subsidiary,
    Fact,
}

/// <summary>Which column of a file means what.</summary>
internal sealed class RosterHeader
{
    private const int MostColumns = 200;
    private const int LongestHeader = 100;

    private static readonly FrozenDictionary<string, RosterColumn> Columns = new Dictionary<string, RosterColumn>
    {
        ["upn"] = RosterColumn.Upn,
        ["urn"] = RosterColumn.Urn,
        ["schoolurn"] = RosterColumn.Urn,
        ["forename"] = RosterColumn.Forename,
        ["firstname"] = RosterColumn.Forename,
        ["legalforename"] = RosterColumn.Forename,
        ["surname"] = RosterColumn.Surname,
        ["lastname"] = RosterColumn.Surname,
        ["legalsurname"] = RosterColumn.Surname,
        ["preferredforename"] = RosterColumn.PreferredForename,
        ["preferredname"] = RosterColumn.PreferredForename,
        ["preferredsurname"] = RosterColumn.PreferredSurname,
        ["dob"] = RosterColumn.DateOfBirth,
        ["dateofbirth"] = RosterColumn.DateOfBirth,
        ["sex"] = RosterColumn.Sex,
        ["gender"] = RosterColumn.Sex,
        ["yeargroup"] = RosterColumn.YearGroup,
        ["ncyear"] = RosterColumn.YearGroup,
        ["year"] = RosterColumn.YearGroup,
        ["class"] = RosterColumn.Class,
        ["regclass"] = RosterColumn.Class,
        ["registrationclass"] = RosterColumn.Class,
        ["from"] = RosterColumn.From,
        ["lefton"] = RosterColumn.LeftOn,
        ["leavingdate"] = RosterColumn.LeftOn,
        ["dateofleaving"] = RosterColumn.LeftOn,
        ["subsidiary"] = RosterColumn.Subsidiary,
    }.ToFrozenDictionary(StringComparer.Ordinal);

    private static readonly FrozenDictionary<string, string> Facts = new Dictionary<string, string>
    {
        ["fsm"] = Fact.Fsm,
        ["sen"] = Fact.Sen,
        ["senprovision"] = Fact.Sen,
        ["eal"] = Fact.Eal,
        ["ethnicity"] = Fact.Ethnicity,
        ["lookedafter"] = Fact.LookedAfter,
        ["previouslylookedafter"] = Fact.PreviouslyLookedAfter,
        ["disadvantaged"] = Fact.Disadvantaged,
    }.ToFrozenDictionary(StringComparer.Ordinal);

    private static readonly (RosterColumn Column, string Name)[] Required =
    [
        (RosterColumn.Urn, "URN"),
        (RosterColumn.Forename, "Forename"),
        (RosterColumn.Surname, "Surname"),
        (RosterColumn.DateOfBirth, "DOB"),
        (RosterColumn.Sex, "Sex"),
        (RosterColumn.YearGroup, "Year group"),
    ];

    private RosterHeader(string[] names, List<(int Index, RosterColumn Column, string Fact)> known, List<string> unknown)
    {
        Names = names;
        Known = known;
        Unknown = unknown;
    }

    /// <summary>The headers as they stand in the file.</summary>
    public string[] Names { get; }

    /// <summary>The columns that are read, by their place; the fact is empty for the others.</summary>
    public IReadOnlyList<(int Index, RosterColumn Column, string Fact)> Known { get; }

    /// <summary>The headers that nothing is known for.</summary>
    public IReadOnlyList<string> Unknown { get; }

    /// <summary>Reads a header, or refuses the file in words.</summary>
    public static RosterHeader Read(string[] cells)
    {
        var names = cells.Select(c => c.Trim()).ToArray();
        if (names.Length > MostColumns || names.Any(n => n.Length > LongestHeader || n.Contains('\0', StringComparison.Ordinal)))
        {
            throw Errors.RosterHeaderInvalid($"The first line must name the columns: at most {MostColumns}, of at most {LongestHeader} characters each.");
        }

        var known = new List<(int Index, RosterColumn Column, string Fact)>();
        var unknown = new List<string>();
        for (var i = 0; i < names.Length; i++)
        {
            if (Find(names[i]) is { } found)
            {
                known.Add((i, found.Column, found.Fact));
            }
            else if (names[i].Length > 0)
            {
                unknown.Add(names[i]);
            }
        }

        Demand(names, known);
        return new RosterHeader(names, known, unknown);
    }

    /// <summary>Whether a column may be shown to those who may not see sensitive facts; what nothing is known for may hold anything.</summary>
    public static bool IsForEverybody(string name, HashSet<string> sensitiveFacts) => Find(name) is { } found && !sensitiveFacts.Contains(found.Fact);

    private static (RosterColumn Column, string Fact)? Find(string name)
    {
        var lower = name.ToLowerInvariant();
        if (lower.StartsWith(Fact.AttributePrefix, StringComparison.Ordinal))
        {
            var attribute = Fact.AttributePrefix + lower[Fact.AttributePrefix.Length..].Trim().Replace(' ', '_');
            return Fact.IsAttribute(attribute) ? (RosterColumn.Fact, attribute) : null;
        }

        var plain = string.Concat(lower.Where(char.IsAsciiLetterOrDigit));
        return Columns.TryGetValue(plain, out var column) ? (column, "")
            : Facts.TryGetValue(plain, out var fact) ? (RosterColumn.Fact, fact)
            : null;
    }

    private static void Demand(string[] names, List<(int Index, RosterColumn Column, string Fact)> known)
    {
        if (known.GroupBy(k => (k.Column, k.Fact)).FirstOrDefault(g => g.Count() > 1) is { } twice)
        {
            throw Errors.RosterHeaderInvalid($"The column \"{names[twice.First().Index]}\" stands twice.");
        }

        // A second copy of any header could not be told from the first in quarantine.
        if (names.Where(n => n.Length > 0).GroupBy(n => n, StringComparer.Ordinal).FirstOrDefault(g => g.Count() > 1) is { } copy)
        {
            throw Errors.RosterHeaderInvalid($"The column \"{copy.Key}\" stands twice.");
        }

        var missing = Required.Where(r => known.TrueForAll(k => k.Column != r.Column)).Select(r => r.Name).ToList();
        if (missing.Count > 0)
        {
            throw Errors.RosterHeaderInvalid($"Columns are missing: {string.Join(", ", missing)}. The first line must name the columns.");
        }
    }
}
