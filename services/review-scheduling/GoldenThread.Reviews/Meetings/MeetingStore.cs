using Dapper;
using GoldenThread.Reviews.Offers;
using GoldenThread.Reviews.Plans;
using GoldenThread.Reviews.Plans.Planning;
using GoldenThread.ServiceDefaults;
using Npgsql;

namespace GoldenThread.Reviews.Meetings;

/// <summary>Where a meeting stands. Numbers as in the contract.</summary>
public enum MeetingState
{
    /// <summary>Owed.</summary>
    Planned = 1,

    /// <summary>It took place.</summary>
    Held = 2,

    /// <summary>It did not, for a reason.</summary>
    Cancelled = 3,
}

/// <summary>A series with what is owed and held.</summary>
internal sealed record SeriesRow
{
    public required Guid SeriesId { get; init; }

    public required int SchoolUrn { get; init; }

    public required string AcademicYear { get; init; }

    public required string Entitlement { get; init; }

    public required short Cadence { get; init; }

    public Guid? PersonId { get; init; }

    public required int Owed { get; init; }

    public DateOnly? OwedKnownUntil { get; init; }

    public required int OwedToDate { get; init; }

    public required int Held { get; init; }

    public required int Cancelled { get; init; }
}

/// <summary>A meeting.</summary>
internal sealed record MeetingRow
{
    public required Guid MeetingId { get; init; }

    public required Guid SeriesId { get; init; }

    public required int SchoolUrn { get; init; }

    public required int Number { get; init; }

    public required long Version { get; init; }

    public required DateOnly Week { get; init; }

    public DateOnly? OnDay { get; init; }

    public required short State { get; init; }

    public string? Reason { get; init; }
}

/// <summary>Meeting series of the year's plan.</summary>
internal sealed class MeetingStore(NpgsqlDataSource source)
{
    private const string Columns = "m.meeting_id, m.series_id, m.school_urn, m.number, m.version, m.week, m.on_day, m.state, m.reason";

    private const string WithinReach =
        "exists (select 1 from whole_reach(@Issuer, @Subject, @Roles) g where g.school_urn is null or g.school_urn = m.school_urn)";

    /// <summary>Series within reach by school and row, after a key.</summary>
    public async Task<IReadOnlyList<SeriesRow>> SeriesAsync(
        Authority authority, int? schoolUrn, string? academicYear, DateOnly today, (int Urn, string Year, string Entitlement) after, int count,
        CancellationToken ct)
    {
        const string Sql = """
            select s.series_id, s.school_urn, s.academic_year, s.entitlement, s.cadence, s.person_id, s.owed_known_until,
                   count(m.meeting_id)::int as owed,
                   count(m.meeting_id) filter (where coalesce(m.on_day, m.week + 4) <= @today)::int as owed_to_date,
                   count(m.meeting_id) filter (where m.state = 2)::int as held,
                   count(m.meeting_id) filter (where m.state = 3)::int as cancelled
            from meeting_series s
            left join meeting m using (series_id)
            where (@schoolUrn::int is null or s.school_urn = @schoolUrn)
              and (@academicYear::text is null or s.academic_year = @academicYear)
              and (s.school_urn, s.academic_year, s.entitlement) > (@Urn, @Year, @Entitlement)
              and exists (select 1 from whole_reach(@Issuer, @Subject, @Roles) g where g.school_urn is null or g.school_urn = s.school_urn)
            group by s.series_id
            order by s.school_urn, s.academic_year, s.entitlement
            limit @count
            """;
        await using var connection = await source.OpenConnectionAsync(ct);
        return (await connection.QueryAsync<SeriesRow>(new CommandDefinition(Sql, new
        {
            schoolUrn,
            academicYear,
            today,
            after.Urn,
            after.Year,
            after.Entitlement,
            count,
            authority.Issuer,
            authority.Subject,
            authority.Roles,
        }, cancellationToken: ct))).AsList();
    }

    /// <summary>Meetings of a series within reach, by number; null where the series is unknown or out of reach.</summary>
    public async Task<IReadOnlyList<MeetingRow>?> MeetingsAsync(Authority authority, Guid seriesId, int afterNumber, int count, CancellationToken ct)
    {
        const string Within = """
            select exists (
                select 1
                from meeting_series s
                join whole_reach(@Issuer, @Subject, @Roles) g on g.school_urn is null or g.school_urn = s.school_urn
                where s.series_id = @seriesId)
            """;
        const string Sql = $"""
            select {Columns}
            from meeting m
            where m.series_id = @seriesId and m.number > @afterNumber and {WithinReach}
            order by m.number
            limit @count
            """;
        var parameters = new { seriesId, afterNumber, count, authority.Issuer, authority.Subject, authority.Roles };
        await using var connection = await source.OpenConnectionAsync(ct);
        return await connection.ExecuteScalarAsync<bool>(new CommandDefinition(Within, parameters, cancellationToken: ct))
            ? (await connection.QueryAsync<MeetingRow>(new CommandDefinition(Sql, parameters, cancellationToken: ct))).AsList()
            : null;
    }

    /// <summary>A meeting within reach; null where unknown or out of reach.</summary>
    public Task<MeetingRow?> FindAsync(Work work, Authority authority, Guid meetingId, CancellationToken ct)
    {
        const string Sql = $"select {Columns} from meeting m where m.meeting_id = @meetingId and {WithinReach}";
        return work.Connection.QuerySingleOrDefaultAsync<MeetingRow>(work.Command(
            Sql, new { meetingId, authority.Issuer, authority.Subject, authority.Roles }, ct));
    }

    /// <summary>Closes a planned meeting; null where it is not there, planned, in this version, or its week lies ahead of the limit.</summary>
    public Task<MeetingRow?> CloseAsync(
        Work work, Authority authority, Guid meetingId, long version, MeetingState to, string? reason, DateOnly? notAfter, CancellationToken ct)
    {
        const string Sql = $"""
            update meeting m
            set state = @to, reason = @reason, version = m.version + 1
            where m.meeting_id = @meetingId and m.version = @version and m.state = 1
              and (@notAfter::date is null or m.week <= @notAfter)
              and {WithinReach}
            returning {Columns}
            """;
        return work.Connection.QuerySingleOrDefaultAsync<MeetingRow>(work.Command(Sql, new
        {
            meetingId,
            version,
            to = (short)to,
            reason,
            notAfter,
            authority.Issuer,
            authority.Subject,
            authority.Roles,
        }, ct));
    }

    /// <summary>The standing slots of a year that are not cancelled, for the checker.</summary>
    public async Task<IReadOnlyList<PlannedMeeting>> OfYearAsync(Work work, string academicYear, CancellationToken ct)
    {
        const string Sql = """
            select s.school_urn, s.entitlement, m.number, s.cadence, s.person_id, m.week, m.on_day
            from meeting m
            join meeting_series s using (series_id)
            where s.academic_year = @academicYear and m.state <> 3
            """;
        return (await work.Connection.QueryAsync<PlannedMeetingRow>(work.Command(Sql, new { academicYear }, ct))).Select(r => r.ToPlanned()).ToList();
    }
}
