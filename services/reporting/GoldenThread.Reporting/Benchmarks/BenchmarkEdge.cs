using System.Text.RegularExpressions;
using GoldenThread.Reporting.Attainment;
using GoldenThread.Reporting.Disclosure;
using GoldenThread.Reporting.V1;
using GoldenThread.ServiceDefaults;
using Grpc.Core;

namespace GoldenThread.Reporting.Benchmarks;

/// <summary>Published figures: imported, and read.</summary>
internal sealed partial class BenchmarkEdge(Works works, BenchmarkStore store, AttainmentStore schools, ReachStore reaches)
    : BenchmarkService.BenchmarkServiceBase
{
    private const int LargestFile = 64;
    private const int Megabyte = 1024 * 1024;
    private static readonly string[] Releases = ["unvalidated", "provisional", "revised", "final"];

    public override async Task<ImportBenchmarksResponse> ImportBenchmarks(
        IAsyncStreamReader<ImportBenchmarksRequest> requestStream, ServerCallContext context)
    {
        var ct = context.CancellationToken;
        await using var upload = new UploadStream<ImportBenchmarksRequest>(
            requestStream, message => message.File, LargestFile * Megabyte, () => Errors.FileTooLarge(LargestFile));
        var first = await upload.BeginAsync(message => $"{message.Pack}\n{message.MappingId}\n", ct) ?? throw Errors.FileUnreadable("No file was sent.");
        var pack = Fields.Text(first.Pack, "pack", 100);
        var mapping = first.MappingId.Length == 0 ? null : await store.FindMappingAsync(first.MappingId, ct) ?? throw Errors.MappingNotFound();
        await using var work = await BeginAsync(context);
        var content = await CopyAsync(work, upload, mapping, ct);
        if (await work.ReplayAsync<ImportBenchmarksResponse>(upload.ContentHash(), ct) is { } before)
        {
            return before;
        }

        var counts = await store.KeepAsync(work, pack, ct);
        var answer = new ImportBenchmarksResponse
        {
            Lines = content.Lines,
            Figures = counts.Figures,
            Added = counts.Added,
            Changed = counts.Changed,
            Unchanged = counts.Unchanged,
            Withheld = counts.Withheld,
            Refused = counts.Refused,
        };
        answer.Errors.AddRange(await store.FirstFaultsAsync(work, ct));
        answer.UnmappedColumns.AddRange(content.UnmappedColumns);
        work.Audit("benchmark-pack", pack, detail: $"{answer.Figures} figures, {answer.Refused} lines refused");
        return await work.CommitAsync(answer);
    }

    public override async Task<SetBenchmarkMappingResponse> SetBenchmarkMapping(SetBenchmarkMappingRequest request, ServerCallContext context)
    {
        if (!MappingId().IsMatch(request.MappingId))
        {
            throw Errors.MappingInvalid("mapping_id", "The id of a mapping has 1 to 60 lower-case letters, digits and hyphens.");
        }

        var mapping = request.Mapping?.Clone() ?? throw Errors.MappingInvalid("mapping", "The mapping is missing.");
        mapping.MappingId = request.MappingId;
        mapping.Etag = "";
        Demand(mapping);
        await using var work = await BeginAsync(context);
        var version = await store.SetMappingAsync(work, mapping, context.IfMatchWhereSent(), context.CancellationToken) ?? throw Refusal.EtagMismatch();
        mapping.Etag = Etag.Of(version);
        work.Audit("benchmark-mapping", mapping.MappingId);
        return await work.CommitAsync(new SetBenchmarkMappingResponse { Mapping = mapping });
    }

    public override async Task<GetBenchmarkMappingResponse> GetBenchmarkMapping(GetBenchmarkMappingRequest request, ServerCallContext context) => new()
    {
        Mapping = await store.FindMappingAsync(request.MappingId, context.CancellationToken) ?? throw Errors.MappingNotFound(),
    };

    public override async Task<ListBenchmarksResponse> ListBenchmarks(ListBenchmarksRequest request, ServerCallContext context)
    {
        var size = Paging.Size(request.PageSize, 200, 1000);
        var list = $"benchmarks {request.Measure} {request.Breakdown} {request.AcademicYearEnding} {request.Geography}";
        var rows = await store.ListAsync(new BenchmarkFilter
        {
            Measure = request.HasMeasure ? request.Measure : null,
            Breakdown = request.HasBreakdown ? request.Breakdown : null,
            Year = request.HasAcademicYearEnding ? request.AcademicYearEnding : null,
            Geography = request.Geography == Geography.Unspecified ? null : (short)request.Geography,
            Take = size + 1,
        }, Paging.Keyset(request.PageToken, list, 6), context.CancellationToken);
        var answer = new ListBenchmarksResponse { Benchmarks = { rows.Take(size).Select(r => r.ToProto()) } };
        if (rows.Count > size)
        {
            var last = rows[size - 1];
            answer.NextPageToken = Paging.Token(
                list, last.Measure, last.Breakdown, $"{last.AcademicYearEnding}", last.Release, $"{last.Geography}", last.Area);
        }

        return answer;
    }

    public override async Task<ListPublishedMeasuresResponse> ListPublishedMeasures(ListPublishedMeasuresRequest request, ServerCallContext context)
    {
        var ct = context.CancellationToken;
        var size = Paging.Size(request.PageSize, 200, 1000);
        var list = $"published {request.SchoolUrn} {request.Measure} {request.AcademicYearEnding}";
        var presentUrn = await schools.CurrentUrnAsync(request.SchoolUrn, ct);
        if (!await reaches.ReachesSchoolAsync(context.Caller(), presentUrn, ct))
        {
            throw Errors.SchoolNotFound();
        }

        var rows = await store.ListOfSchoolAsync(presentUrn, new BenchmarkFilter
        {
            Measure = request.HasMeasure ? request.Measure : null,
            Year = request.HasAcademicYearEnding ? request.AcademicYearEnding : null,
            Take = size + 1,
        }, Paging.Keyset(request.PageToken, list, 5), ct);
        var answer = new ListPublishedMeasuresResponse { Measures = { rows.Take(size).Select(r => r.ToMeasure(presentUrn)) } };
        if (rows.Count > size)
        {
            var last = rows[size - 1];
            answer.NextPageToken = Paging.Token(list, $"{last.AcademicYearEnding}", last.Measure, last.Breakdown, last.Release, last.Area);
        }

        return answer;
    }

    /// <summary>Begins a write. Published figures stand beside those of every school, so it takes the whole trust.</summary>
    private async Task<Work> BeginAsync(ServerCallContext context)
    {
        var work = await works.BeginAsync(context);
        try
        {
            await work.DemandWholeTrustAsync(context);
            return work;
        }
        catch
        {
            await work.DisposeAsync();
            throw;
        }
    }

    /// <summary>Reads the whole file into the table of what is found in it.</summary>
    private async Task<BenchmarkFileContent> CopyAsync(
        Work work, UploadStream<ImportBenchmarksRequest> upload, BenchmarkMapping? mapping, CancellationToken ct)
    {
        await store.PrepareAsync(work, ct);
        try
        {
            var ordinal = 0;
            await using var copy = await store.BeginCopyAsync(work, ct);
            var content = await BenchmarkFile.ReadAsync(upload, mapping, finding => store.Write(copy, ordinal++, finding), ct);
            await upload.DrainAsync(ct);
            await copy.CompleteAsync(ct);
            return content;
        }
        catch (UnreadableFileException e)
        {
            throw Errors.FileUnreadable(e.Message);
        }
    }

    private static void Demand(BenchmarkMapping mapping)
    {
        Fields.Text(mapping.Source, "mapping.source", 300);
        if (mapping.AcademicYearEnding is < 1900 or > 2199)
        {
            throw Errors.MappingInvalid("mapping.academic_year_ending", "The year must be one such as 2017, in which the academic year ends.");
        }

        if (!Releases.Contains(mapping.Release))
        {
            throw Errors.MappingInvalid("mapping.release", "A release is unvalidated, provisional, revised or final.");
        }

        if (mapping.Areas.Count == 0 || mapping.Areas.Any(a => a.Geography == Geography.Unspecified || !Enum.IsDefined(a.Geography)
            || (a.Geography != Geography.National && a.AreaColumn.Length == 0)))
        {
            throw Errors.MappingInvalid("mapping.areas", "Each area says its geography and, but for England, the column that identifies it.");
        }

        if (mapping.Measures.Count == 0 || mapping.Measures.Any(m => m.Column.Length == 0 || m.Measure.Length == 0 || m.Unit.Length == 0))
        {
            throw Errors.MappingInvalid("mapping.measures", "Each measure says its column, its code and its unit.");
        }

        if (mapping.Measures.Any(m => m.LowColumn.Length == 0 != (m.HighColumn.Length == 0)
            || !double.IsFinite(m.NationalStandardDeviation) || m.NationalStandardDeviation < 0))
        {
            throw Errors.MappingInvalid("mapping.measures", "An interval has both a lower and an upper column; a standard deviation is 0 or more.");
        }
    }

    [GeneratedRegex("^[a-z0-9-]{1,60}$")]
    private static partial Regex MappingId();
}
