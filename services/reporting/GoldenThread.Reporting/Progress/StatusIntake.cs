using Dapper;
using GoldenThread.Reporting.Roster;
using GoldenThread.Reporting.Summaries;
using GoldenThread.ServiceDefaults;
using GoldenThread.Tracking.Events.V1;

namespace GoldenThread.Reporting.Progress;

/// <summary>Takes in statuses of progress as tracking judged them.</summary>
internal sealed class StatusIntake(PupilIntake pupils)
{
    /// <summary>Keeps the newest status of each pupil, subject and window; answers the cells they lay in and now lie in.</summary>
    public async Task<IReadOnlyList<SummaryCell>> KeepAsync(Work work, IReadOnlyCollection<JudgedStatus> statuses, CancellationToken ct)
    {
        var rows = statuses.GroupBy(s => (s.PupilId, s.Subject, s.CollectionId)).Select(g => g.MaxBy(s => s.Version)!).ToList();
        await pupils.HoldAsync(work, rows.Select(r => r.PupilId).Distinct().ToArray(), ct);
        const string Sql = """
            with incoming as (
                select * from unnest(@SchoolUrns, @PupilIds, @Subjects, @CollectionIds, @Versions, @YearGroups, @Statuses, @FitVersions)
                as i (school_urn, pupil_id, subject, collection_id, version, year_group, status, fit_version)
            ),
            before as (
                select s.collection_id, s.school_urn, s.year_group, s.subject
                from incoming i
                join pupil_status s
                  on s.pupil_id = i.pupil_id and s.subject = i.subject and s.collection_id = i.collection_id and s.version < i.version
            ),
            kept as (
                insert into pupil_status as s (school_urn, pupil_id, subject, collection_id, version, year_group, status, fit_version)
                select school_urn, pupil_id, subject, collection_id, version, year_group, status, fit_version
                from incoming
                order by pupil_id, subject, collection_id
                on conflict on constraint uq_pupil_status do update
                set school_urn = excluded.school_urn, version = excluded.version, year_group = excluded.year_group,
                    status = excluded.status, fit_version = excluded.fit_version
                where s.version < excluded.version
                returning s.collection_id, s.school_urn, s.year_group, s.subject
            )
            select collection_id, school_urn, year_group, subject from before
            union
            select collection_id, school_urn, year_group, subject from kept
            """;
        return (await work.Connection.QueryAsync<SummaryCell>(work.Command(Sql, new
        {
            SchoolUrns = rows.Select(r => r.SchoolUrn).ToArray(),
            PupilIds = rows.Select(r => r.PupilId).ToArray(),
            Subjects = rows.Select(r => r.Subject).ToArray(),
            CollectionIds = rows.Select(r => r.CollectionId).ToArray(),
            Versions = rows.Select(r => r.Version).ToArray(),
            YearGroups = rows.Select(r => r.YearGroup).ToArray(),
            Statuses = rows.Select(r => r.Status).ToArray(),
            FitVersions = rows.Select(r => r.FitVersion).ToArray(),
        }, ct))).AsList();
    }
}
