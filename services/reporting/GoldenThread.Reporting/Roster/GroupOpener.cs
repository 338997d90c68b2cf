using GoldenThread.ServiceDefaults;

namespace GoldenThread.Reporting.Roster;

/// <summary>Opens groups that are no longer sensitive, once nobody is counted in them by an older definition.</summary>
internal sealed class GroupOpener(Works works, PupilIntake pupils, ILogger<GroupOpener> log)
    : DueWork(works, Caller.Service("reporting"), "groups", "Groups to open", TimeSpan.FromSeconds(1), log)
{
    protected override Task<bool> DoDueAsync(Work work, CancellationToken ct) => pupils.OpenGroupsAsync(work, ct);
}
