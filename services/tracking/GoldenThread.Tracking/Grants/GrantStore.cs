using Dapper;
using GoldenThread.ServiceDefaults;
using GoldenThread.Type.V1;
using Npgsql;

namespace GoldenThread.Tracking.Grants;

/// <summary>Every statement about grants. What holds is copied into access_grant in the same transaction, as every other service does later.</summary>
internal sealed class GrantStore(NpgsqlDataSource source)
{
    /// <summary>A grant within the caller's reach; null where there is none.</summary>
    public async Task<Grant?> GetAsync(Authority by, Guid grantId, CancellationToken ct)
    {
        const string Sql = """
            select r.grant_id, r.version, r.issuer, r.subject, r.role, r.school_urn, r.year_groups, r.class_ids, r.subjects, r.valid_from,
                   r.valid_to, r.reason
            from role_grant r
            where r.grant_id = @grantId
              and exists (
                  select 1 from reach(@Issuer, @Subject, @Roles) g where g.school_urn is null or g.school_urn = r.school_urn)
            """;
        await using var connection = await source.OpenConnectionAsync(ct);
        var row = await connection.QuerySingleOrDefaultAsync<GrantRow>(
            new CommandDefinition(Sql, new { grantId, by.Issuer, by.Subject, by.Roles }, cancellationToken: ct));
        return row?.ToGrant();
    }

    /// <summary>Grants within the caller's reach, after an id.</summary>
    public async Task<List<Grant>> ListAsync(Authority by, GrantFilter filter, Guid after, int limit, CancellationToken ct)
    {
        const string Sql = """
            select r.grant_id, r.version, r.issuer, r.subject, r.role, r.school_urn, r.year_groups, r.class_ids, r.subjects, r.valid_from,
                   r.valid_to, r.reason
            from role_grant r
            where r.grant_id > @after
              and (@HolderIssuer = '' or r.issuer = @HolderIssuer)
              and (@HolderSubject = '' or r.subject = @HolderSubject)
              and (@Role = 0 or r.role = @Role)
              and (@SchoolUrn::int is null or r.school_urn = @SchoolUrn)
              and (@IncludeEnded or r.valid_to is null or r.valid_to > now())
              and exists (
                  select 1 from reach(@Issuer, @Subject, @Roles) g where g.school_urn is null or g.school_urn = r.school_urn)
            order by r.grant_id
            limit @limit
            """;
        await using var connection = await source.OpenConnectionAsync(ct);
        var rows = await connection.QueryAsync<GrantRow>(new CommandDefinition(Sql, new
        {
            HolderIssuer = filter.Issuer,
            HolderSubject = filter.Subject,
            Role = (int)filter.Role,
            filter.SchoolUrn,
            filter.IncludeEnded,
            after,
            limit,
            by.Issuer,
            by.Subject,
            by.Roles,
        }, cancellationToken: ct));
        return rows.Select(r => r.ToGrant()).ToList();
    }

    /// <summary>Whether all the classes are of the school.</summary>
    public static Task<bool> AreClassesOfAsync(Work work, int? schoolUrn, IReadOnlyList<Guid> classIds, CancellationToken ct)
    {
        const string Sql = """
            select count(*) = cardinality(@ClassIds)
            from school_class
            where class_id = any (@ClassIds) and school_urn = @schoolUrn
            """;
        return work.Connection.ExecuteScalarAsync<bool>(work.Command(Sql, new { schoolUrn, ClassIds = classIds.ToArray() }, ct));
    }

    /// <summary>Whether the holder has the same role with the same limits in an overlapping time. The holder's grants wait for this work.</summary>
    public static async Task<bool> OverlapsAsync(Work work, Grant grant, CancellationToken ct)
    {
        const string Lock = "select pg_advisory_xact_lock(hashtextextended(@Issuer || ' ' || @Subject, 7))";
        const string Sql = """
            select exists (
                select 1
                from role_grant
                where issuer = @Issuer
                  and subject = @Subject
                  and role = @Role
                  and school_urn is not distinct from @SchoolUrn::int
                  and coalesce(year_groups, '{}') = @YearGroups::text[]
                  and coalesce(class_ids, '{}') = @ClassIds::uuid[]
                  and coalesce(subjects, '{}') = @Subjects::text[]
                  and tstzrange(valid_from, valid_to) && tstzrange(@ValidFrom::timestamptz, @ValidTo::timestamptz))
            """;
        var parameters = Parameters(grant);
        await work.Connection.ExecuteAsync(work.Command(Lock, parameters, ct));
        return await work.Connection.ExecuteScalarAsync<bool>(work.Command(Sql, parameters, ct));
    }

    /// <summary>Stores a new grant and lets it hold here at once.</summary>
    public static async Task GiveAsync(Work work, Grant grant, Caller givenBy, CancellationToken ct)
    {
        const string Sql = """
            insert into role_grant (grant_id, version, issuer, subject, role, school_urn, year_groups, class_ids, subjects, valid_from, valid_to,
                                    reason, given_by_issuer, given_by_subject)
            values (@GrantId, 1, @Issuer, @Subject, @Role, @SchoolUrn, nullif(@YearGroups::text[], '{}'), nullif(@ClassIds::uuid[], '{}'),
                    nullif(@Subjects::text[], '{}'), @ValidFrom, @ValidTo, @Reason, @GivenByIssuer, @GivenBySubject)
            """;
        var parameters = new DynamicParameters(Parameters(grant));
        parameters.Add("GivenByIssuer", givenBy.Issuer);
        parameters.Add("GivenBySubject", givenBy.Subject);
        await work.Connection.ExecuteAsync(work.Command(Sql, parameters, ct));
        await GrantCopy.ApplyAsync(work, grant.ToEvent(), ct);
    }

    /// <summary>Gives the grant unless the holder was ever given this role for the whole trust, even if it was ended; whether it was given.</summary>
    public static async Task<bool> GiveFirstAsync(Work work, Grant grant, Caller givenBy, CancellationToken ct)
    {
        const string Lock = "select pg_advisory_xact_lock(hashtextextended(@Issuer || ' ' || @Subject, 7))";
        const string Known = """
            select exists (
                select 1 from role_grant where issuer = @Issuer and subject = @Subject and role = @Role and school_urn is null)
            """;
        var parameters = Parameters(grant);
        await work.Connection.ExecuteAsync(work.Command(Lock, parameters, ct));
        if (await work.Connection.ExecuteScalarAsync<bool>(work.Command(Known, parameters, ct)))
        {
            return false;
        }

        await GiveAsync(work, grant, givenBy, ct);
        return true;
    }

    /// <summary>
    /// The grant as the caller may end it, locked until the work ends; null where there is none. To end it takes what it takes to give it: the
    /// whole of its school, or the whole trust.
    /// </summary>
    public static async Task<Grant?> LockAsync(Work work, Authority by, Guid grantId, CancellationToken ct)
    {
        const string Sql = """
            select r.grant_id, r.version, r.issuer, r.subject, r.role, r.school_urn, r.year_groups, r.class_ids, r.subjects, r.valid_from,
                   r.valid_to, r.reason
            from role_grant r
            where r.grant_id = @grantId
              and exists (
                  select 1 from whole_reach(@Issuer, @Subject, @Roles) g where g.school_urn is null or g.school_urn = r.school_urn)
            for update
            """;
        var row = await work.Connection.QuerySingleOrDefaultAsync<GrantRow>(work.Command(Sql, new { grantId, by.Issuer, by.Subject, by.Roles }, ct));
        return row?.ToGrant();
    }

    /// <summary>Stores the end of a grant and lets it end here at once.</summary>
    public static async Task EndAsync(Work work, Grant ended, string reason, CancellationToken ct)
    {
        const string Sql = """
            update role_grant
            set version = @Version, valid_to = @ValidTo, ended_reason = @reason, tx = pg_current_xact_id()
            where grant_id = @GrantId
            """;
        await work.Connection.ExecuteAsync(work.Command(Sql, new { ended.GrantId, ended.Version, ended.ValidTo, reason }, ct));
        await GrantCopy.ApplyAsync(work, ended.ToEvent(), ct);
    }

    private static object Parameters(Grant grant) => new
    {
        grant.GrantId,
        grant.Issuer,
        grant.Subject,
        Role = (short)grant.Role,
        grant.SchoolUrn,
        YearGroups = grant.YearGroups.ToArray(),
        ClassIds = grant.ClassIds.ToArray(),
        Subjects = grant.Subjects.ToArray(),
        grant.ValidFrom,
        grant.ValidTo,
        grant.Reason,
    };
}

/// <summary>Which grants are asked for; empty, zero and null leave a filter out.</summary>
internal sealed record GrantFilter(string Issuer, string Subject, Role Role, int? SchoolUrn, bool IncludeEnded);

/// <summary>A grant as stored.</summary>
internal sealed record GrantRow
{
    public required Guid GrantId { get; init; }

    public required long Version { get; init; }

    public required string Issuer { get; init; }

    public required string Subject { get; init; }

    public required short Role { get; init; }

    public int? SchoolUrn { get; init; }

    public string[]? YearGroups { get; init; }

    public Guid[]? ClassIds { get; init; }

    public string[]? Subjects { get; init; }

    public required DateTimeOffset ValidFrom { get; init; }

    public DateTimeOffset? ValidTo { get; init; }

    public required string Reason { get; init; }

    public Grant ToGrant() => new()
    {
        GrantId = GrantId,
        Version = Version,
        Issuer = Issuer,
        Subject = Subject,
        Role = (Role)Role,
        SchoolUrn = SchoolUrn,
        YearGroups = YearGroups ?? [],
        ClassIds = ClassIds ?? [],
        Subjects = Subjects ?? [],
        ValidFrom = ValidFrom,
        ValidTo = ValidTo,
        Reason = Reason,
    };
}
