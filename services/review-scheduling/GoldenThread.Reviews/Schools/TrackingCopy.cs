using Dapper;
using GoldenThread.ServiceDefaults;
using GoldenThread.Tracking.Events.V1;

namespace GoldenThread.Reviews.Schools;

/// <summary>This service's copies of schools, calendars and people. A later version replaces an earlier one, in whatever order they come.</summary>
internal static class TrackingCopy
{
    /// <summary>Takes over a school and when it belonged to the trust.</summary>
    public static async Task ApplyAsync(Work work, SchoolChanged school, CancellationToken ct)
    {
        const string Upsert = """
            insert into school as known (school_urn, version, name, phase, locality)
            values (@SchoolUrn, @Version, @Name, @Phase, @Locality)
            on conflict (school_urn) do update
            set version = excluded.version, name = excluded.name, phase = excluded.phase, locality = excluded.locality
            where known.version < excluded.version
            """;
        if (await work.Connection.ExecuteAsync(work.Command(Upsert, school, ct)) == 0)
        {
            return;
        }

        const string Memberships = """
            delete from school_membership where school_urn = @SchoolUrn;
            insert into school_membership (school_urn, from_on, to_on)
            select @SchoolUrn, from_on, to_on from unnest(@From, @To) as m(from_on, to_on)
            """;
        await work.Connection.ExecuteAsync(work.Command(Memberships, new
        {
            school.SchoolUrn,
            From = school.Memberships.Select(m => m.From).ToArray(),
            To = school.Memberships.Select(m => m.To).ToArray(),
        }, ct));
    }

    /// <summary>Takes over a school's calendar of one academic year.</summary>
    public static async Task ApplyAsync(Work work, CalendarChanged calendar, CancellationToken ct)
    {
        const string Upsert = """
            insert into calendar as known (school_urn, academic_year, version)
            values (@SchoolUrn, @AcademicYear, @Version)
            on conflict (school_urn, academic_year) do update set version = excluded.version
            where known.version < excluded.version
            """;
        if (await work.Connection.ExecuteAsync(work.Command(Upsert, calendar, ct)) == 0)
        {
            return;
        }

        const string Days = """
            delete from calendar_term where school_urn = @SchoolUrn and academic_year = @AcademicYear;
            delete from calendar_closure where school_urn = @SchoolUrn and academic_year = @AcademicYear;
            insert into calendar_term (school_urn, academic_year, position, name, from_on, to_on)
            select @SchoolUrn, @AcademicYear, position, name, from_on, to_on
            from unnest(@Names, @From, @To) with ordinality as t(name, from_on, to_on, position);
            insert into calendar_closure (school_urn, academic_year, closed_on, kind)
            select @SchoolUrn, @AcademicYear, closed_on, kind from unnest(@Closed, @Kinds) as c(closed_on, kind)
            on conflict do nothing
            """;
        await work.Connection.ExecuteAsync(work.Command(Days, new
        {
            calendar.SchoolUrn,
            calendar.AcademicYear,
            Names = calendar.Terms.Select(t => t.Name).ToArray(),
            From = calendar.Terms.Select(t => t.From).ToArray(),
            To = calendar.Terms.Select(t => t.To).ToArray(),
            Closed = calendar.Closures.Select(c => c.On).ToArray(),
            Kinds = calendar.Closures.Select(c => c.Kind).ToArray(),
        }, ct));
    }

    /// <summary>Takes over a person: duties, own school and leaving, no name.</summary>
    public static Task ApplyAsync(Work work, PersonChanged person, CancellationToken ct)
    {
        const string Upsert = """
            insert into person as known (person_id, version, issuer, subject, duties, school_urn, left_on)
            values (@PersonId, @Version, @Issuer, @Subject, @Duties, @SchoolUrn, @LeftOn)
            on conflict (person_id) do update
            set version = excluded.version, issuer = excluded.issuer, subject = excluded.subject, duties = excluded.duties,
                school_urn = excluded.school_urn, left_on = excluded.left_on
            where known.version < excluded.version
            """;
        return work.Connection.ExecuteAsync(work.Command(Upsert, new
        {
            person.PersonId,
            person.Version,
            person.Issuer,
            person.Subject,
            Duties = person.Duties.ToArray(),
            person.SchoolUrn,
            person.LeftOn,
        }, ct));
    }
}
