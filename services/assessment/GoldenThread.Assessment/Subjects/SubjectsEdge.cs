using GoldenThread.Assessment.V1;
using GoldenThread.ServiceDefaults;
using Grpc.Core;
using Wire = GoldenThread.Assessment.V1.Subject;

namespace GoldenThread.Assessment.Subjects;

/// <summary>The subjects, as callers see them.</summary>
internal sealed class SubjectsEdge(SubjectStore store, Works works) : SubjectsService.SubjectsServiceBase
{
    private const int LongestName = 100;

    public override async Task<ListSubjectsResponse> ListSubjects(ListSubjectsRequest request, ServerCallContext context)
    {
        const string List = "subjects";
        var size = Paging.Size(request.PageSize);
        var after = Paging.Keyset(request.PageToken, List, 1)?[0] ?? "";
        var rows = await store.ListAsync(after, size + 1, context.CancellationToken);
        var response = new ListSubjectsResponse { NextPageToken = rows.Count > size ? Paging.Token(List, rows[size - 1].Code) : "" };
        response.Subjects.AddRange(rows.Take(size).Select(ToProto));
        return response;
    }

    public override async Task<GetSubjectResponse> GetSubject(GetSubjectRequest request, ServerCallContext context)
    {
        var row = await store.GetAsync(request.Code, context.CancellationToken) ?? throw Errors.SubjectNotFound(request.Code);
        return new GetSubjectResponse { Subject = ToProto(row) };
    }

    public override async Task<PutSubjectResponse> PutSubject(PutSubjectRequest request, ServerCallContext context)
    {
        var ct = context.CancellationToken;
        var code = AssessmentFields.Code(request.Code, "code");
        var name = Fields.Text(request.Name, "name", LongestName);
        await using var work = await works.BeginAsync(context);
        await work.DemandWholeTrustAsync(context);
        var row = await SubjectStore.PutAsync(work, code, name, context.IfMatchWhereSent(), ct) ?? throw Refusal.EtagMismatch();
        work.Audit("subject", code);
        return await work.CommitAsync(new PutSubjectResponse { Subject = ToProto(row) });
    }

    private static Wire ToProto(SubjectRow row) => new() { Code = row.Code, Name = row.Name, Etag = Etag.Of(row.Version) };
}
