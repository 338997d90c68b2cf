using Dapper;
using GoldenThread.ServiceDefaults;
using GoldenThread.Tracking.Pupils;
using Npgsql;

namespace GoldenThread.Tracking.Groups;

/// <summary>Every statement about groups, and the one that evaluates them.</summary>
internal sealed class GroupStore(NpgsqlDataSource source)
{
    private const string ReadsSensitive = """
        exists (
            select 1
            from group_condition c
            join sensitive_facts(@always) s on s.fact = c.fact
            where c.group_code = d.group_code and c.version = d.version and starts_with(c.fact, @prefix))
        """;

    /// <summary>
    /// Evaluates all groups for the pupils in touched_pupil. A condition holds in the ranges of days of the facts it counts (lengthened
    /// where it looks back); a clause holds where all its conditions do and no negated one does; a group where any clause does, from the
    /// pupil's first enrolment on (before it nobody counts, and a birthday must not show).
    /// </summary>
    public static Task EvaluateAsync(Work work, CancellationToken ct)
    {
        const string Sql = """
            delete from group_membership m using touched_pupil t where m.pupil_id = t.pupil_id;

            with fact as (
                select f.pupil_id, f.fact, f.value, f.from_on, f.to_on
                from pupil_fact f
                join touched_pupil t using (pupil_id)
                where f.superseded_at is null
                union all
                select p.pupil_id, 'sex', p.sex, '-infinity'::date, null
                from pupil p
                join touched_pupil t using (pupil_id)
                where not p.erased
                union all
                select p.pupil_id, 'birth-month', extract(month from p.born_on)::text, '-infinity'::date, null
                from pupil p
                join touched_pupil t using (pupil_id)
                where not p.erased
            ),
            condition as (
                select c.*, count(*) filter (where not c.negated) over (partition by c.group_code, c.clause) as needed
                from group_condition c
                join group_definition d on d.group_code = c.group_code and d.version = c.version and d.superseded_at is null
            ),
            held as (
                select f.pupil_id, c.group_code, c.version, c.clause, c.position, c.negated, c.needed,
                       range_agg(daterange(
                           f.from_on,
                           case
                               when c.ever or f.to_on is null then null
                               else (f.to_on + make_interval(years => c.within_years))::date
                           end,
                           '[]')) as days
                from fact f
                join condition c on c.fact = f.fact
                where (c.in_values = '{}' and c.starting_with = '{}')
                   or f.value = any (c.in_values)
                   or exists (select 1 from unnest(c.starting_with) as s(beginning) where starts_with(f.value, s.beginning))
                group by f.pupil_id, c.group_code, c.version, c.clause, c.position, c.negated, c.needed
            ),
            clause as (
                select h.pupil_id, h.group_code, h.version, h.clause,
                       range_intersect_agg(h.days) filter (where not h.negated)
                           - coalesce(range_agg(h.days) filter (where h.negated), '{}'::datemultirange) as days
                from held h
                group by h.pupil_id, h.group_code, h.version, h.clause, h.needed
                having count(*) filter (where not h.negated) = h.needed
            ),
            member as (
                select c.pupil_id, c.group_code, c.version, range_agg(c.days) as days
                from clause c
                group by c.pupil_id, c.group_code, c.version
            ),
            joined as (
                select e.pupil_id, min(e.from_on) as first_on
                from enrolment e
                join touched_pupil t using (pupil_id)
                where e.superseded_at is null
                group by e.pupil_id
            )
            insert into group_membership (pupil_id, group_code, definition_version, from_on, to_on)
            select m.pupil_id, m.group_code, m.version, lower(d.days), upper(d.days) - 1
            from member m
            join joined j using (pupil_id)
            cross join lateral unnest(m.days * datemultirange(daterange(j.first_on, null))) as d(days)
            """;
        return work.Connection.ExecuteAsync(work.LongCommand(Sql, null, ct));
    }

    /// <summary>Notes every pupil as touched: a definition changed.</summary>
    public static Task TouchEverybodyAsync(Work work, CancellationToken ct)
    {
        const string Sql = "insert into touched_pupil (pupil_id, identifiers, shown) select pupil_id, false, false from pupil where not erased";
        return work.Connection.ExecuteAsync(work.LongCommand(Sql, null, ct));
    }

    /// <summary>
    /// Narrows the touched pupils to those who are, or were, in one of the groups by the two versions: the others' snapshots stay as they are.
    /// </summary>
    public static async Task EvaluateSomeAsync(Work work, string[] groups, CancellationToken ct)
    {
        const string Before = """
            create temporary table member_before on commit drop as
            select pupil_id from group_membership where false;
            """;
        const string Keep = "insert into member_before select distinct pupil_id from group_membership where group_code = any (@groups)";
        const string Narrow = """
            delete from touched_pupil t
            where not exists (select 1 from member_before b where b.pupil_id = t.pupil_id)
              and not exists (select 1 from group_membership m where m.pupil_id = t.pupil_id and m.group_code = any (@groups))
            """;
        await work.Connection.ExecuteAsync(work.LongCommand(Before, null, ct));
        await work.Connection.ExecuteAsync(work.LongCommand(Keep, new { groups }, ct));
        await EvaluateAsync(work, ct);
        await work.Connection.ExecuteAsync(work.LongCommand(Narrow, new { groups }, ct));
    }

    /// <summary>How many pupils are, were or will be members.</summary>
    public static Task<int> CountMembersAsync(Work work, string group, CancellationToken ct)
    {
        const string Sql = "select count(distinct pupil_id)::int from group_membership where group_code = @group";
        return work.Connection.ExecuteScalarAsync<int>(work.LongCommand(Sql, new { group }, ct));
    }

    /// <summary>A group in its present version; null where there is none.</summary>
    public async Task<GroupDefinition?> GetAsync(string group, CancellationToken ct)
    {
        const string Sql = """
            select group_code, version, name, comparator_name, sensitive, sensitive_itself, built_in
            from group_definition
            where group_code = @group and superseded_at is null
            """;
        await using var connection = await source.OpenConnectionAsync(ct);
        var rows = await connection.QueryAsync<GroupRow>(new CommandDefinition(Sql, new { group }, cancellationToken: ct));
        return (await WithClausesAsync(connection, null, rows.AsList(), ct)).SingleOrDefault();
    }

    /// <summary>Groups in their present version, after a code.</summary>
    public async Task<List<GroupDefinition>> ListAsync(string after, int limit, CancellationToken ct)
    {
        const string Sql = """
            select group_code, version, name, comparator_name, sensitive, sensitive_itself, built_in
            from group_definition
            where group_code > @after and superseded_at is null
            order by group_code
            limit @limit
            """;
        await using var connection = await source.OpenConnectionAsync(ct);
        var rows = await connection.QueryAsync<GroupRow>(new CommandDefinition(Sql, new { after, limit }, cancellationToken: ct));
        return await WithClausesAsync(connection, null, rows.AsList(), ct);
    }

    /// <summary>The group as it stands; nobody else defines a group until the work ends. Null where it is new.</summary>
    public static async Task<GroupDefinition?> LockAsync(Work work, string group, CancellationToken ct)
    {
        const string Lock = "select pg_advisory_xact_lock(hashtextextended('tracking group definitions', 0))";
        const string Sql = """
            select group_code, version, name, comparator_name, sensitive, sensitive_itself, built_in
            from group_definition
            where group_code = @group and superseded_at is null
            """;
        await work.Connection.ExecuteAsync(work.LongCommand(Lock, null, ct));
        var rows = await work.Connection.QueryAsync<GroupRow>(work.Command(Sql, new { group }, ct));
        return (await WithClausesAsync(work.Connection, work.Transaction, rows.AsList(), ct)).SingleOrDefault();
    }

    /// <summary>Whether a group is marked as sensitive, or not, otherwise than the rule has it: as one is that was defined before the rule was.</summary>
    public static Task<bool> IsAnyMismarkedAsync(Work work, CancellationToken ct)
    {
        const string Sql = $"""
            select exists (
                select 1 from group_definition d where d.superseded_at is null and d.sensitive <> (d.sensitive_itself or {ReadsSensitive}))
            """;
        return work.Connection.ExecuteScalarAsync<bool>(work.Command(Sql, new { always = Fact.Sensitive, prefix = Fact.AttributePrefix }, ct));
    }

    /// <summary>
    /// Stores a definition as the next version of its group. A group that reads an attribute which tells who is in a sensitive one tells it, too:
    /// answers the definition as it now stands, and the next versions of the other groups that it made sensitive, or that are no longer.
    /// </summary>
    public static async Task<List<GroupDefinition>> DefineAsync(Work work, GroupDefinition definition, CancellationToken ct)
    {
        const string Own = $"""
            update group_definition d
            set sensitive = d.sensitive_itself or {ReadsSensitive}
            where d.group_code = @Group and d.superseded_at is null
            """;
        const string Others = $"""
            update group_definition d
            set superseded_at = now(), tx = pg_current_xact_id()
            where d.superseded_at is null and d.sensitive <> (d.sensitive_itself or {ReadsSensitive})
            returning d.group_code
            """;
        const string Next = """
            with last as (
                select group_code, max(version) as version from group_definition where group_code = any (@codes) group by group_code
            ),
            defined as (
                insert into group_definition (group_code, version, name, comparator_name, sensitive, sensitive_itself, built_in)
                select group_code, version + 1, name, comparator_name, not sensitive, sensitive_itself, built_in
                from group_definition
                join last using (group_code, version)
            )
            insert into group_condition (group_code, version, clause, position, fact, in_values, starting_with, within_years, ever, negated)
            select group_code, version + 1, clause, position, fact, in_values, starting_with, within_years, ever, negated
            from group_condition
            join last using (group_code, version)
            """;
        const string Read = """
            select group_code, version, name, comparator_name, sensitive, sensitive_itself, built_in
            from group_definition
            where group_code = any (@codes) and superseded_at is null
            order by group_code = @Group desc, group_code
            """;
        await StoreAsync(work, definition, ct);
        var parameters = new { definition.Group, always = Fact.Sensitive, prefix = Fact.AttributePrefix };
        await work.Connection.ExecuteAsync(work.Command(Own, parameters, ct));
        var others = (await work.Connection.QueryAsync<string>(work.Command(Others, parameters, ct))).AsList();
        await work.Connection.ExecuteAsync(work.Command(Next, new { codes = others.ToArray() }, ct));
        var codes = others.Append(definition.Group).ToArray();
        var rows = await work.Connection.QueryAsync<GroupRow>(work.Command(Read, new { codes, definition.Group }, ct));
        return await WithClausesAsync(work.Connection, work.Transaction, rows.AsList(), ct);
    }

    /// <summary>Rows with their clauses, in the order of the rows.</summary>
    public static async Task<List<GroupDefinition>> WithClausesAsync(
        NpgsqlConnection connection, NpgsqlTransaction? transaction, List<GroupRow> rows, CancellationToken ct)
    {
        const string Sql = """
            select c.group_code, c.clause, c.fact, c.in_values, c.starting_with, c.within_years, c.ever, c.negated
            from group_condition c
            join unnest(@Codes::text[], @Versions::int[]) as w(group_code, version) using (group_code, version)
            order by c.group_code, c.clause, c.position
            """;
        if (rows.Count == 0)
        {
            return [];
        }

        var parameters = new { Codes = rows.Select(r => r.GroupCode).ToArray(), Versions = rows.Select(r => r.Version).ToArray() };
        var conditions = (await connection.QueryAsync<ConditionRow>(new CommandDefinition(Sql, parameters, transaction, cancellationToken: ct)))
            .ToLookup(c => c.GroupCode, StringComparer.Ordinal);
        return rows.Select(r => new GroupDefinition
        {
            Group = r.GroupCode,
            Version = r.Version,
            Name = r.Name,
            ComparatorName = r.ComparatorName,
            Sensitive = r.Sensitive,
            SensitiveItself = r.SensitiveItself,
            BuiltIn = r.BuiltIn,
            Clauses = conditions[r.GroupCode].GroupBy(c => c.Clause).Select(g => (IReadOnlyList<GroupCondition>)g.Select(c => c.ToCondition()).ToList()).ToList(),
        }).ToList();
    }

    private static async Task StoreAsync(Work work, GroupDefinition definition, CancellationToken ct)
    {
        const string Sql = """
            update group_definition set superseded_at = now(), tx = pg_current_xact_id() where group_code = @Group and superseded_at is null;

            insert into group_definition (group_code, version, name, comparator_name, sensitive, sensitive_itself, built_in)
            values (@Group, @Version, @Name, @ComparatorName, @SensitiveItself, @SensitiveItself, @BuiltIn);
            """;
        const string Condition = """
            insert into group_condition (group_code, version, clause, position, fact, in_values, starting_with, within_years, ever, negated)
            values (@Group, @Version, @Clause, @Position, @Fact, @In, @StartingWith, @WithinYears, @Ever, @Negated)
            """;
        await work.Connection.ExecuteAsync(work.Command(Sql, new
        {
            definition.Group,
            definition.Version,
            definition.Name,
            definition.ComparatorName,
            definition.SensitiveItself,
            definition.BuiltIn,
        }, ct));

        // At most 200 rows with arrays in them, which no unnest can carry: Dapper sends them one after the other.
        var conditions = definition.Clauses.SelectMany((clause, i) => clause.Select((c, j) => new
        {
            definition.Group,
            definition.Version,
            Clause = (short)(i + 1),
            Position = (short)(j + 1),
            c.Fact,
            c.In,
            c.StartingWith,
            WithinYears = (short)c.WithinYears,
            c.Ever,
            c.Negated,
        })).ToList();
        await work.Connection.ExecuteAsync(work.Command(Condition, conditions, ct));
    }

    private sealed record ConditionRow
    {
        public required string GroupCode { get; init; }

        public required short Clause { get; init; }

        public required string Fact { get; init; }

        public required string[] InValues { get; init; }

        public required string[] StartingWith { get; init; }

        public required short WithinYears { get; init; }

        public required bool Ever { get; init; }

        public required bool Negated { get; init; }

        public GroupCondition ToCondition() => new(Fact, InValues, StartingWith, WithinYears, Ever, Negated);
    }
}

/// <summary>A group definition as stored, without its clauses.</summary>
internal sealed record GroupRow
{
    public required string GroupCode { get; init; }

    public required int Version { get; init; }

    public required string Name { get; init; }

    public required string ComparatorName { get; init; }

    public required bool Sensitive { get; init; }

    public required bool SensitiveItself { get; init; }

    public required bool BuiltIn { get; init; }
}
