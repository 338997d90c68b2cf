using System.Globalization;
using GoldenThread.Education;
using GoldenThread.Reporting.Attainment;
using GoldenThread.Reporting.Disclosure;
using GoldenThread.Reporting.V1;
using GoldenThread.ServiceDefaults;
using Grpc.Core;

namespace GoldenThread.Reporting.Overview;

/// <summary>The trust on one page.</summary>
internal sealed class OverviewEdge(AttainmentReader attainment, AttainmentStore collections, OverviewStore store, ReachStore reaches, TimeProvider clock)
    : OverviewService.OverviewServiceBase
{
    public override async Task<GetTrustOverviewResponse> GetTrustOverview(GetTrustOverviewRequest request, ServerCallContext context)
    {
        var ct = context.CancellationToken;
        var collectionId = Fields.Id(request.CollectionId, "collection_id");
        var reach = await reaches.OfAsync(context.Caller(), ct);
        var collection = await collections.FindCollectionAsync(collectionId, ct) ?? throw Errors.CollectionNotFound();
        var today = clock.Today();
        var cohorts = await attainment.ReadAsync(collection, null, null, ct);
        int[] wholeSchools = [.. cohorts.Schools.Keys.Where(urn => reach.OfWhole(urn) != Sight.None)];
        var sources = new OverviewSources
        {
            Attainment = cohorts,
            Work = await store.WorkAsync(collection.AcademicYear, today, [.. cohorts.Schools.Keys.Where(reach.KnowsSensitiveThreads)], ct),
            Statuses = await store.StatusesAsync(collectionId, collection.DueOn, wholeSchools, ct),
            Completeness = await store.CompletenessAsync(collectionId, collection.DueOn, wholeSchools, ct),
        };
        var overview = new TrustOverview
        {
            CollectionId = collectionId.ToString(),
            CollectionName = collection.Name,
            AcademicYear = collection.AcademicYear,
            Locked = collection.LockedAt is not null,
        };
        overview.Schools.AddRange(OverviewReport.Schools(sources, reach, collection, today));
        return new GetTrustOverviewResponse { Overview = overview };
    }
}

/// <summary>All that the overview is made from.</summary>
internal sealed record OverviewSources
{
    public required AttainmentSources Attainment { get; init; }

    public required IReadOnlyDictionary<int, SchoolWorkRow> Work { get; init; }

    public required ILookup<int, AlikePupilsRow> Statuses { get; init; }

    public required IReadOnlyDictionary<int, CompletenessRow> Completeness { get; init; }
}

/// <summary>Puts a line together for each school within reach.</summary>
internal static class OverviewReport
{
    /// <summary>Lines of the schools that belonged to the trust on the due day, by name. A line of which nothing may be told is left out.</summary>
    public static IEnumerable<SchoolOverview> Schools(OverviewSources sources, Reach reach, CollectionRow collection, DateOnly today)
    {
        var tables = sources.Attainment.TablesFor(reach).ToList();
        foreach (var school in sources.Attainment.Schools.Values.Where(s => s.IsMember).OrderBy(s => s.Name, StringComparer.Ordinal).ThenBy(s => s.SchoolUrn))
        {
            var line = new SchoolOverview { SchoolUrn = school.SchoolUrn, SchoolName = school.Name };
            line.Subjects.AddRange(Headlines(sources.Attainment, tables, reach, school.SchoolUrn));
            var sight = reach.OfWhole(school.SchoolUrn);
            if (sight != Sight.None)
            {
                AddWhole(line, sources, sight, collection, today);
            }

            if (sight != Sight.None || line.Subjects.Count > 0)
            {
                yield return line;
            }
        }
    }

    /// <summary>Adds what concerns the school as such.</summary>
    private static void AddWhole(SchoolOverview line, OverviewSources sources, Sight sight, CollectionRow collection, DateOnly today)
    {
        var completeness = Completeness(sources.Completeness.GetValueOrDefault(line.SchoolUrn), collection.DueOn < today);
        line.Entries = StateOf(completeness);
        if (sight == Sight.Clear)
        {
            line.Completeness = completeness;
        }

        line.Progress = ProgressTable.Of([.. sources.Statuses[line.SchoolUrn]], sight);
        if (sources.Work.TryGetValue(line.SchoolUrn, out var work))
        {
            AddWork(line, work, today);
        }
    }

    private static IEnumerable<SubjectHeadline> Headlines(
        AttainmentSources sources, List<(string Subject, AttainmentTable Table)> tables, Reach reach, int schoolUrn)
    {
        foreach (var (subject, table) in tables)
        {
            var sight = reach.Of(schoolUrn, Reach.AllYears, subject);
            if (sight == Sight.None || !table.Has(schoolUrn, Reach.AllYears))
            {
                continue;
            }

            var headline = new SubjectHeadline
            {
                Subject = subject,
                Figures = AttainmentFigures.Of(table, CellKey.Whole(schoolUrn, Reach.AllYears), sight),
            };
            foreach (var year in table.YearGroups.Where(year => table.Has(schoolUrn, year)))
            {
                var key = CellKey.Whole(schoolUrn, year);
                var figures = AttainmentFigures.Of(table, key, sight);
                var against = sources.National.For([schoolUrn], subject, year, "", table[key].CountedScale)
                    .Select(n => AttainmentFigures.Against(table, key, figures, n)).ToList();
                if (against.Count > 0)
                {
                    headline.National.Add(new NationalComparison { YearGroup = year, Figures = figures, Benchmarks = { against } });
                }
            }

            yield return headline;
        }
    }

    private static Completeness Completeness(CompletenessRow? row, bool dueDayPassed)
    {
        var (entries, expected) = (row?.Entries ?? 0, row?.Expected ?? 0);
        var incomplete = entries < expected;
        return new Completeness
        {
            Entries = entries,
            Expected = expected,
            Incomplete = incomplete,
            Late = incomplete && dueDayPassed,
            Words = expected == 0 ? "nothing expected"
                : incomplete ? string.Create(CultureInfo.InvariantCulture, $"incomplete {entries} of {expected}")
                : "complete",
        };
    }

    private static EntryState StateOf(Completeness completeness) => completeness switch
    {
        { Expected: 0 } => EntryState.NothingExpected,
        { Late: true } => EntryState.Late,
        { Incomplete: true } => EntryState.Incomplete,
        _ => EntryState.Complete,
    };

    private static void AddWork(SchoolOverview line, SchoolWorkRow work, DateOnly today)
    {
        if (work is { Category: { } category, CategoryFrom: { } from })
        {
            line.Category = new SchoolCategory { Category = category, From = Iso(from), Overdue = work.CategoryOverdueAfter < today };
            if (work.CategoryDueOn is { } dueOn)
            {
                line.Category.DueOn = Iso(dueOn);
            }
        }

        line.OpenWork = new OpenWork
        {
            OpenThreads = work.OpenThreads,
            ThreadsPastReview = work.ThreadsPastReview,
            OpenThreadActions = work.OpenThreadActions,
            OverdueThreadActions = work.OverdueThreadActions,
            OpenAgreedActions = work.OpenAgreedActions,
            OverdueAgreedActions = work.OverdueAgreedActions,
        };
        if (work.VisitsKnown)
        {
            line.Visits = new VisitCounts
            {
                Owed = work.VisitsOwed,
                Held = work.VisitsHeld,
                Planned = work.VisitsPlanned,
                Unplaced = work.VisitsUnplaced,
            };
        }
    }

    private static string Iso(DateOnly day) => day.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
}
