using System.Globalization;
using GoldenThread.Assessment.Collections;
using GoldenThread.Assessment.Imports;
using GoldenThread.Assessment.V1;
using GoldenThread.Education;
using GoldenThread.ServiceDefaults;
using Grpc.Core;

namespace GoldenThread.Assessment.Results;

/// <summary>The results, as callers record and read them.</summary>
internal sealed class ResultsEdge(ResultStore store, ResultImport imports, Works works, TimeProvider clock)
    : ResultsService.ResultsServiceBase
{
    private const int MostInBatch = 1000;
    private const int MostFaultsNamed = 20;

    public override async Task<RecordResultResponse> RecordResult(RecordResultRequest request, ServerCallContext context)
    {
        var recording = ContextOf(request.CollectionId, Recording.SourceOf(context.Caller(), request.Source), context);
        var row = Recording.From(request);
        await using var work = await works.BeginAsync(context);
        var judged = await ResultStore.RecordAsync(work, recording, row, context.CancellationToken);
        if (!Verdict.IsGood(judged.Verdict))
        {
            throw await RefuseAsync(work, judged, recording.CollectionId, context.CancellationToken);
        }

        Tell(work, [judged], recording);
        return await work.CommitAsync(new RecordResultResponse { Result = judged.ToProto(recording), Effect = judged.Effect() });
    }

    public override async Task<BatchRecordResultsResponse> BatchRecordResults(BatchRecordResultsRequest request, ServerCallContext context)
    {
        var ct = context.CancellationToken;
        if (request.Results.Count is 0 or > MostInBatch)
        {
            throw Errors.BatchSizeInvalid(MostInBatch);
        }

        var recording = ContextOf(request.CollectionId, Recording.SourceOf(context.Caller(), ""), context);
        var rows = request.Results.Select((entry, i) => Recording.From(entry, request.SchoolUrn, i)).ToList();
        await using var work = await works.BeginAsync(context);
        var judged = await ResultStore.RecordManyAsync(work, recording, rows, ct);
        await RefuseFaultsAsync(work, judged, recording.CollectionId, ct);
        Tell(work, judged, recording);
        var response = new BatchRecordResultsResponse
        {
            NewCount = judged.Count(r => r.Verdict == Verdict.New),
            ChangedCount = judged.Count(r => r.Verdict == Verdict.Changed),
            UnchangedCount = judged.Count(r => r.Verdict == Verdict.Unchanged),
        };
        response.Results.AddRange(judged.Select(r => r.ToProto(recording)));
        return await work.CommitAsync(response);
    }

    public override Task<ImportResultsResponse> ImportResults(IAsyncStreamReader<ImportResultsRequest> requestStream, ServerCallContext context) =>
        imports.RunAsync(requestStream, context);

    public override async Task<ListPupilResultsResponse> ListPupilResults(ListPupilResultsRequest request, ServerCallContext context)
    {
        var ct = context.CancellationToken;
        var pupilId = Fields.Id(request.PupilId, "pupil_id");
        var filter = new ResultFilter
        {
            CollectionId = AssessmentFields.OptionalId(request.CollectionId, "collection_id"),
            EntrySubject = AssessmentFields.OptionalFilter(request.Subject, "subject"),
            AsAt = Fields.OptionalInstant(request.AsAt, "as_at"),
        };
        var list = $"pupil results {pupilId} {filter}";
        var size = Paging.Size(request.PageSize);
        (DateOnly, Guid)? after = Paging.Keyset(request.PageToken, list, 2) is [var sitting, var id]
            ? (Paging.Part<DateOnly>(sitting), Paging.Part<Guid>(id))
            : null;
        var rows = await store.ListOfPupilAsync(context.Authority(), pupilId, filter, after, size + 1, ct);
        if (rows.Count == 0 && !await store.ReachesPupilAsync(context.Authority(), pupilId, ct))
        {
            throw Errors.PupilNotFound();
        }

        var response = new ListPupilResultsResponse();
        foreach (var row in rows.Take(size))
        {
            response.Results.Add(row.ToProto());
        }

        response.NextPageToken = rows.Count > size
            ? Paging.Token(list, rows[size - 1].Sitting.Text(), rows[size - 1].ResultId.ToString())
            : "";
        return response;
    }

    public override async Task<ListSchoolResultsResponse> ListSchoolResults(ListSchoolResultsRequest request, ServerCallContext context)
    {
        var ct = context.CancellationToken;
        var filter = new ResultFilter
        {
            CollectionId = AssessmentFields.OptionalId(request.CollectionId, "collection_id"),
            TestId = AssessmentFields.OptionalId(request.TestId, "test_id"),
            EntrySubject = AssessmentFields.OptionalFilter(request.Subject, "subject"),
            YearGroup = AssessmentFields.OptionalYearGroup(request.YearGroup, "year_group"),
            AsAt = Fields.OptionalInstant(request.AsAt, "as_at"),
        };
        var list = $"school results {request.SchoolUrn} {filter}";
        var size = Paging.Size(request.PageSize);
        var after = Paging.Keyset(request.PageToken, list, 1) is [var id] ? Paging.Part<Guid>(id) : Guid.Empty;
        var rows = await store.ListOfSchoolAsync(context.Authority(), request.SchoolUrn, filter, after, size + 1, ct);
        if (rows.Count == 0 && !await store.ReachesSchoolAsync(context.Authority(), request.SchoolUrn, ct))
        {
            throw Errors.SchoolNotFound();
        }

        var response = new ListSchoolResultsResponse();
        response.Results.AddRange(rows.Take(size).Select(r => r.ToProto()));
        response.NextPageToken = rows.Count > size ? Paging.Token(list, rows[size - 1].ResultId.ToString()) : "";
        return response;
    }

    public override async Task<GetResultResponse> GetResult(GetResultRequest request, ServerCallContext context)
    {
        var resultId = Fields.Id(request.ResultId, "result_id");
        var row = await store.GetAsync(context.Authority(), request.SchoolUrn, resultId, context.CancellationToken) ?? throw Errors.ResultNotFound();
        return new GetResultResponse { Result = row.ToProto() };
    }

    public override async Task<ListResultVersionsResponse> ListResultVersions(ListResultVersionsRequest request, ServerCallContext context)
    {
        var resultId = Fields.Id(request.ResultId, "result_id");
        var list = $"versions {request.SchoolUrn} {resultId}";
        var size = Paging.Size(request.PageSize);
        var below = Paging.Keyset(request.PageToken, list, 1) is [var version] ? Paging.Part<int>(version) : int.MaxValue;
        var rows = await store.ListVersionsAsync(context.Authority(), request.SchoolUrn, resultId, below, size + 1, context.CancellationToken);
        if (rows.Count == 0)
        {
            throw Errors.ResultNotFound();
        }

        var response = new ListResultVersionsResponse();
        response.Versions.AddRange(rows.Take(size).Select(r => r.ToProto()));
        response.NextPageToken = rows.Count > size ? Paging.Token(list, rows[size - 1].Version.ToString(CultureInfo.InvariantCulture)) : "";
        return response;
    }

    private RecordingContext ContextOf(string collectionId, string source, ServerCallContext context) => new()
    {
        By = context.Authority(),
        CollectionId = Fields.Id(collectionId, "collection_id"),
        Source = source,
        Today = clock.Today(),
        RecordedAt = clock.Instant(),
    };

    /// <summary>Tells of what was written, and keeps who wrote it; an unchanged result is neither.</summary>
    private static void Tell(Work work, IReadOnlyList<JudgedRow> judged, RecordingContext recording)
    {
        var written = judged.Where(r => r.Verdict != Verdict.Unchanged).ToList();
        if (written.Count == 0)
        {
            return;
        }

        work.Publish(written.ToEvent(recording));
        work.Audit("result", written.Select(r => r.ResultId.ToString()), written[0].SchoolUrn);
    }

    // Asked within the work: a connection more for each refusal, and as many refusals at once as there are connections would wait for each other.
    private static async Task<RpcException> RefuseAsync(Work work, JudgedRow row, Guid collectionId, CancellationToken ct)
    {
        if (row.Verdict != Verdict.CollectionClosed)
        {
            return Verdict.Refuse(row.Verdict, row.Range, "");
        }

        var collection = await CollectionStore.GetAsync(work, collectionId, ct);
        return collection switch
        {
            null => Errors.CollectionNotFound(),
            { LockedAt: not null } => Errors.CollectionLocked(),
            _ => Errors.CollectionNotOpen(collection.OpensOn),
        };
    }

    private static async Task RefuseFaultsAsync(Work work, List<JudgedRow> judged, Guid collectionId, CancellationToken ct)
    {
        if (judged.FirstOrDefault(r => r.Verdict is Verdict.CollectionClosed or "SCHOOL_NOT_FOUND") is { } whole)
        {
            throw await RefuseAsync(work, whole, collectionId, ct);
        }

        var repeated = judged
            .Where(r => r.PupilId is not null && r.TestId is not null && r.Verdict != Verdict.PupilNotYetKnown)
            .GroupBy(r => (r.PupilId, r.TestId, r.SatOn))
            .SelectMany(g => g.Skip(1))
            .Select(r => r.Line)
            .ToHashSet();
        var faults = judged
            .Select(r => repeated.Contains(r.Line) ? r with { Verdict = Verdict.DuplicateRow } : r)
            .Where(r => !Verdict.IsGood(r.Verdict))
            .Take(MostFaultsNamed)
            .ToList();
        if (faults.Count > 0)
        {
            throw Refusal.Invalid(
                faults[0].Verdict,
                $"Nothing was recorded. {Verdict.Words(faults[0].Verdict, faults[0].Range)}",
                [.. faults.Select(f => ($"results[{f.Line}].{Verdict.FieldOf(f.Verdict)}", Verdict.Words(f.Verdict, f.Range)))]);
        }

        if (judged.Any(r => !r.Applied))
        {
            throw Refusal.Unavailable("BUSY", "Two changes of the same result met. Nothing was done; send it again.");
        }
    }
}
