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

    /// <summary>
    /// The fits that these windows may be judged by, from any of their tests: of each window's own collection the newest version; where it has
    /// none, that of the latest collection before it.
    /// </summary>
    public async Task<Fits> FitsAsync(Work work, IReadOnlyCollection<Window> windows, CancellationToken ct)
    {
        const string Sql = """
            select distinct on (w.collection_id, f.prior_test_id, f.current_test_id, f.year_group)
                f.prior_test_id, f.current_test_id, f.year_group, f.version, f.collection_id, c.due_on, f.n, f.slope, f.intercept, f.residual_sd,
                f.prior_mean, f.prior_sd, f.prior_reliability, f.current_mean, f.current_sd, f.current_reliability
            from unnest(@Collections, @DueOn, @Tests, @YearGroups) as w(collection_id, due_on, test_id, year_group)
            join prior_score_fit f on f.current_test_id = w.test_id and f.year_group = w.year_group and f.prior_test_id = any (@Tests)
            join collection_copy c on c.collection_id = f.collection_id and (f.collection_id = w.collection_id or c.due_on < w.due_on)
            order by w.collection_id, f.prior_test_id, f.current_test_id, f.year_group,
                (f.collection_id = w.collection_id) desc, c.due_on desc, f.version desc
            """;
        var asked = windows.Select(w => (w.CollectionId, w.DueOn, w.Test.Id, w.YearGroup)).Distinct().ToList();
        var rows = await work.Connection.QueryAsync<FitRow>(work.Command(Sql, new
        {
            Collections = asked.Select(w => w.CollectionId).ToArray(),
            DueOn = asked.Select(w => w.DueOn).ToArray(),
            Tests = asked.Select(w => w.Id).ToArray(),
            YearGroups = asked.Select(w => w.YearGroup).ToArray(),
        }, ct));
        return new Fits(rows.ToLookup(
            r => (r.PriorTestId, r.CurrentTestId, r.YearGroup),
            r => new FrozenFit(r.Version, r.CollectionId, r.DueOn, new PriorScoreFit(r.N, r.Slope, r.Intercept, r.ResidualSd,
                new TestNorm(r.PriorMean, r.PriorSd, r.PriorReliability), new TestNorm(r.CurrentMean, r.CurrentSd, r.CurrentReliability)))));
    }

    /// <summary>
    /// Freezes one more version of each fit onto the tests of a collection: per earlier test and year group, over the trust, each pupil once
    /// with the latest earlier score. Least squares by PostgreSQL's regr_ functions. No fit under the minimum of pupils, nor without spread.
    /// </summary>
    public Task RefitAsync(Work work, Guid collectionId, int minimumPupils, DateTimeOffset at, CancellationToken ct)
    {
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
                    r.test_id as prior_test_id, n.test_id as current_test_id, n.year_group, r.score::double precision as prior, n.score as current,
                    t.mean as prior_mean, t.sd as prior_sd, t.reliability as prior_reliability,
                    n.mean as current_mean, n.sd as current_sd, n.reliability as current_reliability
                from current_score n
                join result_copy r on r.pupil_id = n.pupil_id and r.score is not null
                join test_copy t on t.test_id = r.test_id and t.subject = n.subject
                join collection_copy c on c.collection_id = r.collection_id and c.due_on < n.due_on
                where is_normed(t)
                order by n.pupil_id, n.test_id, r.test_id, c.due_on desc, r.sat_on desc, r.recorded_at desc
            ), fitted as (
                select prior_test_id, current_test_id, year_group, count(*)::int as n,
                    regr_slope(current, prior) as slope, regr_intercept(current, prior) as intercept,
                    sqrt(greatest(0, regr_syy(current, prior) - regr_sxy(current, prior) ^ 2 / nullif(regr_sxx(current, prior), 0))
                         / greatest(1, count(*) - 2)) as residual_sd,
                    min(prior_mean) as prior_mean, min(prior_sd) as prior_sd, min(prior_reliability) as prior_reliability,
                    min(current_mean) as current_mean, min(current_sd) as current_sd, min(current_reliability) as current_reliability
                from pair
                group by prior_test_id, current_test_id, year_group
            )
            insert into prior_score_fit
                (prior_test_id, current_test_id, year_group, version, n, slope, intercept, residual_sd, prior_mean, prior_sd, prior_reliability,
                 current_mean, current_sd, current_reliability, collection_id, fitted_at)
            select f.prior_test_id, f.current_test_id, f.year_group,
                coalesce((select max(p.version) from prior_score_fit p
                          where p.prior_test_id = f.prior_test_id and p.current_test_id = f.current_test_id and p.year_group = f.year_group), 0) + 1,
                f.n, f.slope, f.intercept, f.residual_sd, f.prior_mean, f.prior_sd, f.prior_reliability,
                f.current_mean, f.current_sd, f.current_reliability, @collectionId, @at
            from fitted f
            where f.n >= @minimumPupils and f.slope is not null and f.residual_sd > 1e-9 * f.current_sd
            """;
        return work.Connection.ExecuteAsync(work.Command(Sql, new { collectionId, minimumPupils, at }, ct));
    }

    /// <summary>
    /// Whose statuses the fits of a collection touch beyond its own: pupils of later collections that have no fit of their own yet, and are judged
    /// by the latest before them.
    /// </summary>
    public async Task<IReadOnlyList<PupilSubject>> JudgedByFitsOfAsync(Work work, Guid collectionId, CancellationToken ct)
    {
        const string Sql = """
            select distinct r.pupil_id, t.subject
            from (select distinct prior_test_id, current_test_id, year_group from prior_score_fit where collection_id = @collectionId) f
            join collection_copy c on c.collection_id = @collectionId
            join collection_copy later on later.due_on > c.due_on
            join result_copy r on r.collection_id = later.collection_id and r.test_id = f.current_test_id and r.year_group = f.year_group
            join test_copy t on t.test_id = r.test_id
            where not exists (
                select from prior_score_fit own
                where own.prior_test_id = f.prior_test_id and own.current_test_id = f.current_test_id and own.year_group = f.year_group
                  and own.collection_id = later.collection_id)
            """;
        return (await work.Connection.QueryAsync<WhoseRow>(work.Command(Sql, new { collectionId }, ct)))
            .Select(r => new PupilSubject(r.PupilId, r.Subject)).ToList();
    }

    /// <summary>Whether the fits of any collection are due.</summary>
    public Task<bool> IsAnyDueAsync(Work work, CancellationToken ct) =>
        work.Connection.ExecuteScalarAsync<bool>(work.Command("select exists (select from refit_due)", null, ct));

    /// <summary>Takes what is due: those collections that are still locked.</summary>
    public async Task<IReadOnlyList<Guid>> TakeDueAsync(Work work, CancellationToken ct)
    {
        const string Sql = """
            with due as (delete from refit_due returning collection_id)
            select c.collection_id from due join collection_copy c using (collection_id) where c.locked_at is not null order by c.collection_id
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
