using GoldenThread.Tracking.Events.V1;
using GoldenThread.Tracking.Internal.V1;
using Grpc.Core;
using MassTransit;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace GoldenThread.ServiceDefaults;

/// <summary>
/// Takes over every grant once after each start. A grant that was given before this service had its queue was told to nobody here, and what
/// is unknown is not granted: without this the first administrator would be a stranger to a service that started later than tracking.
/// </summary>
internal sealed partial class GrantCatchUp(
    Peer<ChangeFeedService.ChangeFeedServiceClient> tracking, Works works, IBusControl bus, IOptions<ServiceOptions> service, ILogger<GrantCatchUp> log)
    : BackgroundService
{
    private static readonly TimeSpan ShortestPause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(30);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        for (var pause = ShortestPause; !stoppingToken.IsCancellationRequested; pause = pause * 2 < LongestPause ? pause * 2 : LongestPause)
        {
            try
            {
                // First the queue, then the copy: a grant given in between comes twice rather than never.
                if (bus.CheckHealth().Status == BusHealthStatus.Healthy)
                {
                    LogTakenOver(await TakeOverAsync(stoppingToken));
                    return;
                }
            }
            catch (Exception e) when (e is RpcException || Transience.IsNotThereYet(e))
            {
                LogWaiting((e as RpcException)?.StatusCode.ToString() ?? e.GetType().Name);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }

            await Task.Delay(pause, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task<int> TakeOverAsync(CancellationToken ct)
    {
        var request = new StreamChangesRequest { Kind = ChangeKind.Grant };
        await using var work = await works.BeginAsync(Caller.Service(service.Value.Name), "grant catch-up", ct);
        var count = 0;
        await foreach (var change in tracking.StreamAsync((peer, token) => peer.StreamChanges(request, cancellationToken: token), ct))
        {
            await GrantCopy.ApplyAsync(work, Fact(change.Grant), ct);
            count++;
        }

        await work.CommitAsync();
        return count;
    }

    private static GrantChanged Fact(GrantSnapshot grant) => new()
    {
        GrantId = Guid.Parse(grant.GrantId),
        Version = grant.Version,
        Issuer = grant.Issuer,
        Subject = grant.Subject,
        Role = grant.Role,
        SchoolUrn = grant.HasSchoolUrn ? grant.SchoolUrn : null,
        YearGroups = grant.YearGroups?.Values,
        ClassIds = grant.ClassIds?.Values.Select(Guid.Parse).ToList(),
        Subjects = grant.Subjects?.Values,
        ValidFrom = grant.ValidFrom.ToDateTimeOffset(),
        ValidTo = grant.ValidTo?.ToDateTimeOffset(),
    };

    [LoggerMessage(Level = LogLevel.Information, Message = "{Count} grants taken over from tracking")]
    private partial void LogTakenOver(int count);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Grants cannot be taken over from tracking yet: {Status}")]
    private partial void LogWaiting(string status);
}
