using GoldenThread.ServiceDefaults;
using GoldenThread.Tracking.Grants;
using GoldenThread.Tracking.Pupils;
using GoldenThread.Tracking.V1;
using Grpc.Core;

namespace GoldenThread.Tracking.Groups;

/// <summary>Group definitions, as callers see them.</summary>
internal sealed class GroupsEdge(GroupStore store, Works works, TimeProvider clock) : GroupService.GroupServiceBase
{
    public override async Task<DefineGroupResponse> DefineGroup(DefineGroupRequest request, ServerCallContext context)
    {
        var ct = context.CancellationToken;
        var wanted = GroupDefinition.From(request.Group, request.Definition);
        await using var work = await works.BeginAsync(context);
        await work.DemandWholeTrustAsync(context);
        var known = await GroupStore.LockAsync(work, wanted.Group, ct);
        context.DemandIfMatchWhereSent(known?.Version);
        if (known is null || !known.SaysTheSameAs(wanted) || await GroupStore.IsAnyMismarkedAsync(work, ct))
        {
            known = await DefineAsync(work, wanted with { Version = (known?.Version ?? 0) + 1, BuiltIn = known?.BuiltIn ?? false }, ct);
        }

        var members = await GroupStore.CountMembersAsync(work, known.Group, ct);
        return await work.CommitAsync(new DefineGroupResponse { Group = known.ToProto(), Members = members });
    }

    public override async Task<GetGroupResponse> GetGroup(GetGroupRequest request, ServerCallContext context)
    {
        var code = Fields.OptionalText(request.Group, "group", 50);
        var group = await store.GetAsync(code, context.CancellationToken) ?? throw Errors.GroupNotFound();
        return new GetGroupResponse { Group = group.ToProto() };
    }

    public override async Task<ListGroupsResponse> ListGroups(ListGroupsRequest request, ServerCallContext context)
    {
        const string List = "groups";
        var size = Paging.Size(request.PageSize, 100, 500);
        var after = Paging.Keyset(request.PageToken, List, 1)?[0] ?? "";
        var rows = await store.ListAsync(after, size + 1, context.CancellationToken);
        var response = new ListGroupsResponse { NextPageToken = rows.Count > size ? Paging.Token(List, rows[size - 1].Group) : "" };
        response.Groups.AddRange(rows.Take(size).Select(g => g.ToProto()));
        return response;
    }

    private async Task<GroupDefinition> DefineAsync(Work work, GroupDefinition definition, CancellationToken ct)
    {
        var defined = await GroupStore.DefineAsync(work, definition, ct);
        await ChangeSets.OpenAsync(work, ct);
        await GroupStore.TouchEverybodyAsync(work, ct);
        await GroupStore.EvaluateSomeAsync(work, defined.Select(d => d.Group).ToArray(), ct);
        await ChangeSets.CloseAsync(work, clock.GetUtcNow(), ct);
        foreach (var group in defined)
        {
            work.Publish(group.ToEvent());
            work.Audit("group", group.Group, null, $"version {group.Version}");
        }

        return defined[0];
    }
}
