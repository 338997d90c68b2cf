using GoldenThread.Assessment.Quarantine;
using GoldenThread.ServiceDefaults;
using GoldenThread.Tracking.Internal.V1;
using Grpc.Core;

namespace GoldenThread.Assessment.Pupils;

/// <summary>
/// Asks tracking for UPNs that a file brought and nobody here knows. No write waits for it: the rows wait in quarantine, and apply themselves
/// when the answer, or the event that was on its way, has come.
/// </summary>
internal sealed partial class UnknownPupils(
    QuarantineStore quarantine, Peer<PupilFeedService.PupilFeedServiceClient> tracking, Works works, TimeProvider clock, ILogger<UnknownPupils> log)
    : RecurringWork(Interval, clock)
{
    private const int MostAtOnce = 500;
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan AskAgainAfter = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    protected override async Task TurnAsync(CancellationToken ct)
    {
        try
        {
            while (await quarantine.TakeUnknownUpnsAsync(MostAtOnce, AskAgainAfter, ct) is { Length: > 0 } upns)
            {
                var request = new ResolvePupilsRequest();
                request.Upns.AddRange(upns);
                var answer = await tracking.AsService().ResolvePupilsAsync(request, deadline: DateTime.UtcNow + Patience, cancellationToken: ct);
                await TakeAsync(answer.Pupils, ct);
                LogAsked(upns.Length, answer.Pupils.Count);
            }
        }
        catch (Exception e) when (Transience.IsNotThereYet(e) || e is RpcException)
        {
            LogPutOff(e.GetType().Name);
        }
    }

    private async Task TakeAsync(IReadOnlyList<PupilIdentifiers> pupils, CancellationToken ct)
    {
        if (pupils.Count == 0)
        {
            return;
        }

        await using var work = await works.BeginAsync(Caller.Service("assessment"), "assessment.resolve-pupils", ct);
        var taken = await PupilStore.TakeAsync(work, pupils.Select(p => p.ToIdentifiers()).ToList(), ct);
        await quarantine.RetryAsync(work, taken, ct);
        await work.CommitAsync();
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Asked tracking for {Count} unknown UPNs, {Found} found")]
    private partial void LogAsked(int count, int found);

    [LoggerMessage(Level = LogLevel.Information, Message = "Asking tracking for unknown UPNs is put off ({Kind})")]
    private partial void LogPutOff(string kind);
}
