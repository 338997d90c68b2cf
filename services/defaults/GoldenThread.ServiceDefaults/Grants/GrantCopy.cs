using Dapper;
using GoldenThread.Tracking.Events.V1;
using MassTransit;

namespace GoldenThread.ServiceDefaults;

/// <summary>This service's copy of the grants that tracking owns.</summary>
public static class GrantCopy
{
    /// <summary>Takes over a grant as it now is, unless a later version is known.</summary>
    public static Task ApplyAsync(Work work, GrantChanged grant, CancellationToken ct)
    {
        const string Sql = """
            insert into access_grant as known
                (grant_id, version, issuer, subject, role, school_urn, year_groups, class_ids, subjects, valid_from, valid_to)
            values
                (@GrantId, @Version, @Issuer, @Subject, @Role, @SchoolUrn, @YearGroups, @ClassIds, @Subjects, @ValidFrom, @ValidTo)
            on conflict (grant_id) do update
            set version = excluded.version, issuer = excluded.issuer, subject = excluded.subject, role = excluded.role,
                school_urn = excluded.school_urn, year_groups = excluded.year_groups, class_ids = excluded.class_ids,
                subjects = excluded.subjects, valid_from = excluded.valid_from, valid_to = excluded.valid_to
            where known.version < excluded.version
            """;
        return work.Connection.ExecuteAsync(work.Command(Sql, new
        {
            grant.GrantId,
            grant.Version,
            grant.Issuer,
            grant.Subject,
            Role = (short)grant.Role,
            grant.SchoolUrn,
            YearGroups = grant.YearGroups?.ToArray(),
            ClassIds = grant.ClassIds?.ToArray(),
            Subjects = grant.Subjects?.ToArray(),
            grant.ValidFrom,
            grant.ValidTo,
        }, ct));
    }
}

/// <summary>Fills the copy.</summary>
internal sealed class GrantChangedConsumer(Inbox inbox) : IConsumer<GrantChanged>
{
    public Task Consume(ConsumeContext<GrantChanged> context) => inbox.HandleOnceAsync(context, "grant-changed", GrantCopy.ApplyAsync);
}
