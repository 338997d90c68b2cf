using Dapper;
using GoldenThread.ServiceDefaults;
using GoldenThread.Tracking.Events.V1;

namespace GoldenThread.Assessment.Pupils;

/// <summary>Every statement about the copies of pupils that tracking tells of.</summary>
internal sealed class PupilStore
{
    /// <summary>Takes in pupils, those that are newer than what is here; the ids of these.</summary>
    public static async Task<Guid[]> TakeAsync(Work work, IReadOnlyList<PupilSnapshot> pupils, CancellationToken ct)
    {
        const string Pupils = """
            insert into pupil as p (pupil_id, version, erased)
            select s.pupil_id, s.version, s.erased from unnest(@PupilIds, @Versions, @Erased) as s(pupil_id, version, erased)
            order by s.pupil_id
            on conflict (pupil_id) do update set version = excluded.version, erased = excluded.erased where p.version < excluded.version
            returning p.pupil_id
            """;
        const string Forget = """
            with forgotten as (
                delete from quarantined_row q using pupil_upn u
                where u.pupil_id = any(@Erased) and q.upn = u.upn
            ), unnamed as (
                delete from pupil_upn where pupil_id = any(@Erased)
            ), unclassed as (
                delete from pupil_class where pupil_id = any(@Taken)
            )
            delete from pupil_enrolment where pupil_id = any(@Taken)
            """;
        const string Enrolments = """
            insert into pupil_enrolment (pupil_id, school_urn, from_on, to_on, is_main, year_group)
            select pupil_id, school_urn, from_on, to_on, is_main, year_group
            from unnest(@PupilIds, @SchoolUrns, @Froms, @Tos, @Mains, @YearGroups)
                 as e(pupil_id, school_urn, from_on, to_on, is_main, year_group)
            """;
        const string Classes = """
            insert into pupil_class (pupil_id, class_id, from_on, to_on)
            select pupil_id, class_id, from_on, to_on
            from unnest(@PupilIds, @ClassIds, @Froms, @Tos) as c(pupil_id, class_id, from_on, to_on)
            on conflict do nothing
            """;
        var newest = pupils.GroupBy(p => p.PupilId).Select(g => g.MaxBy(p => p.Version)!).ToList();
        var arrays = new
        {
            PupilIds = newest.Select(p => p.PupilId).ToArray(),
            Versions = newest.Select(p => p.Version).ToArray(),
            Erased = newest.Select(p => p.Erased).ToArray(),
        };
        await InTurnAsync(work, ct);
        var taken = (await work.Connection.QueryAsync<Guid>(work.Command(Pupils, arrays, ct))).ToArray();
        if (taken.Length == 0)
        {
            return taken;
        }

        var known = taken.ToHashSet();
        var changed = newest.Where(p => known.Contains(p.PupilId)).ToList();
        var erased = changed.Where(p => p.Erased).Select(p => p.PupilId).ToArray();
        await work.Connection.ExecuteAsync(work.Command(Forget, new { Taken = taken, Erased = erased }, ct));
        var enrolments = changed.SelectMany(p => Roll.Clean(p.Enrolments).Select(e => (p.PupilId, Row: e))).ToList();
        await work.Connection.ExecuteAsync(work.Command(Enrolments, EnrolmentArrays(enrolments), ct));
        var classes = changed.SelectMany(p => p.Classes.Select(c => (p.PupilId, Row: c))).ToList();
        await work.Connection.ExecuteAsync(work.Command(Classes, ClassArrays(classes), ct));
        return taken;
    }

    /// <summary>Takes in identifiers, those that are newer than what is here; the ids of these pupils.</summary>
    public static async Task<Guid[]> TakeAsync(Work work, IReadOnlyList<PupilIdentifiers> identifiers, CancellationToken ct)
    {
        const string Identities = """
            insert into pupil_identity as p (pupil_id, version)
            select s.pupil_id, s.version from unnest(@PupilIds, @Versions) as s(pupil_id, version)
            order by s.pupil_id
            on conflict (pupil_id) do update set version = excluded.version where p.version < excluded.version
            returning p.pupil_id
            """;
        const string Forget = "delete from pupil_upn where pupil_id = any(@taken)";
        // A present UPN counts before a former one; one that two pupils had before names nobody.
        const string Upns = """
            insert into pupil_upn as u (upn, pupil_id, is_former)
            select upn, pupil_id, is_former from unnest(@Upns, @PupilIds, @Formers) as s(upn, pupil_id, is_former)
            order by upn
            on conflict (upn) do update
            set pupil_id = case
                    when u.is_former and excluded.is_former then null
                    when excluded.is_former then u.pupil_id
                    else excluded.pupil_id
                end,
                is_former = u.is_former and excluded.is_former
            """;
        var newest = identifiers.GroupBy(p => p.PupilId).Select(g => g.MaxBy(p => p.Version)!).ToList();
        var arrays = new { PupilIds = newest.Select(p => p.PupilId).ToArray(), Versions = newest.Select(p => p.Version).ToArray() };
        await InTurnAsync(work, ct);
        var taken = (await work.Connection.QueryAsync<Guid>(work.Command(Identities, arrays, ct))).ToArray();
        if (taken.Length == 0)
        {
            return taken;
        }

        await work.Connection.ExecuteAsync(work.Command(Forget, new { taken }, ct));
        var known = taken.ToHashSet();
        var named = Naming.Of(newest.Where(p => known.Contains(p.PupilId)));
        var upns = new
        {
            Upns = named.Select(n => n.Upn).ToArray(),
            PupilIds = named.Select(n => n.PupilId).ToArray(),
            Formers = named.Select(n => n.IsFormer).ToArray(),
        };
        await work.Connection.ExecuteAsync(work.Command(Upns, upns, ct));
        return taken;
    }

    /// <summary>
    /// Lets one consumer at a time take in what it hears. A row waits for two messages, the roll and the UPN of its pupil: were they taken in side by
    /// side, neither would see the other's half, and nobody would try the row again.
    /// </summary>
    private static Task InTurnAsync(Work work, CancellationToken ct)
    {
        const string Sql = "select pg_advisory_xact_lock(hashtextextended('assessment pupils', 0))";
        return work.Connection.ExecuteAsync(work.Command(Sql, null, ct));
    }

    private static object EnrolmentArrays(List<(Guid PupilId, PupilEnrolment Row)> rows) => new
    {
        PupilIds = rows.Select(r => r.PupilId).ToArray(),
        SchoolUrns = rows.Select(r => r.Row.SchoolUrn).ToArray(),
        Froms = rows.Select(r => r.Row.From).ToArray(),
        Tos = rows.Select(r => r.Row.To).ToArray(),
        Mains = rows.Select(r => r.Row.IsMain).ToArray(),
        YearGroups = rows.Select(r => r.Row.YearGroup).ToArray(),
    };

    private static object ClassArrays(List<(Guid PupilId, PupilClass Row)> rows) => new
    {
        PupilIds = rows.Select(r => r.PupilId).ToArray(),
        ClassIds = rows.Select(r => r.Row.ClassId).ToArray(),
        Froms = rows.Select(r => r.Row.From).ToArray(),
        Tos = rows.Select(r => r.Row.To).ToArray(),
    };
}
