using System.Globalization;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;

namespace GoldenThread.ServiceDefaults;

/// <summary>Reads the texts of a request into the types they stand for, or refuses them by name.</summary>
public static class Fields
{
    // No school day lies outside, and every one within has an academic year.
    private const int FirstYear = 1901;
    private const int LastYear = 2199;

    // Seconds since 1970 of 0001-01-01T00:00:00Z and 9999-12-31T23:59:59Z.
    private const long FirstSecond = -62_135_596_800;
    private const long LastSecond = 253_402_300_799;

    /// <summary>An id (UUID).</summary>
    public static Guid Id(string value, string field) =>
        Guid.TryParseExact(value, "D", out var id)
            ? id
            : throw Refusal.InvalidField("ID_INVALID", field, $"{field} must be an id such as 018f6f3e-7a90-7c3a-9d8e-2f6b1c0d4e5f.");

    /// <summary>A day as yyyy-MM-dd, from 1901 to 2199.</summary>
    public static DateOnly Day(string value, string field) =>
        DateOnly.TryParseExact(value, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var day)
            && day.Year is >= FirstYear and <= LastYear
            ? day
            : throw Refusal.InvalidField("DATE_INVALID", field, $"{field} must be a date such as 2026-01-31, between {FirstYear} and {LastYear}.");

    /// <summary>An instant (UTC), of the years 1 to 9999.</summary>
    public static DateTimeOffset Instant(Timestamp value, string field) =>
        value is { Seconds: >= FirstSecond and <= LastSecond, Nanos: >= 0 and < 1_000_000_000 }
            ? value.ToDateTimeOffset()
            : throw Refusal.InvalidField("INSTANT_INVALID", field, $"{field} must be an instant of the years 1 to 9999, such as 2026-01-31T09:00:00Z.");

    /// <summary>An instant that may be absent.</summary>
    public static DateTimeOffset? OptionalInstant(Timestamp? value, string field) => value is null ? null : Instant(value, field);

    /// <summary>A decimal with a point, no thousands separator, no exponent.</summary>
    public static decimal Decimal(string value, string field) =>
        decimal.TryParse(value, NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number)
            ? number
            : throw Refusal.InvalidField("NUMBER_INVALID", field, $"{field} must be a number such as 104 or 103.5.");

    /// <summary>A text that must be there and fit.</summary>
    public static string Text(string value, string field, int maximumLength)
    {
        if (string.IsNullOrWhiteSpace(value))
        {
            throw Refusal.InvalidField("TEXT_MISSING", field, $"{field} must be given.");
        }

        return OptionalText(value, field, maximumLength);
    }

    /// <summary>A text that may be empty but must fit.</summary>
    public static string OptionalText(string value, string field, int maximumLength)
    {
        if (value.Length > maximumLength)
        {
            throw Refusal.InvalidField("TEXT_TOO_LONG", field, $"{field} has {value.Length} characters; at most {maximumLength} are allowed.");
        }

        return value.Contains('\0', StringComparison.Ordinal)
            ? throw Refusal.InvalidField("TEXT_INVALID", field, $"{field} holds a NUL character. Remove it and send again.")
            : value;
    }
}

/// <summary>The etag of a versioned resource, and the If-Match a change must carry.</summary>
public static class Etag
{
    /// <summary>The etag of a version.</summary>
    public static string Of(long version) => $"\"{version.ToString(CultureInfo.InvariantCulture)}\"";

    /// <summary>The version named by If-Match. FAILED_PRECONDITION IF_MATCH_REQUIRED without one, ABORTED ETAG_MISMATCH for one that is not ours.</summary>
    public static long IfMatch(this ServerCallContext context)
    {
        var value = context.RequestHeaders.GetValue("if-match");
        if (string.IsNullOrEmpty(value))
        {
            throw Refusal.IfMatchRequired();
        }

        return long.TryParse(value.Trim('"'), NumberStyles.None, CultureInfo.InvariantCulture, out var version)
            ? version
            : throw Refusal.EtagMismatch();
    }

    /// <summary>The version named by If-Match; null where none was sent. For PUT, which may also create.</summary>
    public static long? IfMatchWhereSent(this ServerCallContext context) =>
        string.IsNullOrEmpty(context.RequestHeaders.GetValue("if-match")) ? null : context.IfMatch();

    /// <summary>ABORTED ETAG_MISMATCH where If-Match was sent and names another version than the one that stands (null: there is none yet).</summary>
    public static void DemandIfMatchWhereSent(this ServerCallContext context, long? standing)
    {
        if (context.IfMatchWhereSent() is { } version && version != standing)
        {
            throw Refusal.EtagMismatch();
        }
    }
}
