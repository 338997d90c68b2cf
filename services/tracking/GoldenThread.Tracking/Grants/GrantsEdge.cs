using System.Globalization;
using GoldenThread.ServiceDefaults;
using GoldenThread.Tracking.Schools;
using GoldenThread.Tracking.V1;
using Grpc.Core;

namespace GoldenThread.Tracking.Grants;

/// <summary>Giving and ending roles.</summary>
internal sealed class GrantsEdge(GrantStore store, Works works, TimeProvider clock) : GrantService.GrantServiceBase
{
    private const int LongestReason = 500;

    public override async Task<GiveGrantResponse> GiveGrant(GiveGrantRequest request, ServerCallContext context)
    {
        var ct = context.CancellationToken;
        var caller = context.Caller();
        var grant = Grant.From(request.Grant, clock.GetUtcNow());
        if (grant.Issuer == caller.Issuer && grant.Subject == caller.Subject)
        {
            throw Errors.GrantToOneself();
        }

        await using var work = await works.BeginAsync(context);
        await DemandReachAsync(work, context, grant, ct);
        if (await GrantStore.OverlapsAsync(work, grant, ct))
        {
            throw Errors.GrantExists();
        }

        await GrantStore.GiveAsync(work, grant, caller, ct);
        work.Publish(grant.ToEvent());
        work.Audit("grant", grant.GrantId.ToString(), grant.SchoolUrn, $"{grant.Role} to {grant.Subject}");
        return await work.CommitAsync(new GiveGrantResponse { Grant = grant.ToProto() });
    }

    public override async Task<GetGrantResponse> GetGrant(GetGrantRequest request, ServerCallContext context)
    {
        var id = Fields.Id(request.GrantId, "grant_id");
        var grant = await store.GetAsync(context.Authority(), id, context.CancellationToken) ?? throw Errors.GrantNotFound();
        return new GetGrantResponse { Grant = grant.ToProto() };
    }

    public override async Task<ListGrantsResponse> ListGrants(ListGrantsRequest request, ServerCallContext context)
    {
        var list = string.Create(
            CultureInfo.InvariantCulture,
            $"grants {request.Issuer} {request.Subject} {(int)request.Role} {request.SchoolUrn} {request.IncludeEnded}");
        var size = Paging.Size(request.PageSize, 100, 500);
        var after = Paging.Keyset(request.PageToken, list, 1) is [var last] ? Paging.Part<Guid>(last) : Guid.Empty;
        var filter = new GrantFilter(
            Fields.OptionalText(request.Issuer, "issuer", 500),
            Fields.OptionalText(request.Subject, "subject", 200),
            request.Role,
            TrackingFields.OptionalUrn(request.SchoolUrn),
            request.IncludeEnded);
        var rows = await store.ListAsync(context.Authority(), filter, after, size + 1, context.CancellationToken);
        var response = new ListGrantsResponse { NextPageToken = rows.Count > size ? Paging.Token(list, rows[size - 1].GrantId.ToString()) : "" };
        response.Grants.AddRange(rows.Take(size).Select(g => g.ToProto()));
        return response;
    }

    public override async Task<EndGrantResponse> EndGrant(EndGrantRequest request, ServerCallContext context)
    {
        var ct = context.CancellationToken;
        var id = Fields.Id(request.GrantId, "grant_id");
        var reason = Fields.Text(request.Reason, "reason", LongestReason);
        var version = context.IfMatch();
        await using var work = await works.BeginAsync(context);
        var known = await GrantStore.LockAsync(work, context.Authority(), id, ct) ?? throw Errors.GrantNotFound();
        var ended = known.Ended(clock.GetUtcNow());
        if (known.Version != version)
        {
            throw Refusal.EtagMismatch();
        }

        await GrantStore.EndAsync(work, ended, reason, ct);
        work.Publish(ended.ToEvent());
        work.Audit("grant", ended.GrantId.ToString(), ended.SchoolUrn);
        return await work.CommitAsync(new EndGrantResponse { Grant = ended.ToProto() });
    }

    private static async Task DemandReachAsync(Work work, ServerCallContext context, Grant grant, CancellationToken ct)
    {
        var by = context.Authority();
        if (grant.SchoolUrn is not { } school)
        {
            if (!await work.HoldsWholeTrustAsync(by, ct))
            {
                throw Errors.GrantWiderThanOwn();
            }

            return;
        }

        if (!await SchoolStore.IsReachedAsync(work, by, school, wholeSchool: true, ct))
        {
            throw Errors.SchoolNotFound();
        }

        if (!await GrantStore.AreClassesOfAsync(work, school, grant.ClassIds, ct))
        {
            throw Errors.ClassNotFound();
        }
    }
}
