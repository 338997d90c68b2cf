using GoldenThread.ServiceDefaults;
using GoldenThread.Tracking.Events.V1;
using GoldenThread.Tracking.Internal.V1;

namespace GoldenThread.Tracking.Schools;

/// <summary>Schools as contracts and events show them.</summary>
internal static class SchoolProto
{
    /// <summary>The word for a phase in events.</summary>
    public static string Word(this V1.Phase phase) => phase switch
    {
        V1.Phase.Nursery => "nursery",
        V1.Phase.Primary => "primary",
        V1.Phase.Middle => "middle",
        V1.Phase.Secondary => "secondary",
        V1.Phase.AllThrough => "all-through",
        V1.Phase.Special => "special",
        _ => throw new ArgumentOutOfRangeException(nameof(phase), phase, "A stored school has a phase."),
    };

    public static V1.School ToProto(this School school)
    {
        var message = new V1.School
        {
            SchoolUrn = school.SchoolUrn,
            Name = school.Name,
            Phase = school.Phase,
            Etag = Etag.Of(school.Version),
        };
        if (school.Laestab is not null)
        {
            message.Laestab = school.Laestab;
        }

        if (school.AgeFrom is { } youngest)
        {
            message.AgeFrom = youngest;
        }

        if (school.AgeTo is { } oldest)
        {
            message.AgeTo = oldest;
        }

        if (school.Locality is not null)
        {
            message.Locality = school.Locality;
        }

        message.Memberships.AddRange(school.Memberships.Select(ToProto));
        message.PredecessorUrns.AddRange(school.PredecessorUrns);
        return message;
    }

    public static SchoolChanged ToEvent(this School school) => new()
    {
        SchoolUrn = school.SchoolUrn,
        Version = school.Version,
        Name = school.Name,
        Laestab = school.Laestab,
        Phase = school.Phase.Word(),
        Locality = school.Locality,
        Memberships = school.Memberships,
        PredecessorUrns = school.PredecessorUrns,
    };

    public static SchoolSnapshot ToSnapshot(this School school)
    {
        var message = new SchoolSnapshot
        {
            SchoolUrn = school.SchoolUrn,
            Version = school.Version,
            Name = school.Name,
            Phase = school.Phase.Word(),
        };
        if (school.Laestab is not null)
        {
            message.Laestab = school.Laestab;
        }

        if (school.Locality is not null)
        {
            message.Locality = school.Locality;
        }

        message.Memberships.AddRange(school.Memberships.Select(ToRange));
        message.PredecessorUrns.AddRange(school.PredecessorUrns);
        return message;
    }

    private static V1.TrustMembership ToProto(DatedRange range)
    {
        var message = new V1.TrustMembership { From = range.From.Text() };
        if (range.To is { } end)
        {
            message.To = end.Text();
        }

        return message;
    }

    private static DayRange ToRange(DatedRange range)
    {
        var message = new DayRange { From = range.From.Text() };
        if (range.To is { } end)
        {
            message.To = end.Text();
        }

        return message;
    }
}
