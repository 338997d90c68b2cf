using GoldenThread.Assessment.Internal.V1;
using GoldenThread.Reporting.Internal.V1;
using GoldenThread.Tracking.Internal.V1;
using Grpc.Core;
using Grpc.Net.Client;

namespace GoldenThread.Demo.Verification;

/// <summary>Asks the services which results they hold, over their internal rpcs; reads nobody's database.</summary>
/// <param name="addresses">Where assessment, tracking and reporting listen, by name.</param>
/// <param name="token">Token with the scope "internal".</param>
public sealed class HeldResultsReader(IReadOnlyDictionary<string, Uri> addresses, string token) : IDisposable
{
    private readonly List<GrpcChannel> channels = [];

    private Metadata Authorization => new() { { "Authorization", $"Bearer {token}" } };

    /// <summary>What assessment recorded.</summary>
    public async Task<List<HeldResults>> RecordedAsync(CancellationToken ct)
    {
        var answer = await new ChangesService.ChangesServiceClient(To("assessment"))
            .DigestAsync(new Assessment.Internal.V1.DigestRequest(), Authorization, cancellationToken: ct);
        return [.. answer.Digests.Select(d => new HeldResults(d.SchoolUrn, d.CollectionId, d.Count, d.Digest))];
    }

    /// <summary>What tracking judges.</summary>
    public async Task<List<HeldResults>> InTrackingAsync(CancellationToken ct)
    {
        var answer = await new StatusFeedService.StatusFeedServiceClient(To("tracking"))
            .DigestAsync(new Tracking.Internal.V1.DigestRequest(), Authorization, cancellationToken: ct);
        return [.. answer.Digests.Select(d => new HeldResults(d.SchoolUrn, d.CollectionId, d.Count, d.Digest))];
    }

    /// <summary>What reporting adds up, and how many results wait there for their pupil or test.</summary>
    public async Task<(List<HeldResults> Held, long Waiting)> InReportingAsync(CancellationToken ct)
    {
        var answer = await new ReconciliationService.ReconciliationServiceClient(To("reporting"))
            .DigestAsync(new Reporting.Internal.V1.DigestRequest(), Authorization, cancellationToken: ct);
        return ([.. answer.Digests.Select(d => new HeldResults(d.SchoolUrn, d.CollectionId, d.Count, d.Digest))], answer.Waiting);
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
