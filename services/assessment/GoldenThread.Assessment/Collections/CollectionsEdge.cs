using System.Globalization;
using GoldenThread.Assessment.V1;
using GoldenThread.ServiceDefaults;
using Grpc.Core;

namespace GoldenThread.Assessment.Collections;

/// <summary>The collections, as callers see them.</summary>
internal sealed class CollectionsEdge(CollectionStore store, CompletenessStore completeness, Works works, TimeProvider clock)
    : CollectionsService.CollectionsServiceBase
{
    public override async Task<ListCollectionsResponse> ListCollections(ListCollectionsRequest request, ServerCallContext context)
    {
        var list = $"collections {request.AcademicYear}";
        var size = Paging.Size(request.PageSize);
        (DateOnly, Guid)? after = Paging.Keyset(request.PageToken, list, 2) is [var opensOn, var id]
            ? (Paging.Part<DateOnly>(opensOn), Paging.Part<Guid>(id))
            : null;
        var year = AssessmentFields.OptionalFilter(request.AcademicYear, "academic_year");
        var rows = await store.ListAsync(after, year, size + 1, context.CancellationToken);
        var response = new ListCollectionsResponse();
        response.Collections.AddRange(rows.Take(size).Select(c => c.ToProto()));
        response.NextPageToken = rows.Count > size
            ? Paging.Token(list, rows[size - 1].OpensOn.Text(), rows[size - 1].CollectionId.ToString())
            : "";
        return response;
    }

    public override async Task<GetCollectionResponse> GetCollection(GetCollectionRequest request, ServerCallContext context) =>
        new() { Collection = (await FindAsync(request.CollectionId, context)).ToProto() };

    public override async Task<CreateCollectionResponse> CreateCollection(CreateCollectionRequest request, ServerCallContext context)
    {
        var plan = CollectionPlan.From(request, Guid.CreateVersion7());
        await using var work = await works.BeginAsync(context);
        await work.DemandWholeTrustAsync(context);
        await CollectionStore.AddAsync(work, plan, context.CancellationToken);
        work.Publish(plan.ToEvent());
        work.Audit("collection", plan.CollectionId.ToString());
        return await work.CommitAsync(new CreateCollectionResponse { Collection = plan.ToProto() });
    }

    public override async Task<UpdateCollectionResponse> UpdateCollection(UpdateCollectionRequest request, ServerCallContext context)
    {
        var ct = context.CancellationToken;
        await using var work = await works.BeginAsync(context);
        var current = await HoldAsync(work, request.CollectionId, context);
        var changed = current.With(request);
        var removed = current.Tests.Select(t => t.TestId).Except(changed.Tests.Select(t => t.TestId)).ToArray();
        if (await CollectionStore.HasResultsAsync(work, current.CollectionId, removed, ct))
        {
            throw Errors.TestHasResults();
        }

        await SaveAsync(work, changed, null, ct);
        if (request.Tests is not null)
        {
            await CollectionStore.ReplaceTestsAsync(work, changed, ct);
        }

        return await work.CommitAsync(new UpdateCollectionResponse { Collection = changed.ToProto() });
    }

    public override async Task<LockCollectionResponse> LockCollection(LockCollectionRequest request, ServerCallContext context)
    {
        await using var work = await works.BeginAsync(context);
        var current = await HoldAsync(work, request.CollectionId, context);
        var missing = await CompletenessStore.CountMissingAsync(work, current.CollectionId, context.CancellationToken);
        var locked = current.Lock(missing, request.AcceptMissing, request.Reason, clock.Instant());
        await SaveAsync(work, locked, $"{missing} missing. {request.Reason}".Trim(), context.CancellationToken);
        return await work.CommitAsync(new LockCollectionResponse { Collection = locked.ToProto() });
    }

    public override async Task<UnlockCollectionResponse> UnlockCollection(UnlockCollectionRequest request, ServerCallContext context)
    {
        await using var work = await works.BeginAsync(context);
        var current = await HoldAsync(work, request.CollectionId, context);
        var open = current.Unlock(request.Reason);
        await SaveAsync(work, open, request.Reason, context.CancellationToken);
        return await work.CommitAsync(new UnlockCollectionResponse { Collection = open.ToProto() });
    }

    public override async Task<ListCompletenessResponse> ListCompleteness(ListCompletenessRequest request, ServerCallContext context)
    {
        var filter = await FilterAsync(
            request.CollectionId, request.HasSchoolUrn ? request.SchoolUrn : null, request.YearGroup, request.Subject, context);
        var list = $"completeness {filter}";
        var size = Paging.Size(request.PageSize);
        var after = Paging.Keyset(request.PageToken, list, 3);
        var rows = await completeness.ListAsync(context.Authority(), filter, after, size + 1, context.CancellationToken);
        var response = new ListCompletenessResponse();
        response.Lines.AddRange(rows.Take(size).Select(r => r.ToProto()));
        if (rows.Count > size)
        {
            var last = rows[size - 1];
            response.NextPageToken = Paging.Token(list, last.SchoolUrn.ToString(CultureInfo.InvariantCulture), last.YearGroup, last.Subject);
        }

        return response;
    }

    public override async Task<ListMissingEntriesResponse> ListMissingEntries(ListMissingEntriesRequest request, ServerCallContext context)
    {
        var filter = await FilterAsync(
            request.CollectionId, request.HasSchoolUrn ? request.SchoolUrn : null, request.YearGroup, request.Subject, context);
        var list = $"missing {filter}";
        var size = Paging.Size(request.PageSize);
        var after = Paging.Keyset(request.PageToken, list, 3);
        var rows = await completeness.ListMissingAsync(context.Authority(), filter, after, size + 1, context.CancellationToken);
        var response = new ListMissingEntriesResponse();
        response.Entries.AddRange(rows.Take(size).Select(r => r.ToProto()));
        if (rows.Count > size)
        {
            var last = rows[size - 1];
            response.NextPageToken = Paging.Token(
                list, last.SchoolUrn.ToString(CultureInfo.InvariantCulture), last.PupilId.ToString(), last.TestId.ToString());
        }

        return response;
    }

    public override async Task<ListChasesResponse> ListChases(ListChasesRequest request, ServerCallContext context)
    {
        var collection = await FindAsync(request.CollectionId, context);
        var list = $"chases {collection.CollectionId}";
        var size = Paging.Size(request.PageSize);
        var after = Paging.Keyset(request.PageToken, list, 1) is [var urn] ? Paging.Part<int>(urn) : 0;
        var rows = await completeness.ListChasesAsync(context.Authority(), collection.CollectionId, after, size + 1, context.CancellationToken);
        var response = new ListChasesResponse();
        response.Chases.AddRange(rows.Take(size).Select(r => new Chase
        {
            SchoolUrn = r.SchoolUrn,
            Expected = (int)r.Expected,
            Missing = (int)r.Missing,
            Pupils = (int)r.Pupils,
            Overdue = r.Overdue,
        }));
        response.NextPageToken = rows.Count > size ? Paging.Token(list, rows[size - 1].SchoolUrn.ToString(CultureInfo.InvariantCulture)) : "";
        return response;
    }

    private async Task<CollectionPlan> FindAsync(string collectionId, ServerCallContext context) =>
        await store.GetAsync(Fields.Id(collectionId, "collection_id"), context.CancellationToken) ?? throw Errors.CollectionNotFound();

    private static async Task<CollectionPlan> HoldAsync(Work work, string collectionId, ServerCallContext context)
    {
        var ifVersion = context.IfMatch();
        var id = Fields.Id(collectionId, "collection_id");
        await work.DemandWholeTrustAsync(context);
        var current = await CollectionStore.HoldAsync(work, id, context.CancellationToken) ?? throw Errors.CollectionNotFound();
        return current.Version == ifVersion ? current : throw Refusal.EtagMismatch();
    }

    private static async Task SaveAsync(Work work, CollectionPlan changed, string? why, CancellationToken ct)
    {
        await CollectionStore.SaveAsync(work, changed, ct);
        work.Publish(changed.ToEvent());
        work.Audit("collection", changed.CollectionId.ToString(), detail: why);
    }

    private async Task<CompletenessFilter> FilterAsync(
        string collectionId, int? schoolUrn, string yearGroup, string subject, ServerCallContext context)
    {
        var collection = await FindAsync(collectionId, context);
        return new CompletenessFilter(
            collection.CollectionId,
            schoolUrn,
            AssessmentFields.OptionalYearGroup(yearGroup, "year_group"),
            AssessmentFields.OptionalFilter(subject, "subject"));
    }
}
