using Dapper;
using GoldenThread.ServiceDefaults;
using GoldenThread.Statistics;
using GoldenThread.Tracking.Events.V1;
using GoldenThread.Tracking.Results;

namespace GoldenThread.Tracking.Progress;

/// <summary>Every statement about fits and statuses.</summary>
public sealed class ProgressStore
{
    /// <summary>
    /// The windows of pupils in subjects, oldest first, one per window: of two results the one with a score, then the one on a test with a norm
    /// (a judgement beside it says nothing of standing), then the later.
    /// </summary>
    public async Task<ILookup<PupilSubject, Window>> WindowsAsync(Work work, IReadOnlyCollection<PupilSubject> whose, CancellationToken ct)
    {
        const string Sql = """
            select distinct on (w.pupil_id, w.subject, c.due_on, r.collection_id)
                w.pupil_id, w.subject, r.collection_id, c.due_on, r.school_urn, r.year_group, r.test_id, r.score,
                r.sat_on, r.recorded_at
            from unnest(@Pupils, @Subjects) as w(pupil_id, subject)
            join result_copy r on r.pupil_id = w.pupil_id
            join test_copy t on t.test_id = r.test_id and t.subject = w.subject
            join collection_copy c on c.collection_id = r.collection_id
            order by w.pupil_id, w.subject, c.due_on, r.collection_id, (r.score is null), (not is_normed(t)), r.sat_on desc, r.recorded_at desc
            """;
        var rows = (await work.Connection.QueryAsync<WindowRow>(work.Command(Sql, new
        {
            Pupils = whose.Select(w => w.PupilId).ToArray(),
            Subjects = whose.Select(w => w.Subject).ToArray(),
        }, ct))).AsList();
        var tests = await TestsAsync(work, rows.Select(r => r.TestId), ct);
        return rows.ToLookup(
            r => new PupilSubject(r.PupilId, r.Subject),
            r => new Window(r.CollectionId, r.DueOn, r.SchoolUrn, r.YearGroup, tests[r.TestId], (double?)r.Score, r.SatOn, r.RecordedAt));
    }

    /// <summary>The fits in force from any test of these windows to any other, up to the latest of them; which one judges a window, <see cref="Fits"/> says.</summary>
    public async Task<Fits> FitsAsync(Work work, IReadOnlyCollection<Window> windows, CancellationToken ct)
    {
        const string Sql = """
            select f.prior_test_id, f.current_test_id, f.year_group, f.version, f.collection_id, c.due_on, f.n, f.slope, f.intercept, f.residual_sd,
                f.prior_mean, f.prior_sd, f.prior_reliability, f.current_mean, f.current_sd, f.current_reliability
            from fit_in_force f
            join collection_copy c on c.collection_id = f.collection_id and c.due_on <= @latest
            where f.current_test_id = any (@tests) and f.prior_test_id = any (@tests) and f.year_group = any (@years)
            """;
        var rows = await work.Connection.QueryAsync<FitRow>(work.Command(Sql, new
        {
            tests = windows.Select(w => w.Test.Id).Distinct().ToArray(),
            years = windows.Select(w => w.YearGroup).Distinct().ToArray(),
            latest = windows.Count == 0 ? DateOnly.MinValue : windows.Max(w => w.DueOn),
        }, ct));
        return new Fits(rows.ToLookup(
            r => (r.PriorTestId, r.CurrentTestId, r.YearGroup),
            r => new FrozenFit(r.Version, r.CollectionId, r.DueOn, new PriorScoreFit(r.N, r.Slope, r.Intercept, r.ResidualSd,
                new TestNorm(r.PriorMean, r.PriorSd, r.PriorReliability), new TestNorm(r.CurrentMean, r.CurrentSd, r.CurrentReliability)))));
    }

    /// <summary>
    /// Freezes the fits onto the tests of a collection: per earlier test and year group, over the trust, each pupil once with the latest earlier
    /// score. Least squares by PostgreSQL's regr_ functions. No fit under the minimum of pupils, nor without spread. One more version where it
    /// differs from the newest; where there was a fit and is none any more, a version that says so.
    /// </summary>
    /// <returns>Whether any became different.</returns>
    public async Task<bool> RefitAsync(Work work, Guid collectionId, int minimumPupils, DateTimeOffset at, CancellationToken ct)
    {
        // In one order: sums of the same scores are then the same to the last digit.
        const string Sql = """
            with current_score as (
                select distinct on (r.pupil_id, r.test_id) r.pupil_id, r.test_id, r.year_group, r.score::double precision as score, t.subject,
                    t.mean, t.sd, t.reliability, c.due_on
                from result_copy r
                join test_copy t on t.test_id = r.test_id
                join collection_copy c on c.collection_id = r.collection_id
                where r.collection_id = @collectionId and r.score is not null and is_normed(t)
                order by r.pupil_id, r.test_id, r.sat_on desc, r.recorded_at desc
            ), pair as (
                select distinct on (n.pupil_id, n.test_id, r.test_id)
                    n.pupil_id, r.test_id as prior_test_id, n.test_id as current_test_id, n.year_group,
                    r.score::double precision as prior, n.score as current,
                    t.mean as prior_mean, t.sd as prior_sd, t.reliability as prior_reliability,
                    n.mean as current_mean, n.sd as current_sd, n.reliability as current_reliability
                from current_score n
                join result_copy r on r.pupil_id = n.pupil_id and r.score is not null
                join test_copy t on t.test_id = r.test_id and t.subject = n.subject
                join collection_copy c on c.collection_id = r.collection_id and c.due_on < n.due_on
                where is_normed(t)
                order by n.pupil_id, n.test_id, r.test_id, c.due_on desc, r.sat_on desc, r.recorded_at desc
            ), line as (
                select prior_test_id, current_test_id, year_group, count(*)::int as n,
                    regr_slope(current, prior order by pupil_id) as slope, regr_intercept(current, prior order by pupil_id) as intercept,
                    regr_syy(current, prior order by pupil_id) as syy, regr_sxy(current, prior order by pupil_id) as sxy,
                    regr_sxx(current, prior order by pupil_id) as sxx,
                    min(prior_mean)::double precision as prior_mean, min(prior_sd)::double precision as prior_sd,
                    min(prior_reliability)::double precision as prior_reliability, min(current_mean)::double precision as current_mean,
                    min(current_sd)::double precision as current_sd, min(current_reliability)::double precision as current_reliability
                from pair
                group by prior_test_id, current_test_id, year_group
            ), fit as (
                select prior_test_id, current_test_id, year_group, n, slope, intercept, residual_sd,
                    prior_mean, prior_sd, prior_reliability, current_mean, current_sd, current_reliability
                from line, lateral (select sqrt(greatest(0, syy - sxy ^ 2 / nullif(sxx, 0)) / greatest(1, n - 2)) as residual_sd) r
                where n >= @minimumPupils and slope is not null and residual_sd > 1e-9 * current_sd
            ), stands as (
                select prior_test_id, current_test_id, year_group, n, slope, intercept, residual_sd,
                    prior_mean, prior_sd, prior_reliability, current_mean, current_sd, current_reliability
                from fit_in_force
                where collection_id = @collectionId
            ), different as (
                select f.*, null::timestamptz as retired_at from (select * from fit except select * from stands) f
                union all
                select s.*, @at
                from stands s
                where not exists (
                    select
                    from fit f
                    where f.prior_test_id = s.prior_test_id and f.current_test_id = s.current_test_id and f.year_group = s.year_group)
            )
            insert into prior_score_fit
                (prior_test_id, current_test_id, year_group, version, n, slope, intercept, residual_sd, prior_mean, prior_sd, prior_reliability,
                 current_mean, current_sd, current_reliability, collection_id, fitted_at, retired_at)
            select d.prior_test_id, d.current_test_id, d.year_group,
                coalesce((select max(p.version) from prior_score_fit p
                          where p.prior_test_id = d.prior_test_id and p.current_test_id = d.current_test_id and p.year_group = d.year_group), 0) + 1,
                d.n, d.slope, d.intercept, d.residual_sd, d.prior_mean, d.prior_sd, d.prior_reliability,
                d.current_mean, d.current_sd, d.current_reliability, @collectionId, @at, d.retired_at
            from different d
            """;
        return await work.Connection.ExecuteAsync(work.Command(Sql, new { collectionId, minimumPupils, at }, ct)) > 0;
    }

    /// <summary>
    /// Whose statuses the fits of collections touch: pupils of these, and of later ones that have no such fit of their own and are judged by the
    /// latest before them. Fits that are in force no more touch whom they judged.
    /// </summary>
    public async Task<IReadOnlyList<PupilSubject>> JudgedByFitsOfAsync(Work work, IReadOnlyCollection<Guid> collections, CancellationToken ct)
    {
        const string Sql = """
            select distinct r.pupil_id, t.subject
            from (
                select distinct collection_id, prior_test_id, current_test_id, year_group
                from prior_score_fit
                where collection_id = any (@Collections)) f
            join collection_copy c on c.collection_id = f.collection_id
            join collection_copy judged on judged.collection_id = c.collection_id or judged.due_on > c.due_on
            join result_copy r on r.collection_id = judged.collection_id and r.test_id = f.current_test_id and r.year_group = f.year_group
            join test_copy t on t.test_id = r.test_id
            where judged.collection_id = f.collection_id or not exists (
                select from fit_in_force own
                where own.prior_test_id = f.prior_test_id and own.current_test_id = f.current_test_id and own.year_group = f.year_group
                  and own.collection_id = judged.collection_id)
            """;
        return (await work.Connection.QueryAsync<WhoseRow>(work.Command(Sql, new { Collections = collections.ToArray() }, ct)))
            .Select(r => new PupilSubject(r.PupilId, r.Subject)).ToList();
    }

    /// <summary>Whether the fits of any collection are due.</summary>
    public Task<bool> IsAnyDueAsync(Work work, CancellationToken ct) =>
        work.Connection.ExecuteScalarAsync<bool>(work.Command("select exists (select from refit_due)", null, ct));

    /// <summary>Takes what is due: those collections that are still locked, the earliest first.</summary>
    public async Task<IReadOnlyList<Guid>> TakeDueAsync(Work work, CancellationToken ct)
    {
        const string Sql = """
            with due as (delete from refit_due returning collection_id)
            select c.collection_id from due join collection_copy c using (collection_id) where c.locked_at is not null
            order by c.due_on, c.collection_id
            """;
        return (await work.Connection.QueryAsync<Guid>(work.Command(Sql, null, ct))).AsList();
    }

    /// <summary>Keeps judgements that differ from what stands, as the next version of each, and answers those.</summary>
    public async Task<IReadOnlyList<JudgedStatus>> SaveAsync(
        Work work, Guid changeSetId, DateTimeOffset at, IReadOnlyList<(PupilSubject Whose, Judgement Judgement)> judged, CancellationToken ct)
    {
        const string Sql = """
            insert into progress_status as known
                (pupil_id, subject, collection_id, version, school_urn, year_group, status, reason, band, residual, residual_low, residual_high,
                 points_spanned, fit_version, change_set_id, judged_at)
            select pupil_id, subject, collection_id, 1, school_urn, year_group, status, reason, band, residual, residual_low, residual_high,
                points_spanned, fit_version, @changeSetId, @at
            from unnest(@Pupils, @Subjects, @Collections, @Schools, @YearGroups, @Statuses, @Reasons, @Bands, @Residuals, @Lows, @Highs, @Points, @Fits)
                as j(pupil_id, subject, collection_id, school_urn, year_group, status, reason, band, residual, residual_low, residual_high,
                     points_spanned, fit_version)
            on conflict (pupil_id, subject, collection_id) do update
            set version = known.version + 1, school_urn = excluded.school_urn, year_group = excluded.year_group, status = excluded.status,
                reason = excluded.reason, band = excluded.band, residual = excluded.residual, residual_low = excluded.residual_low,
                residual_high = excluded.residual_high, points_spanned = excluded.points_spanned, fit_version = excluded.fit_version,
                change_set_id = excluded.change_set_id, judged_at = excluded.judged_at
            where (known.school_urn, known.year_group, known.status, known.reason, known.band, known.residual, known.fit_version)
                is distinct from
                  (excluded.school_urn, excluded.year_group, excluded.status, excluded.reason, excluded.band, excluded.residual, excluded.fit_version)
            returning pupil_id, subject, collection_id, version, school_urn, year_group, status, fit_version
            """;
        var residuals = judged.Select(j => j.Judgement.Progress.Residual).ToList();
        var rows = await work.Connection.QueryAsync<SavedRow>(work.Command(Sql, new
        {
            changeSetId,
            at,
            Pupils = judged.Select(j => j.Whose.PupilId).ToArray(),
            Subjects = judged.Select(j => j.Whose.Subject).ToArray(),
            Collections = judged.Select(j => j.Judgement.Window.CollectionId).ToArray(),
            Schools = judged.Select(j => j.Judgement.Window.SchoolUrn).ToArray(),
            YearGroups = judged.Select(j => j.Judgement.Window.YearGroup).ToArray(),
            Statuses = judged.Select(j => StatusWords.Number(j.Judgement.Progress.Status)).ToArray(),
            Reasons = judged.Select(j => StatusWords.Of(j.Judgement.Progress.Reason)).ToArray(),
            Bands = judged.Select(j => j.Judgement.Band).ToArray(),
            Residuals = residuals.Select(r => r?.Mean).ToArray(),
            Lows = residuals.Select(r => r?.Mean - Confidence.Z() * r?.Sd).ToArray(),
            Highs = residuals.Select(r => r?.Mean + Confidence.Z() * r?.Sd).ToArray(),
            Points = judged.Select(j => (short)j.Judgement.Progress.PointsSpanned).ToArray(),
            Fits = judged.Select(j => j.Judgement.FitVersion).ToArray(),
        }, ct));
        return rows.Select(r => new JudgedStatus
        {
            PupilId = r.PupilId,
            Subject = r.Subject,
            CollectionId = r.CollectionId,
            Version = r.Version,
            SchoolUrn = r.SchoolUrn,
            YearGroup = r.YearGroup,
            Status = StatusWords.Of(r.Status),
            FitVersion = r.FitVersion,
        }).ToList();
    }

    private static async Task<Dictionary<Guid, JudgedTest>> TestsAsync(Work work, IEnumerable<Guid> testIds, CancellationToken ct)
    {
        const string Sql = "select test_id, mean, sd, reliability, bands::text as bands from test_copy where test_id = any (@Tests)";
        var rows = await work.Connection.QueryAsync<TestRow>(work.Command(Sql, new { Tests = testIds.Distinct().ToArray() }, ct));
        return rows.ToDictionary(r => r.TestId, r => new JudgedTest(r.TestId, r.Mean, r.Sd, r.Reliability, r.Bands));
    }

    private sealed record WindowRow
    {
        public required Guid PupilId { get; init; }

        public required string Subject { get; init; }

        public required Guid CollectionId { get; init; }

        public required DateOnly DueOn { get; init; }

        public required int SchoolUrn { get; init; }

        public required string YearGroup { get; init; }

        public required Guid TestId { get; init; }

        public decimal? Score { get; init; }

        public required DateOnly SatOn { get; init; }

        public required DateTimeOffset RecordedAt { get; init; }
    }

    private sealed record WhoseRow
    {
        public required Guid PupilId { get; init; }

        public required string Subject { get; init; }
    }

    private sealed record TestRow
    {
        public required Guid TestId { get; init; }

        public decimal? Mean { get; init; }

        public decimal? Sd { get; init; }

        public decimal? Reliability { get; init; }

        public required string Bands { get; init; }
    }

    private sealed record FitRow
    {
        public required Guid PriorTestId { get; init; }

        public required Guid CurrentTestId { get; init; }

        public required string YearGroup { get; init; }

        public required int Version { get; init; }

        public required Guid CollectionId { get; init; }

        public required DateOnly DueOn { get; init; }

        public required int N { get; init; }

        public required double Slope { get; init; }

        public required double Intercept { get; init; }

        public required double ResidualSd { get; init; }

        public required double PriorMean { get; init; }

        public required double PriorSd { get; init; }

        public required double PriorReliability { get; init; }

        public required double CurrentMean { get; init; }

        public required double CurrentSd { get; init; }

        public required double CurrentReliability { get; init; }
    }

    private sealed record SavedRow
    {
        public required Guid PupilId { get; init; }

        public required string Subject { get; init; }

        public required Guid CollectionId { get; init; }

        public required long Version { get; init; }

        public required int SchoolUrn { get; init; }

        public required string YearGroup { get; init; }

        public required short Status { get; init; }

        public int? FitVersion { get; init; }
    }
}
