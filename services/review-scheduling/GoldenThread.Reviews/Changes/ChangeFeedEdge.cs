using GoldenThread.Reviews.Internal.V1;
using GoldenThread.Reviews.Offers;
using GoldenThread.Reviews.Visits;
using GoldenThread.ServiceDefaults;
using Grpc.Core;

namespace GoldenThread.Reviews.Changes;

/// <summary>For services that rebuild their copies.</summary>
internal sealed class ChangeFeedEdge(ChangeStore store) : ChangeFeedService.ChangeFeedServiceBase
{
    public override Task StreamChanges(StreamChangesRequest request, IServerStreamWriter<StreamChangesResponse> responseStream, ServerCallContext context)
    {
        var after = Position.Of(request.Position) ?? throw Errors.PositionInvalid();
        return request.Kind switch
        {
            ChangeKind.Category => StreamAsync(store.CategoriesAsync, ToAnswer, after, responseStream, context.CancellationToken),
            ChangeKind.Visit => StreamAsync(store.VisitsAsync, ToAnswer, after, responseStream, context.CancellationToken),
            ChangeKind.AgreedAction => StreamAsync(store.ActionsAsync, ToAnswer, after, responseStream, context.CancellationToken),
            _ => throw Refusal.InvalidField("CHANGE_KIND_INVALID", "kind", "Say which kind of change to stream."),
        };
    }

    private static async Task StreamAsync<T>(
        Func<Position, CancellationToken, Task<IReadOnlyList<T>>> read, Func<T, (Position At, StreamChangesResponse Answer)> map, Position after,
        IServerStreamWriter<StreamChangesResponse> answers, CancellationToken ct)
    {
        while (await read(after, ct) is { Count: > 0 } changes)
        {
            foreach (var change in changes)
            {
                var (at, answer) = map(change);
                answer.Position = at.Text;
                await answers.WriteAsync(answer, ct);
                after = at;
            }
        }
    }

    private static (Position, StreamChangesResponse) ToAnswer(CategoryChange change)
    {
        var snapshot = new CategorySnapshot
        {
            SchoolUrn = change.SchoolUrn,
            Version = change.Version,
            Category = ((Category)change.Category).ToString().ToLowerInvariant(),
            From = change.FromOn.Iso(),
        };
        if (change is { DueOn: { } due, OverdueAfter: { } overdue })
        {
            snapshot.DueOn = due.Iso();
            snapshot.OverdueAfter = overdue.Iso();
        }

        return (new(change.Tx, change.CategoryId), new() { Category = snapshot });
    }

    private static (Position, StreamChangesResponse) ToAnswer(VisitChange change)
    {
        var snapshot = new VisitSnapshot
        {
            VisitId = change.VisitId.ToString(),
            Version = change.Version,
            SchoolUrn = change.SchoolUrn,
            AcademicYear = change.AcademicYear,
            Entitlement = change.Entitlement,
            State = VisitEvents.WordOf(change.State),
        };
        if (change.OnDay is { } day)
        {
            snapshot.On = day.Iso();
        }

        return (new(change.Tx, change.VisitId), new() { Visit = snapshot });
    }

    private static (Position, StreamChangesResponse) ToAnswer(ActionChange change)
    {
        var snapshot = new AgreedActionSnapshot
        {
            ActionId = change.ActionId.ToString(),
            Version = change.Version,
            VisitId = change.VisitId.ToString(),
            SchoolUrn = change.SchoolUrn,
            DueOn = change.DueOn.Iso(),
        };
        if (change.DoneOn is { } done)
        {
            snapshot.DoneOn = done.Iso();
        }

        return (new(change.Tx, change.ActionId), new() { AgreedAction = snapshot });
    }
}
