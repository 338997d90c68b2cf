using Dapper;
using GoldenThread.Education;
using GoldenThread.Reviews.Offers;
using GoldenThread.Reviews.People;
using GoldenThread.Reviews.Plans.Planning;
using GoldenThread.ServiceDefaults;
using Npgsql;

namespace GoldenThread.Reviews.Plans;

/// <summary>Everything that planning a year reads from the database.</summary>
internal sealed class PlanInputStore(NpgsqlDataSource source)
{
    /// <summary>
    /// The input as it stands now. Kept are the visits that are confirmed, held or cancelled by hand, those at which something was found or
    /// agreed, and those before the first planned day; what a plan withdrew is not. Meetings stay that are held or cancelled, and those before the first planned day.
    /// Head of a school is whoever holds that grant on any day of the planned year, whenever the plan is made.
    /// </summary>
    public async Task<PlanInput> ReadAsync(AcademicYear year, Offer offer, DateOnly planFrom, int seed, DateOnly today, CancellationToken ct)
    {
        await using var connection = await source.OpenConnectionAsync(ct);
        return await ReadAsync(connection, null, year, offer, planFrom, seed, today, ct);
    }

    /// <summary>The same inside a transaction.</summary>
    public Task<PlanInput> ReadAsync(Work work, AcademicYear year, Offer offer, DateOnly planFrom, int seed, DateOnly today, CancellationToken ct) =>
        ReadAsync(work.Connection, work.Transaction, year, offer, planFrom, seed, today, ct);

    /// <summary>Something was found or agreed at a visit: it took place, whether or not that was recorded yet.</summary>
    private const string WasReached = """
        (exists (select 1 from finding f where f.visit_id = visit.visit_id)
         or exists (select 1 from agreed_action a where a.visit_id = visit.visit_id))
        """;

    private static async Task<PlanInput> ReadAsync(
        NpgsqlConnection connection, NpgsqlTransaction? transaction, AcademicYear year, Offer offer, DateOnly planFrom, int seed,
        DateOnly today, CancellationToken ct)
    {
        const string Sql = $"""
            select s.school_urn, s.locality,
                   (select c.category from school_category c
                    where c.school_urn = s.school_urn and c.from_on <= @CategoriesOn order by c.version desc limit 1) as category
            from school s
            where exists (select 1 from school_membership m
                          where m.school_urn = s.school_urn and m.from_on <= @Last and (m.to_on is null or m.to_on >= @First))
            order by s.school_urn;
            select school_urn, from_on, to_on from school_membership order by school_urn, from_on;
            select school_urn, from_on, to_on from calendar_term where academic_year = @Year order by school_urn, position;
            select school_urn, closed_on from calendar_closure where academic_year = @Year order by school_urn, closed_on;
            select p.person_id, p.duties, p.school_urn, p.left_on, a.version, a.weekdays, a.days_per_week, a.days_per_year, a.half_days
            from person p
            left join availability a using (person_id)
            where cardinality(p.duties) > 0 and (p.left_on is null or p.left_on >= @First)
            order by p.person_id;
            select distinct p.person_id, g.school_urn
            from person p
            join access_grant g using (issuer, subject)
            where g.role = @Head and g.school_urn is not null
              and g.valid_from < (@Last + 1)::timestamp at time zone 'Europe/London'
              and (g.valid_to is null or (g.valid_to > @First::timestamp at time zone 'Europe/London' and g.valid_to > g.valid_from))
            order by p.person_id, g.school_urn;
            select leave_id, person_id, from_on, to_on from leave where from_on <= @Last and to_on >= @First order by person_id, from_on, leave_id;
            select school_urn, entitlement, number, half_days, window_from, window_to, target_week, on_day, duties, people,
                   case when state = 5 then coalesce(reason, '') end as cancelled_because
            from visit
            where academic_year = @Year and not withdrawn
              and (state in (3, 4, 5) or (state = 2 and (on_day < @PlanFrom or {WasReached})))
            order by school_urn, entitlement, number;
            select school_urn, entitlement, number
            from visit
            where academic_year = @Year and withdrawn
            order by school_urn, entitlement, number;
            select m.school_urn, s.entitlement, m.number, m.week, case when m.state <> 3 then m.on_day end as on_day, s.person_id
            from meeting m
            join meeting_series s using (series_id)
            where s.academic_year = @Year and (m.state in (2, 3) or coalesce(m.on_day, m.week + 4) < @PlanFrom)
            order by m.school_urn, s.entitlement, m.number;
            select school_urn, entitlement, number, on_day, duties, people
            from visit
            where academic_year = @Year and state = 2 and on_day >= @PlanFrom and not {WasReached}
            order by school_urn, entitlement, number
            """;
        var parameters = new
        {
            Year = year.ToString(),
            First = year.FirstDay,
            Last = year.LastDay,
            PlanFrom = planFrom,
            CategoriesOn = CategoriesOn(year, today),
            Head = (short)Type.V1.Role.Headteacher,
        };
        await using var rows = await connection.QueryMultipleAsync(new CommandDefinition(Sql, parameters, transaction, cancellationToken: ct));
        var schools = (await rows.ReadAsync<SchoolRow>()).AsList();
        var memberships = (await rows.ReadAsync<RangeRow>()).ToLookup(m => m.SchoolUrn, m => new DayRange(m.FromOn, m.ToOn));
        var terms = (await rows.ReadAsync<RangeRow>()).ToLookup(t => t.SchoolUrn, t => new DayRange(t.FromOn, t.ToOn));
        var closures = (await rows.ReadAsync<ClosureRow>()).ToLookup(c => c.SchoolUrn, c => c.ClosedOn);
        var people = (await rows.ReadAsync<PersonAvailability>()).AsList();
        var heads = (await rows.ReadAsync<HeadRow>()).ToLookup(h => h.PersonId, h => h.SchoolUrn);
        var leave = (await rows.ReadAsync<LeaveEntry>()).ToLookup(l => l.PersonId, l => new DayRange(l.FromOn, l.ToOn));
        var kept = (await rows.ReadAsync<KeptRow>()).AsList();
        var withdrawn = (await rows.ReadAsync<WithdrawnRow>()).AsList();
        var meetings = (await rows.ReadAsync<MeetingRow>()).AsList();
        var current = (await rows.ReadAsync<CurrentRow>()).AsList();
        return new()
        {
            AcademicYear = year.ToString(),
            YearFirst = year.FirstDay,
            YearLast = year.LastDay,
            PlanFrom = planFrom,
            Seed = seed,
            Offer = offer,
            Schools = schools.Select(s => SchoolOf(s, memberships, terms, closures)).ToList(),
            People = people.Select(p => PersonOf(p, offer, heads, leave)).ToList(),
            BankHolidays = BankHolidaysOf(year),
            Kept = kept.Select(KeptOf).ToList(),
            Withdrawn = withdrawn.Select(w => new WithdrawnVisit(w.SchoolUrn, w.Entitlement, w.Number)).ToList(),
            KeptMeetings = meetings.Select(KeptOf).ToList(),
            Current = current.Select(CurrentOf).ToList(),
        };
    }

    /// <summary>Schools are owed by the category that holds today, or when the year begins or ends where today lies outside it.</summary>
    private static DateOnly CategoriesOn(AcademicYear year, DateOnly today)
    {
        if (today < year.FirstDay)
        {
            return year.FirstDay;
        }

        return today > year.LastDay ? year.LastDay : today;
    }

    private static PlanSchool SchoolOf(
        SchoolRow school, ILookup<int, DayRange> memberships, ILookup<int, DayRange> terms, ILookup<int, DateOnly> closures) => new()
        {
            Urn = school.SchoolUrn,
            Locality = school.Locality,
            Category = (Category?)school.Category,
            Memberships = memberships[school.SchoolUrn].ToList(),
            Terms = terms[school.SchoolUrn].ToList(),
            Closures = closures[school.SchoolUrn].ToList(),
        };

    private static PlanPerson PersonOf(PersonAvailability person, Offer offer, ILookup<Guid, int> heads, ILookup<Guid, DayRange> leave)
    {
        var presence = person.PresenceBy(offer.Planning);
        return new()
        {
            Id = person.PersonId,
            Duties = person.Duties,
            SchoolUrn = person.SchoolUrn,
            HeadOf = heads[person.PersonId].ToList(),
            LeftOn = person.LeftOn,
            Weekdays = presence.Weekdays.Select(d => (DayOfWeek)d).ToList(),
            DaysPerWeek = presence.DaysPerWeek,
            DaysPerYear = presence.DaysPerYear,
            HalfDays = presence.HalfDays,
            Leave = leave[person.PersonId].ToList(),
        };
    }

    private static KeptVisit KeptOf(KeptRow row) => new()
    {
        SchoolUrn = row.SchoolUrn,
        Entitlement = row.Entitlement,
        Number = row.Number,
        HalfDays = row.HalfDays,
        Window = new(row.WindowFrom, row.WindowTo),
        TargetWeek = row.TargetWeek,
        On = row.OnDay,
        Team = row.Duties.Zip(row.People, (duty, person) => new TeamMember(duty, person)).ToList(),
        CancelledBecause = row.CancelledBecause,
    };

    private static KeptMeeting KeptOf(MeetingRow row) => new()
    {
        SchoolUrn = row.SchoolUrn,
        Entitlement = row.Entitlement,
        Number = row.Number,
        Week = row.Week,
        On = row.OnDay,
        PersonId = row.PersonId,
    };

    private static CurrentVisit CurrentOf(CurrentRow row) => new()
    {
        SchoolUrn = row.SchoolUrn,
        Entitlement = row.Entitlement,
        Number = row.Number,
        On = row.OnDay,
        Team = row.Duties.Zip(row.People, (duty, person) => new TeamMember(duty, person)).ToList(),
    };

    private static List<DateOnly> BankHolidaysOf(AcademicYear year) =>
        BankHolidays.England(year.StartYear).Concat(BankHolidays.England(year.EndYear))
            .Select(h => h.Day).Where(year.Contains).ToList();

    private sealed record SchoolRow
    {
        public required int SchoolUrn { get; init; }

        public string? Locality { get; init; }

        public short? Category { get; init; }
    }

    private sealed record RangeRow
    {
        public required int SchoolUrn { get; init; }

        public required DateOnly FromOn { get; init; }

        public DateOnly? ToOn { get; init; }
    }

    private sealed record ClosureRow
    {
        public required int SchoolUrn { get; init; }

        public required DateOnly ClosedOn { get; init; }
    }

    private sealed record HeadRow
    {
        public required Guid PersonId { get; init; }

        public required int SchoolUrn { get; init; }
    }

    private sealed record KeptRow
    {
        public required int SchoolUrn { get; init; }

        public required string Entitlement { get; init; }

        public required int Number { get; init; }

        public required short HalfDays { get; init; }

        public required DateOnly WindowFrom { get; init; }

        public required DateOnly WindowTo { get; init; }

        public required DateOnly TargetWeek { get; init; }

        public DateOnly? OnDay { get; init; }

        public required string[] Duties { get; init; }

        public required Guid[] People { get; init; }

        public string? CancelledBecause { get; init; }
    }

    private sealed record WithdrawnRow
    {
        public required int SchoolUrn { get; init; }

        public required string Entitlement { get; init; }

        public required int Number { get; init; }
    }

    private sealed record MeetingRow
    {
        public required int SchoolUrn { get; init; }

        public required string Entitlement { get; init; }

        public required int Number { get; init; }

        public required DateOnly Week { get; init; }

        public DateOnly? OnDay { get; init; }

        public Guid? PersonId { get; init; }
    }

    private sealed record CurrentRow
    {
        public required int SchoolUrn { get; init; }

        public required string Entitlement { get; init; }

        public required int Number { get; init; }

        public required DateOnly OnDay { get; init; }

        public required string[] Duties { get; init; }

        public required Guid[] People { get; init; }
    }
}
