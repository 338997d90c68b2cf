using GoldenThread.Education;
using GoldenThread.ServiceDefaults;
using Grpc.Core;

namespace GoldenThread.Reviews;

/// <summary>What every edge reads from a call in the same way.</summary>
internal static class CallReading
{
    /// <summary>The caller in the roles that this rpc's contract names: parameters for <c>whole_reach(@Issuer, @Subject, @Roles)</c>.</summary>
    public static Authority Authority(this ServerCallContext context) =>
        context.Caller().As(RpcCatalogue.Rules[context.Method].Access!.Roles);

    /// <summary>An academic year as "2026/27" or, in a path, "2026-27".</summary>
    public static AcademicYear Year(string text, string field) =>
        AcademicYear.TryParse(text, out var year, out var problem) ? year : throw Errors.AcademicYearInvalid(field, problem);

    /// <summary>A filter by academic year; null where empty.</summary>
    public static string? YearFilter(string text) => text.Length == 0 ? null : Year(text, "academic_year").ToString();

    /// <summary>A day, or null where absent.</summary>
    public static DateOnly? OptionalDay(bool present, string text, string field) => present ? Fields.Day(text, field) : null;

    /// <summary>A day as ISO.</summary>
    public static string Iso(this DateOnly day) => day.ToString("yyyy-MM-dd", System.Globalization.CultureInfo.InvariantCulture);
}
