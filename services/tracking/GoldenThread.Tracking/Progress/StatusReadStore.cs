using Dapper;
using GoldenThread.ServiceDefaults;
using Npgsql;

namespace GoldenThread.Tracking.Progress;

/// <summary>Reads of statuses, each within the caller's reach.</summary>
public sealed class StatusReadStore(NpgsqlDataSource source)
{
    private const int WholeTableSeconds = 600;

    private const string BySchoolAndCollection = """
        where (@schoolUrn::int is null or school_urn = @schoolUrn)
          and (@collectionId::uuid is null or collection_id = @collectionId)
        group by school_urn, collection_id
        order by school_urn, collection_id
        """;

    // A grant limited to classes reaches the pupils who are in them today.
    private const string WithinReach = """
        exists (
            select 1 from reach(@Issuer, @Subject, @Roles) g
            where (g.school_urn is null or g.school_urn = s.school_urn)
              and (g.year_groups is null or s.year_group = any (g.year_groups))
              and (g.subjects is null or s.subject = any (g.subjects))
              and (g.class_ids is null or exists (
                  select 1 from class_membership m
                  where m.pupil_id = s.pupil_id and m.class_id = any (g.class_ids) and m.superseded_at is null
                    and m.from_on <= @today and (m.to_on is null or m.to_on >= @today))))
        """;

    // Who calls for a talk comes first.
    private const string Rank = "array_position(array[2, 3, 4, 1, 6, 5]::smallint[], s.status)";

    private const string Columns = """
        s.pupil_id, s.subject, s.collection_id, s.school_urn, s.year_group, s.status, s.reason, s.band,
        s.residual, s.residual_low, s.residual_high, s.points_spanned, s.fit_version, s.judged_at
        """;

    /// <summary>Whether the caller reaches anything of the school.</summary>
    public async Task<bool> ReachesAsync(Authority authority, int schoolUrn, CancellationToken ct)
    {
        const string Sql = """
            select exists (select 1 from school where school_urn = @schoolUrn)
               and exists (select 1 from reach(@Issuer, @Subject, @Roles) g where g.school_urn is null or g.school_urn = @schoolUrn)
            """;
        await using var connection = await source.OpenConnectionAsync(ct);
        return await connection.ExecuteScalarAsync<bool>(new CommandDefinition(
            Sql, new { authority.Issuer, authority.Subject, authority.Roles, schoolUrn }, cancellationToken: ct));
    }

    /// <summary>Whether the caller reaches a pupil, by any enrolment.</summary>
    public async Task<bool> ReachesPupilAsync(Authority authority, Guid pupilId, DateOnly on, CancellationToken ct)
    {
        const string Sql = "select exists (select 1 from pupils_within_reach(@Issuer, @Subject, @Roles, @on) p where p.pupil_id = @pupilId)";
        await using var connection = await source.OpenConnectionAsync(ct);
        return await connection.ExecuteScalarAsync<bool>(new CommandDefinition(
            Sql, new { authority.Issuer, authority.Subject, authority.Roles, pupilId, on }, cancellationToken: ct));
    }

    /// <summary>Statuses of a school at a collection, after a keyset.</summary>
    public async Task<IReadOnlyList<StatusRow>> OfSchoolAsync(
        Authority authority, int schoolUrn, Guid collectionId, string subject, short status, string? yearGroup,
        DateOnly today, (int Rank, Guid PupilId, string Subject)? after, int most, CancellationToken ct)
    {
        const string Sql = $"""
            select {Columns}, {Rank} as rank
            from progress_status s
            where s.school_urn = @schoolUrn and s.collection_id = @collectionId
              and (@subjectFilter = '' or s.subject = @subjectFilter)
              and (@status = 0 or s.status = @status)
              and (@yearGroup::text is null or s.year_group = @yearGroup)
              and {WithinReach}
              and (@afterRank::int is null or ({Rank}, s.pupil_id, s.subject) > (@afterRank, @afterPupil, @afterSubject))
            order by {Rank}, s.pupil_id, s.subject
            limit @most
            """;
        await using var connection = await source.OpenConnectionAsync(ct);
        return (await connection.QueryAsync<StatusRow>(new CommandDefinition(Sql, new
        {
            authority.Issuer,
            authority.Subject,
            authority.Roles,
            schoolUrn,
            collectionId,
            subjectFilter = subject,
            status,
            yearGroup,
            today,
            afterRank = after?.Rank,
            afterPupil = after?.PupilId,
            afterSubject = after?.Subject,
            most,
        }, cancellationToken: ct))).AsList();
    }

    /// <summary>Statuses of a pupil, newest window first, after a keyset.</summary>
    public async Task<IReadOnlyList<StatusRow>> OfPupilAsync(
        Authority authority, Guid pupilId, string subject, DateOnly today, (DateOnly DueOn, Guid CollectionId, string Subject)? after, int most,
        CancellationToken ct)
    {
        const string Sql = $"""
            select {Columns}, 0 as rank, c.due_on
            from progress_status s
            join collection_copy c on c.collection_id = s.collection_id
            where s.pupil_id = @pupilId
              and (@subjectFilter = '' or s.subject = @subjectFilter)
              and {WithinReach}
              and (@afterDueOn::date is null or (c.due_on, s.collection_id, s.subject) < (@afterDueOn, @afterCollection, @afterSubject))
            order by c.due_on desc, s.collection_id desc, s.subject desc
            limit @most
            """;
        await using var connection = await source.OpenConnectionAsync(ct);
        return (await connection.QueryAsync<StatusRow>(new CommandDefinition(Sql, new
        {
            authority.Issuer,
            authority.Subject,
            authority.Roles,
            pupilId,
            subjectFilter = subject,
            today,
            afterDueOn = after?.DueOn,
            afterCollection = after?.CollectionId,
            afterSubject = after?.Subject,
            most,
        }, cancellationToken: ct))).AsList();
    }

    /// <summary>
    /// How many pupils have each status, and how many were expected: enrolled at their main school on the day the collection was due, in the
    /// year groups of which the collection takes a test of the subject. Their status counts wherever they sat, also before they came (under the
    /// former URN of a converted school, say), unless it rests on something sat elsewhere after they had left. Of a group, a pupil who left and is
    /// not told to the caller now counts only where what the group reads was known before. Null outside the grant, or where the group is unknown or
    /// not for the caller to see. A grant of some classes only does not answer for a school.
    /// </summary>
    public async Task<SharesRow?> SharesAsync(
        Authority authority, Authority sensitive, int schoolUrn, Guid collectionId, string subject, string? yearGroup, string? group,
        DateOnly today, CancellationToken ct)
    {
        const string Sql = """
            with due as (
                select due_on from collection_copy where collection_id = @collectionId
            ), owed as (
                -- What the collection takes; where nothing has been told of its tests, what anybody of a year group has a status in.
                select y.year_group
                from collected_test c join test_copy t using (test_id) cross join unnest(c.year_groups) as y (year_group)
                where c.collection_id = @collectionId and t.subject = @subject
                union
                select year_group from progress_status
                where school_urn = @schoolUrn and collection_id = @collectionId and subject = @subject
                  and not exists (select from collected_test where collection_id = @collectionId)
            ), expected as (
                select distinct e.pupil_id
                from enrolment e, due
                where e.school_urn = @schoolUrn and e.superseded_at is null and e.is_main
                  and e.from_on <= due.due_on and (e.to_on is null or e.to_on >= due.due_on)
                  and (@yearGroup::text is null or e.year_group = @yearGroup)
                  and (e.year_group in (select year_group from owed) or exists (
                      select 1 from progress_status p
                      where p.pupil_id = e.pupil_id and p.collection_id = @collectionId and p.subject = @subject))
                  and (@groupCode::text is null or exists (
                      select 1 from group_membership m
                      where m.pupil_id = e.pupil_id and m.group_code = @groupCode
                        and m.from_on <= due.due_on and (m.to_on is null or m.to_on >= due.due_on))
                    and (not learnt_since_leaving(e.pupil_id, @schoolUrn, @groupCode, due.due_on) or exists (
                        select 1
                        from pupils_named_to(@Issuer, @Holder, roles_for_group(@groupCode, @Roles, @SensitiveRoles), @today) n
                        where n.pupil_id = e.pupil_id)))
            )
            select
                (select count(*)::int from expected) as expected,
                count(*) filter (where s.status = 2)::int as falling_behind,
                count(*) filter (where s.status = 3)::int as stuck,
                count(*) filter (where s.status = 4)::int as slow_moving,
                count(*) filter (where s.status = 5)::int as exceeding,
                count(*) filter (where s.status = 6)::int as on_track,
                count(*) filter (where s.points_spanned > 0)::int as by_fit,
                count(*) filter (where s.points_spanned > 0 and s.status in (2, 3, 4))::int as needing_attention_by_fit
            from expected x
            left join progress_status s
                on s.pupil_id = x.pupil_id and s.collection_id = @collectionId and s.subject = @subject
                and (s.school_urn = @schoolUrn or not exists (
                    select 1
                    from result_copy r
                    join test_copy t on t.test_id = r.test_id and t.subject = s.subject
                    where r.pupil_id = s.pupil_id and r.collection_id = s.collection_id and r.school_urn = s.school_urn
                      and not exists (
                          select 1
                          from enrolment e
                          where e.pupil_id = r.pupil_id and e.school_urn = @schoolUrn and e.superseded_at is null
                            and (e.to_on is null or e.to_on >= r.sat_on))))
            where exists (
                select 1 from reach(@Issuer, @Holder, roles_for_group(@groupCode, @Roles, @SensitiveRoles)) g
                where (g.school_urn is null or g.school_urn = @schoolUrn) and g.class_ids is null
                  and (g.subjects is null or @subject = any (g.subjects))
                  and (g.year_groups is null or @yearGroup = any (g.year_groups)))
            having exists (select 1 from school where school_urn = @schoolUrn) and exists (
                select 1 from reach(@Issuer, @Holder, roles_for_group(@groupCode, @Roles, @SensitiveRoles)) g
                where (g.school_urn is null or g.school_urn = @schoolUrn) and g.class_ids is null
                  and (g.subjects is null or @subject = any (g.subjects))
                  and (g.year_groups is null or @yearGroup = any (g.year_groups)))
            """;
        await using var connection = await source.OpenConnectionAsync(ct);
        return await connection.QuerySingleOrDefaultAsync<SharesRow>(new CommandDefinition(Sql, new
        {
            authority.Issuer,
            Holder = authority.Subject,
            authority.Roles,
            SensitiveRoles = sensitive.Roles,
            schoolUrn,
            collectionId,
            subject,
            yearGroup,
            groupCode = group,
            today,
        }, cancellationToken: ct));
    }

    /// <summary>The statuses of a change set, for other services.</summary>
    public IAsyncEnumerable<StatusRow> OfChangeSetAsync(NpgsqlConnection connection, Guid changeSetId)
    {
        const string Sql = $"""
            select {Columns}, 0 as rank, s.version
            from progress_status s
            where s.change_set_id = @changeSetId
            """;
        return connection.QueryUnbufferedAsync<StatusRow>(Sql, new { changeSetId });
    }

    /// <summary>Count and digest of the results held, per school and collection.</summary>
    public Task<IReadOnlyList<DigestRow>> DigestAsync(int? schoolUrn, Guid? collectionId, CancellationToken ct)
    {
        const string Sql = $"""
            select school_urn, collection_id, count(*) as count, sum(hashtextextended(result_id::text || ':' || version, 0)::numeric)::text as digest
            from result_copy
            {BySchoolAndCollection}
            """;
        return DigestAsync(Sql, schoolUrn, collectionId, ct);
    }

    /// <summary>Count and digest of the statuses, per school and collection.</summary>
    public Task<IReadOnlyList<DigestRow>> StatusDigestAsync(int? schoolUrn, Guid? collectionId, CancellationToken ct)
    {
        const string Sql = $"""
            select school_urn, collection_id, count(*) as count,
                sum(hashtextextended(pupil_id::text || ':' || subject || ':' || version, 0)::numeric)::text as digest
            from progress_status
            {BySchoolAndCollection}
            """;
        return DigestAsync(Sql, schoolUrn, collectionId, ct);
    }

    /// <summary>How many results no status says anything of yet, and how many collections are due to be fitted anew.</summary>
    public async Task<long> WaitingAsync(int? schoolUrn, Guid? collectionId, CancellationToken ct)
    {
        const string Sql = """
            select
                (select count(*) from result_copy r
                 where (@schoolUrn::int is null or r.school_urn = @schoolUrn)
                   and (@collectionId::uuid is null or r.collection_id = @collectionId)
                   and not exists (
                       select from test_copy t
                       join progress_status s on s.pupil_id = r.pupil_id and s.subject = t.subject and s.collection_id = r.collection_id
                       where t.test_id = r.test_id))
                + (select count(*) from refit_due d where @collectionId::uuid is null or d.collection_id = @collectionId)
            """;
        await using var connection = await source.OpenConnectionAsync(ct);
        return await connection.ExecuteScalarAsync<long>(
            new CommandDefinition(Sql, new { schoolUrn, collectionId }, cancellationToken: ct, commandTimeout: WholeTableSeconds));
    }

    private async Task<IReadOnlyList<DigestRow>> DigestAsync(string sql, int? schoolUrn, Guid? collectionId, CancellationToken ct)
    {
        await using var connection = await source.OpenConnectionAsync(ct);
        var command = new CommandDefinition(sql, new { schoolUrn, collectionId }, cancellationToken: ct, commandTimeout: WholeTableSeconds);
        return (await connection.QueryAsync<DigestRow>(command)).AsList();
    }
}

/// <summary>A status as stored.</summary>
public sealed record StatusRow
{
    public required Guid PupilId { get; init; }

    public required string Subject { get; init; }

    public required Guid CollectionId { get; init; }

    public required int SchoolUrn { get; init; }

    public required string YearGroup { get; init; }

    public required short Status { get; init; }

    public string? Reason { get; init; }

    public string? Band { get; init; }

    public double? Residual { get; init; }

    public double? ResidualLow { get; init; }

    public double? ResidualHigh { get; init; }

    public required short PointsSpanned { get; init; }

    public int? FitVersion { get; init; }

    public required DateTimeOffset JudgedAt { get; init; }

    public int Rank { get; init; }

    public DateOnly DueOn { get; init; }

    public long Version { get; init; }
}

/// <summary>Counts of statuses.</summary>
public sealed record SharesRow
{
    public required int Expected { get; init; }

    public required int FallingBehind { get; init; }

    public required int Stuck { get; init; }

    public required int SlowMoving { get; init; }

    public required int Exceeding { get; init; }

    public required int OnTrack { get; init; }

    /// <summary>Pupils whose status rests on a fit.</summary>
    public required int ByFit { get; init; }

    /// <summary>Of these, those who are stuck, slow or falling.</summary>
    public required int NeedingAttentionByFit { get; init; }
}

/// <summary>Count and digest of a school's results in a collection.</summary>
public sealed record DigestRow
{
    public required int SchoolUrn { get; init; }

    public required Guid CollectionId { get; init; }

    public required long Count { get; init; }

    public required string Digest { get; init; }
}
