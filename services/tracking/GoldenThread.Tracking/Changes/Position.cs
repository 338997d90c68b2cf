using System.Globalization;
using GoldenThread.Tracking.Internal.V1;

namespace GoldenThread.Tracking.Changes;

/// <summary>A place in the order of commits: the transaction that wrote a row last, and the row's key.</summary>
/// <param name="Tx">The transaction, as PostgreSQL writes it.</param>
/// <param name="Key">The row's key within its kind.</param>
internal sealed record Position(string Tx, string Key)
{
    /// <summary>Before everything.</summary>
    public static readonly Position Beginning = new("0", "");

    /// <summary>This position, with a key that comes before every other where it is the beginning.</summary>
    public Position Or(string firstKey) => Key.Length == 0 ? this with { Key = firstKey } : this;

    /// <summary>The position as it is told.</summary>
    public string ToToken(ChangeKind kind) => string.Create(CultureInfo.InvariantCulture, $"{(int)kind}/{Tx}/{Key}");

    /// <summary>Reads what was told; refuses what this stream never gave.</summary>
    public static Position Parse(string token, ChangeKind kind)
    {
        if (token.Length == 0)
        {
            return Beginning;
        }

        var parts = token.Split('/', 3);
        return parts.Length == 3
            && parts[0] == ((int)kind).ToString(CultureInfo.InvariantCulture)
            && ulong.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out _)
            && IsKey(kind, parts[2])
                ? new Position(parts[1], parts[2])
                : throw Errors.PositionInvalid();
    }

    private static bool IsKey(ChangeKind kind, string key) => kind switch
    {
        ChangeKind.School => int.TryParse(key, NumberStyles.None, CultureInfo.InvariantCulture, out _),
        ChangeKind.Calendar => key.Split(' ') is [var urn, _] && int.TryParse(urn, NumberStyles.None, CultureInfo.InvariantCulture, out _),
        ChangeKind.Group => key.Length > 0 && !key.Contains('\0', StringComparison.Ordinal),
        _ => Guid.TryParseExact(key, "D", out _),
    };
}
