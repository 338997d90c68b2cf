using System.Globalization;
using System.Runtime.CompilerServices;
using GoldenThread.Education;
using GoldenThread.ServiceDefaults;
using GoldenThread.Tracking.Pupils;
using GoldenThread.Tracking.V1;
using Grpc.Core;
using Microsoft.Extensions.Options;

namespace GoldenThread.Tracking.Rosters;

/// <summary>Rosters and their quarantine, as callers see them.</summary>
internal sealed class RostersEdge(QuarantineStore quarantine, Works works, TimeProvider clock, IOptions<RosterOptions> options)
    : RosterService.RosterServiceBase
{
    private const int MostShown = 500;
    private const long MostBytes = 1L << 30;
    private const int LongestReason = 500;
    private const string Mended = "mended";

    public override async Task<ImportRosterResponse> ImportRoster(
        IAsyncStreamReader<ImportRosterRequest> requestStream, ServerCallContext context)
    {
        var ct = context.CancellationToken;
        await using var upload = new UploadStream<ImportRosterRequest>(
            requestStream, message => message.File, MostBytes, () => Errors.RosterTooLarge("1 GiB"));
        var request = await upload.BeginAsync(first => $"{first.DryRun} {first.From}\n", ct) ?? new ImportRosterRequest();
        var from = TrackingFields.DayOrToday(request.From, "from", clock);
        await using var work = await works.BeginAsync(context);
        await RosterStage.OpenAsync(work, ct);
        var header = await CopyAsync(work, upload, from, ct);
        if (await work.ReplayAsync<ImportRosterResponse>(upload.ContentHash(), ct) is { } known)
        {
            return known;
        }

        await ApplyAsync(work, context.Authority(), ct);
        var counts = await RosterStore.CountAsync(work, ct);
        var response = await AnswerAsync(work, context, header, request.DryRun, ct);
        if (request.DryRun)
        {
            // The work is not committed: what it did is shown and undone.
            return response;
        }

        var importId = Guid.CreateVersion7();
        await RosterStore.KeepAsync(work, importId, from, counts, ct);
        await ChangeSets.CloseAsync(work, clock.GetUtcNow(), ct);
        work.Audit("roster", importId.ToString(), null, $"{counts.Rows} rows, {counts.Added} added, {counts.Changed} changed");
        response.ImportId = importId.ToString();
        return await work.CommitAsync(response);
    }

    public override async Task<ListQuarantinedRowsResponse> ListQuarantinedRows(ListQuarantinedRowsRequest request, ServerCallContext context)
    {
        var ct = context.CancellationToken;
        var list = string.Create(CultureInfo.InvariantCulture, $"quarantined rows {request.SchoolUrn} {request.IncludeClosed}");
        var size = Paging.Size(request.PageSize, 100, 500);
        Guid? before = Paging.Keyset(request.PageToken, list, 1) is [var last] ? Paging.Part<Guid>(last) : null;
        var rows = await quarantine.ListAsync(
            context.Authority(), TrackingFields.OptionalUrn(request.SchoolUrn), request.IncludeClosed, before, size + 1, ct);
        var page = rows.Take(size).ToList();
        var candidates = page.SelectMany(r => r.CandidatePupilIds).Distinct().ToArray();
        var reached = await quarantine.ReachedAsync(context.Authority(), candidates, clock.Today(), ct);
        var response = new ListQuarantinedRowsResponse { NextPageToken = rows.Count > size ? Paging.Token(list, rows[size - 1].RowId.ToString()) : "" };
        var sensitive = await quarantine.SensitiveToAsync(context.SensitiveAuthority(), page.Select(r => r.RowId).ToArray(), ct);
        var hidden = await quarantine.SensitiveFactsAsync(ct);
        response.Rows.AddRange(page.Select(r => r.ToProto(reached, sensitive.Contains(r.RowId), hidden)));
        return response;
    }

    public override async Task<MendQuarantinedRowResponse> MendQuarantinedRow(MendQuarantinedRowRequest request, ServerCallContext context)
    {
        var ct = context.CancellationToken;
        await using var work = await works.BeginAsync(context);
        var known = await LockAsync(work, context, request.RowId, ct);
        var line = await ReadMendedAsync(work, context, request, known, ct);
        await RosterStage.OpenAsync(work, ct);
        await RosterStage.CopyAsync(work, line, ct);
        await ApplyAsync(work, context.Authority(), ct);
        var problems = await RosterStore.ProblemsAsync(work, 1, ct);
        if (problems is [var left])
        {
            var school = await QuarantineStore.StagedSchoolAsync(work, ct);
            await QuarantineStore.KeepAsync(work, known.RowId, school, line.Cells!, left.Problems, left.Candidates, ct);
            context.Saw("pupil", await RosterStore.ToldOfAsync(work, ct));
        }
        else
        {
            await FinishMendedAsync(work, request, known.RowId, ct);
        }

        var row = await AnswerAsync(work, context, known.RowId, ct);
        return await work.CommitAsync(new MendQuarantinedRowResponse { Row = row });
    }

    public override async Task<CloseQuarantinedRowResponse> CloseQuarantinedRow(CloseQuarantinedRowRequest request, ServerCallContext context)
    {
        var ct = context.CancellationToken;
        var reason = Fields.Text(request.Reason, "reason", LongestReason);
        await using var work = await works.BeginAsync(context);
        var known = await LockAsync(work, context, request.RowId, ct);
        await QuarantineStore.CloseAsync(work, known.RowId, reason, ct);
        var row = await AnswerAsync(work, context, known.RowId, ct);
        return await work.CommitAsync(new CloseQuarantinedRowResponse { Row = row });
    }

    /// <summary>Reads the file row by row into the stage; its header.</summary>
    private async Task<RosterHeader> CopyAsync(Work work, UploadStream<ImportRosterRequest> upload, DateOnly from, CancellationToken ct)
    {
        try
        {
            await using var csv = await CsvFile.OpenAsync(upload, ct);
            if (csv.Record.Headers.Count == 0)
            {
                throw Errors.RosterUnreadable("The file is empty.");
            }

            var header = RosterHeader.Read([.. csv.Record.Headers]);
            var row = new RosterRow(header, from, clock.Today());
            if (await RosterStage.CopyAsync(work, LinesAsync(csv, row, ct), ct) == 0)
            {
                throw Errors.RosterUnreadable("The file has a header and no rows.");
            }

            await upload.DrainAsync(ct);
            return header;
        }
        catch (UnreadableFileException e)
        {
            throw Errors.RosterUnreadable(e.Message);
        }
    }

    private async IAsyncEnumerable<RosterLine> LinesAsync(CsvFile csv, RosterRow row, [EnumeratorCancellation] CancellationToken ct)
    {
        var (count, most) = (0, options.Value.MostRows);
        while (await csv.ReadAsync(ct))
        {
            var cells = csv.Cells();
            if (cells.All(string.IsNullOrWhiteSpace))
            {
                continue;
            }

            if (++count > most)
            {
                throw Errors.RosterTooLarge(string.Create(CultureInfo.InvariantCulture, $"{most:N0} rows"));
            }

            yield return row.Read(csv.Line, cells, csv.IsMalformed);
        }
    }

    // Only now, with all of the file here, are others kept waiting.
    private async Task ApplyAsync(Work work, Authority by, CancellationToken ct)
    {
        await RosterStage.LockAsync(work, ct);
        await ChangeSets.OpenAsync(work, ct);
        await RosterStage.AnalyzeAsync(work, ct);
        await RosterMatch.RunAsync(work, by, clock.Today(), ct);
        await RosterApply.RunAsync(work, ct);
    }

    private static async Task<ImportRosterResponse> AnswerAsync(
        Work work, ServerCallContext context, RosterHeader header, bool dryRun, CancellationToken ct)
    {
        await RosterStore.HideAsync(work, context.SensitiveAuthority(), Fact.Sensitive, ct);
        var counts = await RosterStore.CountAsync(work, ct);
        var response = new ImportRosterResponse
        {
            DryRun = dryRun,
            Rows = counts.Rows,
            PupilsAdded = counts.Added,
            PupilsChanged = counts.Changed,
            RowsUnchanged = counts.Unchanged,
            RowsQuarantined = counts.Quarantined,
        };
        var differences = await RosterStore.DifferencesAsync(work, MostShown, ct);
        response.UnknownHeaders.AddRange(header.Unknown);
        response.Differences.AddRange(differences.Select(d => new RosterDifference
        {
            Line = d.Line,
            PupilId = dryRun && d.Added ? "" : d.PupilId.ToString(),
            What = d.What,
            Before = d.Before,
            After = d.After,
        }));
        foreach (var row in await RosterStore.ProblemsAsync(work, MostShown, ct))
        {
            response.Problems.AddRange(RosterProblem.FromJson(row.Problems).Select(p => p.ToProto(row.Line)));
        }

        foreach (var told in (await RosterStore.ToldOfAsync(work, ct)).Chunk(MostShown))
        {
            context.Saw("pupil", told);
        }

        return response;
    }

    private static async Task<QuarantinedRowRow> LockAsync(Work work, ServerCallContext context, string rowId, CancellationToken ct)
    {
        var id = Fields.Id(rowId, "row_id");
        var version = context.IfMatch();
        var known = await QuarantineStore.LockAsync(work, context.Authority(), id, ct) ?? throw Errors.QuarantinedRowNotFound();
        if (known.ClosedAt is not null)
        {
            throw Errors.RowClosed();
        }

        return known.Version == version ? known : throw Refusal.EtagMismatch();
    }

    private async Task<RosterLine> ReadMendedAsync(
        Work work, ServerCallContext context, MendQuarantinedRowRequest request, QuarantinedRowRow known, CancellationToken ct)
    {
        var cells = await MendCellsAsync(work, context, request, known, ct);
        var line = new RosterRow(RosterHeader.Read([.. cells.Keys]), known.FromOn, clock.Today()).Read(known.Line, cells);
        if (line.SchoolUrn != known.SchoolUrn && !known.IsOwn
            && await QuarantineStore.SeesMoreAtAsync(work, context.SensitiveAuthority(), line.SchoolUrn, known.SchoolUrn, ct))
        {
            throw Errors.RowInvalid("cells", "You may see more at that school than where the row is now, so it is not for you to move. Ask the data lead.");
        }

        if (request.ConfirmedCase != MendQuarantinedRowRequest.ConfirmedOneofCase.PupilId)
        {
            return line with { IsNew = request is { ConfirmedCase: MendQuarantinedRowRequest.ConfirmedOneofCase.NewPupil, NewPupil: true } };
        }

        var pupilId = Fields.Id(request.PupilId, "pupil_id");
        return await QuarantineStore.IsReachedAsync(work, context.Authority(), pupilId, clock.Today(), ct)
            ? line with { PupilId = pupilId }
            : throw Errors.PupilNotFound();
    }

    // Who may not see a cell cannot write it either: the row keeps what its file said.
    private static async Task<Dictionary<string, string>> MendCellsAsync(
        Work work, ServerCallContext context, MendQuarantinedRowRequest request, QuarantinedRowRow known, CancellationToken ct)
    {
        var cells = known.ReadCells();
        var sensitive = await QuarantineStore.SensitiveToAsync(work, context.SensitiveAuthority(), [known.RowId], ct);
        var hidden = await QuarantineStore.SensitiveFactsAsync(work, ct);
        foreach (var (name, value) in request.Cells)
        {
            if (!RosterHeader.IsForEverybody(name, hidden) && !sensitive.Contains(known.RowId))
            {
                throw Errors.RowInvalid("cells", "The row has no such column that is for you to see. Ask the head or the data lead.");
            }

            if (!cells.ContainsKey(name))
            {
                throw Errors.RowInvalid("cells", "The row has no such column. Use the headers of the file it came from.");
            }

            cells[name] = value;
        }

        return cells;
    }

    private async Task FinishMendedAsync(Work work, MendQuarantinedRowRequest request, Guid rowId, CancellationToken ct)
    {
        if (request.ConfirmedCase != MendQuarantinedRowRequest.ConfirmedOneofCase.None)
        {
            await RosterStore.ConfirmAsync(work, ct);
        }

        await ChangeSets.CloseAsync(work, clock.GetUtcNow(), ct);
        await QuarantineStore.CloseAsync(work, rowId, Mended, ct);
    }

    private async Task<QuarantinedRow> AnswerAsync(Work work, ServerCallContext context, Guid rowId, CancellationToken ct)
    {
        var row = await QuarantineStore.ReadAsync(work, rowId, ct);
        var reached = await QuarantineStore.ReachedAsync(work, context.Authority(), row.CandidatePupilIds, clock.Today(), ct);
        work.Audit("quarantined row", rowId.ToString(), row.SchoolUrn, row.ClosedBecause is null ? "still open" : "closed");
        var sensitive = await QuarantineStore.SensitiveToAsync(work, context.SensitiveAuthority(), [rowId], ct);
        return row.ToProto(reached, sensitive.Contains(rowId), await QuarantineStore.SensitiveFactsAsync(work, ct));
    }
}
