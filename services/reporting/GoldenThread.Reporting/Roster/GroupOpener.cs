using GoldenThread.ServiceDefaults;

namespace GoldenThread.Reporting.Roster;

/// <summary>Opens groups that are no longer sensitive, once nobody is counted in them by an older definition.</summary>
internal sealed partial class GroupOpener(Works works, PupilIntake pupils, ILogger<GroupOpener> log) : RecurringWork(Interval)
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);
    private static readonly Caller Self = Caller.Service("reporting");

    protected override async Task TurnAsync(CancellationToken ct)
    {
        try
        {
            await using var work = await works.BeginAsync(Self, "groups", ct);
            if (await pupils.OpenGroupsAsync(work, ct))
            {
                await work.CommitAsync();
            }
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            // What is to open stays noted: the next turn tries again.
            LogFailed(e.GetType().Name, e.Message);
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Groups wait to be opened: {Kind}: {Words}")]
    private partial void LogFailed(string kind, string words);
}
