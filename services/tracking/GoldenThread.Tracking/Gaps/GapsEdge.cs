using GoldenThread.Education;
using GoldenThread.ServiceDefaults;
using GoldenThread.Tracking.V1;
using Grpc.Core;

namespace GoldenThread.Tracking.Gaps;

/// <summary>Gaps, to those with pupil access.</summary>
public sealed class GapsEdge(GapStore store, TimeProvider clock) : GapService.GapServiceBase
{
    /// <inheritdoc />
    public override async Task<MeasureGapResponse> MeasureGap(MeasureGapRequest request, ServerCallContext context)
    {
        var question = new GapQuestion(
            request.Group,
            Fields.Id(request.CollectionId, "collection_id"),
            Fields.Text(request.Subject, "subject", 50),
            request.HasSchoolUrn ? request.SchoolUrn : null,
            TrackingFields.OptionalYearGroup(request.YearGroup, "year_group"));
        var counted = await store.CountAsync(question, context.Authority(), context.SensitiveAuthority(), clock.Today(), context.CancellationToken)
            ?? throw Errors.GapNotFound();
        return new MeasureGapResponse { Gap = GapFinding.Of(question, counted) };
    }
}
