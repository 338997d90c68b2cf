using GoldenThread.Assessment.Pupils;
using GoldenThread.Assessment.Quarantine;
using GoldenThread.ServiceDefaults;
using GoldenThread.Tracking.Events.V1;
using GoldenThread.Tracking.Internal.V1;
using MassTransit;
using PupilIdentifiers = GoldenThread.Tracking.Events.V1.PupilIdentifiers;

namespace GoldenThread.Assessment.Consumers;

/// <summary>Keeps the copy of whom a UPN names; rows in quarantine that waited for it are tried again.</summary>
internal sealed class PupilIdentifiersChangedConsumer(Inbox inbox, Peer<PupilFeedService.PupilFeedServiceClient> tracking, QuarantineStore quarantine)
    : IConsumer<PupilIdentifiersChanged>
{
    private const int Piece = 1000;

    public Task Consume(ConsumeContext<PupilIdentifiersChanged> context) =>
        inbox.HandleOnceAsync(context, "assessment.pupil-identifiers-changed", async (work, message, ct) =>
        {
            if (message.Rows is { } rows)
            {
                await TakeAsync(work, rows, ct);
                return;
            }

            var piece = new List<PupilIdentifiers>(Piece);
            var request = new StreamPupilIdentifiersRequest { ChangeSetId = message.ChangeSetId.ToString() };
            await foreach (var answer in tracking.StreamAsync((peer, token) => peer.StreamPupilIdentifiers(request, cancellationToken: token), ct))
            {
                piece.Add(answer.Identifiers.ToIdentifiers());
                if (piece.Count == Piece)
                {
                    await TakeAsync(work, piece, ct);
                    piece.Clear();
                }
            }

            await TakeAsync(work, piece, ct);
        });

    private async Task TakeAsync(Work work, IReadOnlyList<PupilIdentifiers> rows, CancellationToken ct)
    {
        if (rows.Count > 0)
        {
            await quarantine.RetryAsync(work, await PupilStore.TakeAsync(work, rows, ct), ct);
        }
    }
}
