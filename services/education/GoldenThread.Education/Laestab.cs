using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace GoldenThread.Education;

/// <summary>
/// A school's number within its local authority, written LLL-EEEE: three digits of the authority (200 to 999) and four of
/// the establishment. It changes when a school converts or an authority is reorganised, so it is an attribute, not a key.
/// </summary>
public sealed record Laestab : IComparable<Laestab>
{
    private Laestab(int localAuthority, int establishment)
    {
        LocalAuthority = localAuthority;
        Establishment = establishment;
    }

    /// <summary>DfE number of the local authority, 200 to 999.</summary>
    public int LocalAuthority { get; }

    /// <summary>Number of the establishment, 0 to 9999, always written with four digits.</summary>
    public int Establishment { get; }

    /// <summary>Reads LLL-EEEE, LLL/EEEE or LLLEEEE.</summary>
    /// <exception cref="FormatException">The text is no LAESTAB; the message says why in words.</exception>
    public static Laestab Parse(string? text) =>
        TryParse(text, out var laestab, out var problem) ? laestab : throw new FormatException(problem);

    /// <summary>Reads LLL-EEEE, LLL/EEEE or LLLEEEE; else <paramref name="problem"/> says why not, in words.</summary>
    public static bool TryParse(
        string? text, [NotNullWhen(true)] out Laestab? laestab, [NotNullWhen(false)] out string? problem)
    {
        laestab = null;
        problem = null;
        var candidate = text?.Trim() ?? "";
        if (candidate.Length == 0)
        {
            problem = "The LAESTAB number is blank.";
            return false;
        }
        var digits = candidate.Length == 8 && candidate[3] is '-' or '/' ? candidate.Remove(3, 1) : candidate;
        if (digits.Length != 7 || !digits.All(char.IsAsciiDigit) || digits[0] is '0' or '1')
        {
            problem = "A LAESTAB number is the three digits of the local authority and the four of the school, "
                + "for example 886-2031.";
            return false;
        }
        laestab = new Laestab(
            int.Parse(digits.AsSpan(0, 3), CultureInfo.InvariantCulture),
            int.Parse(digits.AsSpan(3), CultureInfo.InvariantCulture));
        return true;
    }

    /// <summary>Reads a LAESTAB number without asking for the reason.</summary>
    public static bool TryParse(string? text, [NotNullWhen(true)] out Laestab? laestab) =>
        TryParse(text, out laestab, out _);

    /// <inheritdoc />
    public int CompareTo(Laestab? other) => string.CompareOrdinal(ToString(), other?.ToString());

    /// <summary>LLL-EEEE.</summary>
    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture, $"{LocalAuthority:000}-{Establishment:0000}");
}
