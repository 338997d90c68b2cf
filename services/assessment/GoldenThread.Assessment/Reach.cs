using GoldenThread.Education;
using GoldenThread.ServiceDefaults;
using Grpc.Core;

namespace GoldenThread.Assessment;

/// <summary>In which roles a call acts: those that its rpc allows, so that a right for one thing gives no reach for another.</summary>
internal static class Reach
{
    public static Authority Authority(this ServerCallContext context) =>
        context.Caller().As(RpcCatalogue.Rules[context.Method].Access!.Roles);
}

/// <summary>Readers of request fields that only assessment has.</summary>
internal static class AssessmentFields
{
    private const int LongestCode = 40;

    /// <summary>A code of a subject or scale.</summary>
    public static string Code(string value, string field) =>
        value.Length is > 0 and <= LongestCode && value.All(c => c is (>= 'a' and <= 'z') or (>= '0' and <= '9') or '-')
            ? value
            : throw Errors.CodeInvalid(field);

    /// <summary>Year groups in their order, each once.</summary>
    public static string[] YearGroups(IEnumerable<string> values, string field) =>
        values
            .Select(v => YearGroup.TryParse(v, out var year) ? year : throw Errors.YearGroupInvalid(field))
            .Distinct()
            .Order()
            .Select(y => y.Code)
            .ToArray();

    /// <summary>A year group to filter by; null where none is given.</summary>
    public static string? OptionalYearGroup(string value, string field) =>
        value.Length == 0 ? null : YearGroup.TryParse(value, out var year) ? year.Code : throw Errors.YearGroupInvalid(field);

    /// <summary>An id to filter by; null where none is given.</summary>
    public static Guid? OptionalId(string value, string field) => value.Length == 0 ? null : Fields.Id(value, field);

    /// <summary>A text to filter by; null where none is given.</summary>
    public static string? OptionalFilter(string value, string field) => value.Length == 0 ? null : Fields.OptionalText(value, field, 100);
}
