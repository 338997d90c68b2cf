using Dapper;
using GoldenThread.Reviews.Events.V1;
using GoldenThread.ServiceDefaults;
using GoldenThread.Tracking.Events.V1;

namespace GoldenThread.Reporting.Overview;

/// <summary>Takes in what is going on at a school: its category, its threads, its visits and what was agreed at them.</summary>
internal sealed class SchoolWorkIntake
{
    /// <summary>Keeps a thread if it is newer.</summary>
    public Task KeepThreadAsync(Work work, ThreadChanged thread, CancellationToken ct)
    {
        const string Sql = """
            insert into thread as t
                (school_urn, thread_id, version, group_code, definition_version, subject, state, review_on, open_actions_due_on, actions_done)
            values (@SchoolUrn, @ThreadId, @Version, @Group, @DefinitionVersion, @Subject, @State, @ReviewOn, @OpenActionsDueOn, @ActionsDone)
            on conflict (school_urn, thread_id) do update
            set version = excluded.version, group_code = excluded.group_code, definition_version = excluded.definition_version,
                subject = excluded.subject, state = excluded.state, review_on = excluded.review_on,
                open_actions_due_on = excluded.open_actions_due_on, actions_done = excluded.actions_done
            where t.version < excluded.version
            """;
        return work.Connection.ExecuteAsync(work.Command(Sql, new
        {
            thread.SchoolUrn,
            thread.ThreadId,
            thread.Version,
            thread.Group,
            thread.DefinitionVersion,
            thread.Subject,
            thread.State,
            thread.ReviewOn,
            OpenActionsDueOn = thread.OpenActionsDueOn.ToArray(),
            thread.ActionsDone,
        }, ct));
    }

    /// <summary>Keeps a category by the day it begins; of two from one day the newer.</summary>
    public Task KeepCategoryAsync(Work work, CategoryChanged category, CancellationToken ct)
    {
        const string Sql = """
            insert into category_entry as c (school_urn, from_on, version, category, due_on, overdue_after)
            values (@SchoolUrn, @From, @Version, @Category, @DueOn, @OverdueAfter)
            on conflict (school_urn, from_on) do update
            set version = excluded.version, category = excluded.category, due_on = excluded.due_on, overdue_after = excluded.overdue_after
            where c.version < excluded.version
            """;
        return work.Connection.ExecuteAsync(work.Command(Sql, category, ct));
    }

    /// <summary>Keeps a visit if it is newer.</summary>
    public Task KeepVisitAsync(Work work, VisitChanged visit, CancellationToken ct)
    {
        const string Sql = """
            insert into visit as v (school_urn, visit_id, version, academic_year, entitlement, state, on_day)
            values (@SchoolUrn, @VisitId, @Version, @AcademicYear, @Entitlement, @State, @On)
            on conflict (school_urn, visit_id) do update
            set version = excluded.version, academic_year = excluded.academic_year, entitlement = excluded.entitlement,
                state = excluded.state, on_day = excluded.on_day
            where v.version < excluded.version
            """;
        return work.Connection.ExecuteAsync(work.Command(Sql, visit, ct));
    }

    /// <summary>Keeps an agreed action if it is newer.</summary>
    public Task KeepAgreedActionAsync(Work work, AgreedActionChanged action, CancellationToken ct)
    {
        const string Sql = """
            insert into agreed_action as a (school_urn, action_id, version, visit_id, due_on, done_on)
            values (@SchoolUrn, @ActionId, @Version, @VisitId, @DueOn, @DoneOn)
            on conflict (school_urn, action_id) do update
            set version = excluded.version, visit_id = excluded.visit_id, due_on = excluded.due_on, done_on = excluded.done_on
            where a.version < excluded.version
            """;
        return work.Connection.ExecuteAsync(work.Command(Sql, action, ct));
    }
}
