using System.Collections.Frozen;

namespace GoldenThread.Tracking.Pupils;

/// <summary>The kinds of dated facts and the values each may take (DOMAIN §3).</summary>
internal static class Fact
{
    /// <summary>Free school meals now; universal infant meals are never recorded.</summary>
    public const string Fsm = "fsm";

    /// <summary>SEN provision: K (support) or E (EHC plan).</summary>
    public const string Sen = "sen";

    /// <summary>First language not English.</summary>
    public const string Eal = "eal";

    /// <summary>DfE ethnic code, main or extended.</summary>
    public const string Ethnicity = "ethnicity";

    /// <summary>Looked after by a local authority.</summary>
    public const string LookedAfter = "looked-after";

    /// <summary>Left care through adoption, a special guardianship order or a child arrangements order.</summary>
    public const string PreviouslyLookedAfter = "previously-looked-after";

    /// <summary>What DfE's pupil-premium list says: yes or no.</summary>
    public const string Disadvantaged = "disadvantaged";

    /// <summary>How the name of a trust-defined attribute begins.</summary>
    public const string AttributePrefix = "attr:";

    /// <summary>Characters of an attribute's value at most.</summary>
    public const int LongestValue = 100;

    private const int LongestAttributeCode = 40;

    /// <summary>Facts that only some roles may see, whatever groups a trust defines.</summary>
    public static readonly string[] Sensitive = [Ethnicity, LookedAfter, PreviouslyLookedAfter];

    /// <summary>Facts of the product by name, with their values by what people write.</summary>
    private static readonly FrozenDictionary<string, FrozenDictionary<string, string>> Values = new Dictionary<string, FrozenDictionary<string, string>>
    {
        [Fsm] = YesOrEnds,
        [Eal] = YesOrEnds,
        [LookedAfter] = YesOrEnds,
        [Disadvantaged] = Words(("Y", "yes"), ("YES", "yes"), ("TRUE", "yes"), ("1", "yes"), ("N", "no"), ("NO", "no"), ("FALSE", "no"), ("0", "no")),
        [Sen] = Words(("K", "K"), ("E", "E"), ("N", ""), ("NO", ""), ("NONE", "")),
        [PreviouslyLookedAfter] = Words(
            ("ADOPTION", "adoption"), ("SGO", "sgo"), ("CAO", "cao"), ("N", ""), ("NO", ""), ("NONE", "")),
    }.ToFrozenDictionary(StringComparer.Ordinal);

    private static FrozenDictionary<string, string> YesOrEnds => Words(
        ("Y", "yes"), ("YES", "yes"), ("TRUE", "yes"), ("1", "yes"), ("N", ""), ("NO", ""), ("FALSE", ""), ("0", ""));

    /// <summary>Whether a kind of fact exists: one of the product, or an attribute with a proper code.</summary>
    public static bool IsKind(string fact) => Values.ContainsKey(fact) || fact == Ethnicity || IsAttribute(fact);

    /// <summary>Whether it is a trust-defined attribute with a proper code.</summary>
    public static bool IsAttribute(string fact) =>
        fact.StartsWith(AttributePrefix, StringComparison.Ordinal)
        && fact.Length > AttributePrefix.Length
        && fact.Length <= AttributePrefix.Length + LongestAttributeCode
        && fact.AsSpan(AttributePrefix.Length).IndexOfAnyExcept("abcdefghijklmnopqrstuvwxyz0123456789-_") < 0;

    /// <summary>
    /// Reads what people write for a fact. Null with the reason in words where it cannot be; the empty text where it says that the fact
    /// does not hold.
    /// </summary>
    public static string? Read(string fact, string written, out string problem)
    {
        problem = "";
        if (Values.TryGetValue(fact, out var words))
        {
            if (words.TryGetValue(written.Trim().ToUpperInvariant(), out var value))
            {
                return value;
            }

            problem = $"{fact} is one of {string.Join(", ", words.Keys.Order(StringComparer.Ordinal))}.";
            return null;
        }

        return fact == Ethnicity ? ReadEthnicity(written, out problem) : ReadAttribute(written, out problem);
    }

    private static string? ReadEthnicity(string written, out string problem)
    {
        problem = "";
        var code = written.Trim().ToUpperInvariant();
        if (code.Length is 3 or 4 && code.All(char.IsAsciiLetterUpper))
        {
            return code;
        }

        problem = "Ethnicity is a DfE code of four letters, such as WBRI or BAFR.";
        return null;
    }

    private static string? ReadAttribute(string written, out string problem)
    {
        var value = written.Trim();
        problem = value.Length > LongestValue ? $"The value of an attribute has at most {LongestValue} characters."
            : value.Contains('\0', StringComparison.Ordinal) ? "The value holds a NUL character."
            : "";
        return problem.Length == 0 ? value : null;
    }

    private static FrozenDictionary<string, string> Words(params (string Written, string Value)[] words) =>
        words.ToFrozenDictionary(w => w.Written, w => w.Value, StringComparer.Ordinal);
}
