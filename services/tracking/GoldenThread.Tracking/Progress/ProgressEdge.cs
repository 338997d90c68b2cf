using System.Globalization;
using GoldenThread.Education;
using GoldenThread.ServiceDefaults;
using GoldenThread.Statistics;
using GoldenThread.Tracking.V1;
using GoldenThread.Type.V1;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using ProtoStatus = GoldenThread.Tracking.V1.ProgressStatus;

namespace GoldenThread.Tracking.Progress;

/// <summary>Statuses, to those with pupil access.</summary>
public sealed class ProgressEdge(StatusReadStore store, TimeProvider clock) : ProgressService.ProgressServiceBase
{
    /// <inheritdoc />
    public override async Task<ListStatusesResponse> ListStatuses(ListStatusesRequest request, ServerCallContext context)
    {
        var authority = context.Authority();
        var collection = Fields.Id(request.CollectionId, "collection_id");
        var year = TrackingFields.OptionalYearGroup(request.YearGroup, "year_group");
        var most = Paging.Size(request.PageSize);
        var list = $"statuses {request.SchoolUrn} {collection} {request.Subject} {request.Status} {year}";
        var keyset = Paging.Keyset(request.PageToken, list, 3);
        if (!await store.ReachesAsync(authority, request.SchoolUrn, context.CancellationToken))
        {
            throw Errors.SchoolNotFound();
        }

        var rows = await store.OfSchoolAsync(authority, request.SchoolUrn, collection, request.Subject, (short)request.Status, year,
            clock.Today(), keyset is null ? null : (Paging.Part<int>(keyset[0]), Paging.Part<Guid>(keyset[1]), keyset[2]), most + 1, context.CancellationToken);
        var answer = new ListStatusesResponse { Statuses = { rows.Take(most).Select(ToProto) } };
        if (rows.Count > most)
        {
            var last = rows[most - 1];
            answer.NextPageToken = Paging.Token(list, last.Rank.ToString(CultureInfo.InvariantCulture), last.PupilId.ToString(), last.Subject);
        }

        return answer;
    }

    /// <inheritdoc />
    public override async Task<ListPupilStatusesResponse> ListPupilStatuses(ListPupilStatusesRequest request, ServerCallContext context)
    {
        var authority = context.Authority();
        var pupil = Fields.Id(request.PupilId, "pupil_id");
        var most = Paging.Size(request.PageSize);
        var list = $"pupil-statuses {pupil} {request.Subject}";
        var keyset = Paging.Keyset(request.PageToken, list, 3);
        if (!await store.ReachesPupilAsync(authority, pupil, clock.Today(), context.CancellationToken))
        {
            throw Errors.PupilNotFound();
        }

        var rows = await store.OfPupilAsync(authority, pupil, request.Subject, clock.Today(),
            keyset is null ? null : (Paging.Part<DateOnly>(keyset[0]), Paging.Part<Guid>(keyset[1]), keyset[2]), most + 1, context.CancellationToken);
        var answer = new ListPupilStatusesResponse { Statuses = { rows.Take(most).Select(ToProto) } };
        if (rows.Count > most)
        {
            var last = rows[most - 1];
            answer.NextPageToken = Paging.Token(list, last.DueOn.Text(), last.CollectionId.ToString(), last.Subject);
        }

        return answer;
    }

    /// <inheritdoc />
    public override async Task<GetStatusSharesResponse> GetStatusShares(GetStatusSharesRequest request, ServerCallContext context)
    {
        var collection = Fields.Id(request.CollectionId, "collection_id");
        var subject = Fields.Text(request.Subject, "subject", 50);
        var year = TrackingFields.OptionalYearGroup(request.YearGroup, "year_group");
        Task<SharesRow?> OfGroupAsync(string? group) => store.SharesAsync(
            context.Authority(), context.SensitiveAuthority(), request.SchoolUrn, collection, subject, year, group, clock.Today(),
            context.CancellationToken);
        var shares = await OfGroupAsync(request.Group.Length == 0 ? null : request.Group)
            ?? throw (await OfGroupAsync(null) is null ? Errors.SchoolNotFound() : Errors.GroupNotFound());
        var judged = shares.FallingBehind + shares.Stuck + shares.SlowMoving + shares.Exceeding + shares.OnTrack;
        return new GetStatusSharesResponse
        {
            Expected = shares.Expected,
            Counts =
            {
                Count(ProtoStatus.NoData, shares.Expected - judged),
                Count(ProtoStatus.FallingBehind, shares.FallingBehind),
                Count(ProtoStatus.Stuck, shares.Stuck),
                Count(ProtoStatus.SlowMoving, shares.SlowMoving),
                Count(ProtoStatus.Exceeding, shares.Exceeding),
                Count(ProtoStatus.OnTrack, shares.OnTrack),
            },
            NeedingAttention = NeedingAttention(shares),
        };
    }

    // Without a fit a pupil can be seen to fall and nothing else: among all who have a status, those in trouble would be too many.
    private static Type.V1.Figure NeedingAttention(SharesRow shares) => shares switch
    {
        { Expected: > 0, ByFit: 0 } => Figures.Redacted(
            "NO_FIT", "No status rests on a prior-score fit yet. Until one does, only pupils who fall behind can be told, and a share of them would mislead."),
        _ when Figures.IsSmall(shares.ByFit) => Figures.SmallNumber(),
        _ => Proportions.Wilson(new Proportion(shares.NeedingAttentionByFit, shares.ByFit)).ToProto(factor: 100),
    };

    private static StatusCount Count(ProtoStatus status, int pupils) => new() { Status = status, Pupils = pupils };

    private static V1.Status ToProto(StatusRow row)
    {
        var status = new V1.Status
        {
            PupilId = row.PupilId.ToString(),
            Subject = row.Subject,
            CollectionId = row.CollectionId.ToString(),
            SchoolUrn = row.SchoolUrn,
            YearGroup = row.YearGroup,
            Status_ = (ProtoStatus)row.Status,
            PointsSpanned = row.PointsSpanned,
            JudgedAt = row.JudgedAt.ToTimestamp(),
        };
        if (row.Reason is { } reason)
        {
            status.Reason = reason;
        }

        if (row.Band is { } band)
        {
            status.Band = band;
        }

        if (row is { Residual: { } point, ResidualLow: { } low, ResidualHigh: { } high })
        {
            // Without true differences every residual is put at nought, and an interval of no width would look like certainty.
            status.Residual = low < high
                ? new Type.V1.Figure { Estimate = new Estimate { Low = low, Point = point, High = high } }
                : Figures.Redacted("NO_TRUE_DIFFERENCES", "Measurement error explains all differences in progress between these two tests.");
        }

        if (row.FitVersion is { } version)
        {
            status.FitVersion = version;
        }

        return status;
    }
}
