using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace GoldenThread.Education;

/// <summary>
/// A school's unique reference number in Get Information about Schools: six digits, 100000 to 999999. A school keeps it
/// for ever; when it becomes an academy there is a new school with a new number.
/// </summary>
public sealed record Urn : IComparable<Urn>
{
    private const int Lowest = 100_000;
    private const int Highest = 999_999;

    private Urn(int number) => Number = number;

    /// <summary>The number, 100000 to 999999.</summary>
    public int Number { get; }

    /// <summary>The URN of that number.</summary>
    /// <exception cref="FormatException">The number has not six digits.</exception>
    public static Urn Of(int number) => Parse(number.ToString(CultureInfo.InvariantCulture));

    /// <summary>Reads a URN; surrounding blanks are forgiven.</summary>
    /// <exception cref="FormatException">The text is no URN; the message says why in words.</exception>
    public static Urn Parse(string? text) =>
        TryParse(text, out var urn, out var problem) ? urn : throw new FormatException(problem);

    /// <summary>Reads a URN; where it is none, <paramref name="problem"/> says why in words.</summary>
    public static bool TryParse(
        string? text, [NotNullWhen(true)] out Urn? urn, [NotNullWhen(false)] out string? problem)
    {
        urn = null;
        problem = null;
        var candidate = text?.Trim() ?? "";
        if (candidate.Length == 0)
        {
            problem = "The URN is blank.";
        }
        else if (candidate.Length != 6
            || !int.TryParse(candidate, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            || number is < Lowest or > Highest)
        {
            problem = "A URN has six digits and does not begin with 0, for example 118498.";
        }
        else
        {
            urn = new Urn(number);
        }
        return problem is null;
    }

    /// <summary>Reads a URN without asking for the reason.</summary>
    public static bool TryParse(string? text, [NotNullWhen(true)] out Urn? urn) => TryParse(text, out urn, out _);

    /// <inheritdoc />
    public int CompareTo(Urn? other) => other is null ? 1 : Number.CompareTo(other.Number);

    /// <summary>The six digits.</summary>
    public override string ToString() => Number.ToString(CultureInfo.InvariantCulture);
}
