using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace GoldenThread.Education;

/// <summary>A stage of schooling in England: nursery N1 and N2, reception R, years 1 to 13.</summary>
public sealed record YearGroup : IComparable<YearGroup>
{
    /// <summary>Place of reception in the order; year 1 is the next.</summary>
    private const int ReceptionPlace = 2;

    private YearGroup(string code, int place)
    {
        Code = code;
        Place = place;
    }

    /// <summary>All sixteen, youngest first.</summary>
    public static ImmutableArray<YearGroup> All { get; } =
    [
        new("N1", 0), new("N2", 1), new("R", ReceptionPlace),
        .. Enumerable.Range(1, 13).Select(year =>
            new YearGroup(year.ToString(CultureInfo.InvariantCulture), ReceptionPlace + year)),
    ];

    /// <summary>Two- and three-year-olds of the nursery.</summary>
    public static YearGroup N1 => All[0];

    /// <summary>Three- and four-year-olds of the nursery.</summary>
    public static YearGroup N2 => All[1];

    /// <summary>Reception, the last year of the early years.</summary>
    public static YearGroup Reception => All[ReceptionPlace];

    /// <summary>N1, N2, R, or 1 to 13: how files and contracts write it.</summary>
    public string Code { get; }

    /// <summary>0 for N1 up to 15 for year 13: an order, without meaning of its own.</summary>
    public int Place { get; }

    /// <summary>Like "Year 3", "Reception", "Nursery N2": how a person reads it.</summary>
    public string DisplayName => Place switch
    {
        < ReceptionPlace => "Nursery " + Code,
        ReceptionPlace => "Reception",
        _ => "Year " + Code,
    };

    /// <summary>
    /// EYFS, KS1 (years 1 and 2), KS2 (3 to 6), KS3 (7 to 9), KS4 (10 and 11) or KS5 (12 and 13).
    /// </summary>
    public string KeyStage => (Place - ReceptionPlace) switch
    {
        <= 0 => "EYFS",
        <= 2 => "KS1",
        <= 6 => "KS2",
        <= 9 => "KS3",
        <= 11 => "KS4",
        _ => "KS5",
    };

    /// <summary>The year group above, or null after year 13.</summary>
    public YearGroup? Next => Place + 1 < All.Length ? All[Place + 1] : null;

    /// <summary>Year 1 to 13 by its number.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The number is not between 1 and 13.</exception>
    public static YearGroup Year(int number)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(number, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(number, 13);
        return All[ReceptionPlace + number];
    }

    /// <summary>
    /// The year group that a child of that birthday usually joins in an academic year: by the age on 31 August before it
    /// starts (4 is reception, 5 year 1). Null when too young or too old. A pupil may well be taught out of year: the pupil's
    /// own year group is a fact, this is only what is usual.
    /// </summary>
    public static YearGroup? UsualFor(DateOnly dateOfBirth, AcademicYear year)
    {
        ArgumentNullException.ThrowIfNull(year);
        var age = year.StartYear - AcademicYear.Of(dateOfBirth).EndYear;
        var place = age - 2;
        return place >= 0 && place < All.Length ? All[place] : null;
    }

    /// <summary>Reads N1, N2, R, Reception, 3, Y3 or Year 3, in small or capital letters.</summary>
    /// <exception cref="FormatException">The text is no year group; the message says why in words.</exception>
    public static YearGroup Parse(string? text) =>
        TryParse(text, out var yearGroup, out var problem) ? yearGroup : throw new FormatException(problem);

    /// <summary>Reads N1, N2, R, Reception, 3, Y3 or Year 3; else <paramref name="problem"/> says why not, in words.</summary>
    public static bool TryParse(
        string? text, [NotNullWhen(true)] out YearGroup? yearGroup, [NotNullWhen(false)] out string? problem)
    {
        var candidate = text?.Trim().ToUpperInvariant() ?? "";
        var code = candidate switch
        {
            "RECEPTION" or "YR" or "YEAR R" => "R",
            _ when candidate.StartsWith("YEAR ", StringComparison.Ordinal) => candidate["YEAR ".Length..],
            _ when candidate.StartsWith('Y') => candidate[1..],
            _ => candidate,
        };
        if (code.Length == 2 && code[0] == '0') code = code[1..];
        yearGroup = All.FirstOrDefault(known => known.Code == code);
        problem = yearGroup is not null ? null
            : candidate.Length == 0 ? "The year group is blank."
            : "A year group is N1, N2, R, or a number from 1 to 13.";
        return yearGroup is not null;
    }

    /// <summary>Reads a year group without asking for the reason.</summary>
    public static bool TryParse(string? text, [NotNullWhen(true)] out YearGroup? yearGroup) =>
        TryParse(text, out yearGroup, out _);

    /// <inheritdoc />
    public int CompareTo(YearGroup? other) => other is null ? 1 : Place.CompareTo(other.Place);

    /// <summary>The code: N1, N2, R, 1 to 13.</summary>
    public override string ToString() => Code;
}
