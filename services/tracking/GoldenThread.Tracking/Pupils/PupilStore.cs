using Dapper;
using GoldenThread.ServiceDefaults;
using Npgsql;

namespace GoldenThread.Tracking.Pupils;

/// <summary>Every statement that reads pupils for a caller, and those that change one pupil outside the roster's stage.</summary>
internal sealed class PupilStore(NpgsqlDataSource source)
{
    private const string UpnConstraint = "uq_pupil_upn";

    /// <summary>One pupil on a day; null where there is none within the caller's reach.</summary>
    public async Task<PupilView?> GetAsync(PupilAuthority by, Guid pupilId, DateOnly on, CancellationToken ct)
    {
        const string Sql = """
            select r.pupil_id from pupils_within_reach(@Issuer, @Subject, @Roles, @on) r where r.pupil_id = @pupilId limit 1
            """;
        await using var connection = await source.OpenConnectionAsync(ct);
        var ids = await connection.QueryAsync<Guid>(
            new CommandDefinition(Sql, new { pupilId, on, by.All.Issuer, by.All.Subject, by.All.Roles }, cancellationToken: ct));
        return (await ReadAsync(connection, null, by, ids.ToArray(), on, ct)).SingleOrDefault();
    }

    /// <summary>A school's pupils on a day within the caller's reach, after an id; of a group, those whose groups are told to the caller now.</summary>
    public async Task<List<PupilView>> ListAsync(PupilAuthority by, PupilFilter filter, Guid after, int limit, CancellationToken ct)
    {
        const string Sql = """
            select p.pupil_id
            from pupil p
            where p.pupil_id > @after
              and exists (
                  select 1
                  from enrolment e
                  where e.pupil_id = p.pupil_id
                    and e.school_urn = @SchoolUrn
                    and e.superseded_at is null
                    and e.from_on <= @On
                    and (e.to_on is null or e.to_on >= @On)
                    and (@YearGroup::text is null or e.year_group = @YearGroup))
              and (@ClassId::uuid is null or exists (
                  select 1
                  from class_membership m
                  where m.pupil_id = p.pupil_id
                    and m.class_id = @ClassId
                    and m.superseded_at is null
                    and m.from_on <= @On
                    and (m.to_on is null or m.to_on >= @On)))
              and (@Group = '' or exists (
                  select 1
                  from group_membership m
                  where m.pupil_id = p.pupil_id
                    and m.group_code = @Group
                    and m.from_on <= @On
                    and (m.to_on is null or m.to_on >= @On)))
              and p.pupil_id in (
                  select r.pupil_id
                  from pupils_within_reach(@Issuer, @Subject, roles_for_group(nullif(@Group, ''), @Roles, @SensitiveRoles), @On) r)
              and (@Group = '' or exists (
                  select 1
                  from pupils_named_to(@Issuer, @Subject, roles_for_group(nullif(@Group, ''), @Roles, @SensitiveRoles), @Today) n
                  where n.pupil_id = p.pupil_id))
            order by p.pupil_id
            limit @limit
            """;
        await using var connection = await source.OpenConnectionAsync(ct);
        var ids = await connection.QueryAsync<Guid>(new CommandDefinition(Sql, new
        {
            filter.SchoolUrn,
            filter.On,
            filter.YearGroup,
            filter.ClassId,
            filter.Group,
            by.Today,
            after,
            limit,
            by.All.Issuer,
            by.All.Subject,
            by.All.Roles,
            SensitiveRoles = by.Sensitive.Roles,
        }, cancellationToken: ct));
        return await ReadAsync(connection, null, by, ids.ToArray(), filter.On, ct);
    }

    /// <summary>Whether a group's members are for those only who may see sensitive facts in the school; null where there is no such group.</summary>
    public async Task<bool?> IsGroupHiddenAsync(Authority sensitive, string group, int schoolUrn, CancellationToken ct)
    {
        const string Sql = """
            select d.sensitive and not exists (
                select 1 from reach(@Issuer, @Subject, @Roles) g where g.school_urn is null or g.school_urn = @schoolUrn)
            from group_definition d
            where d.group_code = @group and d.superseded_at is null
            """;
        await using var connection = await source.OpenConnectionAsync(ct);
        return await connection.ExecuteScalarAsync<bool?>(
            new CommandDefinition(Sql, new { group, schoolUrn, sensitive.Issuer, sensitive.Subject, sensitive.Roles }, cancellationToken: ct));
    }

    /// <summary>Names of those of the pupils who are within the caller's reach on a day, and still now.</summary>
    public async Task<List<NameRow>> NamesAsync(PupilAuthority by, Guid[] pupilIds, DateOnly on, CancellationToken ct)
    {
        const string Sql = """
            select p.pupil_id, coalesce(p.preferred_forename, p.forename) as forename, coalesce(p.preferred_surname, p.surname) as surname
            from pupil p
            where p.pupil_id = any (@pupilIds)
              and not p.erased
              and p.pupil_id in (select r.pupil_id from pupils_within_reach(@Issuer, @Subject, @Roles, @on) r)
              and p.pupil_id in (select n.pupil_id from pupils_named_to(@Issuer, @Subject, @Roles, @Today) n)
            order by p.pupil_id
            """;
        await using var connection = await source.OpenConnectionAsync(ct);
        var rows = await connection.QueryAsync<NameRow>(
            new CommandDefinition(Sql, new { pupilIds, on, by.Today, by.All.Issuer, by.All.Subject, by.All.Roles }, cancellationToken: ct));
        return rows.AsList();
    }

    /// <summary>All facts of a pupil that the caller may see now, after the last one of a page.</summary>
    public async Task<List<FactRow>> FactsAsync(
        PupilAuthority by, Guid pupilId, bool includeSuperseded, (DateOnly From, Guid Id) after, int limit, CancellationToken ct)
    {
        const string Sql = """
            select f.fact_id, f.pupil_id, f.fact, f.value, f.from_on, f.to_on, f.recorded_at, f.superseded_at
            from pupil_fact f
            where f.pupil_id = @pupilId
              and (@includeSuperseded or f.superseded_at is null)
              and (f.from_on, f.fact_id) > (@From, @Id)
              and (f.fact not in (select s.fact from sensitive_facts(@SensitiveFacts) s) or exists (
                  select 1 from pupils_within_reach(@Issuer, @Subject, @Roles, @Today) r where r.pupil_id = f.pupil_id))
            order by f.from_on, f.fact_id
            limit @limit
            """;
        await using var connection = await source.OpenConnectionAsync(ct);
        var rows = await connection.QueryAsync<FactRow>(new CommandDefinition(Sql, new
        {
            pupilId,
            includeSuperseded,
            after.From,
            after.Id,
            limit,
            SensitiveFacts = Fact.Sensitive,
            by.Today,
            by.Sensitive.Issuer,
            by.Sensitive.Subject,
            by.Sensitive.Roles,
        }, cancellationToken: ct));
        return rows.AsList();
    }

    /// <summary>
    /// The shown version of a pupil whom the caller may change, locked until the work ends; null where there is none. It takes a right for the
    /// whole of a school where the pupil is or will be, or was last.
    /// </summary>
    public static Task<long?> LockAsync(Work work, Authority by, Guid pupilId, DateOnly today, CancellationToken ct)
    {
        const string Sql = """
            select p.shown_version
            from pupil p
            where p.pupil_id = @pupilId
              and not p.erased
              and exists (select 1 from pupils_to_change(@Issuer, @Subject, @Roles, @today) c where c.pupil_id = p.pupil_id)
            for update of p
            """;
        return work.Connection.ExecuteScalarAsync<long?>(
            work.Command(Sql, new { pupilId, today, by.Issuer, by.Subject, by.Roles }, ct));
    }

    /// <summary>Whether facts of a kind are for some roles only: always, or since they tell who is in a sensitive group of the trust.</summary>
    public static Task<bool> IsSensitiveAsync(Work work, string fact, CancellationToken ct)
    {
        const string Sql = "select exists (select 1 from sensitive_facts(@always) s where s.fact = @fact)";
        return work.Connection.ExecuteScalarAsync<bool>(work.Command(Sql, new { always = Fact.Sensitive, fact }, ct));
    }

    /// <summary>Whoever has a UPN, for the audit of what a caller was told.</summary>
    public static async Task<IEnumerable<string>> HolderOfAsync(Work work, string? upn, CancellationToken ct)
    {
        const string Sql = "select pupil_id::text from pupil where upn = @upn";
        return await work.Connection.QueryAsync<string>(work.Command(Sql, new { upn }, ct));
    }

    /// <summary>Whether the caller may see sensitive facts of the pupil where the pupil is or will be, or was last.</summary>
    public static Task<bool> MaySeeSensitiveAsync(Work work, Authority sensitive, Guid pupilId, DateOnly today, CancellationToken ct)
    {
        const string Sql = """
            select exists (select 1 from pupils_named_to(@Issuer, @Subject, @Roles, @today) n where n.pupil_id = @pupilId)
            """;
        return work.Connection.ExecuteScalarAsync<bool>(
            work.Command(Sql, new { pupilId, today, sensitive.Issuer, sensitive.Subject, sensitive.Roles }, ct));
    }

    /// <summary>Whether the pupil is on the roll of a school on or after a day that the caller does not hold whole.</summary>
    public static Task<bool> IsElsewhereAsync(Work work, Authority by, Guid pupilId, int schoolUrn, DateOnly from, CancellationToken ct)
    {
        const string Sql = """
            select exists (
                select 1
                from enrolment e
                where e.pupil_id = @pupilId
                  and e.superseded_at is null
                  and e.school_urn <> @schoolUrn
                  and (e.to_on is null or e.to_on >= @from)
                  and not exists (
                      select 1 from whole_reach(@Issuer, @Subject, @Roles) g where g.school_urn is null or g.school_urn = e.school_urn))
            """;
        return work.Connection.ExecuteScalarAsync<bool>(
            work.Command(Sql, new { pupilId, schoolUrn, from, by.Issuer, by.Subject, by.Roles }, ct));
    }

    /// <summary>Whether the pupil is on the roll of a school on a day.</summary>
    public static Task<bool> IsOnRollAsync(Work work, Guid pupilId, int schoolUrn, DateOnly on, CancellationToken ct)
    {
        const string Sql = """
            select exists (
                select 1
                from enrolment
                where pupil_id = @pupilId
                  and school_urn = @schoolUrn
                  and superseded_at is null
                  and from_on <= @on
                  and (to_on is null or to_on >= @on))
            """;
        return work.Connection.ExecuteScalarAsync<bool>(work.Command(Sql, new { pupilId, schoolUrn, on }, ct));
    }

    /// <summary>The names and identifiers of a pupil as they stand.</summary>
    public static Task<IdentityRow> IdentityAsync(Work work, Guid pupilId, CancellationToken ct)
    {
        const string Sql = """
            select pupil_id, upn, forename, surname, preferred_forename, preferred_surname, born_on, sex from pupil where pupil_id = @pupilId
            """;
        return work.Connection.QuerySingleAsync<IdentityRow>(work.Command(Sql, new { pupilId }, ct));
    }

    /// <summary>Stores changed names and identifiers, keeping the former ones.</summary>
    public static async Task UpdateAsync(Work work, IdentityRow known, IdentityRow wanted, CancellationToken ct)
    {
        const string FormerName = """
            insert into pupil_former_name (pupil_id, forename, surname) values (@PupilId, @Forename, @Surname) on conflict do nothing
            """;
        const string FormerUpn = "insert into pupil_former_upn (upn, pupil_id) values (@Upn, @PupilId) on conflict do nothing";
        const string Sql = """
            update pupil
            set upn = @Upn, forename = @Forename, surname = @Surname, preferred_forename = @PreferredForename,
                preferred_surname = @PreferredSurname, born_on = @BornOn, sex = @Sex,
                sex_changed_at = case when sex = @Sex then sex_changed_at else now() end,
                birth_month_changed_at = case
                    when extract(month from born_on) = extract(month from @BornOn::date) then birth_month_changed_at else now() end
            where pupil_id = @PupilId
            """;
        if ((known.Forename, known.Surname) != (wanted.Forename, wanted.Surname))
        {
            await work.Connection.ExecuteAsync(work.Command(FormerName, known, ct));
        }

        if (known.Upn is not null && known.Upn != wanted.Upn)
        {
            await work.Connection.ExecuteAsync(work.Command(FormerUpn, known, ct));
        }

        try
        {
            await work.Connection.ExecuteAsync(work.Command(Sql, wanted, ct));
        }
        catch (PostgresException e) when (e.ConstraintName == UpnConstraint)
        {
            throw Errors.UpnTaken();
        }
    }

    /// <summary>A fact of a pupil as it is known now; null where there is none.</summary>
    public static Task<FactRow?> FactAsync(Work work, Guid pupilId, Guid factId, CancellationToken ct)
    {
        const string Sql = """
            select fact_id, pupil_id, fact, value, from_on, to_on, recorded_at, superseded_at
            from pupil_fact
            where pupil_id = @pupilId and fact_id = @factId and superseded_at is null
            """;
        return work.Connection.QuerySingleOrDefaultAsync<FactRow>(work.Command(Sql, new { pupilId, factId }, ct));
    }

    /// <summary>The fact of a kind that holds on a day; null where none does.</summary>
    public static Task<FactRow?> FactOnAsync(Work work, Guid pupilId, string fact, DateOnly on, CancellationToken ct)
    {
        const string Sql = """
            select fact_id, pupil_id, fact, value, from_on, to_on, recorded_at, superseded_at
            from pupil_fact
            where pupil_id = @pupilId and fact = @fact and superseded_at is null and from_on <= @on and (to_on is null or to_on >= @on)
            """;
        return work.Connection.QuerySingleOrDefaultAsync<FactRow>(work.Command(Sql, new { pupilId, fact, on }, ct));
    }

    /// <summary>Puts a corrected version in the place of a fact; null where another fact of the kind holds in that time.</summary>
    public static async Task<FactRow?> CorrectAsync(Work work, FactRow wrong, FactRow? right, CancellationToken ct)
    {
        const string Supersede = "update pupil_fact set superseded_at = now() where fact_id = @FactId";
        const string Insert = """
            insert into pupil_fact (fact_id, pupil_id, fact, value, from_on, to_on)
            select @FactId, @PupilId, @Fact, @Value, @FromOn, @ToOn
            where not exists (
                select 1
                from pupil_fact
                where pupil_id = @PupilId
                  and fact = @Fact
                  and superseded_at is null
                  and daterange(from_on, to_on, '[]') && daterange(@FromOn, @ToOn::date, '[]'))
            returning fact_id, pupil_id, fact, value, from_on, to_on, recorded_at, superseded_at
            """;
        await work.Connection.ExecuteAsync(work.Command(Supersede, new { wrong.FactId }, ct));
        return right is null
            ? null
            : await work.Connection.QuerySingleOrDefaultAsync<FactRow>(
                work.Command(Insert, new { right.FactId, right.PupilId, right.Fact, right.Value, right.FromOn, right.ToOn }, ct));
    }

    /// <summary>The pupil as stored by the work at hand.</summary>
    public static async Task<PupilView> ReadAsync(Work work, PupilAuthority by, Guid pupilId, DateOnly on, CancellationToken ct) =>
        (await ReadAsync(work.Connection, work.Transaction, by, [pupilId], on, ct)).Single();

    /// <summary>The shown version of a pupil.</summary>
    public static Task<long> ShownVersionAsync(Work work, Guid pupilId, CancellationToken ct) =>
        work.Connection.ExecuteScalarAsync<long>(work.Command("select shown_version from pupil where pupil_id = @pupilId", new { pupilId }, ct));

    private static async Task<List<PupilView>> ReadAsync(
        NpgsqlConnection connection, NpgsqlTransaction? transaction, PupilAuthority by, Guid[] ids, DateOnly on, CancellationToken ct)
    {
        const string Pupils = """
            select p.pupil_id, p.shown_version, p.upn, p.forename, p.surname, p.preferred_forename, p.preferred_surname, p.born_on, p.sex,
                   array(
                       select f.upn
                       from pupil_former_upn f
                       where f.pupil_id = p.pupil_id and f.pupil_id = any (@formerUpns)
                       order by f.recorded_at, f.upn) as former_upns
            from pupil p
            where p.pupil_id = any (@ids) and not p.erased
            order by p.pupil_id
            """;
        const string Named = """
            select distinct n.pupil_id from pupils_named_to(@Issuer, @Subject, @Roles, @Today) n where n.pupil_id = any (@ids)
            """;
        const string NamedAndReached = """
            select r.pupil_id from pupils_within_reach(@Issuer, @Subject, @Roles, @on) r where r.pupil_id = any (@ids)
            intersect
            select n.pupil_id from pupils_named_to(@Issuer, @Subject, @Roles, @Today) n where n.pupil_id = any (@ids)
            """;
        const string FormerNames = """
            select pupil_id, forename, surname, recorded_at
            from pupil_former_name
            where pupil_id = any (@former)
            order by pupil_id, recorded_at desc
            """;
        const string Enrolments = """
            select pupil_id, school_urn, year_group, is_main, from_on, to_on
            from enrolment
            where pupil_id = any (@ids) and superseded_at is null and from_on <= @on and (to_on is null or to_on >= @on)
              and (pupil_id = any (@named) or exists (
                  select 1 from reach(@Issuer, @Subject, @Roles) g where g.school_urn is null or g.school_urn = enrolment.school_urn))
            order by pupil_id, is_main desc, from_on
            """;
        const string Classes = """
            select m.pupil_id, m.class_id, c.name, m.from_on, m.to_on
            from class_membership m
            join school_class c on c.class_id = m.class_id
            where m.pupil_id = any (@ids) and m.superseded_at is null and m.from_on <= @on and (m.to_on is null or m.to_on >= @on)
              and (m.pupil_id = any (@named) or exists (
                  select 1 from reach(@Issuer, @Subject, @Roles) g where g.school_urn is null or g.school_urn = m.school_urn))
            order by m.pupil_id, m.from_on, c.name
            """;
        const string Facts = """
            select fact_id, pupil_id, fact, value, from_on, to_on, recorded_at, superseded_at
            from pupil_fact
            where pupil_id = any (@named) and superseded_at is null and from_on <= @on and (to_on is null or to_on >= @on)
              and (pupil_id = any (@sensitive) or fact not in (select s.fact from sensitive_facts(@SensitiveFacts) s))
            order by pupil_id, fact
            """;
        const string Groups = """
            select m.pupil_id, m.group_code
            from group_membership m
            join group_definition d on d.group_code = m.group_code and d.superseded_at is null
            where m.pupil_id = any (@named) and m.from_on <= @on and (m.to_on is null or m.to_on >= @on)
              and (not d.sensitive or m.pupil_id = any (@sensitive))
            order by m.pupil_id, m.group_code
            """;
        if (ids.Length == 0)
        {
            return [];
        }

        CommandDefinition Command(string sql, object parameters) => new(sql, parameters, transaction, cancellationToken: ct);
        async Task<Guid[]> WhomAsync(string sql, Authority authority) => (await connection.QueryAsync<Guid>(
            Command(sql, new { ids, on, by.Today, authority.Issuer, authority.Subject, authority.Roles }))).ToArray();
        var sensitive = await WhomAsync(NamedAndReached, by.Sensitive);
        var named = await WhomAsync(Named, by.All);
        var former = await WhomAsync(Named, by.FormerNames);
        var formerUpns = await WhomAsync(Named, by.FormerUpns);
        var parameters = new
        {
            ids,
            on,
            named,
            sensitive,
            former,
            formerUpns,
            SensitiveFacts = Fact.Sensitive,
            by.All.Issuer,
            by.All.Subject,
            by.All.Roles,
        };
        var formerNames = (await connection.QueryAsync<FormerNameRow>(Command(FormerNames, parameters))).ToLookup(r => r.PupilId);
        var enrolments = (await connection.QueryAsync<EnrolmentRow>(Command(Enrolments, parameters))).ToLookup(r => r.PupilId);
        var classes = (await connection.QueryAsync<MembershipRow>(Command(Classes, parameters))).ToLookup(r => r.PupilId);
        var facts = (await connection.QueryAsync<FactRow>(Command(Facts, parameters))).ToLookup(r => r.PupilId);
        var groups = (await connection.QueryAsync<GroupRow>(Command(Groups, parameters))).ToLookup(r => r.PupilId);
        var pupils = await connection.QueryAsync<PupilView>(Command(Pupils, parameters));
        return pupils.Select(p => p with
        {
            FormerNames = formerNames[p.PupilId].ToList(),
            Enrolments = enrolments[p.PupilId].ToList(),
            Classes = classes[p.PupilId].ToList(),
            Facts = facts[p.PupilId].ToList(),
            Groups = groups[p.PupilId].Select(g => g.GroupCode).ToList(),
        }).Select(p => named.Contains(p.PupilId) ? p : p.WithoutIdentity()).ToList();
    }

    private sealed record GroupRow
    {
        public required Guid PupilId { get; init; }

        public required string GroupCode { get; init; }
    }
}

/// <summary>Which pupils of a school are asked for.</summary>
internal sealed record PupilFilter(int SchoolUrn, DateOnly On, string? YearGroup, Guid? ClassId, string Group);

/// <summary>What a pupil is called.</summary>
internal sealed record NameRow
{
    public required Guid PupilId { get; init; }

    public required string Forename { get; init; }

    public required string Surname { get; init; }
}

/// <summary>Names and identifiers of a pupil.</summary>
internal sealed record IdentityRow
{
    public required Guid PupilId { get; init; }

    public string? Upn { get; init; }

    public required string Forename { get; init; }

    public required string Surname { get; init; }

    public string? PreferredForename { get; init; }

    public string? PreferredSurname { get; init; }

    public required DateOnly BornOn { get; init; }

    public required string Sex { get; init; }
}
