using GoldenThread.Assessment.Scales;
using GoldenThread.Assessment.V1;
using GoldenThread.ServiceDefaults;
using Grpc.Core;

namespace GoldenThread.Assessment.Tests;

/// <summary>The tests, as callers see them.</summary>
internal sealed class TestsEdge(TestStore store, ScaleStore scales, Works works) : TestsService.TestsServiceBase
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
        var scale = await scales.GetAsync(request.Scale, ct) ?? throw Errors.ScaleNotFound(request.Scale);
        var test = TestDefinition.From(request, Guid.CreateVersion7(), scale);
        await using var work = await works.BeginAsync(context);
        if (!await TestStore.AddAsync(work, context.Authority(), test, ct))
        {
            throw Errors.TrustGrantNeeded();
        }

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
        var current = await store.GetAsync(id, ct) ?? throw Errors.TestNotFound();
        if (current.Version != ifVersion)
        {
            throw Refusal.EtagMismatch();
        }

        var changed = current.With(request);
        if (!await TestStore.SaveAsync(work, context.Authority(), changed, ifVersion, ct))
        {
            throw await WhyNotSavedAsync(current.TestId, ifVersion, ct);
        }

        work.Publish(changed.ToEvent());
        work.Audit("test", changed.TestId.ToString());
        return await work.CommitAsync(new UpdateTestResponse { Test = changed.ToProto() });
    }

    private async Task<RpcException> WhyNotSavedAsync(Guid testId, long ifVersion, CancellationToken ct) =>
        await store.GetAsync(testId, ct) is { } now && now.Version != ifVersion ? Refusal.EtagMismatch() : Errors.TrustGrantNeeded();
}
