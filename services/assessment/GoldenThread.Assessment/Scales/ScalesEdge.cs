using GoldenThread.Assessment.Tests;
using GoldenThread.Assessment.V1;
using GoldenThread.ServiceDefaults;
using Grpc.Core;

namespace GoldenThread.Assessment.Scales;

/// <summary>The scales, as callers see them.</summary>
internal sealed class ScalesEdge(ScaleStore store, Works works) : ScalesService.ScalesServiceBase
{
    public override async Task<ListScalesResponse> ListScales(ListScalesRequest request, ServerCallContext context)
    {
        const string List = "scales";
        var size = Paging.Size(request.PageSize);
        var after = Paging.Keyset(request.PageToken, List, 1)?[0] ?? "";
        var rows = await store.ListAsync(after, size + 1, context.CancellationToken);
        var response = new ListScalesResponse { NextPageToken = rows.Count > size ? Paging.Token(List, rows[size - 1].Code) : "" };
        response.Scales.AddRange(rows.Take(size).Select(s => s.ToProto()));
        return response;
    }

    public override async Task<GetScaleResponse> GetScale(GetScaleRequest request, ServerCallContext context)
    {
        var scale = await store.GetAsync(request.Code, context.CancellationToken) ?? throw Errors.ScaleNotFound(request.Code);
        return new GetScaleResponse { Scale = scale.ToProto() };
    }

    public override async Task<PutScaleResponse> PutScale(PutScaleRequest request, ServerCallContext context)
    {
        var ct = context.CancellationToken;
        var wanted = ScaleDefinition.From(request);
        await using var work = await works.BeginAsync(context);
        await work.DemandWholeTrustAsync(context);
        var scale = await ScaleStore.PutAsync(work, wanted, context.IfMatchWhereSent(), ct) ?? throw Refusal.EtagMismatch();
        if (scale.Version > 1)
        {
            await CarryToTestsAsync(work, scale, ct);
        }

        work.Audit("scale", scale.Code);
        return await work.CommitAsync(new PutScaleResponse { Scale = scale.ToProto() });
    }

    // The tests on a scale carry its range and its codes in their events, so they change with it.
    private static async Task CarryToTestsAsync(Work work, ScaleDefinition scale, CancellationToken ct)
    {
        if (await ScaleStore.CountMisfitsAsync(work, scale.Code, ct) is > 0 and var misfits)
        {
            throw Errors.ScaleInUse($"{misfits} recorded results would no longer fit this scale. Define a new scale beside it.");
        }

        foreach (var test in await TestStore.TouchByScaleAsync(work, scale.Code, ct))
        {
            if (test.WhyBandsMisfit() is { } why)
            {
                throw Errors.ScaleInUse($"{test.Name}: {why}");
            }

            work.Publish(test.ToEvent());
        }
    }
}
