using GoldenThread.Assessment.Pupils;
using GoldenThread.Assessment.Quarantine;
using GoldenThread.ServiceDefaults;
using GoldenThread.Tracking.Events.V1;
using GoldenThread.Tracking.Internal.V1;
using MassTransit;
using PupilSnapshot = GoldenThread.Tracking.Events.V1.PupilSnapshot;

namespace GoldenThread.Assessment.Consumers;

/// <summary>Keeps the copy of who is on which roll; rows in quarantine that waited for a pupil are tried again.</summary>
internal sealed class PupilsChangedConsumer(Inbox inbox, Peer<PupilFeedService.PupilFeedServiceClient> tracking, QuarantineStore quarantine)
    : IConsumer<PupilsChanged>
{
    private const int Piece = 1000;

    public Task Consume(ConsumeContext<PupilsChanged> context) =>
        inbox.HandleOnceAsync(context, "assessment.pupils-changed", async (work, message, ct) =>
        {
            if (message.Rows is { } rows)
            {
                await TakeAsync(work, rows, ct);
                return;
            }

            var piece = new List<PupilSnapshot>(Piece);
            var request = new StreamPupilsRequest { ChangeSetId = message.ChangeSetId.ToString() };
            await foreach (var answer in tracking.StreamAsync((peer, token) => peer.StreamPupils(request, cancellationToken: token), ct))
            {
                piece.Add(answer.Pupil.ToSnapshot());
                if (piece.Count == Piece)
                {
                    await TakeAsync(work, piece, ct);
                    piece.Clear();
                }
            }

            await TakeAsync(work, piece, ct);
        });

    private async Task TakeAsync(Work work, IReadOnlyList<PupilSnapshot> rows, CancellationToken ct)
    {
        if (rows.Count > 0)
        {
            await quarantine.RetryAsync(work, await PupilStore.TakeAsync(work, rows, ct), ct);
        }
    }
}
