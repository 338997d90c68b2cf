using GoldenThread.Assessment.Collections;
using GoldenThread.Assessment.Events.V1;
using GoldenThread.Assessment.Quarantine;
using GoldenThread.Assessment.Results;
using GoldenThread.Assessment.V1;
using GoldenThread.Education;
using GoldenThread.ServiceDefaults;
using Grpc.Core;

namespace GoldenThread.Assessment.Imports;

/// <summary>Imports a file of results: read, copied, judged, applied and told of in one transaction. A dry run does the same and keeps nothing.</summary>
internal sealed class ResultImport(Works works, TimeProvider clock)
{
    private const long MostBytes = 1L << 30;
    private const int MostFaultsShown = 20;

    public async Task<ImportResultsResponse> RunAsync(IAsyncStreamReader<ImportResultsRequest> requests, ServerCallContext context)
    {
        var ct = context.CancellationToken;
        await using var upload = new UploadStream<ImportResultsRequest>(requests, message => message.File, MostBytes, Errors.UploadTooLarge);
        var request = await upload.BeginAsync(first => $"{first.CollectionId}\n{first.DryRun}\n{first.SatOn}\n", ct) ?? throw Errors.FileEmpty();
        var recording = ContextOf(request, context);
        DateOnly? satOn = request.SatOn.Length > 0 ? Fields.Day(request.SatOn, "sat_on") : null;
        await using var work = await works.BeginAsync(context);
        if (await WhyClosedAsync(work, recording, ct) is { } closed)
        {
            // Perhaps this very request was done while it was open: then its answer is still the answer.
            return await RepeatedAsync(work, upload, ct) ?? throw closed;
        }

        var tests = await ImportStore.NamedTestsAsync(work, recording.CollectionId, ct);
        await ImportStore.PrepareAsync(work, ct);
        var unknownHeaders = await CopyAsync(work, upload, new RowReader(tests, satOn), satOn is not null, ct);
        if (await work.ReplayAsync<ImportResultsResponse>(upload.ContentHash(), ct) is { } answered)
        {
            return answered;
        }

        var response = await ApplyAsync(work, recording, request.DryRun, ct);
        response.UnknownHeaders.AddRange(unknownHeaders);
        // A dry run leaves with its work uncommitted: what it said is what the file would have done.
        return request.DryRun ? response : await work.CommitAsync(response);
    }

    private RecordingContext ContextOf(ImportResultsRequest request, ServerCallContext context)
    {
        var caller = context.Caller();
        return new()
        {
            By = context.Authority(),
            CollectionId = Fields.Id(request.CollectionId, "collection_id"),
            Source = caller.ClientId is { } client && client == caller.Subject ? $"partner:{client}" : "import",
            Today = clock.Today(),
            RecordedAt = clock.Instant(),
        };
    }

    /// <summary>Keeps the collection open until the work ends; why it takes nothing, where it does not.</summary>
    private static async Task<RpcException?> WhyClosedAsync(Work work, RecordingContext recording, CancellationToken ct) =>
        await CollectionStore.KeepOpenAsync(work, recording.CollectionId, ct) switch
        {
            null => Errors.CollectionNotFound(),
            { LockedAt: not null } => Errors.CollectionLocked(),
            { OpensOn: var opensOn } when opensOn > recording.Today => Errors.CollectionNotOpen(opensOn),
            _ => null,
        };

    private static async Task<ImportResultsResponse?> RepeatedAsync(Work work, UploadStream<ImportResultsRequest> upload, CancellationToken ct)
    {
        if (!await work.WasAnsweredAsync(ct))
        {
            return null;
        }

        await upload.DrainAsync(ct);
        return await work.ReplayAsync<ImportResultsResponse>(upload.ContentHash(), ct);
    }

    /// <summary>Reads the file row by row into the table of rows; the headers nobody mapped.</summary>
    private static async Task<List<string>> CopyAsync(
        Work work, UploadStream<ImportResultsRequest> upload, RowReader reader, bool hasDate, CancellationToken ct)
    {
        try
        {
            await using var csv = await CsvFile.OpenAsync(upload, ct);
            var columns = ResultColumns.From(csv.Record.Headers, hasDate);
            var count = await CopyRowsAsync(work, csv, columns, reader, ct);
            await upload.DrainAsync(ct);
            return count > 0 ? columns.Unknown : throw Errors.FileEmpty();
        }
        catch (UnreadableFileException e)
        {
            throw Errors.FileUnreadable(e.Message);
        }
    }

    private static async Task<int> CopyRowsAsync(Work work, CsvFile csv, ResultColumns columns, RowReader reader, CancellationToken ct)
    {
        var count = 0;
        var row = new FileRow();
        await using var copy = await ImportStore.BeginCopyAsync(work, ct);
        while (await csv.ReadAsync(ct))
        {
            row.Clear(csv.Line);
            reader.Read(csv, columns, row);
            ImportStore.Write(copy, row);
            count++;
        }

        await copy.CompleteAsync(ct);
        return count;
    }

    private static async Task<ImportResultsResponse> ApplyAsync(Work work, RecordingContext recording, bool dryRun, CancellationToken ct)
    {
        var judged = await ImportStore.JudgeAsync(work, recording, ct);
        var counts = await ImportStore.ApplyAsync(work, recording, judged, ct);
        var importId = Guid.CreateVersion7();
        if (!dryRun)
        {
            await ImportStore.KeepAsync(work, importId, recording, counts, ct);
            await TellAsync(work, importId, recording, counts, ct);
        }

        var response = new ImportResultsResponse
        {
            ImportId = dryRun ? "" : importId.ToString(),
            DryRun = dryRun,
            RowCount = counts.Rows,
            NewCount = counts.New,
            ChangedCount = counts.Changed,
            UnchangedCount = counts.Unchanged,
            QuarantinedCount = counts.Quarantined,
        };
        if (counts.Quarantined > 0)
        {
            await QuarantineAsync(work, importId, recording, dryRun, response, ct);
        }

        return response;
    }

    private static async Task TellAsync(Work work, Guid importId, RecordingContext recording, ImportCounts counts, CancellationToken ct)
    {
        var written = counts.New + counts.Changed;
        work.Audit("import", importId.ToString(), detail: $"{counts.New} new, {counts.Changed} changed, {counts.Quarantined} quarantined");
        if (written == 0)
        {
            return;
        }

        var schools = await ImportStore.NoteAsync(work, recording, written, ct);
        var rows = written <= ResultProto.MostInlinedRows ? await ImportStore.ChangedRowsAsync(work, recording.ChangeSetId, ct) : null;
        work.Publish(new ResultsRecorded
        {
            ChangeSetId = recording.ChangeSetId,
            RecordedAt = recording.RecordedAt,
            Schools = schools.Select(s => new SchoolCount { SchoolUrn = s.SchoolUrn, Count = s.Count }).ToList(),
            Count = written,
            Rows = rows?.Select(r => r.ToRecorded()).ToList(),
        });
    }

    private static async Task QuarantineAsync(
        Work work, Guid importId, RecordingContext recording, bool dryRun, ImportResultsResponse response, CancellationToken ct)
    {
        await ImportStore.OpenFaultsAsync(work, ct);
        while (await ImportStore.FetchFaultsAsync(work, ct) is { Count: > 0 } faults)
        {
            response.FirstFaults.AddRange(faults.Take(MostFaultsShown - response.FirstFaults.Count).Select(f => new RowFault
            {
                Line = f.Line,
                Reason = f.Verdict,
                Detail = Verdict.Words(f.Verdict, f.Range),
            }));
            if (dryRun && response.FirstFaults.Count >= MostFaultsShown)
            {
                return;
            }

            if (!dryRun)
            {
                await QuarantineStore.AddAsync(work, importId, recording, faults, ct);
            }
        }
    }
}
