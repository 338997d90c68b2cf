using Dapper;
using GoldenThread.ServiceDefaults;
using GoldenThread.Tracking.Events.V1;
using Npgsql;

namespace GoldenThread.Tracking.Calendars;

/// <summary>Every statement about calendars.</summary>
internal sealed class CalendarStore(NpgsqlDataSource source)
{
    /// <summary>A calendar within the caller's reach; null where there is none.</summary>
    public async Task<Calendar?> GetAsync(Authority by, int schoolUrn, string academicYear, CancellationToken ct)
    {
        const string Sql = """
            select c.school_urn, c.academic_year, c.version
            from calendar c
            where c.school_urn = @schoolUrn
              and c.academic_year = @academicYear
              and exists (
                  select 1 from reach(@Issuer, @Subject, @Roles) g where g.school_urn is null or g.school_urn = c.school_urn)
            """;
        await using var connection = await source.OpenConnectionAsync(ct);
        var rows = await connection.QueryAsync<CalendarRow>(
            new CommandDefinition(Sql, new { schoolUrn, academicYear, by.Issuer, by.Subject, by.Roles }, cancellationToken: ct));
        return (await WithDetailsAsync(connection, null, rows.AsList(), ct)).SingleOrDefault();
    }

    /// <summary>A school's calendars before a year, the latest first. The caller has asked for the school's reach before.</summary>
    public async Task<List<Calendar>> ListAsync(int schoolUrn, string before, int limit, CancellationToken ct)
    {
        const string Sql = """
            select school_urn, academic_year, version
            from calendar
            where school_urn = @schoolUrn and academic_year < @before
            order by academic_year desc
            limit @limit
            """;
        await using var connection = await source.OpenConnectionAsync(ct);
        var rows = await connection.QueryAsync<CalendarRow>(new CommandDefinition(Sql, new { schoolUrn, before, limit }, cancellationToken: ct));
        return await WithDetailsAsync(connection, null, rows.AsList(), ct);
    }

    /// <summary>The calendar as it stands, locked until the work ends; null where it is new.</summary>
    public static async Task<Calendar?> LockAsync(Work work, int schoolUrn, string academicYear, CancellationToken ct)
    {
        const string Sql = """
            select school_urn, academic_year, version
            from calendar
            where school_urn = @schoolUrn and academic_year = @academicYear
            for update
            """;
        var rows = await work.Connection.QueryAsync<CalendarRow>(work.Command(Sql, new { schoolUrn, academicYear }, ct));
        return (await WithDetailsAsync(work.Connection, work.Transaction, rows.AsList(), ct)).SingleOrDefault();
    }

    /// <summary>Stores the calendar in place of what was there; answers it with its version.</summary>
    public static async Task<Calendar> PutAsync(Work work, Calendar calendar, CancellationToken ct)
    {
        const string Sql = """
            insert into calendar as c (school_urn, academic_year)
            values (@SchoolUrn, @AcademicYear)
            on conflict (school_urn, academic_year) do update
            set version = c.version + 1, changed_at = now(), tx = pg_current_xact_id()
            returning version
            """;
        const string Details = """
            delete from calendar_term where school_urn = @SchoolUrn and academic_year = @AcademicYear;
            delete from calendar_closure where school_urn = @SchoolUrn and academic_year = @AcademicYear;
            insert into calendar_term (school_urn, academic_year, position, name, from_on, to_on)
            select @SchoolUrn, @AcademicYear, t.position, t.name, t.from_on, t.to_on
            from unnest(@Names::text[], @From::date[], @To::date[]) with ordinality as t(name, from_on, to_on, position);
            insert into calendar_closure (school_urn, academic_year, on_day, kind, name)
            select @SchoolUrn, @AcademicYear, c.on_day, c.kind, c.name
            from unnest(@Days::date[], @Kinds::text[], @ClosureNames::text[]) as c(on_day, kind, name);
            """;
        var version = await work.Connection.ExecuteScalarAsync<long>(work.Command(Sql, new { calendar.SchoolUrn, calendar.AcademicYear }, ct));
        await work.Connection.ExecuteAsync(work.Command(Details, new
        {
            calendar.SchoolUrn,
            calendar.AcademicYear,
            Names = calendar.Terms.Select(t => t.Name).ToArray(),
            From = calendar.Terms.Select(t => t.From).ToArray(),
            To = calendar.Terms.Select(t => t.To).ToArray(),
            Days = calendar.Closures.Select(c => c.On).ToArray(),
            Kinds = calendar.Closures.Select(c => c.Kind).ToArray(),
            ClosureNames = calendar.Closures.Select(c => c.Name).ToArray(),
        }, ct));
        return calendar with { Version = version };
    }

    /// <summary>Rows with their terms and closures, in the order of the rows.</summary>
    public static async Task<List<Calendar>> WithDetailsAsync(
        NpgsqlConnection connection, NpgsqlTransaction? transaction, List<CalendarRow> rows, CancellationToken ct)
    {
        if (rows.Count == 0)
        {
            return [];
        }

        const string Terms = """
            select t.school_urn, t.academic_year, t.name, t.from_on, t.to_on
            from calendar_term t
            join unnest(@Urns::int[], @Years::text[]) as w(school_urn, academic_year) using (school_urn, academic_year)
            order by t.school_urn, t.academic_year, t.position
            """;
        const string Closures = """
            select c.school_urn, c.academic_year, c.on_day, c.kind, c.name
            from calendar_closure c
            join unnest(@Urns::int[], @Years::text[]) as w(school_urn, academic_year) using (school_urn, academic_year)
            order by c.school_urn, c.academic_year, c.on_day
            """;
        var parameters = new { Urns = rows.Select(r => r.SchoolUrn).ToArray(), Years = rows.Select(r => r.AcademicYear).ToArray() };
        var terms = (await connection.QueryAsync<TermRow>(new CommandDefinition(Terms, parameters, transaction, cancellationToken: ct)))
            .ToLookup(t => (t.SchoolUrn, t.AcademicYear));
        var closures = (await connection.QueryAsync<ClosureRow>(new CommandDefinition(Closures, parameters, transaction, cancellationToken: ct)))
            .ToLookup(c => (c.SchoolUrn, c.AcademicYear));
        return rows.Select(r => new Calendar
        {
            SchoolUrn = r.SchoolUrn,
            AcademicYear = r.AcademicYear,
            Version = r.Version,
            Terms = terms[(r.SchoolUrn, r.AcademicYear)].Select(t => new CalendarTerm { Name = t.Name, From = t.FromOn, To = t.ToOn }).ToList(),
            Closures = closures[(r.SchoolUrn, r.AcademicYear)].Select(c => new Closure(c.OnDay, c.Kind, c.Name)).ToList(),
        }).ToList();
    }

    private sealed record TermRow
    {
        public required int SchoolUrn { get; init; }

        public required string AcademicYear { get; init; }

        public required string Name { get; init; }

        public required DateOnly FromOn { get; init; }

        public required DateOnly ToOn { get; init; }
    }

    private sealed record ClosureRow
    {
        public required int SchoolUrn { get; init; }

        public required string AcademicYear { get; init; }

        public required DateOnly OnDay { get; init; }

        public required string Kind { get; init; }

        public string? Name { get; init; }
    }
}

/// <summary>A calendar as stored, without its days.</summary>
internal sealed record CalendarRow
{
    public required int SchoolUrn { get; init; }

    public required string AcademicYear { get; init; }

    public required long Version { get; init; }
}
