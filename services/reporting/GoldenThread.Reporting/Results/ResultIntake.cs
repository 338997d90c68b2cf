using Dapper;
using GoldenThread.Assessment.Events.V1;
using GoldenThread.Reporting.Roster;
using GoldenThread.Reporting.Summaries;
using GoldenThread.ServiceDefaults;

namespace GoldenThread.Reporting.Results;

/// <summary>Takes in results, tests and collections. What comes before its test or its pupil is kept, and summed when the other comes.</summary>
internal sealed class ResultIntake(SummaryCells cells, PupilIntake pupils)
{
    /// <summary>
    /// Keeps the newest version of each result; answers the cells they lay in and now lie in, and those where the same pupils have other results
    /// of the collection: a pupil counts in one of them. These are told with the subject of what changed, whatever the other results' tests are by
    /// now: who changes one of those tests tells of that. The collections are held against a change of
    /// their due day, the tests against one of their definition, and the pupils against a change of their groups, until the commit: whoever comes second sees the first.
    /// </summary>
    public async Task<IReadOnlyList<SummaryCell>> KeepAsync(Work work, IReadOnlyCollection<RecordedResult> results, CancellationToken ct)
    {
        var rows = results.GroupBy(r => (r.SchoolUrn, r.ResultId)).Select(g => g.MaxBy(r => r.Version)!).ToList();
        await Held.Collections.ShareAsync(work, rows.Select(r => r.CollectionId).Distinct().ToArray(), ct);
        await Held.Tests.ShareAsync(work, rows.Select(r => r.TestId).Distinct().ToArray(), ct);
        await pupils.HoldAsync(work, rows.Select(r => r.PupilId).Distinct().ToArray(), ct);
        const string Sql = """
            with incoming as (
                select * from unnest(
                    @SchoolUrns, @ResultIds, @Versions, @PupilIds, @TestIds, @CollectionIds, @YearGroups, @Days, @Scores, @Codes, @RecordedAt)
                as i (school_urn, result_id, version, pupil_id, test_id, collection_id, year_group, sat_on, score, code, recorded_at)
            ),
            before as (
                select f.collection_id, f.school_urn, f.year_group, f.test_id, f.pupil_id
                from incoming i join fact_result f on f.school_urn = i.school_urn and f.result_id = i.result_id and f.version < i.version
            ),
            kept as (
                insert into fact_result as f (
                    school_urn, result_id, version, pupil_id, test_id, collection_id, year_group, sat_on, score, code, recorded_at)
                select school_urn, result_id, version, pupil_id, test_id, collection_id, year_group, sat_on, score, code, recorded_at
                from incoming
                order by school_urn, result_id
                on conflict (school_urn, result_id) do update
                set version = excluded.version, pupil_id = excluded.pupil_id, test_id = excluded.test_id,
                    collection_id = excluded.collection_id, year_group = excluded.year_group, sat_on = excluded.sat_on,
                    score = excluded.score, code = excluded.code, recorded_at = excluded.recorded_at
                where f.version < excluded.version
                returning f.collection_id, f.school_urn, f.year_group, f.test_id, f.pupil_id
            ),
            touched as (
                select distinct r.collection_id, r.school_urn, r.year_group, t.subject, r.pupil_id
                from (select * from before union all select * from kept) r
                join test t on t.test_id = r.test_id
            )
            select collection_id, school_urn, year_group, subject from touched
            union
            select r.collection_id, f.school_urn, f.year_group, r.subject
            from touched r
            -- Before and after the cell in the index: what lies in the cell itself is many rows and tells nothing.
            cross join lateral (
                select f.school_urn, f.year_group from fact_result f
                where f.pupil_id = r.pupil_id and f.collection_id = r.collection_id
                  and (f.school_urn, f.year_group) < (r.school_urn, r.year_group)
                union all
                select f.school_urn, f.year_group from fact_result f
                where f.pupil_id = r.pupil_id and f.collection_id = r.collection_id
                  and (f.school_urn, f.year_group) > (r.school_urn, r.year_group)
            ) f
            """;
        return (await work.Connection.QueryAsync<SummaryCell>(work.Command(Sql, new
        {
            SchoolUrns = rows.Select(r => r.SchoolUrn).ToArray(),
            ResultIds = rows.Select(r => r.ResultId).ToArray(),
            Versions = rows.Select(r => r.Version).ToArray(),
            PupilIds = rows.Select(r => r.PupilId).ToArray(),
            TestIds = rows.Select(r => r.TestId).ToArray(),
            CollectionIds = rows.Select(r => r.CollectionId).ToArray(),
            YearGroups = rows.Select(r => r.YearGroup).ToArray(),
            Days = rows.Select(r => r.SatOn).ToArray(),
            Scores = rows.Select(r => r.Score).ToArray(),
            Codes = rows.Select(r => r.Code).ToArray(),
            RecordedAt = rows.Select(r => r.RecordedAt.ToUniversalTime()).ToArray(),
        }, ct))).AsList();
    }

    /// <summary>Keeps a test's definition if it is newer, and sums anew what it judges.</summary>
    public async Task KeepTestAsync(Work work, TestChanged test, CancellationToken ct)
    {
        const string Find = "select subject from test where test_id = @TestId";
        const string Save = """
            insert into test as t (test_id, version, name, subject, scale, expected_from, normed, statutory)
            values (
                @TestId, @Version, @Name, @Subject, @Scale, @ExpectedFrom,
                coalesce(@Mean::numeric is not null and @StandardDeviation > 0 and @Reliability > 0 and @Reliability < 1, false),
                coalesce(@Statutory::boolean, false))
            on conflict (test_id) do update
            set version = excluded.version, name = excluded.name, subject = excluded.subject, scale = excluded.scale,
                expected_from = excluded.expected_from, normed = excluded.normed,
                statutory = coalesce(@Statutory::boolean, t.statutory)
            where t.version < excluded.version
            """;
        await Held.Tests.HoldAloneAsync(work, test.TestId, ct);
        var subjectBefore = await work.Connection.ExecuteScalarAsync<string?>(work.Command(Find, new { test.TestId }, ct));
        if (await work.Connection.ExecuteAsync(work.Command(Save, test, ct)) == 0)
        {
            return;
        }

        await KeepCodesAsync(work, test, ct);
        var touched = await CellsOfTestAsync(work, test.TestId, new[] { test.Subject, subjectBefore ?? test.Subject }.Distinct().ToArray(), ct);
        await cells.AttainmentIsDueAsync(work, touched, ct);
    }

    /// <summary>Keeps a collection if it is newer, and sums anew where its due day, the day of the groups, is another.</summary>
    public async Task KeepCollectionAsync(Work work, CollectionChanged collection, CancellationToken ct)
    {
        const string Find = "select due_on from collection where collection_id = @CollectionId";
        const string Save = """
            insert into collection as c (collection_id, version, name, academic_year, opens_on, due_on, locks_on, locked_at)
            values (@CollectionId, @Version, @Name, @AcademicYear, @OpensOn, @DueOn, @LocksOn, @LockedAt)
            on conflict (collection_id) do update
            set version = excluded.version, name = excluded.name, academic_year = excluded.academic_year, opens_on = excluded.opens_on,
                due_on = excluded.due_on, locks_on = excluded.locks_on, locked_at = excluded.locked_at
            where c.version < excluded.version
            """;
        await Held.Collections.HoldAloneAsync(work, collection.CollectionId, ct);
        var dueBefore = await work.Connection.QuerySingleOrDefaultAsync<DateOnly?>(work.Command(Find, new { collection.CollectionId }, ct));
        var saved = await work.Connection.ExecuteAsync(
            work.Command(Save, collection with { LockedAt = collection.LockedAt?.ToUniversalTime() }, ct));
        if (saved == 0)
        {
            return;
        }

        await KeepCollectedAsync(work, collection, ct);
        if (dueBefore == collection.DueOn)
        {
            return;
        }

        await Held.ShareTestsOfCollectionAsync(work, collection.CollectionId, ct);
        await cells.AttainmentIsDueAsync(work, await CellsOfCollectionAsync(work, collection.CollectionId, ct), ct);
    }

    /// <summary>Keeps which tests a collection takes; what says nothing of them leaves them as they are.</summary>
    private static async Task KeepCollectedAsync(Work work, CollectionChanged collection, CancellationToken ct)
    {
        const string Forget = "delete from collection_test where collection_id = @CollectionId";
        const string Save = """
            insert into collection_test (collection_id, test_id, year_groups)
            select @CollectionId, test_id, string_to_array(year_groups, ' ')
            from unnest(@Tests, @YearGroups) as t (test_id, year_groups)
            on conflict do nothing
            """;
        if (collection.Tests is not { } tests)
        {
            return;
        }

        await work.Connection.ExecuteAsync(work.Command(Forget, new { collection.CollectionId }, ct));
        await work.Connection.ExecuteAsync(work.Command(Save, new
        {
            collection.CollectionId,
            Tests = tests.Select(t => t.TestId).ToArray(),
            YearGroups = tests.Select(t => string.Join(' ', t.YearGroups)).ToArray(),
        }, ct));
    }

    private static Task KeepCodesAsync(Work work, TestChanged test, CancellationToken ct)
    {
        const string Sql = """
            delete from test_code where test_id = @TestId;
            insert into test_code (test_id, code, counts_as_not_met)
            select @TestId, code, counts from unnest(@Codes, @Counts) as c (code, counts)
            on conflict do nothing;
            """;
        return work.Connection.ExecuteAsync(work.Command(Sql, new
        {
            test.TestId,
            Codes = test.Codes.Select(c => c.Code).ToArray(),
            Counts = test.Codes.Select(c => c.CountsAsNotMet).ToArray(),
        }, ct));
    }

    private static async Task<IReadOnlyList<SummaryCell>> CellsOfTestAsync(Work work, Guid testId, string[] subjects, CancellationToken ct)
    {
        // With the cells of the same pupils' other results, which count where these do not.
        const string Sql = """
            select distinct o.collection_id, o.school_urn, o.year_group, s.subject
            from fact_result f
            join fact_result o on o.pupil_id = f.pupil_id and o.collection_id = f.collection_id
            cross join unnest(@subjects) as s (subject)
            where f.test_id = @testId
            """;
        return (await work.Connection.QueryAsync<SummaryCell>(work.Command(Sql, new { testId, subjects }, ct))).AsList();
    }

    private static async Task<IReadOnlyList<SummaryCell>> CellsOfCollectionAsync(Work work, Guid collectionId, CancellationToken ct)
    {
        const string Sql = """
            select distinct f.collection_id, f.school_urn, f.year_group, t.subject
            from fact_result f join test t on t.test_id = f.test_id
            where f.collection_id = @collectionId
            """;
        return (await work.Connection.QueryAsync<SummaryCell>(work.Command(Sql, new { collectionId }, ct))).AsList();
    }
}
