using GoldenThread.Tracking.Internal.V1;
using Grpc.Core;

namespace GoldenThread.Tracking.Changes;

/// <summary>The feed by which other services rebuild their copies.</summary>
internal sealed class ChangeFeedEdge(ChangeStore store) : ChangeFeedService.ChangeFeedServiceBase
{
    public override async Task StreamChanges(
        StreamChangesRequest request, IServerStreamWriter<StreamChangesResponse> responseStream, ServerCallContext context)
    {
        var after = Position.Parse(request.Position, request.Kind);
        await foreach (var change in store.ChangesAsync(request.Kind, after, context.CancellationToken))
        {
            await responseStream.WriteAsync(change, context.CancellationToken);
        }
    }
}
