using Dapper;
using GoldenThread.Reporting.Results;
using GoldenThread.Reporting.Summaries;
using GoldenThread.ServiceDefaults;
using GoldenThread.Tracking.Events.V1;

namespace GoldenThread.Reporting.Roster;

/// <summary>Takes in pupils without identity, and the names of groups.</summary>
internal sealed class PupilIntake(SummaryCells cells)
{
    // Who takes in memberships holds the groups together with others, who opens one holds them alone: neither passes the other unseen.
    private const string GroupsLock = "hashtextextended('reporting groups', 0)";

    /// <summary>Holds pupils, known or not yet known, until the commit: in order, so that two who hold many never wait for each other.</summary>
    public Task HoldAsync(Work work, Guid[] pupilIds, CancellationToken ct)
    {
        const string Sql = """
            insert into pupil (pupil_id, version) select id, 0 from unnest(@pupilIds) as id order by id on conflict do nothing;
            select count(*) from (
                select 1 from pupil where pupil_id = any (@pupilIds) order by pupil_id for no key update
            ) held;
            """;
        return work.Connection.ExecuteAsync(work.Command(Sql, new { pupilIds }, ct));
    }

    /// <summary>
    /// Keeps each pupil's newest version; sums anew where a pupil became known, was erased, or changed groups or the first day on roll, and where
    /// one with results at two schools changed the main school.
    /// </summary>
    public async Task KeepAsync(Work work, IReadOnlyCollection<PupilSnapshot> snapshots, CancellationToken ct)
    {
        var all = snapshots.GroupBy(s => s.PupilId).ToDictionary(g => g.Key, g => g.MaxBy(s => s.Version)!);
        await work.Connection.ExecuteAsync(work.Command($"select pg_advisory_xact_lock_shared({GroupsLock})", null, ct));
        await HoldAsync(work, [.. all.Keys], ct);
        await Held.ShareTestsOfPupilsAsync(work, [.. all.Keys], ct);
        var newer = await NewerAsync(work, all.Values, ct);
        var rows = newer.Select(id => all[id]).ToList();
        var touched = await TouchedAsync(work, rows, ct);
        await ReplaceAsync(work, rows, ct);
        await cells.AttainmentIsDueAsync(work, touched, ct);
    }

    /// <summary>
    /// Keeps what a group is called, and whether it is sensitive, if its definition is newer; and in any case that one was sensitive. A group that was
    /// sensitive stays so for now: those who are counted in it are still its members by the older definition.
    /// </summary>
    public async Task KeepGroupAsync(Work work, GroupDefined group, CancellationToken ct)
    {
        const string Sql = """
            insert into group_definition as d (group_code, definition_version, name, comparator_name, sensitive, opens)
            values (@Group, @DefinitionVersion, @Name, @ComparatorName, true, not @Sensitive)
            on conflict (group_code) do update
            set definition_version = excluded.definition_version, name = excluded.name, comparator_name = excluded.comparator_name,
                sensitive = d.sensitive or @Sensitive, opens = d.sensitive and not @Sensitive, opens_after = null
            where d.definition_version < excluded.definition_version;

            update group_definition
            set last_sensitive_version = greatest(last_sensitive_version, @DefinitionVersion)
            where group_code = @Group and @Sensitive;
            """;
        if (!group.Sensitive)
        {
            await work.Connection.ExecuteAsync(work.Command($"select pg_advisory_xact_lock({GroupsLock})", null, ct));
        }

        await work.Connection.ExecuteAsync(work.Command(Sql, group, ct));
    }

    /// <summary>
    /// Opens the groups that are to open and whose members are all told of by the definition known here, once every sum that was due by then is
    /// made. Whether anything changed. Nothing while memberships are being taken in: the next turn comes soon.
    /// </summary>
    public async Task<bool> OpenGroupsAsync(Work work, CancellationToken ct)
    {
        const string IsAnyDue = $"""
            select case
                when exists (select from group_definition where opens) then pg_try_advisory_xact_lock({GroupsLock})
                else false
            end
            """;
        const string Settle = """
            update group_definition d
            set opens_after = (select coalesce(max(due_id), 0) from summary_due)
            where d.opens and d.opens_after is null and not exists (
                select from pupil_group g join pupil p using (pupil_id)
                where g.group_code = d.group_code and g.definition_version <> d.definition_version and not p.erased)
            """;
        const string Open = """
            update group_definition d
            set sensitive = false, opens = false, opens_after = null
            where d.opens_after is not null and not exists (select from summary_due s where s.due_id <= d.opens_after)
            """;
        return await work.Connection.ExecuteScalarAsync<bool>(work.Command(IsAnyDue, null, ct))
            && await work.Connection.ExecuteAsync(work.Command(Settle, null, ct)) + await work.Connection.ExecuteAsync(work.Command(Open, null, ct)) > 0;
    }

    private static async Task<IReadOnlyList<Guid>> NewerAsync(Work work, IReadOnlyCollection<PupilSnapshot> snapshots, CancellationToken ct)
    {
        const string Sql = """
            select p.pupil_id
            from unnest(@Ids, @Versions) as i (pupil_id, version)
            join pupil p on p.pupil_id = i.pupil_id and p.version < i.version
            """;
        return (await work.Connection.QueryAsync<Guid>(work.Command(Sql, new
        {
            Ids = snapshots.Select(s => s.PupilId).ToArray(),
            Versions = snapshots.Select(s => s.Version).ToArray(),
        }, ct))).AsList();
    }

    /// <summary>Cells whose sums will move; asked before the old memberships are replaced.</summary>
    private static async Task<IReadOnlyList<SummaryCell>> TouchedAsync(Work work, IReadOnlyCollection<PupilSnapshot> rows, CancellationToken ct)
    {
        const string Sql = """
            with incoming as (
                select * from unnest(@Ids, @Erased) as i (pupil_id, erased)
            ),
            incoming_group as (
                select * from unnest(@GroupPupils, @GroupCodes, @GroupFrom, @GroupTo) as g (pupil_id, group_code, from_on, to_on)
            ),
            incoming_enrolment as (
                select * from unnest(@EnrolmentPupils, @EnrolmentSchools, @EnrolmentFrom, @EnrolmentTo, @EnrolmentMain)
                    as e (pupil_id, school_urn, from_on, to_on, is_main)
            ),
            enrolment as (
                select pupil_id, school_urn, from_on, to_on, is_main, false as is_new from pupil_enrolment where pupil_id = any (@Ids)
                union all
                select pupil_id, school_urn, from_on, to_on, is_main, true from incoming_enrolment
            ),
            moved as (
                select i.pupil_id
                from incoming i join pupil p on p.pupil_id = i.pupil_id
                where p.version = 0 or p.erased <> i.erased
                union
                select m.pupil_id from (
                    (select g.pupil_id, g.group_code, g.from_on, g.to_on from pupil_group g join incoming i on i.pupil_id = g.pupil_id
                     except select pupil_id, group_code, from_on, to_on from incoming_group)
                    union all
                    (select pupil_id, group_code, from_on, to_on from incoming_group
                     except select g.pupil_id, g.group_code, g.from_on, g.to_on from pupil_group g join incoming i on i.pupil_id = g.pupil_id)
                ) m
                union
                select pupil_id from enrolment
                group by pupil_id
                having min(from_on) filter (where is_new) is distinct from min(from_on) filter (where not is_new)
            ),
            transferred as (
                select distinct pupil_id
                from (
                    select pupil_id from enrolment where is_main
                    group by pupil_id, school_urn, from_on, to_on
                    having bool_and(is_new) or not bool_or(is_new)
                ) e
            ),
            at_two_schools as (
                select f.pupil_id, f.collection_id
                from fact_result f join transferred using (pupil_id)
                group by f.pupil_id, f.collection_id
                having min(f.school_urn) <> max(f.school_urn)
            ),
            touched as (
                select f.* from fact_result f join moved using (pupil_id)
                union all
                select f.* from fact_result f join at_two_schools using (pupil_id, collection_id)
            )
            select distinct f.collection_id, f.school_urn, f.year_group, t.subject
            from touched f
            join test t on t.test_id = f.test_id
            """;
        var groups = rows.SelectMany(r => r.Groups.Select(g => (r.PupilId, Group: g))).ToList();
        var enrolments = rows.SelectMany(r => r.Enrolments.Select(e => (r.PupilId, Fact: e))).ToList();
        return (await work.Connection.QueryAsync<SummaryCell>(work.Command(Sql, new
        {
            Ids = rows.Select(r => r.PupilId).ToArray(),
            Erased = rows.Select(r => r.Erased).ToArray(),
            GroupPupils = groups.Select(g => g.PupilId).ToArray(),
            GroupCodes = groups.Select(g => g.Group.Group).ToArray(),
            GroupFrom = groups.Select(g => g.Group.From).ToArray(),
            GroupTo = groups.Select(g => g.Group.To).ToArray(),
            EnrolmentPupils = enrolments.Select(e => e.PupilId).ToArray(),
            EnrolmentSchools = enrolments.Select(e => e.Fact.SchoolUrn).ToArray(),
            EnrolmentFrom = enrolments.Select(e => e.Fact.From).ToArray(),
            EnrolmentTo = enrolments.Select(e => e.Fact.To).ToArray(),
            EnrolmentMain = enrolments.Select(e => e.Fact.IsMain).ToArray(),
        }, ct))).AsList();
    }

    private static Task ReplaceAsync(Work work, IReadOnlyCollection<PupilSnapshot> rows, CancellationToken ct)
    {
        const string Sql = """
            update pupil p set version = i.version, erased = i.erased
            from unnest(@Ids, @Versions, @Erased) as i (pupil_id, version, erased)
            where p.pupil_id = i.pupil_id;

            delete from pupil_enrolment where pupil_id = any (@Ids);
            insert into pupil_enrolment (school_urn, pupil_id, from_on, to_on, is_main, year_group)
            select school_urn, pupil_id, from_on, to_on, is_main, year_group
            from unnest(@EnrolmentSchools, @EnrolmentPupils, @EnrolmentFrom, @EnrolmentTo, @EnrolmentMain, @EnrolmentYears)
                as e (school_urn, pupil_id, from_on, to_on, is_main, year_group)
            on conflict do nothing;

            delete from pupil_class where pupil_id = any (@Ids);
            insert into pupil_class (pupil_id, class_id, from_on, to_on)
            select pupil_id, class_id, from_on, to_on
            from unnest(@ClassPupils, @ClassIds, @ClassFrom, @ClassTo) as c (pupil_id, class_id, from_on, to_on)
            on conflict do nothing;

            delete from pupil_group where pupil_id = any (@Ids);
            insert into pupil_group (pupil_id, group_code, from_on, to_on, definition_version)
            select pupil_id, group_code, from_on, to_on, definition_version
            from unnest(@GroupPupils, @GroupCodes, @GroupFrom, @GroupTo, @GroupVersions)
                as g (pupil_id, group_code, from_on, to_on, definition_version)
            on conflict (pupil_id, group_code, from_on) do nothing;

            -- Members by another definition than the one known here may be those of a sensitive group.
            update group_definition d set sensitive = true, opens = true, opens_after = null
            from (select distinct group_code, definition_version from unnest(@GroupCodes, @GroupVersions) as g (group_code, definition_version)) g
            where d.group_code = g.group_code and d.definition_version <> g.definition_version and (not d.sensitive or d.opens_after is not null);
            """;
        var enrolments = rows.SelectMany(r => r.Enrolments.Select(e => (r.PupilId, Fact: e))).ToList();
        var classes = rows.SelectMany(r => r.Classes.Select(c => (r.PupilId, Fact: c))).ToList();
        var groups = rows.SelectMany(r => r.Groups.Select(g => (r.PupilId, Fact: g))).ToList();
        return work.Connection.ExecuteAsync(work.Command(Sql, new
        {
            Ids = rows.Select(r => r.PupilId).ToArray(),
            Versions = rows.Select(r => r.Version).ToArray(),
            Erased = rows.Select(r => r.Erased).ToArray(),
            EnrolmentSchools = enrolments.Select(e => e.Fact.SchoolUrn).ToArray(),
            EnrolmentPupils = enrolments.Select(e => e.PupilId).ToArray(),
            EnrolmentFrom = enrolments.Select(e => e.Fact.From).ToArray(),
            EnrolmentTo = enrolments.Select(e => e.Fact.To).ToArray(),
            EnrolmentMain = enrolments.Select(e => e.Fact.IsMain).ToArray(),
            EnrolmentYears = enrolments.Select(e => e.Fact.YearGroup).ToArray(),
            ClassPupils = classes.Select(c => c.PupilId).ToArray(),
            ClassIds = classes.Select(c => c.Fact.ClassId).ToArray(),
            ClassFrom = classes.Select(c => c.Fact.From).ToArray(),
            ClassTo = classes.Select(c => c.Fact.To).ToArray(),
            GroupPupils = groups.Select(g => g.PupilId).ToArray(),
            GroupCodes = groups.Select(g => g.Fact.Group).ToArray(),
            GroupFrom = groups.Select(g => g.Fact.From).ToArray(),
            GroupTo = groups.Select(g => g.Fact.To).ToArray(),
            GroupVersions = groups.Select(g => g.Fact.DefinitionVersion).ToArray(),
        }, ct));
    }
}
