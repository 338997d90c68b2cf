using System.Globalization;
using GoldenThread.Education;
using GoldenThread.Reviews.Events.V1;
using GoldenThread.Reviews.Offers;
using GoldenThread.Reviews.Schools;
using GoldenThread.Reviews.V1;
using GoldenThread.ServiceDefaults;
using Grpc.Core;
using Category = GoldenThread.Reviews.Offers.Category;

namespace GoldenThread.Reviews.Categories;

/// <summary>Schools' categories.</summary>
internal sealed class CategoriesEdge(CategoryStore store, Works works, TimeProvider clock) : CategoryService.CategoryServiceBase
{
    private const int LongestReason = 2000;

    public override async Task<SetCategoryResponse> SetCategory(SetCategoryRequest request, ServerCallContext context)
    {
        var ct = context.CancellationToken;
        var category = CategoryOf(request.Category);
        var from = Fields.Day(request.From, "from");
        if (from > clock.Today().AddYears(1))
        {
            // Entries follow each other in time: a mistyped year would keep out every category before it.
            throw Errors.CategoryInvalid("from", $"A category is set at most a year ahead; {from.Iso()} is later. Is the year right?");
        }

        var reason = Fields.Text(request.Reason, "reason", LongestReason);
        var evidence = CategoryMapping.FromProto(request.Evidence);

        await using var work = await works.BeginAsync(context);
        if (!await store.LockSchoolAsync(work, request.SchoolUrn, context.Authority(), ct))
        {
            throw Errors.SchoolNotFound(request.SchoolUrn);
        }

        if (await store.LastFromAsync(work, request.SchoolUrn, ct) is { } last && from < last)
        {
            throw Errors.CategoryInvalid("from", $"The last entry begins on {last.Iso()}; a new one cannot begin before it.");
        }

        var year = AcademicYear.Of(from).ToString();
        var offer = await OfferStore.InForceAsync(work, year, ct) ?? throw Errors.OfferMissing(year);
        var before = await store.RunBeforeAsync(work, request.SchoolUrn, from, ct);
        var deadline = CategoryHistory.ClockOf(before, category, from, offer.TermsOf(category));
        var author = await PersonLookup.OfCallerAsync(work, ct);
        var entry = await store.AddAsync(work, request.SchoolUrn, category, from, deadline, reason, evidence, author, clock.Today(), ct);
        work.Audit("school-category", entry.CategoryId.ToString(), entry.SchoolUrn);
        work.Publish(new CategoryChanged
        {
            SchoolUrn = entry.SchoolUrn,
            Version = entry.Version,
            Category = category.ToString().ToLowerInvariant(),
            From = entry.FromOn,
            DueOn = entry.DueOn,
            OverdueAfter = entry.OverdueAfter,
        });
        return await work.CommitAsync(new SetCategoryResponse { Category = entry.ToProto(clock.Today()) });
    }

    public override async Task<ListSchoolCategoriesResponse> ListSchoolCategories(ListSchoolCategoriesRequest request, ServerCallContext context)
    {
        var list = $"categories of {request.SchoolUrn}";
        var size = Paging.Size(request.PageSize, 50, 200);
        var keyset = Paging.Keyset(request.PageToken, list, 1);
        long? before = keyset is null ? null : Paging.Part<long>(keyset[0]);
        var entries = await store.HistoryAsync(
            request.SchoolUrn, context.Authority(), before, size + 1, clock.Today(), context.CancellationToken)
            ?? throw Errors.SchoolNotFound(request.SchoolUrn);
        var answer = new ListSchoolCategoriesResponse();
        answer.Categories.AddRange(entries.Take(size).Select(e => e.ToProto(clock.Today())));
        if (entries.Count > size)
        {
            answer.NextPageToken = Paging.Token(list, entries[size - 1].Version.ToString(CultureInfo.InvariantCulture));
        }

        return answer;
    }

    public override async Task<ListCurrentCategoriesResponse> ListCurrentCategories(ListCurrentCategoriesRequest request, ServerCallContext context)
    {
        Category? category = request.Category == V1.Category.Unspecified ? null : CategoryOf(request.Category);
        var list = $"current categories {category}";
        var size = Paging.Size(request.PageSize, 100, 500);
        var keyset = Paging.Keyset(request.PageToken, list, 1);
        var after = keyset is null ? 0 : Paging.Part<int>(keyset[0]);
        var entries = await store.CurrentAsync(context.Authority(), category, after, size + 1, clock.Today(), context.CancellationToken);
        var answer = new ListCurrentCategoriesResponse();
        answer.Categories.AddRange(entries.Take(size).Select(e => e.ToProto(clock.Today())));
        if (entries.Count > size)
        {
            answer.NextPageToken = Paging.Token(list, entries[size - 1].SchoolUrn.ToString(CultureInfo.InvariantCulture));
        }

        return answer;
    }

    private static Category CategoryOf(V1.Category category) =>
        category != V1.Category.Unspecified && System.Enum.IsDefined(category)
            ? (Category)category
            : throw Errors.CategoryInvalid("category", "Say which of the four categories: SUSTAIN, REFINE, REINFORCE or STABILISE.");
}
