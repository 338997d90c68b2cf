using GoldenThread.Type.V1;

namespace GoldenThread.ServiceDefaults;

/// <summary>Ethnicity, looked-after status and adoption (DOMAIN §3: permissions on fields).</summary>
public static class SensitiveFacts
{
    /// <summary>The roles that may see them, and who is in a group that tells of them.</summary>
    public static readonly IReadOnlyList<Role> Roles =
        [Role.DataLead, Role.DeputyCeo, Role.Headteacher, Role.DesignatedTeacher, Role.SafeguardingLead];
}
