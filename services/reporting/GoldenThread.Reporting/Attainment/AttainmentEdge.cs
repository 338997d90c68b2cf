using System.Globalization;
using GoldenThread.Education;
using GoldenThread.Reporting.Benchmarks;
using GoldenThread.Reporting.Disclosure;
using GoldenThread.Reporting.V1;
using GoldenThread.ServiceDefaults;
using Google.Api;
using Google.Protobuf;
using Grpc.Core;

namespace GoldenThread.Reporting.Attainment;

/// <summary>Attainment, as pages and as a file.</summary>
internal sealed class AttainmentEdge(AttainmentReader reader, AttainmentStore store, ReachStore reaches) : AttainmentService.AttainmentServiceBase
{
    private const int RowsPerChunk = 500;

    public override async Task<ListAttainmentResponse> ListAttainment(ListAttainmentRequest request, ServerCallContext context)
    {
        var size = Paging.Size(request.PageSize, 200, 1000);
        var list = $"attainment {request.CollectionId} {request.Level} {request.SchoolUrn} {request.YearGroup} {request.Subject} {request.Group} {request.On}";
        var skip = Paging.Keyset(request.PageToken, list, 1) is [var given] ? Paging.Part<int>(given) : 0;
        var question = await QuestionAsync(
            request.CollectionId, request.Level, request.HasSchoolUrn ? request.SchoolUrn : null, request.HasYearGroup ? request.YearGroup : null,
            request.HasSubject ? request.Subject : null, request.HasGroup ? request.Group : null, request.HasOn ? request.On : null, context);

        // The table is made as a whole, since its redactions depend on all of it; a page is a part of its rows in their fixed order.
        var rows = (await RowsAsync(question, context)).Skip(skip).Take(size + 1).ToList();
        var answer = new ListAttainmentResponse { Rows = { rows.Take(size) } };
        answer.NextPageToken = rows.Count > size ? Paging.Token(list, (skip + size).ToString(CultureInfo.InvariantCulture)) : "";
        return answer;
    }

    public override async Task DownloadAttainment(
        DownloadAttainmentRequest request, IServerStreamWriter<HttpBody> responseStream, ServerCallContext context)
    {
        var question = await QuestionAsync(
            request.CollectionId, request.Level, request.HasSchoolUrn ? request.SchoolUrn : null, request.HasYearGroup ? request.YearGroup : null,
            request.HasSubject ? request.Subject : null, request.HasGroup ? request.Group : null, request.HasOn ? request.On : null, context);
        var rows = await RowsAsync(question, context);
        await WriteAsync(responseStream, AttainmentCsv.Header);
        foreach (var chunk in rows.Chunk(RowsPerChunk))
        {
            context.CancellationToken.ThrowIfCancellationRequested();
            await WriteAsync(responseStream, string.Concat(chunk.Select(AttainmentCsv.Line)));
        }
    }

    private static Task WriteAsync(IServerStreamWriter<HttpBody> stream, string text) =>
        stream.WriteAsync(new HttpBody { ContentType = "text/csv; charset=utf-8", Data = ByteString.CopyFromUtf8(text) });

    private async Task<IEnumerable<V1.Attainment>> RowsAsync(AttainmentQuestion question, ServerCallContext context)
    {
        var ct = context.CancellationToken;
        var reach = await reaches.OfAsync(context.Caller(), ct);
        if (question.SchoolUrn is { } urn && !reach.Knows(urn))
        {
            throw Errors.SchoolNotFound();
        }

        var collection = await store.FindCollectionAsync(question.CollectionId, ct) ?? throw Errors.CollectionNotFound();
        if (question.On is not null && !reach.AnyClear)
        {
            throw Errors.FixedTablesOnly();
        }

        return AttainmentReport.Rows(await reader.ReadAsync(collection, question.Subject, question.On, ct), question, reach);
    }

    private async Task<AttainmentQuestion> QuestionAsync(
        string collectionId, AttainmentLevel level, int? schoolUrn, string? yearGroup, string? subject, string? group, string? on, ServerCallContext context)
    {
        if (yearGroup is not null && yearGroup != Reach.AllYears && !YearGroup.TryParse(yearGroup, out _))
        {
            throw Refusal.InvalidField("YEAR_GROUP_INVALID", "year_group", "A year group is N1, N2, R, a number from 1 to 13, or \"all\".");
        }

        return new AttainmentQuestion
        {
            CollectionId = Fields.Id(collectionId, "collection_id"),
            Trust = level switch
            {
                AttainmentLevel.Unspecified or AttainmentLevel.School => false,
                AttainmentLevel.Trust => true,
                _ => throw Refusal.InvalidField("LEVEL_INVALID", "level", "The level is that of schools or of the trust."),
            },
            SchoolUrn = schoolUrn is { } urn ? await store.CurrentUrnAsync(urn, context.CancellationToken) : null,
            YearGroup = yearGroup is null or Reach.AllYears ? yearGroup : YearGroup.Parse(yearGroup).Code,
            Subject = subject is null ? null : Fields.OptionalText(subject, "subject", 60),
            Group = group is null ? null : Fields.OptionalText(group, "group", 60),
            On = on is null ? null : Fields.Day(on, "on"),
        };
    }
}

/// <summary>Brings together what a report of attainment is made from.</summary>
internal sealed class AttainmentReader(AttainmentStore store, BenchmarkStore benchmarks)
{
    /// <summary>The tables of a collection by subject, with names and national figures.</summary>
    public async Task<AttainmentSources> ReadAsync(CollectionRow collection, string? subject, DateOnly? on, CancellationToken ct)
    {
        var schools = await store.SchoolsAsync(on ?? collection.DueOn, ct);
        var groups = await store.GroupsAsync(ct);
        var fixedGroups = await store.FixedTableGroupsAsync(ct);
        var sums = on is { } day
            ? await store.SumsOnAsync(collection.CollectionId, subject, day, ct)
            : await store.SumsAsync(collection.CollectionId, subject, ct);
        var members = schools.Values.Where(s => s.IsMember).Select(s => s.SchoolUrn).ToHashSet();
        return new AttainmentSources
        {
            CollectionId = collection.CollectionId,
            TablesBySubject = sums.ToDictionary(s => s.Key, s => new AttainmentTable(s, groups.Keys, members, fixedGroups)),
            Schools = schools,
            Groups = groups,
            National = await benchmarks.NationalAsync(collection.CollectionId, AcademicYear.Parse(collection.AcademicYear).EndYear, ct),
        };
    }
}
