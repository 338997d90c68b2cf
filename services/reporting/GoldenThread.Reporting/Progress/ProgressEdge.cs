using GoldenThread.Education;
using GoldenThread.Reporting.V1;
using GoldenThread.ServiceDefaults;
using GoldenThread.Tracking.V1;
using Grpc.Core;

namespace GoldenThread.Reporting.Progress;

/// <summary>Lists of pupils by status, with names as tracking gives them to this caller.</summary>
internal sealed class ProgressEdge(ProgressStore store, Peer<PupilService.PupilServiceClient> tracking) : PupilStatusService.PupilStatusServiceBase
{
    private static readonly string[] Known = ["no-data", "falling-behind", "stuck", "slow-moving", "exceeding", "on-track"];
    private static readonly string[] Worrying = ["falling-behind", "stuck", "slow-moving"];

    public override async Task<ListPupilsByStatusResponse> ListPupilsByStatus(ListPupilsByStatusRequest request, ServerCallContext context)
    {
        var ct = context.CancellationToken;
        var size = Paging.Size(request.PageSize, 100, 500);
        var list = $"pupils-by-status {request.SchoolUrn} {request.CollectionId} {request.Subject} {request.YearGroup} {request.Status}";
        var authority = context.Caller().As(ProgressStore.Roles);
        var question = new StatusQuestion
        {
            SchoolUrn = request.SchoolUrn,
            CollectionId = Fields.Id(request.CollectionId, "collection_id"),
            Subject = request.HasSubject ? Fields.OptionalText(request.Subject, "subject", 60) : null,
            YearGroup = request.HasYearGroup ? Year(request.YearGroup) : null,
            Statuses = !request.HasStatus ? Worrying : Known.Contains(request.Status) ? [request.Status] : throw Errors.StatusUnknown(request.Status),
            Take = size + 1,
        };
        if (!await store.ReachesAsync(authority, question.SchoolUrn, ct))
        {
            throw Errors.SchoolNotFound();
        }

        var rows = await store.ListAsync(authority, question, Paging.Keyset(request.PageToken, list, 3), ct);
        var page = rows.Take(size).ToList();
        var names = await NamesAsync([.. page.Select(r => r.PupilId).Distinct()], context);
        var answer = new ListPupilsByStatusResponse
        {
            Pupils = { page.Select(r => r.ToProto(names)) },
            NamesAvailable = names is not null,
            NextPageToken = rows.Count > size ? Paging.Token(list, page[^1].Subject, page[^1].Status, page[^1].PupilId.ToString()) : "",
        };
        context.Saw("pupil", answer.Pupils.Select(p => p.PupilId).Distinct(), request.SchoolUrn);
        return answer;
    }

    /// <summary>Names by pupil; null where tracking cannot be asked now, or this token may not.</summary>
    private async Task<IReadOnlyDictionary<Guid, string>?> NamesAsync(Guid[] pupilIds, ServerCallContext context)
    {
        if (pupilIds.Length == 0)
        {
            return new Dictionary<Guid, string>();
        }

        try
        {
            var request = new BatchGetPupilNamesRequest { PupilIds = { pupilIds.Select(id => id.ToString()) } };
            var answer = await tracking.For(context).BatchGetPupilNamesAsync(request, cancellationToken: context.CancellationToken);
            return answer.Names.ToDictionary(n => Guid.Parse(n.PupilId), n => $"{n.Forename} {n.Surname}");
        }
        catch (RpcException e) when (e.StatusCode is StatusCode.Unavailable or StatusCode.DeadlineExceeded or StatusCode.PermissionDenied)
        {
            return null;
        }
    }

    private static string Year(string text) => YearGroup.TryParse(text, out var year)
        ? year.Code
        : throw Refusal.InvalidField("YEAR_GROUP_INVALID", "year_group", "A year group is N1, N2, R, or a number from 1 to 13.");
}
