using GoldenThread.ServiceDefaults;
using GoldenThread.Tracking.Events.V1;
using GoldenThread.Tracking.Internal.V1;
using Google.Protobuf.WellKnownTypes;

namespace GoldenThread.Tracking.Grants;

/// <summary>Grants as contracts and events show them.</summary>
internal static class GrantProto
{
    public static V1.Grant ToProto(this Grant grant)
    {
        var message = new V1.Grant
        {
            GrantId = grant.GrantId.ToString(),
            Issuer = grant.Issuer,
            Subject = grant.Subject,
            Role = grant.Role,
            ValidFrom = grant.ValidFrom.ToTimestamp(),
            ValidTo = grant.ValidTo?.ToTimestamp(),
            Reason = grant.Reason,
            Etag = Etag.Of(grant.Version),
        };
        if (grant.SchoolUrn is { } school)
        {
            message.SchoolUrn = school;
        }

        message.YearGroups.AddRange(grant.YearGroups);
        message.ClassIds.AddRange(grant.ClassIds.Select(id => id.ToString()));
        message.Subjects.AddRange(grant.Subjects);
        return message;
    }

    public static GrantChanged ToEvent(this Grant grant) => new()
    {
        GrantId = grant.GrantId,
        Version = grant.Version,
        Issuer = grant.Issuer,
        Subject = grant.Subject,
        Role = (int)grant.Role,
        SchoolUrn = grant.SchoolUrn,
        YearGroups = NullIfEmpty(grant.YearGroups),
        ClassIds = NullIfEmpty(grant.ClassIds),
        Subjects = NullIfEmpty(grant.Subjects),
        ValidFrom = grant.ValidFrom,
        ValidTo = grant.ValidTo,
    };

    public static GrantSnapshot ToSnapshot(this Grant grant)
    {
        var message = new GrantSnapshot
        {
            GrantId = grant.GrantId.ToString(),
            Version = grant.Version,
            Issuer = grant.Issuer,
            Subject = grant.Subject,
            Role = (int)grant.Role,
            YearGroups = ToLimit(grant.YearGroups),
            ClassIds = ToLimit(grant.ClassIds.Select(id => id.ToString()).ToList()),
            Subjects = ToLimit(grant.Subjects),
            ValidFrom = grant.ValidFrom.ToTimestamp(),
            ValidTo = grant.ValidTo?.ToTimestamp(),
        };
        if (grant.SchoolUrn is { } school)
        {
            message.SchoolUrn = school;
        }

        return message;
    }

    private static IReadOnlyList<T>? NullIfEmpty<T>(IReadOnlyList<T> limit) => limit.Count == 0 ? null : limit;

    private static Limit? ToLimit(IReadOnlyList<string> values)
    {
        if (values.Count == 0)
        {
            return null;
        }

        var limit = new Limit();
        limit.Values.AddRange(values);
        return limit;
    }
}
