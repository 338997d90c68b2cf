using Dapper;
using GoldenThread.ServiceDefaults;
using GoldenThread.Tracking.Pupils;

namespace GoldenThread.Tracking.Rosters;

/// <summary>
/// Finds out who the staged rows are about, all at once: by UPN, by former UPN, by what a person confirmed before; name and date of birth
/// alone only propose, and so does a UPN alone for a pupil whom the caller may not change, or of whom nothing else in the row is true. What
/// cannot be told, or may not be done, becomes a problem of the row.
/// </summary>
internal static class RosterMatch
{
    /// <summary>Matches the rows; those without a problem afterwards have a pupil.</summary>
    /// <param name="work">The work at hand.</param>
    /// <param name="by">In whose name the rows come.</param>
    /// <param name="today">Today, on which it is asked who may change a pupil.</param>
    /// <param name="ct">Cancellation.</param>
    public static async Task RunAsync(Work work, Authority by, DateOnly today, CancellationToken ct)
    {
        var parameters = new
        {
            by.Issuer,
            by.Subject,
            by.Roles,
            today,
            UrnUnknown = RosterProblem.UrnUnknown.ToJson(),
            Duplicate = RosterProblem.Duplicate.ToJson(),
            SameUpn = RosterProblem.SameUpn.ToJson(),
            TwoMainSchools = RosterProblem.TwoMainSchools.ToJson(),
            TooManyRows = RosterProblem.TooManyRows.ToJson(),
            NeedsConfirmation = RosterProblem.NeedsConfirmation.ToJson(),
            UpnTaken = RosterProblem.UpnTaken.ToJson(),
            OnRollElsewhere = RosterProblem.OnRollElsewhere.ToJson(),
            OtherLine = RosterProblem.OtherLine,
            RosterProblem.MostRowsPerPupil,
        };
        await RunAsync(work, Schools, parameters, ct);
        await RunAsync(work, FindByUpn, parameters, ct);
        await RunAsync(work, Reach, parameters, ct);
        // Only now does the planner know that rows have pupils.
        await RosterStage.AnalyzeAsync(work, ct);
        await RunAsync(work, DoubtStrangers, parameters, ct);
        await RunAsync(work, DoubtOtherPerson, parameters, ct);
        await RunAsync(work, Identify, parameters, ct);
        await RunAsync(work, Propose, parameters, ct);
        await RunAsync(work, Add, parameters, ct);
        await RunAsync(work, Reach, parameters, ct);
        await RunAsync(work, Compare, parameters, ct);
    }

    private static Task RunAsync(Work work, string sql, object parameters, CancellationToken ct) =>
        work.Connection.ExecuteAsync(work.LongCommand(sql, parameters, ct));

    // A school that the caller does not hold whole is taken off the row, so that the row waits with its sender and not with that school.
    private const string Schools = """
        update roster_row r
        set school_urn = null, problems = coalesce(r.problems, '[]') || @UrnUnknown::jsonb
        where r.school_urn is not null
          and not exists (
              select 1
              from school s
              join whole_reach(@Issuer, @Subject, @Roles) g on g.school_urn is null or g.school_urn = s.school_urn
              where s.school_urn = r.school_urn);

        update roster_row r
        set problems = replace(@Duplicate, @OtherLine, d.first_line::text)::jsonb
        from (
            select line, min(line) over (partition by who, school_urn, from_on) as first_line
            from roster_row
            where problems is null) d
        where d.line = r.line and d.first_line < r.line;
        """;

    private const string FindByUpn = """
        update roster_row r
        set pupil_id = p.pupil_id, by_upn = true
        from pupil p
        where r.problems is null and r.pupil_id is null and not r.is_new and p.upn = r.upn and not p.erased;

        update roster_row r
        set pupil_id = f.pupil_id, by_upn = true
        from (
            select u.upn, (array_agg(u.pupil_id))[1] as pupil_id
            from pupil_former_upn u
            join roster_row w on w.upn = u.upn
            join pupil p on p.pupil_id = u.pupil_id and not p.erased
            group by u.upn
            having count(distinct u.pupil_id) = 1) f
        where r.problems is null and r.pupil_id is null and not r.is_new and f.upn = r.upn;
        """;

    private const string Reach = """
        update roster_row r
        set is_reached = true
        where r.problems is null
          and r.pupil_id is not null
          and not r.is_reached
          and exists (select 1 from pupils_to_change(@Issuer, @Subject, @Roles, @today) c where c.pupil_id = r.pupil_id);
        """;

    // A UPN is mistyped, or a sheet has one column sorted by itself, more often than a child gets another forename, surname and birthday at once.
    private const string DoubtOtherPerson = """
        update roster_row r
        set pupil_id = null
        from pupil p
        where r.problems is null and r.by_upn and p.pupil_id = r.pupil_id
          and lower(p.surname) <> lower(r.surname) and lower(p.forename) <> lower(r.forename) and p.born_on <> r.born_on;
        """;

    // UPNs can be guessed. One row that does not know name and birthday lets none of the file's rows about that pupil through: a file of many
    // birthdays would else find the right one.
    private const string DoubtStrangers = """
        update roster_row r
        set pupil_id = null
        from (
            select w.pupil_id
            from roster_row w
            join pupil p on p.pupil_id = w.pupil_id
            where w.problems is null and w.by_upn and not w.is_reached
            group by w.pupil_id
            having not bool_and(
                (lower(p.surname), lower(p.forename), p.born_on) = (lower(w.surname), lower(w.forename), w.born_on))) s
        where r.problems is null and r.by_upn and r.pupil_id = s.pupil_id;
        """;

    private const string Identify = """
        -- A person's word holds while the caller may change the pupil, or the pupil still has that name and birthday: a school that the pupil left
        -- would else learn by an old file what became of the child.
        update roster_row r
        set pupil_id = c.pupil_id
        from confirmed_match c
        join pupil p on p.pupil_id = c.pupil_id and not p.erased
        where r.problems is null and r.pupil_id is null and not r.is_new and c.identity_hash = r.identity_hash
          and ((lower(p.surname), lower(p.forename), p.born_on) = (lower(r.surname), lower(r.forename), r.born_on)
               or exists (select 1 from pupils_to_change(@Issuer, @Subject, @Roles, @today) t where t.pupil_id = p.pupil_id));

        -- Without any UPN, on both sides, the same name and birthday at the same school is the pupil that this school sent before.
        update roster_row r
        set pupil_id = k.pupil_id
        from (
            select w.line, (array_agg(p.pupil_id))[1] as pupil_id
            from roster_row w
            join pupil p
              on lower(p.surname) = lower(w.surname) and lower(p.forename) = lower(w.forename) and p.born_on = w.born_on
            where w.problems is null and w.pupil_id is null and not w.is_new and w.upn is null and p.upn is null and not p.erased
              and exists (
                  select 1
                  from enrolment e
                  where e.pupil_id = p.pupil_id and e.school_urn = w.school_urn and e.superseded_at is null)
            group by w.line
            having count(distinct p.pupil_id) = 1) k
        where k.line = r.line;
        """;

    private const string Propose = """
        update roster_row r
        set problems = @NeedsConfirmation::jsonb, candidates = k.candidates
        from (
            select m.line, array_agg(distinct m.pupil_id) as candidates
            from (
                select w.line, p.pupil_id
                from roster_row w
                join pupil p
                  on lower(p.surname) = lower(w.surname) and lower(p.forename) = lower(w.forename) and p.born_on = w.born_on
                where w.problems is null and w.pupil_id is null and not w.is_new and not p.erased
                union all
                select w.line, p.pupil_id
                from roster_row w
                join pupil p on p.upn = w.upn
                where w.problems is null and w.pupil_id is null and not w.is_new and not p.erased
                union all
                select w.line, u.pupil_id
                from roster_row w
                join pupil_former_upn u on u.upn = w.upn
                where w.problems is null and w.pupil_id is null and not w.is_new
                union all
                select w.line, p.pupil_id
                from roster_row w
                join confirmed_match c on c.identity_hash = w.identity_hash
                join pupil p on p.pupil_id = c.pupil_id and not p.erased
                where w.problems is null and w.pupil_id is null and not w.is_new) m
            group by m.line) k
        where k.line = r.line;

        -- The same for two rows of this file that would add the same name and birthday without a UPN at two schools.
        update roster_row r
        set problems = @NeedsConfirmation::jsonb
        from (
            select line, school_urn,
                   first_value(school_urn) over (partition by lower(surname), lower(forename), born_on order by line) as first_school
            from roster_row
            where problems is null and pupil_id is null and not is_new and upn is null) d
        where d.line = r.line and d.first_school <> d.school_urn;
        """;

    private const string Add = """
        update roster_row r
        set pupil_id = n.pupil_id, added = true, is_reached = true
        from (
            select who, uuid_v7() as pupil_id
            from roster_row
            where problems is null and pupil_id is null
            group by who) n
        where r.problems is null and r.pupil_id is null and n.who = r.who;
        """;

    private const string Compare = """
        update roster_row r
        set problems = @UpnTaken::jsonb
        where r.problems is null and exists (select 1 from pupil p where p.upn = r.upn and p.pupil_id <> r.pupil_id);

        update roster_row r
        set problems = replace(@SameUpn, @OtherLine, d.first_line::text)::jsonb
        from (
            select line, pupil_id, min(line) over (partition by upn) as first_line,
                   first_value(pupil_id) over (partition by upn order by line) as first_pupil
            from roster_row
            where problems is null and upn is not null) d
        where d.line = r.line and d.first_pupil <> d.pupil_id;

        update roster_row r
        set problems = replace(@Duplicate, @OtherLine, d.first_line::text)::jsonb
        from (
            select line, min(line) over (partition by pupil_id, school_urn, from_on) as first_line
            from roster_row
            where problems is null) d
        where d.line = r.line and d.first_line < r.line;

        update roster_row r
        set problems = replace(@TwoMainSchools, @OtherLine, d.first_line::text)::jsonb
        from (
            select line, min(line) over (partition by pupil_id, from_on) as first_line
            from roster_row
            where problems is null and is_main) d
        where d.line = r.line and d.first_line < r.line;

        -- Who has no right at the other school can neither end an enrolment there nor change the pupil's name.
        update roster_row r
        set problems = @OnRollElsewhere::jsonb
        where r.problems is null
          and not r.added
          and exists (
              select 1
              from enrolment e
              where e.pupil_id = r.pupil_id
                and e.superseded_at is null
                and e.school_urn <> r.school_urn
                and (e.to_on is null or e.to_on >= r.from_on)
                and not exists (
                    select 1 from whole_reach(@Issuer, @Subject, @Roles) g where g.school_urn is null or g.school_urn = e.school_urn));

        update roster_row r
        set round = d.round, problems = case when d.round > @MostRowsPerPupil then @TooManyRows::jsonb end
        from (
            select line, row_number() over (partition by pupil_id order by from_on, is_main desc, line) as round
            from roster_row
            where problems is null) d
        where d.line = r.line;

        -- Single changes of these pupils wait for the file.
        select count(*) from (
            select p.pupil_id
            from pupil p
            where p.pupil_id in (select pupil_id from roster_row where problems is null)
            order by p.pupil_id
            for update) locked;
        """;
}
