using System.Globalization;
using Dapper;
using GoldenThread.Education;
using GoldenThread.Reporting.V1;
using GoldenThread.ServiceDefaults;
using GoldenThread.Type.V1;
using Npgsql;

namespace GoldenThread.Reporting.Progress;

/// <summary>Which statuses are asked for.</summary>
internal sealed record StatusQuestion
{
    public required int SchoolUrn { get; init; }

    public required Guid CollectionId { get; init; }

    public string? Subject { get; init; }

    public string? YearGroup { get; init; }

    public required string[] Statuses { get; init; }

    public required int Take { get; init; }
}

/// <summary>One pupil in one subject.</summary>
internal sealed record StatusRow
{
    public required Guid PupilId { get; init; }

    public required string YearGroup { get; init; }

    public required string Subject { get; init; }

    public required string Status { get; init; }

    public decimal? Score { get; init; }

    /// <summary>As it leaves the service.</summary>
    public PupilStatus ToProto(IReadOnlyDictionary<Guid, string>? names)
    {
        var pupil = new PupilStatus { PupilId = PupilId.ToString(), YearGroup = YearGroup, Subject = Subject, Status = Status };
        if (names is not null && names.TryGetValue(PupilId, out var name))
        {
            pupil.Name = name;
        }

        if (Score is { } score)
        {
            pupil.Score = score.ToString(CultureInfo.InvariantCulture);
        }

        return pupil;
    }
}

/// <summary>Reads statuses of pupils within a caller's grants.</summary>
internal sealed class ProgressStore(NpgsqlDataSource source, TimeProvider clock)
{
    /// <summary>Roles that see pupils.</summary>
    public static readonly Role[] Roles =
    [
        Role.DeputyCeo, Role.DataLead, Role.Headteacher, Role.SeniorLeader, Role.SubjectLeader, Role.Senco, Role.DesignatedTeacher,
        Role.SafeguardingLead, Role.Teacher,
    ];

    /// <summary>Whether any grant reaches the school.</summary>
    public async Task<bool> ReachesAsync(Authority authority, int schoolUrn, CancellationToken ct)
    {
        const string Sql = """
            select exists (
                select 1 from reach(@Issuer, @Subject, @Roles) g
                where g.school_urn is null or current_urn(g.school_urn) = current_urn(@schoolUrn)
            )
            """;
        await using var connection = await source.OpenConnectionAsync(ct);
        return await connection.ExecuteScalarAsync<bool>(new CommandDefinition(
            Sql, new { authority.Issuer, authority.Subject, authority.Roles, schoolUrn }, cancellationToken: ct));
    }

    /// <summary>
    /// The pupils after a row, by subject, status and pupil, each with the score that tracking judged: of those sat where the status is from, one of
    /// a test with a norm before others, then the latest. A class is reached by who is in it today. Schools and grants are found first and once:
    /// among the rows, the present URN would be asked for once per status and status read.
    /// </summary>
    public async Task<IReadOnlyList<StatusRow>> ListAsync(Authority authority, StatusQuestion question, string[]? after, CancellationToken ct)
    {
        const string Sql = """
            with held as materialized (
                select distinct school_urn from pupil_status where collection_id = @CollectionId
            ),
            schools as materialized (
                select school_urn from held where current_urn(school_urn) = current_urn(@SchoolUrn)
            ),
            grants as materialized (
                select g.year_groups, g.subjects, g.class_ids
                from reach(@Issuer, @Subject, @Roles) g
                where g.school_urn is null or current_urn(g.school_urn) = current_urn(@SchoolUrn)
            )
            select s.pupil_id, s.year_group, s.subject, s.status, judged.score
            from pupil_status s
            left join lateral (
                select f.score
                from fact_result f
                join test t on t.test_id = f.test_id and t.subject = s.subject
                where f.pupil_id = s.pupil_id and f.collection_id = s.collection_id and f.school_urn = s.school_urn and f.score is not null
                order by t.normed desc, f.sat_on desc, f.recorded_at desc, f.result_id desc
                limit 1
            ) judged on true
            where s.collection_id = @CollectionId
              and s.school_urn in (select school_urn from schools)
              and s.status = any (@Statuses)
              and (@WantedSubject::text is null or s.subject = @WantedSubject)
              and (@YearGroup::text is null or s.year_group = @YearGroup)
              and (@First or (s.subject, s.status, s.pupil_id) > (@AfterSubject, @AfterStatus, @AfterPupil))
              and not exists (select 1 from pupil p where p.pupil_id = s.pupil_id and p.erased)
              and exists (
                  select 1 from grants g
                  where (g.year_groups is null or s.year_group = any (g.year_groups))
                    and (g.subjects is null or s.subject = any (g.subjects))
                    and (g.class_ids is null or exists (
                        select 1 from pupil_class c
                        where c.pupil_id = s.pupil_id and c.class_id = any (g.class_ids)
                          and c.from_on <= @Today and (c.to_on is null or c.to_on >= @Today)))
              )
            order by s.subject, s.status, s.pupil_id
            limit @Take
            """;
        await using var connection = await source.OpenConnectionAsync(ct);
        var rows = await connection.QueryAsync<StatusRow>(new CommandDefinition(Sql, new
        {
            question.SchoolUrn,
            question.CollectionId,
            WantedSubject = question.Subject,
            question.YearGroup,
            question.Statuses,
            question.Take,
            First = after is null,
            AfterSubject = after?[0] ?? "",
            AfterStatus = after?[1] ?? "",
            AfterPupil = after is null ? Guid.Empty : Paging.Part<Guid>(after[2]),
            Today = clock.Today(),
            authority.Issuer,
            authority.Subject,
            authority.Roles,
        }, cancellationToken: ct));
        return rows.AsList();
    }
}
