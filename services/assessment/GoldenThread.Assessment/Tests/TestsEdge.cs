using GoldenThread.Assessment.Scales;
using GoldenThread.Assessment.V1;
using GoldenThread.ServiceDefaults;
using Grpc.Core;

namespace GoldenThread.Assessment.Tests;

/// <summary>The tests, as callers see them.</summary>
internal sealed class TestsEdge(TestStore store, Works works) : TestsService.TestsServiceBase
{
    public override async Task<ListTestsResponse> ListTests(ListTestsRequest request, ServerCallContext context)
    {
        var list = $"tests {request.Subject}";
        var size = Paging.Size(request.PageSize);
        var after = Paging.Keyset(request.PageToken, list, 1) is [var id] ? Paging.Part<Guid>(id) : Guid.Empty;
        var subject = AssessmentFields.OptionalFilter(request.Subject, "subject");
        var rows = await store.ListAsync(after, subject, size + 1, context.CancellationToken);
        var response = new ListTestsResponse { NextPageToken = rows.Count > size ? Paging.Token(list, rows[size - 1].TestId.ToString()) : "" };
        response.Tests.AddRange(rows.Take(size).Select(t => t.ToProto()));
        return response;
    }

    public override async Task<GetTestResponse> GetTest(GetTestRequest request, ServerCallContext context)
    {
        var test = await store.GetAsync(Fields.Id(request.TestId, "test_id"), context.CancellationToken) ?? throw Errors.TestNotFound();
        return new GetTestResponse { Test = test.ToProto() };
    }

    public override async Task<CreateTestResponse> CreateTest(CreateTestRequest request, ServerCallContext context)
    {
        var ct = context.CancellationToken;
        await using var work = await works.BeginAsync(context);
        await work.DemandWholeTrustAsync(context);
        var scale = await ScaleStore.GetAsync(work, request.Scale, ct) ?? throw Errors.ScaleNotFound(request.Scale);
        var test = TestDefinition.From(request, Guid.CreateVersion7(), scale);
        await TestStore.AddAsync(work, test, ct);
        work.Publish(test.ToEvent());
        work.Audit("test", test.TestId.ToString());
        return await work.CommitAsync(new CreateTestResponse { Test = test.ToProto() });
    }

    public override async Task<UpdateTestResponse> UpdateTest(UpdateTestRequest request, ServerCallContext context)
    {
        var ct = context.CancellationToken;
        var ifVersion = context.IfMatch();
        var id = Fields.Id(request.TestId, "test_id");
        await using var work = await works.BeginAsync(context);
        await work.DemandWholeTrustAsync(context);
        var current = await TestStore.GetAsync(work, id, ct) ?? throw Errors.TestNotFound();
        var changed = current.With(request);
        if (current.Version != ifVersion || !await TestStore.SaveAsync(work, changed, ifVersion, ct))
        {
            throw Refusal.EtagMismatch();
        }

        work.Publish(changed.ToEvent());
        work.Audit("test", changed.TestId.ToString());
        return await work.CommitAsync(new UpdateTestResponse { Test = changed.ToProto() });
    }
}
