using System.Diagnostics.CodeAnalysis;

namespace GoldenThread.Education;

/// <summary>
/// A unique pupil number: 13 characters, a check letter and 12 digits, or 11 digits and a letter for a temporary one.
/// Source: Department for Education, Unique pupil numbers: guide for schools and local authorities (check letter: digits
/// weighted 2 to 13, summed, modulo 23).
/// </summary>
public sealed record Upn : IComparable<Upn>
{
    /// <summary>Number of characters of every UPN.</summary>
    public const int Length = 13;

    /// <summary>The 23 letters in use, at the index that each stands for. I, O and S are left out.</summary>
    private const string Letters = "ABCDEFGHJKLMNPQRTUVWXYZ";

    private readonly string text;

    private Upn(string text) => this.text = text;

    /// <summary>True for a temporary UPN (a letter in the last place), which a permanent one will replace.</summary>
    public bool IsTemporary => char.IsAsciiLetterUpper(text[^1]);

    /// <summary>Reads a UPN; surrounding blanks and small letters are forgiven.</summary>
    /// <exception cref="FormatException">The text is no UPN; the message says why in words.</exception>
    public static Upn Parse(string? text) =>
        TryParse(text, out var upn, out var problem) ? upn : throw new FormatException(problem);

    /// <summary>Reads a UPN; where it is none, <paramref name="problem"/> says why in words, without repeating the text.</summary>
    public static bool TryParse(
        string? text, [NotNullWhen(true)] out Upn? upn, [NotNullWhen(false)] out string? problem)
    {
        upn = null;
        var candidate = text?.Trim().ToUpperInvariant() ?? "";
        problem = ProblemWith(candidate);
        if (problem is not null) return false;
        upn = new Upn(candidate);
        return true;
    }

    /// <summary>Reads a UPN without asking for the reason.</summary>
    public static bool TryParse(string? text, [NotNullWhen(true)] out Upn? upn) => TryParse(text, out upn, out _);

    /// <summary>
    /// Puts the check letter before the 12 characters that follow it: local authority (3 digits), establishment (4), year of
    /// allocation (2), serial number (3; its last place is a letter for a temporary UPN).
    /// </summary>
    /// <exception cref="FormatException">The body is not 12 characters of that shape.</exception>
    public static Upn FromBody(string body)
    {
        ArgumentNullException.ThrowIfNull(body);
        var candidate = body.Trim().ToUpperInvariant();
        var problem = ProblemWithShape("A" + candidate);
        return problem is null ? new Upn(CheckLetter(candidate) + candidate) : throw new FormatException(problem);
    }

    /// <inheritdoc />
    public int CompareTo(Upn? other) => string.CompareOrdinal(text, other?.text);

    /// <summary>The 13 characters, in capitals.</summary>
    public override string ToString() => text;

    private static string? ProblemWith(string candidate)
    {
        var problem = ProblemWithShape(candidate);
        if (problem is not null) return problem;
        var expected = CheckLetter(candidate[1..]);
        return candidate[0] == expected
            ? null
            : $"The check letter of this UPN is {candidate[0]}, but its other characters call for {expected}: "
                + "one of them is probably mistyped.";
    }

    private static string? ProblemWithShape(string candidate)
    {
        if (candidate.Length == 0) return "The UPN is blank.";
        if (candidate.Length != Length)
            return $"A UPN has {Length} characters; this one has {candidate.Length}.";
        if (!Letters.Contains(candidate[0]))
            return "A UPN begins with a letter, and never with I, O or S.";
        for (var place = 1; place < Length - 1; place++)
        {
            if (!char.IsAsciiDigit(candidate[place]))
                return $"Character {place + 1} of a UPN is a digit; in this one it is not.";
        }
        return char.IsAsciiDigit(candidate[^1]) || Letters.Contains(candidate[^1])
            ? null
            : "The last character of a UPN is a digit, or in a temporary UPN a letter other than I, O and S.";
    }

    private static char CheckLetter(string body)
    {
        var sum = 0;
        for (var place = 0; place < body.Length; place++)
        {
            var character = body[place];
            var value = char.IsAsciiDigit(character) ? character - '0' : Letters.IndexOf(character);
            sum += value * (place + 2);
        }
        return Letters[sum % Letters.Length];
    }
}
