using System.Globalization;
using GoldenThread.ServiceDefaults;
using GoldenThread.Tracking.V1;
using Grpc.Core;

namespace GoldenThread.Tracking.Schools;

/// <summary>The register of schools, as callers see it.</summary>
internal sealed class SchoolsEdge(SchoolStore store, Works works) : SchoolService.SchoolServiceBase
{
    public override async Task<PutSchoolResponse> PutSchool(PutSchoolRequest request, ServerCallContext context)
    {
        var ct = context.CancellationToken;
        var wanted = School.From(request.SchoolUrn, request.School);
        await using var work = await works.BeginAsync(context);
        if (!await SchoolStore.MayWriteAsync(work, context.Authority(), wanted.SchoolUrn, ct))
        {
            throw Errors.SchoolNotFound();
        }

        var known = await SchoolStore.LockAsync(work, wanted.SchoolUrn, ct);
        context.DemandIfMatchWhereSent(known?.Version);
        if (known is not null && known.SaysTheSameAs(wanted))
        {
            return await work.CommitAsync(new PutSchoolResponse { School = known.ToProto() });
        }

        // Reports show a school's figures under its successor, so it takes a right to both to say that one replaced the other, or that it did not.
        var before = known?.PredecessorUrns ?? [];
        var differing = wanted.PredecessorUrns.Except(before).Union(before.Except(wanted.PredecessorUrns)).ToArray();
        if (!await SchoolStore.HoldsAllAsync(work, context.Authority(), differing, ct))
        {
            throw Errors.SchoolNotFound();
        }

        var stored = await SchoolStore.PutAsync(work, wanted, ct);
        work.Publish(stored.ToEvent());
        work.Audit("school", stored.SchoolUrn.ToString(CultureInfo.InvariantCulture), stored.SchoolUrn);
        return await work.CommitAsync(new PutSchoolResponse { School = stored.ToProto() });
    }

    public override async Task<GetSchoolResponse> GetSchool(GetSchoolRequest request, ServerCallContext context)
    {
        var school = await store.GetAsync(context.Authority(), request.SchoolUrn, context.CancellationToken) ?? throw Errors.SchoolNotFound();
        return new GetSchoolResponse { School = school.ToProto() };
    }

    public override async Task<ListSchoolsResponse> ListSchools(ListSchoolsRequest request, ServerCallContext context)
    {
        var list = $"schools {request.On}";
        var size = Paging.Size(request.PageSize, 100, 500);
        var after = Paging.Part<int>(Paging.Keyset(request.PageToken, list, 1)?[0] ?? "0");
        DateOnly? on = request.On.Length == 0 ? null : Fields.Day(request.On, "on");
        var rows = await store.ListAsync(context.Authority(), on, after, size + 1, context.CancellationToken);
        var response = new ListSchoolsResponse
        {
            NextPageToken = rows.Count > size ? Paging.Token(list, rows[size - 1].SchoolUrn.ToString(CultureInfo.InvariantCulture)) : "",
        };
        response.Schools.AddRange(rows.Take(size).Select(s => s.ToProto()));
        return response;
    }
}
