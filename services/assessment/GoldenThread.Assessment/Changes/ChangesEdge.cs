using GoldenThread.Assessment.Collections;
using GoldenThread.Assessment.Internal.V1;
using GoldenThread.Assessment.Results;
using GoldenThread.Assessment.Tests;
using GoldenThread.ServiceDefaults;
using Grpc.Core;

namespace GoldenThread.Assessment.Changes;

/// <summary>What assessment knows, for the copies of other services.</summary>
internal sealed class ChangesEdge(ChangeStore store) : ChangesService.ChangesServiceBase
{
    private const int RowsPerMessage = 500;
    private const int ChangesPerRead = 500;
    private const int SmallChangeSet = 500;

    public override async Task StreamResults(
        StreamResultsRequest request, IServerStreamWriter<StreamResultsResponse> responseStream, ServerCallContext context)
    {
        var message = new StreamResultsResponse();
        await foreach (var row in store.StreamChangeSetAsync(Fields.Id(request.ChangeSetId, "change_set_id"), context.CancellationToken))
        {
            message.Results.Add(row.ToChange());
            if (message.Results.Count == RowsPerMessage)
            {
                await responseStream.WriteAsync(message, context.CancellationToken);
                message = new StreamResultsResponse();
            }
        }

        if (message.Results.Count > 0)
        {
            await responseStream.WriteAsync(message, context.CancellationToken);
        }
    }

    public override async Task StreamChanges(
        StreamChangesRequest request, IServerStreamWriter<StreamChangesResponse> responseStream, ServerCallContext context)
    {
        var ct = context.CancellationToken;
        var position = Position.Parse(request.Position);
        while (await store.ListAsync(position.Tx, position.Id, ChangesPerRead, ct) is { Count: > 0 } changes)
        {
            var tests = await store.TestsAsync(IdsOf(changes, ChangeRow.OfTest), ct);
            var collections = await store.CollectionsAsync(IdsOf(changes, ChangeRow.OfCollection), ct);
            var small = changes.Where(c => c.Kind == ChangeRow.OfResults && c.Size <= SmallChangeSet).Select(c => c.Id).ToArray();
            var results = (await store.ResultsInAsync(small, ct)).ToLookup(r => r.ChangeSetId, r => r.Row);
            foreach (var change in changes)
            {
                var before = position;
                position = new Position(change.Tx, change.Id);
                switch (change.Kind)
                {
                    case ChangeRow.OfTest:
                        await WriteAsync(responseStream, new() { Position = position.ToString(), Test = tests[change.Id].ToChange() }, ct);
                        break;
                    case ChangeRow.OfCollection:
                        await WriteAsync(responseStream, new() { Position = position.ToString(), Collection = collections[change.Id].ToChange() }, ct);
                        break;
                    case ChangeRow.OfResults when change.Size <= SmallChangeSet:
                        var message = new StreamChangesResponse { Position = position.ToString() };
                        message.Results.AddRange(results[change.Id].Select(r => r.ToChange()));
                        await WriteAsync(responseStream, message, ct);
                        break;
                    default:
                        await StreamLargeAsync(responseStream, change.Id, before, position, ct);
                        break;
                }
            }
        }
    }

    public override async Task<DigestResponse> Digest(DigestRequest request, ServerCallContext context)
    {
        var collectionId = AssessmentFields.OptionalId(request.CollectionId, "collection_id");
        var rows = await store.DigestAsync(request.HasSchoolUrn ? request.SchoolUrn : null, collectionId, context.CancellationToken);
        var response = new DigestResponse();
        response.Digests.AddRange(rows.Select(r => new ResultDigest
        {
            SchoolUrn = r.SchoolUrn,
            CollectionId = r.CollectionId.ToString(),
            Count = r.Count,
            Digest = r.Digest,
        }));
        return response;
    }

    /// <summary>A large change set in pieces; who breaks off in the middle starts it again, so only the last piece moves the position.</summary>
    private async Task StreamLargeAsync(
        IServerStreamWriter<StreamChangesResponse> responseStream, Guid changeSetId, Position before, Position after, CancellationToken ct)
    {
        var message = new StreamChangesResponse { Position = before.ToString() };
        await foreach (var row in store.StreamChangeSetAsync(changeSetId, ct))
        {
            if (message.Results.Count == RowsPerMessage)
            {
                await WriteAsync(responseStream, message, ct);
                message = new StreamChangesResponse { Position = before.ToString() };
            }

            message.Results.Add(row.ToChange());
        }

        message.Position = after.ToString();
        await WriteAsync(responseStream, message, ct);
    }

    private static Task WriteAsync(IServerStreamWriter<StreamChangesResponse> stream, StreamChangesResponse message, CancellationToken ct) =>
        stream.WriteAsync(message, ct);

    private static Guid[] IdsOf(List<ChangeRow> changes, string kind) => changes.Where(c => c.Kind == kind).Select(c => c.Id).ToArray();
}

/// <summary>Where a reader stands: a transaction, and a row within it.</summary>
internal sealed record Position(string Tx, Guid Id)
{
    private static readonly Position Start = new("0", Guid.Empty);

    public static Position Parse(string text)
    {
        if (text.Length == 0)
        {
            return Start;
        }

        var parts = text.Split('/');
        return parts.Length == 2 && ulong.TryParse(parts[0], out _) && Guid.TryParseExact(parts[1], "D", out var id)
            ? new Position(parts[0], id)
            : throw Errors.PositionInvalid();
    }

    public override string ToString() => $"{Tx}/{Id}";
}
