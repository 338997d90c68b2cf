using Dapper;
using GoldenThread.ServiceDefaults;
using Npgsql;

namespace GoldenThread.Reviews.People;

/// <summary>A person with what they said of their availability; null where they have said nothing.</summary>
internal sealed record PersonAvailability
{
    public required Guid PersonId { get; init; }

    public required string[] Duties { get; init; }

    public int? SchoolUrn { get; init; }

    public DateOnly? LeftOn { get; init; }

    public long? Version { get; init; }

    public short[]? Weekdays { get; init; }

    public int? DaysPerWeek { get; init; }

    public int? DaysPerYear { get; init; }

    public bool? HalfDays { get; init; }
}

/// <summary>Days on which a person does not visit.</summary>
internal sealed record LeaveEntry
{
    public required Guid LeaveId { get; init; }

    public required Guid PersonId { get; init; }

    public required DateOnly FromOn { get; init; }

    public required DateOnly ToOn { get; init; }
}

/// <summary>When people can visit. The rpcs are open to roles that reach the whole trust; a grant for one whole school reaches its own people.</summary>
internal sealed class AvailabilityStore(NpgsqlDataSource source)
{
    /// <summary>People after an id, within reach, optionally of one duty.</summary>
    public async Task<IReadOnlyList<PersonAvailability>> ListAsync(
        Authority authority, string? duty, Guid after, int count, CancellationToken ct)
    {
        const string Sql = """
            select p.person_id, p.duties, p.school_urn, p.left_on, a.version, a.weekdays, a.days_per_week, a.days_per_year, a.half_days
            from person p
            left join availability a using (person_id)
            where p.person_id > @after
              and (@duty::text is null or @duty = any (p.duties))
              and exists (select 1 from whole_reach(@Issuer, @Subject, @Roles) g where g.school_urn is null or g.school_urn = p.school_urn)
            order by p.person_id
            limit @count
            """;
        await using var connection = await source.OpenConnectionAsync(ct);
        return (await connection.QueryAsync<PersonAvailability>(new CommandDefinition(
            Sql, new { authority.Issuer, authority.Subject, authority.Roles, duty, after, count }, cancellationToken: ct))).AsList();
    }

    /// <summary>One person within reach; null where unknown or out of reach.</summary>
    public async Task<PersonAvailability?> FindAsync(Authority authority, Guid personId, CancellationToken ct)
    {
        const string Sql = """
            select p.person_id, p.duties, p.school_urn, p.left_on, a.version, a.weekdays, a.days_per_week, a.days_per_year, a.half_days
            from person p
            left join availability a using (person_id)
            where p.person_id = @personId
              and exists (select 1 from whole_reach(@Issuer, @Subject, @Roles) g where g.school_urn is null or g.school_urn = p.school_urn)
            """;
        await using var connection = await source.OpenConnectionAsync(ct);
        return await connection.QuerySingleOrDefaultAsync<PersonAvailability>(new CommandDefinition(
            Sql, new { authority.Issuer, authority.Subject, authority.Roles, personId }, cancellationToken: ct));
    }

    /// <summary>Writes a person's availability; false where the person is unknown, out of reach, or the version is another.</summary>
    public async Task<bool> ReplaceAsync(
        Work work, Authority authority, Guid personId, short[] weekdays, int daysPerWeek, int daysPerYear, bool halfDays, long? expected,
        CancellationToken ct)
    {
        const string Sql = """
            insert into availability as known (person_id, version, weekdays, days_per_week, days_per_year, half_days)
            select p.person_id, 1, @weekdays, @daysPerWeek, @daysPerYear, @halfDays
            from person p
            where p.person_id = @personId
              and exists (select 1 from whole_reach(@Issuer, @Subject, @Roles) g where g.school_urn is null or g.school_urn = p.school_urn)
              and (coalesce(@expected::bigint, 0) = 0 or exists (select 1 from availability a where a.person_id = p.person_id))
            on conflict (person_id) do update
            set version = known.version + 1, weekdays = excluded.weekdays, days_per_week = excluded.days_per_week,
                days_per_year = excluded.days_per_year, half_days = excluded.half_days
            where @expected::bigint is null or known.version = @expected
            """;
        return await work.Connection.ExecuteAsync(work.Command(Sql, new
        {
            authority.Issuer,
            authority.Subject,
            authority.Roles,
            personId,
            weekdays,
            daysPerWeek,
            daysPerYear,
            halfDays,
            expected,
        }, ct)) == 1;
    }

    /// <summary>A person's leave after an entry, by first day.</summary>
    public async Task<IReadOnlyList<LeaveEntry>> LeaveOfAsync(Guid personId, DateOnly afterDay, Guid after, int count, CancellationToken ct)
    {
        const string Sql = """
            select leave_id, person_id, from_on, to_on
            from leave
            where person_id = @personId and (from_on, leave_id) > (@afterDay, @after)
            order by from_on, leave_id
            limit @count
            """;
        await using var connection = await source.OpenConnectionAsync(ct);
        return (await connection.QueryAsync<LeaveEntry>(new CommandDefinition(
            Sql, new { personId, afterDay, after, count }, cancellationToken: ct))).AsList();
    }

    /// <summary>Adds leave.</summary>
    public Task AddLeaveAsync(Work work, LeaveEntry leave, CancellationToken ct)
    {
        const string Sql = "insert into leave (leave_id, person_id, from_on, to_on) values (@LeaveId, @PersonId, @FromOn, @ToOn)";
        return work.Connection.ExecuteAsync(work.Command(Sql, leave, ct));
    }

    /// <summary>Removes leave; false where the person within reach has none of this id.</summary>
    public async Task<bool> RemoveLeaveAsync(Work work, Authority authority, Guid personId, Guid leaveId, CancellationToken ct)
    {
        const string Sql = """
            delete from leave l
            using person p
            where l.leave_id = @leaveId and l.person_id = @personId and p.person_id = l.person_id
              and exists (select 1 from whole_reach(@Issuer, @Subject, @Roles) g where g.school_urn is null or g.school_urn = p.school_urn)
            """;
        return await work.Connection.ExecuteAsync(work.Command(
            Sql, new { authority.Issuer, authority.Subject, authority.Roles, personId, leaveId }, ct)) == 1;
    }
}
