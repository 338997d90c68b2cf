using GoldenThread.ServiceDefaults;
using GoldenThread.Tracking.Internal.V1;
using GoldenThread.Tracking.Pupils;
using Grpc.Core;

namespace GoldenThread.Tracking.Changes;

/// <summary>What other services ask about pupils while they work through events.</summary>
internal sealed class PupilFeedEdge(ChangeStore store) : PupilFeedService.PupilFeedServiceBase
{
    private const int MostUpns = 1000;

    public override async Task StreamPupils(
        StreamPupilsRequest request, IServerStreamWriter<StreamPupilsResponse> responseStream, ServerCallContext context)
    {
        var changeSet = Fields.Id(request.ChangeSetId, "change_set_id");
        await foreach (var pupil in store.PupilsOfAsync(changeSet, context.CancellationToken))
        {
            await responseStream.WriteAsync(new StreamPupilsResponse { Pupil = pupil.ToSnapshot() }, context.CancellationToken);
        }
    }

    public override async Task StreamPupilIdentifiers(
        StreamPupilIdentifiersRequest request, IServerStreamWriter<StreamPupilIdentifiersResponse> responseStream, ServerCallContext context)
    {
        var changeSet = Fields.Id(request.ChangeSetId, "change_set_id");
        await foreach (var identifiers in store.IdentifiersOfAsync(changeSet, context.CancellationToken))
        {
            await responseStream.WriteAsync(
                new StreamPupilIdentifiersResponse { Identifiers = identifiers.ToMessage() }, context.CancellationToken);
        }
    }

    public override async Task<ResolvePupilsResponse> ResolvePupils(ResolvePupilsRequest request, ServerCallContext context)
    {
        if (request.Upns.Count > MostUpns)
        {
            throw Errors.UpnsInvalid(MostUpns);
        }

        var response = new ResolvePupilsResponse();
        var found = await store.ResolveAsync(request.Upns.Distinct(StringComparer.Ordinal).ToArray(), context.CancellationToken);
        response.Pupils.AddRange(found.Select(p => p.ToMessage()));
        return response;
    }
}
