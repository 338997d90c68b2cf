using GoldenThread.ServiceDefaults;
using GoldenThread.Tracking.V1;
using Google.Protobuf.WellKnownTypes;

namespace GoldenThread.Tracking.Pupils;

/// <summary>Pupils as contracts show them.</summary>
internal static class PupilProto
{
    public static Pupil ToProto(this PupilView pupil)
    {
        var message = new Pupil
        {
            PupilId = pupil.PupilId.ToString(),
            Forename = pupil.Forename,
            Surname = pupil.Surname,
            BornOn = pupil.BornOn?.Text() ?? "",
            Sex = pupil.Sex switch
            {
                "F" => Sex.Female,
                "M" => Sex.Male,
                _ => Sex.Unspecified,
            },
            Etag = pupil.IdentityWithheld ? "" : Etag.Of(pupil.ShownVersion),
            IdentityWithheld = pupil.IdentityWithheld,
        };
        if (pupil.Upn is not null)
        {
            message.Upn = pupil.Upn;
        }

        if (pupil.PreferredForename is not null)
        {
            message.PreferredForename = pupil.PreferredForename;
        }

        if (pupil.PreferredSurname is not null)
        {
            message.PreferredSurname = pupil.PreferredSurname;
        }

        message.FormerUpns.AddRange(pupil.FormerUpns);
        message.FormerNames.AddRange(pupil.FormerNames.Select(ToProto));
        message.Enrolments.AddRange(pupil.Enrolments.Select(ToProto));
        message.Classes.AddRange(pupil.Classes.Select(ToProto));
        message.Facts.AddRange(pupil.Facts.Select(f => f.ToProto()));
        message.Groups.AddRange(pupil.Groups);
        return message;
    }

    public static PupilFact ToProto(this FactRow fact)
    {
        var message = new PupilFact
        {
            FactId = fact.FactId.ToString(),
            Fact = fact.Fact,
            Value = fact.Value,
            From = fact.FromOn.Text(),
            RecordedAt = fact.RecordedAt.ToTimestamp(),
            SupersededAt = fact.SupersededAt?.ToTimestamp(),
        };
        if (fact.ToOn is { } end)
        {
            message.To = end.Text();
        }

        return message;
    }

    /// <summary>F or M as stored; refuses anything else.</summary>
    public static string Letter(this Sex sex, string field) => sex switch
    {
        Sex.Female => "F",
        Sex.Male => "M",
        _ => throw Errors.PupilInvalid(field, "Sex is female or male, as the school census records it."),
    };

    private static FormerName ToProto(FormerNameRow name) =>
        new() { Forename = name.Forename, Surname = name.Surname, RecordedAt = name.RecordedAt.ToTimestamp() };

    private static Enrolment ToProto(EnrolmentRow enrolment)
    {
        var message = new Enrolment
        {
            SchoolUrn = enrolment.SchoolUrn,
            YearGroup = enrolment.YearGroup,
            From = enrolment.FromOn.Text(),
            Subsidiary = !enrolment.IsMain,
        };
        if (enrolment.ToOn is { } end)
        {
            message.To = end.Text();
        }

        return message;
    }

    private static ClassMembership ToProto(MembershipRow membership)
    {
        var message = new ClassMembership
        {
            ClassId = membership.ClassId.ToString(),
            Name = membership.Name,
            From = membership.FromOn.Text(),
        };
        if (membership.ToOn is { } end)
        {
            message.To = end.Text();
        }

        return message;
    }
}
