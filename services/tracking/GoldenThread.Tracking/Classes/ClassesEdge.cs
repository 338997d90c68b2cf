using System.Globalization;
using GoldenThread.ServiceDefaults;
using GoldenThread.Tracking.Schools;
using GoldenThread.Tracking.V1;
using Grpc.Core;

namespace GoldenThread.Tracking.Classes;

/// <summary>Classes, as callers see them.</summary>
internal sealed class ClassesEdge(ClassStore store, SchoolStore schools, Works works) : ClassService.ClassServiceBase
{
    public override async Task<CreateClassResponse> CreateClass(CreateClassRequest request, ServerCallContext context)
    {
        var ct = context.CancellationToken;
        await using var work = await works.BeginAsync(context);
        if (!await SchoolStore.IsReachedAsync(work, context.Authority(), request.SchoolUrn, wholeSchool: true, ct))
        {
            throw Errors.SchoolNotFound();
        }

        var added = SchoolClass.From(request.SchoolUrn, request.Class);
        await ClassStore.AddAsync(work, added, ct);
        work.Audit("class", added.ClassId.ToString(), added.SchoolUrn);
        return await work.CommitAsync(new CreateClassResponse { Class = added.ToProto() });
    }

    public override async Task<GetClassResponse> GetClass(GetClassRequest request, ServerCallContext context)
    {
        var id = Fields.Id(request.ClassId, "class_id");
        var known = await store.GetAsync(context.Authority(), id, context.CancellationToken) ?? throw Errors.ClassNotFound();
        return new GetClassResponse { Class = known.ToProto() };
    }

    public override async Task<ListClassesResponse> ListClasses(ListClassesRequest request, ServerCallContext context)
    {
        var year = request.AcademicYear.Length == 0 ? "" : TrackingFields.AcademicYear(request.AcademicYear, "academic_year").ToString();
        var list = string.Create(CultureInfo.InvariantCulture, $"classes {request.SchoolUrn} {year}");
        var size = Paging.Size(request.PageSize, 100, 500);
        var after = Paging.Keyset(request.PageToken, list, 2) is [var name, var id] ? (name, Paging.Part<Guid>(id)) : ("", Guid.Empty);
        if (!await schools.IsReachedAsync(context.Authority(), request.SchoolUrn, context.CancellationToken))
        {
            throw Errors.SchoolNotFound();
        }

        var rows = await store.ListAsync(context.Authority(), request.SchoolUrn, year, after, size + 1, context.CancellationToken);
        var response = new ListClassesResponse
        {
            NextPageToken = rows.Count > size ? Paging.Token(list, rows[size - 1].Name, rows[size - 1].ClassId.ToString()) : "",
        };
        response.Classes.AddRange(rows.Take(size).Select(c => c.ToProto()));
        return response;
    }
}
