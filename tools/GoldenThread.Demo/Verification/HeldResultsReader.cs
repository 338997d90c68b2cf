using GoldenThread.Assessment.Internal.V1;
using GoldenThread.Reporting.Internal.V1;
using GoldenThread.Tracking.Internal.V1;
using Grpc.Core;
using Grpc.Net.Client;

namespace GoldenThread.Demo.Verification;

/// <summary>Asks the services which results and statuses they hold, over their internal rpcs; reads nobody's database.</summary>
/// <param name="addresses">Where assessment, tracking and reporting listen, by name.</param>
/// <param name="token">Token with the scope "internal".</param>
public sealed class HeldResultsReader(IReadOnlyDictionary<string, Uri> addresses, string token) : IDisposable
{
    private readonly List<GrpcChannel> channels = [];

    private Metadata Authorization => new() { { "Authorization", $"Bearer {token}" } };

    /// <summary>What assessment recorded.</summary>
    public async Task<List<Held>> RecordedAsync(CancellationToken ct)
    {
        var answer = await new ChangesService.ChangesServiceClient(To("assessment"))
            .DigestAsync(new Assessment.Internal.V1.DigestRequest(), Authorization, cancellationToken: ct);
        return [.. answer.Digests.Select(d => new Held(d.SchoolUrn, d.CollectionId, d.Count, d.Digest))];
    }

    /// <summary>The results that tracking holds, its statuses, and how many results no status says anything of yet.</summary>
    public async Task<(List<Held> Results, List<Held> Statuses, long Waiting)> InTrackingAsync(CancellationToken ct)
    {
        var answer = await new StatusFeedService.StatusFeedServiceClient(To("tracking"))
            .DigestAsync(new Tracking.Internal.V1.DigestRequest(), Authorization, cancellationToken: ct);
        return (
            [.. answer.Digests.Select(d => new Held(d.SchoolUrn, d.CollectionId, d.Count, d.Digest))],
            [.. answer.Statuses.Select(d => new Held(d.SchoolUrn, d.CollectionId, d.Count, d.Digest))],
            answer.Waiting);
    }

    /// <summary>The results and statuses that reporting adds up, how many results wait there for their pupil or test, and how many sums are due.</summary>
    public async Task<(List<Held> Results, List<Held> Statuses, long Waiting, long SumsDue)> InReportingAsync(CancellationToken ct)
    {
        var answer = await new ReconciliationService.ReconciliationServiceClient(To("reporting"))
            .DigestAsync(new Reporting.Internal.V1.DigestRequest(), Authorization, cancellationToken: ct);
        return (
            [.. answer.Digests.Select(d => new Held(d.SchoolUrn, d.CollectionId, d.Count, d.Digest))],
            [.. answer.Statuses.Select(d => new Held(d.SchoolUrn, d.CollectionId, d.Count, d.Digest))],
            answer.Waiting,
            answer.SumsDue);
    }

    /// <inheritdoc />
    public void Dispose() => channels.ForEach(channel => channel.Dispose());

    private GrpcChannel To(string service)
    {
        var channel = GrpcChannel.ForAddress(addresses[service]);
        channels.Add(channel);
        return channel;
    }
}
