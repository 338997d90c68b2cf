using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace GoldenThread.Education;

/// <summary>An academic year, 1 September to 31 August, written "2025/26".</summary>
public sealed record AcademicYear : IComparable<AcademicYear>
{
    private const int Earliest = 1900;
    private const int Latest = 2199;

    private AcademicYear(int startYear) => StartYear = startYear;

    /// <summary>The calendar year in which it starts: 2025 for 2025/26.</summary>
    public int StartYear { get; }

    /// <summary>The calendar year in which it ends, by which DfE tables and CTF files call it: 2026 for 2025/26.</summary>
    public int EndYear => StartYear + 1;

    /// <summary>1 September.</summary>
    public DateOnly FirstDay => new(StartYear, 9, 1);

    /// <summary>31 August.</summary>
    public DateOnly LastDay => new(EndYear, 8, 31);

    /// <summary>The year after this one.</summary>
    public AcademicYear Next => Starting(StartYear + 1);

    /// <summary>The year before this one.</summary>
    public AcademicYear Previous => Starting(StartYear - 1);

    /// <summary>The academic year that starts in that calendar year (1900 to 2199).</summary>
    /// <exception cref="ArgumentOutOfRangeException">The year lies outside that range.</exception>
    public static AcademicYear Starting(int startYear)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(startYear, Earliest);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(startYear, Latest);
        return new AcademicYear(startYear);
    }

    /// <summary>The academic year in which a day lies.</summary>
    public static AcademicYear Of(DateOnly day) => Starting(day.Month >= 9 ? day.Year : day.Year - 1);

    /// <summary>Whether a day lies in this year.</summary>
    public bool Contains(DateOnly day) => day >= FirstDay && day <= LastDay;

    /// <summary>Reads 2025/26, 2025-26, 2025/2026 or 202526.</summary>
    /// <exception cref="FormatException">The text is no academic year; the message says why in words.</exception>
    public static AcademicYear Parse(string? text) =>
        TryParse(text, out var year, out var problem) ? year : throw new FormatException(problem);

    /// <summary>Reads 2025/26, 2025-26, 2025/2026 or 202526; else <paramref name="problem"/> says why not, in words.</summary>
    public static bool TryParse(
        string? text, [NotNullWhen(true)] out AcademicYear? year, [NotNullWhen(false)] out string? problem)
    {
        year = null;
        var candidate = text?.Trim() ?? "";
        if (candidate.Length == 0)
        {
            problem = "The academic year is blank.";
            return false;
        }
        problem = "An academic year is written like 2025/26, the second part being the year after the first.";
        var parted = candidate.Length > 4 && candidate[4] is '/' or '-';
        var ending = candidate.Length > 4 ? candidate[(parted ? 5 : 4)..] : "";
        var digits = candidate.Length > 4 ? candidate[..4] + ending : "";
        if (!digits.All(char.IsAsciiDigit) || ending.Length is not (2 or 4)) return false;
        var start = int.Parse(digits.AsSpan(0, 4), CultureInfo.InvariantCulture);
        var end = int.Parse(ending, CultureInfo.InvariantCulture);
        var follows = ending.Length == 2 ? end == (start + 1) % 100 : end == start + 1;
        if (!follows || start is < Earliest or > Latest) return false;
        year = new AcademicYear(start);
        problem = null;
        return true;
    }

    /// <summary>Reads an academic year without asking for the reason.</summary>
    public static bool TryParse(string? text, [NotNullWhen(true)] out AcademicYear? year) =>
        TryParse(text, out year, out _);

    /// <inheritdoc />
    public int CompareTo(AcademicYear? other) => other is null ? 1 : StartYear.CompareTo(other.StartYear);

    /// <summary>Earlier than.</summary>
    public static bool operator <(AcademicYear left, AcademicYear right) => left.StartYear < right.StartYear;

    /// <summary>Later than.</summary>
    public static bool operator >(AcademicYear left, AcademicYear right) => left.StartYear > right.StartYear;

    /// <summary>Not later than.</summary>
    public static bool operator <=(AcademicYear left, AcademicYear right) => left.StartYear <= right.StartYear;

    /// <summary>Not earlier than.</summary>
    public static bool operator >=(AcademicYear left, AcademicYear right) => left.StartYear >= right.StartYear;

    /// <summary>Like 2025/26.</summary>
    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture, $"{StartYear:0000}/{EndYear % 100:00}");
}
