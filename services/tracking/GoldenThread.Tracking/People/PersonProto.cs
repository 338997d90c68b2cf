using GoldenThread.ServiceDefaults;
using GoldenThread.Tracking.Events.V1;
using GoldenThread.Tracking.Internal.V1;

namespace GoldenThread.Tracking.People;

/// <summary>People as contracts and events show them.</summary>
internal static class PersonProto
{
    public static V1.Person ToProto(this Person person)
    {
        var message = new V1.Person
        {
            PersonId = person.PersonId.ToString(),
            Name = person.Name,
            Etag = Etag.Of(person.Version),
        };
        message.Duties.AddRange(person.Duties);
        if (person.SchoolUrn is { } school)
        {
            message.SchoolUrn = school;
        }

        if (person is { Issuer: { } issuer, Subject: { } subject })
        {
            message.Issuer = issuer;
            message.Subject = subject;
        }

        if (person.LeftOn is { } day)
        {
            message.LeftOn = day.Text();
        }

        return message;
    }

    public static PersonChanged ToEvent(this Person person) => new()
    {
        PersonId = person.PersonId,
        Version = person.Version,
        Issuer = person.Issuer,
        Subject = person.Subject,
        Duties = person.Duties,
        SchoolUrn = person.SchoolUrn,
        LeftOn = person.LeftOn,
    };

    public static PersonSnapshot ToSnapshot(this Person person)
    {
        var message = new PersonSnapshot { PersonId = person.PersonId.ToString(), Version = person.Version };
        message.Duties.AddRange(person.Duties);
        if (person.SchoolUrn is { } school)
        {
            message.SchoolUrn = school;
        }

        if (person is { Issuer: { } issuer, Subject: { } subject })
        {
            message.Issuer = issuer;
            message.Subject = subject;
        }

        if (person.LeftOn is { } day)
        {
            message.LeftOn = day.Text();
        }

        return message;
    }
}
