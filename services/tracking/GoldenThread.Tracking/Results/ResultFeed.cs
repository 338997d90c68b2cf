using System.Globalization;
using System.Runtime.CompilerServices;
using GoldenThread.Assessment.Events.V1;
using GoldenThread.Assessment.Internal.V1;
using GoldenThread.ServiceDefaults;

namespace GoldenThread.Tracking.Results;

/// <summary>The rows of a change set: from the event where they are in it, else streamed from assessment.</summary>
public sealed class ResultFeed(Peer<ChangesService.ChangesServiceClient> assessment)
{
    /// <summary>The rows, in parts.</summary>
    public async IAsyncEnumerable<IReadOnlyList<RecordedResult>> RowsAsync(ResultsRecorded recorded, [EnumeratorCancellation] CancellationToken ct)
    {
        if (recorded.Rows is { } rows)
        {
            yield return rows;
            yield break;
        }

        var request = new StreamResultsRequest { ChangeSetId = recorded.ChangeSetId.ToString() };
        await foreach (var part in assessment.StreamAsync((peer, token) => peer.StreamResults(request, cancellationToken: token), ct))
        {
            yield return part.Results.Select(Row).ToList();
        }
    }

    private static RecordedResult Row(ResultChange change) => new()
    {
        ResultId = Guid.Parse(change.ResultId),
        Version = change.Version,
        SchoolUrn = change.SchoolUrn,
        PupilId = Guid.Parse(change.PupilId),
        TestId = Guid.Parse(change.TestId),
        CollectionId = Guid.Parse(change.CollectionId),
        SatOn = DateOnly.ParseExact(change.SatOn, "yyyy-MM-dd", CultureInfo.InvariantCulture),
        YearGroup = change.YearGroup,
        Score = change.OutcomeCase == ResultChange.OutcomeOneofCase.Score ? ResultCopyStore.Score(change.Score) : null,
        Code = change.OutcomeCase == ResultChange.OutcomeOneofCase.Code ? change.Code : null,
        RecordedAt = change.RecordedAt.ToDateTimeOffset(),
    };
}
