using GoldenThread.ServiceDefaults;

namespace GoldenThread.Tracking.People;

/// <summary>A member of staff or of the central team, checked.</summary>
internal sealed record Person
{
    private const int LongestName = 200;
    private const int LongestSubject = 200;
    private const int LongestIssuer = 500;
    private const int LongestDuty = 50;
    private const int MostDuties = 20;

    /// <summary>The person.</summary>
    public required Guid PersonId { get; init; }

    /// <summary>Version, from 1.</summary>
    public required long Version { get; init; }

    /// <summary>Name.</summary>
    public required string Name { get; init; }

    /// <summary>Duties in school improvement.</summary>
    public required IReadOnlyList<string> Duties { get; init; }

    /// <summary>School; null for the central team.</summary>
    public int? SchoolUrn { get; init; }

    /// <summary>Issuer of the sign-in; null where there is none.</summary>
    public string? Issuer { get; init; }

    /// <summary>Subject of the sign-in.</summary>
    public string? Subject { get; init; }

    /// <summary>Last day with the trust; null while the person stays.</summary>
    public DateOnly? LeftOn { get; init; }

    /// <summary>Reads a new person, or refuses in words.</summary>
    public static Person From(V1.Person? said)
    {
        if (said is null)
        {
            throw Errors.PersonInvalid("person", "Say who the person is.");
        }

        return new Person
        {
            PersonId = Guid.CreateVersion7(),
            Version = 1,
            Name = CheckName(said.Name),
            Duties = CheckDuties(said.Duties),
            SchoolUrn = said.HasSchoolUrn ? said.SchoolUrn : null,
            LeftOn = said.HasLeftOn ? Fields.Day(said.LeftOn, "person.left_on") : null,
        }.WithSignIn(said.HasIssuer ? said.Issuer : "", said.HasSubject ? said.Subject : "");
    }

    /// <summary>The person after the changes; what they leave out stays.</summary>
    public Person With(V1.PersonChanges? changes)
    {
        if (changes is null)
        {
            throw Errors.PersonInvalid("person", "Say what is to change.");
        }

        return (this with
        {
            Name = changes.HasName ? CheckName(changes.Name) : Name,
            Duties = changes.Duties is { } duties ? CheckDuties(duties.Duties_) : Duties,
            SchoolUrn = changes.HasSchoolUrn ? TrackingFields.OptionalUrn(changes.SchoolUrn) : SchoolUrn,
            LeftOn = changes.HasLeftOn ? ReadLeftOn(changes.LeftOn) : LeftOn,
        }).WithSignIn(changes.HasIssuer ? changes.Issuer : Issuer ?? "", changes.HasSubject ? changes.Subject : Subject ?? "");
    }

    private Person WithSignIn(string issuer, string subject)
    {
        if ((issuer.Length == 0) != (subject.Length == 0))
        {
            throw Errors.PersonInvalid("person.subject", "A sign-in is an issuer and a subject: give both or neither.");
        }

        return issuer.Length == 0
            ? this with { Issuer = null, Subject = null }
            : this with
            {
                Issuer = Fields.Text(issuer, "person.issuer", LongestIssuer),
                Subject = Fields.Text(subject, "person.subject", LongestSubject),
            };
    }

    private static string CheckName(string name) => Fields.Text(name.Trim(), "person.name", LongestName);

    private static DateOnly? ReadLeftOn(string day) => day.Length == 0 ? null : Fields.Day(day, "person.left_on");

    private static List<string> CheckDuties(IReadOnlyCollection<string> duties) =>
        duties.Count <= MostDuties && duties.All(IsDuty)
            ? duties.Distinct(StringComparer.Ordinal).ToList()
            : throw Errors.PersonInvalid(
                "person.duties", $"A duty is 1 to {LongestDuty} lower-case letters, digits and hyphens, such as \"english-lead\"; at most {MostDuties} of them.");

    private static bool IsDuty(string duty) =>
        duty.Length is > 0 and <= LongestDuty && duty.All(c => c is (>= 'a' and <= 'z') or (>= '0' and <= '9') or '-');
}
