using GoldenThread.ServiceDefaults;
using GoldenThread.Tracking.Internal.V1;
using Grpc.Core;
using Npgsql;

namespace GoldenThread.Tracking.Progress;

/// <summary>Statuses and digests, for other services.</summary>
public sealed class StatusFeedEdge(StatusReadStore store, NpgsqlDataSource source) : StatusFeedService.StatusFeedServiceBase
{
    private const int Part = 500;

    /// <inheritdoc />
    public override async Task StreamStatuses(
        StreamStatusesRequest request, IServerStreamWriter<StreamStatusesResponse> responseStream, ServerCallContext context)
    {
        var changeSet = Fields.Id(request.ChangeSetId, "change_set_id");
        await using var connection = await source.OpenConnectionAsync(context.CancellationToken);
        var part = new StreamStatusesResponse();
        await foreach (var row in store.OfChangeSetAsync(connection, changeSet).WithCancellation(context.CancellationToken))
        {
            part.Statuses.Add(ToProto(row));
            if (part.Statuses.Count == Part)
            {
                await responseStream.WriteAsync(part);
                part = new StreamStatusesResponse();
            }
        }

        if (part.Statuses.Count > 0)
        {
            await responseStream.WriteAsync(part);
        }
    }

    /// <inheritdoc />
    public override async Task<DigestResponse> Digest(DigestRequest request, ServerCallContext context)
    {
        int? schoolUrn = request.HasSchoolUrn ? request.SchoolUrn : null;
        var collectionId = TrackingFields.OptionalId(request.CollectionId, "collection_id");
        var results = await store.DigestAsync(schoolUrn, collectionId, context.CancellationToken);
        var statuses = await store.StatusDigestAsync(schoolUrn, collectionId, context.CancellationToken);
        return new DigestResponse
        {
            Digests =
            {
                results.Select(r => new ResultDigest
                {
                    SchoolUrn = r.SchoolUrn,
                    CollectionId = r.CollectionId.ToString(),
                    Count = r.Count,
                    Digest = r.Digest,
                }),
            },
            Statuses =
            {
                statuses.Select(s => new StatusDigest
                {
                    SchoolUrn = s.SchoolUrn,
                    CollectionId = s.CollectionId.ToString(),
                    Count = s.Count,
                    Digest = s.Digest,
                }),
            },
            Waiting = await store.WaitingAsync(schoolUrn, collectionId, context.CancellationToken),
        };
    }

    private static StatusSnapshot ToProto(StatusRow row)
    {
        var snapshot = new StatusSnapshot
        {
            PupilId = row.PupilId.ToString(),
            Subject = row.Subject,
            CollectionId = row.CollectionId.ToString(),
            Version = row.Version,
            SchoolUrn = row.SchoolUrn,
            YearGroup = row.YearGroup,
            Status = StatusWords.Of(row.Status),
        };
        if (row.FitVersion is { } version)
        {
            snapshot.FitVersion = version;
        }

        return snapshot;
    }
}
