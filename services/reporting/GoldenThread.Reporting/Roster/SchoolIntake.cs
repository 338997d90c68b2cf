using Dapper;
using GoldenThread.ServiceDefaults;
using GoldenThread.Tracking.Events.V1;

namespace GoldenThread.Reporting.Roster;

/// <summary>Takes in schools, when they belonged to the trust, and what they replaced.</summary>
internal sealed class SchoolIntake
{
    /// <summary>Keeps a school if it is newer.</summary>
    public async Task KeepAsync(Work work, SchoolChanged school, CancellationToken ct)
    {
        const string Save = """
            insert into school as s (school_urn, version, name, laestab, phase)
            values (@SchoolUrn, @Version, @Name, @Laestab, @Phase)
            on conflict (school_urn) do update
            set version = excluded.version, name = excluded.name, laestab = excluded.laestab, phase = excluded.phase
            where s.version < excluded.version
            """;
        const string Replace = """
            delete from school_membership where school_urn = @SchoolUrn;
            insert into school_membership (school_urn, from_on, to_on)
            select @SchoolUrn, from_on, to_on from unnest(@From, @To) as m (from_on, to_on)
            on conflict do nothing;

            delete from school_lineage where successor_urn = @SchoolUrn;
            insert into school_lineage (predecessor_urn, successor_urn)
            select urn, @SchoolUrn from unnest(@Predecessors) as urn
            where urn <> @SchoolUrn
            on conflict do nothing;
            """;
        if (await work.Connection.ExecuteAsync(work.Command(Save, school, ct)) == 0)
        {
            return;
        }

        await work.Connection.ExecuteAsync(work.Command(Replace, new
        {
            school.SchoolUrn,
            From = school.Memberships.Select(m => m.From).ToArray(),
            To = school.Memberships.Select(m => m.To).ToArray(),
            Predecessors = school.PredecessorUrns.ToArray(),
        }, ct));
    }
}
