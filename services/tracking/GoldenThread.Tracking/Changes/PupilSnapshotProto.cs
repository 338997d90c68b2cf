using GoldenThread.Tracking.Internal.V1;

namespace GoldenThread.Tracking.Changes;

/// <summary>The event's pupils as internal rpcs stream them.</summary>
internal static class PupilSnapshotProto
{
    public static PupilSnapshot ToSnapshot(this Events.V1.PupilSnapshot pupil)
    {
        var message = new PupilSnapshot { PupilId = pupil.PupilId.ToString(), Version = pupil.Version, Erased = pupil.Erased };
        message.Enrolments.AddRange(pupil.Enrolments.Select(ToMessage));
        message.Classes.AddRange(pupil.Classes.Select(ToMessage));
        message.Groups.AddRange(pupil.Groups.Select(ToMessage));
        return message;
    }

    public static PupilIdentifiers ToMessage(this Events.V1.PupilIdentifiers identifiers)
    {
        var message = new PupilIdentifiers { PupilId = identifiers.PupilId.ToString(), Version = identifiers.Version };
        if (identifiers.Upn is not null)
        {
            message.Upn = identifiers.Upn;
        }

        message.FormerUpns.AddRange(identifiers.FormerUpns);
        return message;
    }

    private static PupilEnrolment ToMessage(Events.V1.PupilEnrolment enrolment)
    {
        var message = new PupilEnrolment
        {
            SchoolUrn = enrolment.SchoolUrn,
            From = enrolment.From.Text(),
            IsMain = enrolment.IsMain,
            YearGroup = enrolment.YearGroup,
        };
        if (enrolment.To is { } end)
        {
            message.To = end.Text();
        }

        return message;
    }

    private static PupilClass ToMessage(Events.V1.PupilClass membership)
    {
        var message = new PupilClass { ClassId = membership.ClassId.ToString(), From = membership.From.Text() };
        if (membership.To is { } end)
        {
            message.To = end.Text();
        }

        return message;
    }

    private static PupilGroup ToMessage(Events.V1.PupilGroup membership)
    {
        var message = new PupilGroup
        {
            Group = membership.Group,
            DefinitionVersion = membership.DefinitionVersion,
            From = membership.From.Text(),
        };
        if (membership.To is { } end)
        {
            message.To = end.Text();
        }

        return message;
    }
}
