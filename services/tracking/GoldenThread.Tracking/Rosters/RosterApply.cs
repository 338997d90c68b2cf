using Dapper;
using GoldenThread.ServiceDefaults;
using GoldenThread.Tracking.Pupils;
using Npgsql;

namespace GoldenThread.Tracking.Rosters;

/// <summary>
/// Makes the staged rows true, all at once. A row says what holds from its day on: what held until then ends the day before and is kept,
/// what is the same already stays untouched. Rows about one pupil are applied in the order of their days, one round each.
/// </summary>
internal static class RosterApply
{
    private const string UpnConstraint = "uq_pupil_upn";

    /// <summary>Applies all rows without a problem, and notes each difference in roster_difference and touched_pupil.</summary>
    public static async Task RunAsync(Work work, CancellationToken ct)
    {
        const string Rounds = "select coalesce(max(round), 0) from roster_row where problems is null";
        await RunAsync(work, Identity, null, ct);
        await RunAsync(work, Classes, null, ct);
        var rounds = await work.Connection.ExecuteScalarAsync<int>(work.LongCommand(Rounds, null, ct));
        for (var round = 1; round <= rounds; round++)
        {
            await RunAsync(work, Enrolments, new { round }, ct);
            await RunAsync(work, Memberships, new { round }, ct);
            await RunAsync(work, Leaving, new { round }, ct);
            await RunAsync(work, Facts, new { round }, ct);
        }

        await RunAsync(work, Touch, new { SensitiveFacts = Fact.Sensitive }, ct);
    }

    private static async Task RunAsync(Work work, string sql, object? parameters, CancellationToken ct)
    {
        try
        {
            await work.Connection.ExecuteAsync(work.LongCommand(sql, parameters, ct));
        }
        catch (PostgresException e) when (e.ConstraintName == UpnConstraint)
        {
            throw Errors.UpnTaken();
        }
    }

    // Names follow the row with the latest day, and no row older than what is known: last year's file does not bring a former name back.
    private const string Identity = """
        insert into pupil (pupil_id, version, shown_version, upn, forename, surname, preferred_forename, preferred_surname, born_on, sex,
                           change_set_id, identifiers_change_set_id)
        select distinct on (r.pupil_id)
               r.pupil_id, 0, 0, r.upn, r.forename, r.surname, r.preferred_forename, r.preferred_surname, r.born_on, r.sex, r.pupil_id, r.pupil_id
        from roster_row r
        where r.problems is null and r.added
        order by r.pupil_id, r.from_on desc, r.is_main desc, r.line;

        insert into roster_difference (line, pupil_id, what, before, after)
        select distinct on (r.pupil_id) r.line, r.pupil_id, 'pupil', '', r.forename || ' ' || r.surname
        from roster_row r
        where r.problems is null and r.added
        order by r.pupil_id, r.line;

        create temporary table roster_identity on commit drop as
        select s.*, p.upn as known_upn, p.forename as known_forename, p.surname as known_surname,
               p.preferred_forename as known_preferred_forename, p.preferred_surname as known_preferred_surname,
               p.born_on as known_born_on, p.sex as known_sex,
               s.upn is not null and s.upn is distinct from p.upn
                   and not exists (select 1 from pupil_former_upn f where f.pupil_id = p.pupil_id and f.upn = s.upn) as has_new_upn
        from (
            select distinct on (r.pupil_id)
                   r.line, r.pupil_id, r.upn, r.forename, r.surname, r.preferred_forename, r.preferred_surname, r.born_on, r.sex, r.from_on
            from roster_row r
            where r.problems is null and not r.added and r.forename is not null
            order by r.pupil_id, r.from_on desc, r.is_main desc, r.line) s
        join pupil p on p.pupil_id = s.pupil_id
        where not exists (
            select 1 from enrolment e where e.pupil_id = s.pupil_id and e.superseded_at is null and e.from_on > s.from_on);

        insert into roster_difference (line, pupil_id, what, before, after)
        select line, pupil_id, 'name', known_forename || ' ' || known_surname, forename || ' ' || surname
        from roster_identity
        where (forename, surname) is distinct from (known_forename, known_surname)
        union all
        select line, pupil_id, 'preferred name', concat_ws(' ', known_preferred_forename, known_preferred_surname),
               concat_ws(' ', preferred_forename, preferred_surname)
        from roster_identity
        where coalesce(preferred_forename, known_preferred_forename) is distinct from known_preferred_forename
           or coalesce(preferred_surname, known_preferred_surname) is distinct from known_preferred_surname
        union all
        select line, pupil_id, 'born-on', known_born_on::text, born_on::text from roster_identity where born_on <> known_born_on
        union all
        select line, pupil_id, 'sex', known_sex, sex from roster_identity where sex <> known_sex
        union all
        select line, pupil_id, 'upn', coalesce(known_upn, ''), upn from roster_identity where has_new_upn;

        insert into pupil_former_name (pupil_id, forename, surname)
        select pupil_id, known_forename, known_surname
        from roster_identity
        where (forename, surname) is distinct from (known_forename, known_surname);

        insert into pupil_former_upn (upn, pupil_id)
        select known_upn, pupil_id from roster_identity where has_new_upn and known_upn is not null
        on conflict do nothing;

        update pupil p
        set forename = i.forename,
            surname = i.surname,
            preferred_forename = coalesce(i.preferred_forename, p.preferred_forename),
            preferred_surname = coalesce(i.preferred_surname, p.preferred_surname),
            born_on = i.born_on,
            sex = i.sex,
            sex_changed_at = case when p.sex = i.sex then p.sex_changed_at else now() end,
            birth_month_changed_at = case
                when extract(month from p.born_on) = extract(month from i.born_on) then p.birth_month_changed_at else now() end,
            upn = case when i.has_new_upn then i.upn else p.upn end
        from roster_identity i
        where p.pupil_id = i.pupil_id
          and exists (select 1 from roster_difference d where d.pupil_id = i.pupil_id);
        """;

    private const string Classes = """
        insert into school_class (class_id, school_urn, academic_year, name, kind, year_groups)
        select uuid_v7(), r.school_urn, r.academic_year, r.class_name, 'registration',
               coalesce(array_agg(distinct r.year_group) filter (where r.year_group is not null), '{}')
        from roster_row r
        where r.problems is null and r.class_name is not null
        group by r.school_urn, r.academic_year, r.class_name
        on conflict on constraint uq_school_class_name do nothing;

        update roster_row r
        set class_id = c.class_id
        from school_class c
        where r.problems is null
          and r.class_name is not null
          and c.school_urn = r.school_urn
          and c.academic_year = r.academic_year
          and c.name = r.class_name;
        """;

    private const string Enrolments = """
        delete from enrolment_change;
        delete from enrolment_end;

        insert into enrolment_change (line, pupil_id, school_urn, year_group, is_main, from_on, until)
        select r.line, r.pupil_id, r.school_urn, r.year_group, r.is_main, r.from_on, coalesce(c.to_on, n.next_on - 1)
        from roster_row r
        left join enrolment c
          on c.pupil_id = r.pupil_id
         and c.school_urn = r.school_urn
         and c.superseded_at is null
         and c.from_on <= r.from_on
         and (c.to_on is null or c.to_on >= r.from_on)
        left join lateral (
            select min(e.from_on) as next_on
            from enrolment e
            where e.pupil_id = r.pupil_id
              and e.superseded_at is null
              and e.from_on > r.from_on
              and (e.school_urn = r.school_urn or (r.is_main and e.is_main))) n on true
        where r.problems is null
          and r.round = @round
          and r.year_group is not null
          and (c.enrolment_id is null or (c.year_group, c.is_main) is distinct from (r.year_group, r.is_main));

        -- What held at this school until now, and the main roll of another school.
        insert into enrolment_end (line, enrolment_id, last_on)
        select ch.line, e.enrolment_id, ch.from_on - 1
        from enrolment_change ch
        join enrolment e
          on e.pupil_id = ch.pupil_id
         and e.superseded_at is null
         and e.from_on <= ch.from_on
         and (e.to_on is null or e.to_on >= ch.from_on)
         and (e.school_urn = ch.school_urn or (e.is_main and ch.is_main));

        insert into class_end (line, membership_id, last_on)
        select x.line, m.membership_id, x.last_on
        from enrolment_end x
        join enrolment e on e.enrolment_id = x.enrolment_id
        join enrolment_change ch on ch.line = x.line and ch.school_urn <> e.school_urn
        join class_membership m
          on m.pupil_id = e.pupil_id
         and m.school_urn = e.school_urn
         and m.superseded_at is null
         and (m.to_on is null or m.to_on > x.last_on);

        insert into roster_difference (line, pupil_id, what, before, after)
        select ch.line, ch.pupil_id, 'enrolment',
               coalesce((
                   select string_agg(e.school_urn || ' year ' || e.year_group, ', ' order by e.school_urn)
                   from enrolment_end x
                   join enrolment e on e.enrolment_id = x.enrolment_id
                   where x.line = ch.line), ''),
               ch.school_urn || ' year ' || ch.year_group || ' from ' || ch.from_on
        from enrolment_change ch;

        update enrolment e set superseded_at = now() from enrolment_end x where e.enrolment_id = x.enrolment_id;

        insert into enrolment (pupil_id, school_urn, year_group, is_main, from_on, to_on)
        select e.pupil_id, e.school_urn, e.year_group, e.is_main, e.from_on, x.last_on
        from enrolment_end x
        join enrolment e on e.enrolment_id = x.enrolment_id
        where e.from_on <= x.last_on;

        insert into enrolment (pupil_id, school_urn, year_group, is_main, from_on, to_on)
        select pupil_id, school_urn, year_group, is_main, from_on, until from enrolment_change;
        """;

    // Run after enrolments: class_end may hold classes at a school that the pupil has just left.
    private const string Memberships = """
        delete from class_change;

        insert into class_change (line, pupil_id, class_id, school_urn, kind, from_on, until)
        select r.line, r.pupil_id, k.class_id, k.school_urn, k.kind, r.from_on, coalesce(c.to_on, n.next_on - 1)
        from roster_row r
        join school_class k on k.class_id = r.class_id
        left join class_membership c
          on c.pupil_id = r.pupil_id
         and c.school_urn = k.school_urn
         and ((c.kind = 'registration' and k.kind = 'registration') or c.class_id = k.class_id)
         and c.superseded_at is null
         and c.from_on <= r.from_on
         and (c.to_on is null or c.to_on >= r.from_on)
        left join lateral (
            select min(m.from_on) as next_on
            from class_membership m
            where m.pupil_id = r.pupil_id
              and m.superseded_at is null
              and m.from_on > r.from_on
              and m.school_urn = k.school_urn
              and ((m.kind = 'registration' and k.kind = 'registration') or m.class_id = k.class_id)) n on true
        where r.problems is null
          and r.round = @round
          and c.class_id is distinct from k.class_id;

        insert into class_end (line, membership_id, last_on)
        select ch.line, m.membership_id, ch.from_on - 1
        from class_change ch
        join class_membership m
          on m.pupil_id = ch.pupil_id
         and m.school_urn = ch.school_urn
         and m.kind = 'registration'
         and ch.kind = 'registration'
         and m.superseded_at is null
         and m.from_on <= ch.from_on
         and (m.to_on is null or m.to_on >= ch.from_on);

        insert into roster_difference (line, pupil_id, what, before, after)
        select ch.line, ch.pupil_id, 'class',
               coalesce((
                   select string_agg(k.name, ', ' order by k.name)
                   from class_end x
                   join class_membership m on m.membership_id = x.membership_id
                   join school_class k on k.class_id = m.class_id
                   where x.line = ch.line), ''),
               n.name || ' from ' || ch.from_on
        from class_change ch
        join school_class n on n.class_id = ch.class_id;

        update class_membership m set superseded_at = now() from class_end x where m.membership_id = x.membership_id;

        insert into class_membership (pupil_id, class_id, school_urn, kind, from_on, to_on)
        select m.pupil_id, m.class_id, m.school_urn, m.kind, m.from_on, x.last_on
        from class_end x
        join class_membership m on m.membership_id = x.membership_id
        where m.from_on <= x.last_on;

        insert into class_membership (pupil_id, class_id, school_urn, kind, from_on, to_on)
        select pupil_id, class_id, school_urn, kind, from_on, until from class_change;

        delete from class_end;
        """;

    private const string Leaving = """
        delete from enrolment_end;

        insert into enrolment_end (line, enrolment_id, last_on)
        select r.line, e.enrolment_id, r.left_on
        from roster_row r
        join enrolment e
          on e.pupil_id = r.pupil_id
         and e.school_urn = r.school_urn
         and e.superseded_at is null
         and e.from_on <= r.left_on
         and (e.to_on is null or e.to_on > r.left_on)
        where r.problems is null and r.round = @round and r.left_on is not null;

        insert into class_end (line, membership_id, last_on)
        select r.line, m.membership_id, r.left_on
        from roster_row r
        join class_membership m
          on m.pupil_id = r.pupil_id
         and m.school_urn = r.school_urn
         and m.superseded_at is null
         and (m.to_on is null or m.to_on > r.left_on)
         and m.from_on <= r.left_on
        where r.problems is null and r.round = @round and r.left_on is not null;

        insert into roster_difference (line, pupil_id, what, before, after)
        select x.line, e.pupil_id, 'enrolment', e.school_urn || ' year ' || e.year_group, 'left on ' || x.last_on
        from enrolment_end x
        join enrolment e on e.enrolment_id = x.enrolment_id;

        update enrolment e set superseded_at = now() from enrolment_end x where e.enrolment_id = x.enrolment_id;

        insert into enrolment (pupil_id, school_urn, year_group, is_main, from_on, to_on)
        select e.pupil_id, e.school_urn, e.year_group, e.is_main, e.from_on, x.last_on
        from enrolment_end x
        join enrolment e on e.enrolment_id = x.enrolment_id;

        update class_membership m set superseded_at = now() from class_end x where m.membership_id = x.membership_id;

        insert into class_membership (pupil_id, class_id, school_urn, kind, from_on, to_on)
        select m.pupil_id, m.class_id, m.school_urn, m.kind, m.from_on, x.last_on
        from class_end x
        join class_membership m on m.membership_id = x.membership_id;

        insert into roster_difference (line, pupil_id, what, before, after)
        select x.line, m.pupil_id, 'class', k.name, 'left on ' || x.last_on
        from class_end x
        join class_membership m on m.membership_id = x.membership_id
        join school_class k on k.class_id = m.class_id
        where not exists (select 1 from roster_difference d where d.line = x.line and d.what = 'enrolment');

        delete from class_end;
        """;

    private const string Facts = """
        delete from fact_change;

        insert into fact_change (line, pupil_id, fact, value, from_on, until, known_id, known_value, known_from)
        select r.line, r.pupil_id, w.fact, nullif(w.value, ''), r.from_on, coalesce(c.to_on, n.next_on - 1), c.fact_id, c.value, c.from_on
        from roster_row r
        cross join lateral unnest(r.facts, r.fact_values) as w(fact, value)
        left join pupil_fact c
          on c.pupil_id = r.pupil_id
         and c.fact = w.fact
         and c.superseded_at is null
         and c.from_on <= r.from_on
         and (c.to_on is null or c.to_on >= r.from_on)
        left join lateral (
            select min(f.from_on) as next_on
            from pupil_fact f
            where f.pupil_id = r.pupil_id and f.fact = w.fact and f.superseded_at is null and f.from_on > r.from_on) n on true
        where r.problems is null
          and r.round = @round
          and c.value is distinct from nullif(w.value, '');

        insert into roster_difference (line, pupil_id, what, before, after)
        select line, pupil_id, fact, coalesce(known_value, ''), coalesce(value, '') from fact_change;

        update pupil_fact f set superseded_at = now() from fact_change c where f.fact_id = c.known_id;

        insert into pupil_fact (pupil_id, fact, value, from_on, to_on)
        select pupil_id, fact, known_value, known_from, from_on - 1 from fact_change where known_from < from_on;

        insert into pupil_fact (pupil_id, fact, value, from_on, to_on)
        select pupil_id, fact, value, from_on, until from fact_change where value is not null;
        """;

    private const string Touch = """
        insert into touched_pupil (pupil_id, identifiers, shown)
        select pupil_id, bool_or(what in ('pupil', 'upn')), bool_or(what not in (select f.fact from sensitive_facts(@SensitiveFacts) f))
        from roster_difference
        group by pupil_id;
        """;
}
