using Dapper;
using GoldenThread.ServiceDefaults;
using GoldenThread.Tracking.Pupils;

namespace GoldenThread.Tracking.Rosters;

/// <summary>Every statement about what an import did: its counts, its differences, its quarantine.</summary>
internal static class RosterStore
{
    /// <summary>What the stage holds after it was applied.</summary>
    public static Task<RosterCounts> CountAsync(Work work, CancellationToken ct)
    {
        const string Sql = """
            select count(*)::int as rows,
                   (count(distinct r.pupil_id) filter (where r.problems is null and r.added))::int as added,
                   (count(distinct p.pupil_id) filter (where r.problems is null and not r.added))::int as changed,
                   (count(*) filter (where r.problems is null and l.line is null))::int as unchanged,
                   (count(*) filter (where r.problems is not null))::int as quarantined
            from roster_row r
            left join (select distinct line from roster_difference) l on l.line = r.line
            left join (select distinct pupil_id from roster_difference) p on p.pupil_id = r.pupil_id
            """;
        return work.Connection.QuerySingleAsync<RosterCounts>(work.LongCommand(Sql, null, ct));
    }

    /// <summary>
    /// Takes from the differences what the caller is not to be told, before they are counted and shown: that there is a difference would tell
    /// what was known, too. Of a pupil whom the caller may not change yet, only where they come to is left.
    /// </summary>
    public static Task HideAsync(Work work, Authority sensitive, string[] sensitiveFacts, CancellationToken ct)
    {
        const string Sql = """
            delete from roster_difference d
            using roster_row r
            where r.line = d.line
              and (not r.is_reached and d.what not in ('enrolment', 'class')
                   or d.what in (select f.fact from sensitive_facts(@sensitiveFacts) f) and r.school_urn not in (
                       select s.school_urn
                       from school s
                       join whole_reach(@Issuer, @Subject, @Roles) g on g.school_urn is null or g.school_urn = s.school_urn));

            update roster_difference d
            set before = ''
            from roster_row r
            where r.line = d.line and not r.is_reached;
            """;
        return work.Connection.ExecuteAsync(
            work.LongCommand(Sql, new { sensitive.Issuer, sensitive.Subject, sensitive.Roles, sensitiveFacts }, ct));
    }

    /// <summary>Keeps that the import was, and puts its bad rows into quarantine; a row that waits there already waits once.</summary>
    public static async Task KeepAsync(Work work, Guid importId, DateOnly from, RosterCounts counts, CancellationToken ct)
    {
        const string Import = """
            insert into roster_import (import_id, issuer, subject, from_on, rows, added, changed, unchanged, quarantined)
            values (@importId, @Issuer, @Subject, @from, @Rows, @Added, @Changed, @Unchanged, @Quarantined)
            """;
        const string Quarantine = """
            insert into quarantined_row (import_id, line, school_urn, from_on, cells, row_hash, problems, candidate_pupil_ids, issuer, subject)
            select @importId, line, school_urn, from_on, cells, row_hash, problems, coalesce(candidates, '{}'), @Issuer, @Subject
            from roster_row
            where problems is not null
            order by line
            on conflict (row_hash) where closed_at is null do nothing
            """;
        var parameters = new
        {
            importId,
            work.Caller.Issuer,
            work.Caller.Subject,
            from,
            counts.Rows,
            counts.Added,
            counts.Changed,
            counts.Unchanged,
            counts.Quarantined,
        };
        await work.Connection.ExecuteAsync(work.LongCommand(Import, parameters, ct));
        await work.Connection.ExecuteAsync(work.LongCommand(Quarantine, parameters, ct));
    }

    /// <summary>The first differences.</summary>
    public static async Task<List<RosterDifferenceRow>> DifferencesAsync(Work work, int limit, CancellationToken ct)
    {
        const string Sql = """
            select d.line, d.pupil_id, d.what, r.added, d.before, d.after
            from roster_difference d
            join roster_row r on r.line = d.line
            order by d.line, d.what
            limit @limit
            """;
        return (await work.Connection.QueryAsync<RosterDifferenceRow>(work.LongCommand(Sql, new { limit }, ct))).AsList();
    }

    /// <summary>The first rows with problems.</summary>
    public static async Task<List<RosterProblemRow>> ProblemsAsync(Work work, int limit, CancellationToken ct)
    {
        const string Sql = """
            select line, problems::text as problems, coalesce(candidates, '{}') as candidates
            from roster_row
            where problems is not null
            order by line
            limit @limit
            """;
        return (await work.Connection.QueryAsync<RosterProblemRow>(work.LongCommand(Sql, new { limit }, ct))).AsList();
    }

    /// <summary>Whom the caller is told to be known, by whatever row: the audit keeps it, also of a dry run.</summary>
    public static async Task<IEnumerable<string>> ToldOfAsync(Work work, CancellationToken ct)
    {
        const string Sql = """
            select unnest(candidates)::text from roster_row where problems is not null
            union
            select pupil_id::text from roster_row where problems = @OnRollElsewhere::jsonb
            union
            select p.pupil_id::text from roster_row r join pupil p on p.upn = r.upn where r.problems = @UpnTaken::jsonb
            """;
        var parameters = new { OnRollElsewhere = RosterProblem.OnRollElsewhere.ToJson(), UpnTaken = RosterProblem.UpnTaken.ToJson() };
        return await work.Connection.QueryAsync<string>(work.LongCommand(Sql, parameters, ct));
    }

    /// <summary>Keeps a person's word on who a row is about.</summary>
    public static Task ConfirmAsync(Work work, CancellationToken ct)
    {
        const string Sql = """
            insert into confirmed_match (identity_hash, pupil_id, issuer, subject)
            select identity_hash, pupil_id, @Issuer, @Subject
            from roster_row
            where problems is null
            on conflict (identity_hash) do update
            set pupil_id = excluded.pupil_id, issuer = excluded.issuer, subject = excluded.subject, confirmed_at = now()
            """;
        return work.Connection.ExecuteAsync(work.LongCommand(Sql, new { work.Caller.Issuer, work.Caller.Subject }, ct));
    }
}

/// <summary>What an import did.</summary>
internal sealed record RosterCounts
{
    public required int Rows { get; init; }

    public required int Added { get; init; }

    public required int Changed { get; init; }

    public required int Unchanged { get; init; }

    public required int Quarantined { get; init; }
}

/// <summary>A difference as it was noted.</summary>
internal sealed record RosterDifferenceRow
{
    public required int Line { get; init; }

    public required Guid PupilId { get; init; }

    public required string What { get; init; }

    public required bool Added { get; init; }

    public required string Before { get; init; }

    public required string After { get; init; }
}

/// <summary>A row with problems.</summary>
internal sealed record RosterProblemRow
{
    public required int Line { get; init; }

    public required string Problems { get; init; }

    public required Guid[] Candidates { get; init; }
}
