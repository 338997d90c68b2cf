using System.Globalization;
using GoldenThread.Assessment.Imports;
using GoldenThread.Assessment.Results;
using GoldenThread.Assessment.V1;
using GoldenThread.Education;
using GoldenThread.ServiceDefaults;
using Grpc.Core;

namespace GoldenThread.Assessment.Quarantine;

/// <summary>The quarantine, as callers see and empty it. Its rows hold UPNs, so each read is audited.</summary>
internal sealed class QuarantineEdge(QuarantineStore store, Works works, TimeProvider clock) : QuarantineService.QuarantineServiceBase
{
    public override async Task<ListQuarantinedRowsResponse> ListQuarantinedRows(ListQuarantinedRowsRequest request, ServerCallContext context)
    {
        var filter = new QuarantineFilter(
            AssessmentFields.OptionalId(request.CollectionId, "collection_id"),
            AssessmentFields.OptionalId(request.ImportId, "import_id"),
            request.HasSchoolUrn ? request.SchoolUrn : null,
            AssessmentFields.OptionalFilter(request.Reason, "reason"),
            (short)(request.State == QuarantineState.Unspecified ? QuarantineState.Open : request.State));
        var list = $"quarantined {filter}";
        var size = Paging.Size(request.PageSize);
        (Guid, int, Guid)? after = Paging.Keyset(request.PageToken, list, 3) is [var import, var line, var id]
            ? (Paging.Part<Guid>(import), Paging.Part<int>(line), Paging.Part<Guid>(id))
            : null;
        var rows = await store.ListAsync(context.Authority(), filter, after, size + 1, context.CancellationToken);
        var response = new ListQuarantinedRowsResponse();
        response.Rows.AddRange(rows.Take(size).Select(r => r.ToProto()));
        if (rows.Count > size)
        {
            var last = rows[size - 1];
            response.NextPageToken = Paging.Token(
                list, last.ImportId.ToString(), last.Line.ToString(CultureInfo.InvariantCulture), last.QuarantinedRowId.ToString());
        }

        return response;
    }

    public override async Task<GetQuarantinedRowResponse> GetQuarantinedRow(GetQuarantinedRowRequest request, ServerCallContext context)
    {
        var rowId = Fields.Id(request.QuarantinedRowId, "quarantined_row_id");
        var row = await store.GetAsync(context.Authority(), rowId, context.CancellationToken) ?? throw Errors.QuarantinedRowNotFound();
        return new GetQuarantinedRowResponse { Row = row.ToProto() };
    }

    public override async Task<UpdateQuarantinedRowResponse> UpdateQuarantinedRow(UpdateQuarantinedRowRequest request, ServerCallContext context)
    {
        var ct = context.CancellationToken;
        await using var work = await works.BeginAsync(context);
        var row = await HoldAsync(work, request.QuarantinedRowId, context);
        var isAnothers = row.MendedByAnother || (row.Issuer, row.ImportedBy) != (work.Caller.Issuer, work.Caller.Subject);
        var mended = await TryAsync(work, row, row.Mended(request), context) with { MendedByAnother = isAnothers };
        await QuarantineStore.SaveAsync(work, mended, ct);
        work.Audit("quarantined-row", request.QuarantinedRowId, detail: mended.StateNow == QuarantineState.Applied ? "applied" : mended.Reason);
        return await work.CommitAsync(new UpdateQuarantinedRowResponse { Row = mended.ToProto() });
    }

    public override async Task<CloseQuarantinedRowResponse> CloseQuarantinedRow(CloseQuarantinedRowRequest request, ServerCallContext context)
    {
        await using var work = await works.BeginAsync(context);
        var row = await HoldAsync(work, request.QuarantinedRowId, context);
        var closed = row with { State = (short)QuarantineState.Closed, ClosedAt = clock.Instant(), Version = row.Version + 1 };
        await QuarantineStore.SaveAsync(work, closed, context.CancellationToken);
        work.Audit("quarantined-row", request.QuarantinedRowId, detail: "closed");
        return await work.CommitAsync(new CloseQuarantinedRowResponse { Row = closed.ToProto() });
    }

    private static async Task<QuarantineRow> HoldAsync(Work work, string id, ServerCallContext context)
    {
        var ifVersion = context.IfMatch();
        var rowId = Fields.Id(id, "quarantined_row_id");
        var row = await QuarantineStore.HoldAsync(work, context.Authority(), rowId, context.CancellationToken) ?? throw Errors.QuarantinedRowNotFound();
        if (row.StateNow != QuarantineState.Open)
        {
            throw Errors.QuarantinedRowClosed();
        }

        return row.Version == ifVersion ? row : throw Refusal.EtagMismatch();
    }

    /// <summary>Reads and judges the mended values within the mender's own reach; the row as it then stands.</summary>
    private async Task<QuarantineRow> TryAsync(Work work, QuarantineRow row, GivenFields given, ServerCallContext context)
    {
        var ct = context.CancellationToken;
        var reader = new RowReader(await ImportStore.NamedTestsAsync(work, row.CollectionId, ct), null);
        var file = reader.Read(given, row.Line);
        if (file.Fault is { } fault)
        {
            return Waits(row, given, fault, null);
        }

        var recording = new RecordingContext
        {
            By = context.Authority(),
            CollectionId = row.CollectionId,
            Source = row.Source,
            Today = clock.Today(),
            RecordedAt = clock.Instant(),
        };
        var judged = (await ResultStore.RecordManyAsync(work, recording, [Waiting.ToRecording(file)], ct))[0];
        if (judged.Verdict == Verdict.CollectionClosed)
        {
            throw Errors.CollectionLocked();
        }

        if (!Verdict.IsGood(judged.Verdict) || !judged.Applied)
        {
            return Waits(row, given with { Upn = file.Upn ?? given.Upn }, judged.Verdict, judged.Range);
        }

        if (judged.Verdict != Verdict.Unchanged)
        {
            List<JudgedRow> written = [judged];
            work.Publish(written.ToEvent(recording));
            work.Audit("result", judged.ResultId.ToString(), judged.SchoolUrn);
        }

        return With(row, given) with { State = (short)QuarantineState.Applied, ClosedAt = recording.RecordedAt };
    }

    private static QuarantineRow Waits(QuarantineRow row, GivenFields given, string reason, ScoreRange? range) =>
        With(row, given) with { Reason = reason, Detail = Verdict.Words(reason, range) };

    private static QuarantineRow With(QuarantineRow row, GivenFields given) => row with
    {
        Upn = given.Upn,
        PupilId = given.PupilId,
        SchoolUrn = given.SchoolUrn,
        Subject = given.Subject,
        Test = given.Test,
        SatOn = given.SatOn,
        Score = given.Score,
        Code = given.Code,
        Version = row.Version + 1,
    };
}
