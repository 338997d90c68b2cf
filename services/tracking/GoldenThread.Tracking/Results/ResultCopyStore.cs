using System.Globalization;
using System.Text.Json;
using Dapper;
using GoldenThread.Assessment.Events.V1;
using GoldenThread.ServiceDefaults;

namespace GoldenThread.Tracking.Results;

/// <summary>A pupil in a subject: what a status is judged for.</summary>
public readonly record struct PupilSubject(Guid PupilId, string Subject);

/// <summary>Tracking's copy of collections, tests and results. Everything compares versions: a message may come late, or twice.</summary>
public sealed class ResultCopyStore
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);

    /// <summary>
    /// Lets one change set at a time work on a school's results until the transaction ends; always in the order of the URNs, so that two
    /// change sets never wait for each other. Without it two could judge one pupil from what each saw before the other.
    /// </summary>
    public Task LockSchoolsAsync(Work work, IEnumerable<int> schools, CancellationToken ct)
    {
        const string Sql = """
            select pg_advisory_xact_lock_shared(7200);
            select pg_advisory_xact_lock(7201, urn) from unnest(@Schools) as s(urn)
            """;
        return work.Connection.ExecuteAsync(work.Command(Sql, new { Schools = schools.Distinct().Order().ToArray() }, ct));
    }

    /// <summary>
    /// Keeps every change set of results out until the transaction ends. A test or a collection that comes while results are being taken
    /// over must see them, or they must see it; otherwise nobody would judge them.
    /// </summary>
    public Task LockAllSchoolsAsync(Work work, CancellationToken ct) =>
        work.Connection.ExecuteAsync(work.Command("select pg_advisory_xact_lock(7200)", null, ct));

    /// <summary>Takes over a collection; true when it is newer than what was known.</summary>
    public async Task<bool> SaveAsync(Work work, CollectionChanged collection, CancellationToken ct)
    {
        const string Sql = """
            insert into collection_copy as known (collection_id, version, name, academic_year, due_on, locked_at)
            values (@CollectionId, @Version, @Name, @AcademicYear, @DueOn, @LockedAt)
            on conflict (collection_id) do update
            set version = excluded.version, name = excluded.name, academic_year = excluded.academic_year,
                due_on = excluded.due_on, locked_at = excluded.locked_at
            where known.version < excluded.version
            """;
        var isNewer = await work.Connection.ExecuteAsync(work.Command(Sql, collection, ct)) > 0;
        await KeepCollectedAsync(work, collection, isNewer, ct);
        return isNewer;
    }

    /// <summary>
    /// Keeps which tests a collection takes; what says nothing of them leaves them as they are. Told again at the version that is known, they are
    /// kept where there are none: that version may have come before tracking kept tests.
    /// </summary>
    private static async Task KeepCollectedAsync(Work work, CollectionChanged collection, bool isNewer, CancellationToken ct)
    {
        const string Sql = """
            delete from collected_test where collection_id = @CollectionId and @isNewer;
            insert into collected_test (collection_id, test_id, year_groups)
            select @CollectionId, test_id, string_to_array(year_groups, ' ')
            from unnest(@Tests, @YearGroups) as t (test_id, year_groups)
            where exists (select from collection_copy where collection_id = @CollectionId and version = @Version)
              and not exists (select from collected_test where collection_id = @CollectionId)
            on conflict do nothing
            """;
        if (collection.Tests is { } tests)
        {
            await work.Connection.ExecuteAsync(work.Command(Sql, new
            {
                collection.CollectionId,
                collection.Version,
                isNewer,
                Tests = tests.Select(t => t.TestId).ToArray(),
                YearGroups = tests.Select(t => string.Join(' ', t.YearGroups)).ToArray(),
            }, ct));
        }
    }

    /// <summary>
    /// Locked collections that were due later than this one, and whose pupils sat in it, rest on its scores: their fits become due. It may be locked
    /// after them, or again, after a correction.
    /// </summary>
    public Task LaterFitsAreDueAsync(Work work, Guid collectionId, CancellationToken ct)
    {
        const string Sql = """
            insert into refit_due (collection_id)
            select later.collection_id
            from collection_copy c
            join collection_copy later on later.due_on > c.due_on and later.locked_at is not null
            where c.collection_id = @collectionId and exists (
                select from result_copy before
                join result_copy after on after.pupil_id = before.pupil_id and after.collection_id = later.collection_id
                where before.collection_id = c.collection_id)
            order by later.collection_id
            on conflict do nothing
            """;
        return work.Connection.ExecuteAsync(work.Command(Sql, new { collectionId }, ct));
    }

    /// <summary>
    /// Takes over a test; true when it is newer than what was known. Where it was not known, or its norm or its reliability became different, the fits
    /// to it and from it become due: those of locked collections that hold scores of it, or later scores in its subject of who has one of it.
    /// </summary>
    public Task<bool> SaveAsync(Work work, TestChanged test, CancellationToken ct)
    {
        const string Sql = """
            with saved as (
                insert into test_copy as known (test_id, version, subject, scale, mean, sd, reliability, expected_from, bands, codes)
                values (@TestId, @Version, @Subject, @Scale, @Mean, @StandardDeviation, @Reliability, @ExpectedFrom, @Bands::jsonb, @Codes::jsonb)
                on conflict (test_id) do update
                set version = excluded.version, subject = excluded.subject, scale = excluded.scale, mean = excluded.mean, sd = excluded.sd,
                    reliability = excluded.reliability, expected_from = excluded.expected_from, bands = excluded.bands, codes = excluded.codes
                where known.version < excluded.version
                returning test_id, subject, mean, sd, reliability
            ), changed as (
                select s.test_id, s.subject
                from saved s
                -- As it was: one statement does not see what it writes.
                left join test_copy before on before.test_id = s.test_id
                where before.test_id is null
                   or (before.mean, before.sd, before.reliability) is distinct from (s.mean, s.sd, s.reliability)
            ), late as (
                insert into refit_due (collection_id)
                select distinct rests.collection_id
                from changed s
                join result_copy r on r.test_id = s.test_id and r.score is not null
                join collection_copy c on c.collection_id = r.collection_id
                join result_copy o on o.pupil_id = r.pupil_id and o.score is not null
                join collection_copy rests on rests.collection_id = o.collection_id and rests.locked_at is not null
                where (o.test_id = s.test_id or o.test_id in (select t.test_id from test_copy t where t.subject = s.subject))
                  and (rests.due_on > c.due_on or rests.collection_id = c.collection_id and o.test_id = s.test_id)
                order by rests.collection_id
                on conflict do nothing
            )
            select exists (select from saved)
            """;
        return work.Connection.ExecuteScalarAsync<bool>(work.Command(Sql, new
        {
            test.TestId,
            test.Version,
            test.Subject,
            test.Scale,
            test.Mean,
            test.StandardDeviation,
            test.Reliability,
            test.ExpectedFrom,
            Bands = JsonSerializer.Serialize(test.Bands, Json),
            Codes = JsonSerializer.Serialize(test.Codes, Json),
        }, ct));
    }

    /// <summary>
    /// Takes over results that are newer than what was known, in one statement, and says whose statuses they touch. A locked collection to which
    /// they belong was locked while they were on the way (assessment takes none afterwards): its fits become due, and those of later ones.
    /// </summary>
    public async Task<IReadOnlyList<PupilSubject>> SaveAsync(Work work, IReadOnlyList<RecordedResult> results, CancellationToken ct)
    {
        const string Sql = """
            with told as (
                select distinct on (school_urn, result_id) *
                from unnest(@Schools, @Results, @Versions, @Pupils, @Tests, @Collections, @SatOn, @YearGroups, @Scores, @Codes, @RecordedAt)
                    as t(school_urn, result_id, version, pupil_id, test_id, collection_id, sat_on, year_group, score, code, recorded_at)
                order by school_urn, result_id, version desc
            ), saved as (
                insert into result_copy as known
                    (school_urn, result_id, version, pupil_id, test_id, collection_id, sat_on, year_group, score, code, recorded_at)
                select school_urn, result_id, version, pupil_id, test_id, collection_id, sat_on, year_group, score, code, recorded_at
                from told
                on conflict (school_urn, result_id) do update
                set version = excluded.version, collection_id = excluded.collection_id, sat_on = excluded.sat_on,
                    year_group = excluded.year_group, score = excluded.score, code = excluded.code, recorded_at = excluded.recorded_at
                where known.version < excluded.version
                returning pupil_id, test_id, collection_id
            ), late as (
                insert into refit_due (collection_id)
                select distinct later.collection_id
                from (select s.collection_id from saved s join collection_copy c using (collection_id) where c.locked_at is not null) late
                join collection_copy c on c.collection_id = late.collection_id
                join collection_copy later on later.due_on >= c.due_on and later.locked_at is not null
                order by later.collection_id
                on conflict do nothing
            )
            select distinct s.pupil_id, t.subject
            from saved s
            join test_copy t on t.test_id = s.test_id
            """;
        var rows = await work.Connection.QueryAsync<PupilSubjectRow>(work.Command(Sql, new
        {
            Schools = results.Select(r => r.SchoolUrn).ToArray(),
            Results = results.Select(r => r.ResultId).ToArray(),
            Versions = results.Select(r => r.Version).ToArray(),
            Pupils = results.Select(r => r.PupilId).ToArray(),
            Tests = results.Select(r => r.TestId).ToArray(),
            Collections = results.Select(r => r.CollectionId).ToArray(),
            SatOn = results.Select(r => r.SatOn).ToArray(),
            YearGroups = results.Select(r => r.YearGroup).ToArray(),
            Scores = results.Select(r => r.Score).ToArray(),
            Codes = results.Select(r => r.Code).ToArray(),
            RecordedAt = results.Select(r => r.RecordedAt.UtcDateTime).ToArray(),
        }, ct));
        return rows.Select(r => new PupilSubject(r.PupilId, r.Subject)).ToList();
    }

    /// <summary>Whose statuses a collection touches.</summary>
    public async Task<IReadOnlyList<PupilSubject>> PupilsOfCollectionAsync(Work work, Guid collectionId, CancellationToken ct)
    {
        const string Sql = """
            select distinct r.pupil_id, t.subject
            from result_copy r
            join test_copy t on t.test_id = r.test_id
            where r.collection_id = @collectionId
            """;
        var rows = await work.Connection.QueryAsync<PupilSubjectRow>(work.Command(Sql, new { collectionId }, ct));
        return rows.Select(r => new PupilSubject(r.PupilId, r.Subject)).ToList();
    }

    /// <summary>Whose statuses a test touches.</summary>
    public async Task<IReadOnlyList<PupilSubject>> PupilsOfTestAsync(Work work, Guid testId, CancellationToken ct)
    {
        const string Sql = """
            select distinct r.pupil_id, t.subject
            from result_copy r
            join test_copy t on t.test_id = r.test_id
            where r.test_id = @testId
            """;
        var rows = await work.Connection.QueryAsync<PupilSubjectRow>(work.Command(Sql, new { testId }, ct));
        return rows.Select(r => new PupilSubject(r.PupilId, r.Subject)).ToList();
    }

    /// <summary>A decimal as assessment streams it.</summary>
    public static decimal Score(string text) => decimal.Parse(text, CultureInfo.InvariantCulture);

    private sealed record PupilSubjectRow
    {
        public required Guid PupilId { get; init; }

        public required string Subject { get; init; }
    }
}
