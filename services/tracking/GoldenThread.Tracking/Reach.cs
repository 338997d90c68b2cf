using GoldenThread.Education;
using GoldenThread.ServiceDefaults;
using GoldenThread.Type.V1;
using Grpc.Core;

namespace GoldenThread.Tracking;

/// <summary>In which roles a call acts: those that its rpc allows, so that a right for one thing gives no reach for another.</summary>
internal static class Reach
{
    /// <summary>The roles that never see a former name, beyond partners: those who see a pupil as a member of a class.</summary>
    private static readonly Role[] SeeClassesOnly = [Role.Teacher, Role.SubjectLeader];

    private static readonly Role[] KeepRosters = [Role.DataLead, Role.Headteacher, Role.SeniorLeader];

    /// <summary>The caller in the roles that the rpc allows.</summary>
    public static Authority Authority(this ServerCallContext context) => context.Caller().As(Roles(context));

    /// <summary>The caller in those of the rpc's roles that may see sensitive facts.</summary>
    public static Authority SensitiveAuthority(this ServerCallContext context) => context.Caller().As(Roles(context).Intersect(SensitiveFacts.Roles));

    /// <summary>The caller in those of the rpc's roles that may see former names.</summary>
    public static Authority FormerNameAuthority(this ServerCallContext context) =>
        context.Caller().As(Roles(context).Except(SeeClassesOnly).Except([Role.Partner]));

    /// <summary>The caller in those of the rpc's roles that keep rosters, who alone need former UPNs: a partner knows the pupil by its id.</summary>
    public static Authority RosterAuthority(this ServerCallContext context) => context.Caller().As(Roles(context).Intersect(KeepRosters));

    private static IEnumerable<Role> Roles(ServerCallContext context) => RpcCatalogue.Rules[context.Method].Access!.Roles;
}

/// <summary>Readers of request fields that only tracking has.</summary>
internal static class TrackingFields
{
    /// <summary>A day, or today where none is named.</summary>
    public static DateOnly DayOrToday(string value, string field, TimeProvider clock) => value.Length == 0 ? clock.Today() : Fields.Day(value, field);

    /// <summary>A year group to filter by; null where none is given.</summary>
    public static string? OptionalYearGroup(string value, string field) =>
        value.Length == 0 ? null : YearGroup.TryParse(value, out var year) ? year.Code : throw Errors.YearGroupInvalid(field);

    /// <summary>Year groups in their order, each once.</summary>
    public static string[] YearGroups(IEnumerable<string> values, string field) =>
        values
            .Select(v => YearGroup.TryParse(v, out var year) ? year : throw Errors.YearGroupInvalid(field))
            .Distinct()
            .Order()
            .Select(y => y.Code)
            .ToArray();

    /// <summary>An academic year as it is stored, "2025/26".</summary>
    public static AcademicYear AcademicYear(string value, string field) =>
        Education.AcademicYear.TryParse(value, out var year, out var problem) ? year : throw Errors.AcademicYearInvalid(field, problem);

    /// <summary>An id to filter by; null where none is given.</summary>
    public static Guid? OptionalId(string value, string field) => value.Length == 0 ? null : Fields.Id(value, field);

    /// <summary>A school to filter by; null for 0.</summary>
    public static int? OptionalUrn(int value) => value == 0 ? null : value;

    /// <summary>A day as text.</summary>
    public static string Text(this DateOnly day) => day.ToString("yyyy-MM-dd", System.Globalization.CultureInfo.InvariantCulture);
}
