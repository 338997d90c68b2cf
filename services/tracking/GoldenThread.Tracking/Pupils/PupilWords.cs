using GoldenThread.Education;
using GoldenThread.ServiceDefaults;
using GoldenThread.Tracking.Rosters;
using GoldenThread.Tracking.V1;

namespace GoldenThread.Tracking.Pupils;

/// <summary>Reads what a single call says of a pupil, or refuses it in words.</summary>
internal static class PupilWords
{
    private const int OldestYear = 1990;

    /// <summary>A new pupil with the first enrolment, ready for the stage.</summary>
    public static RosterLine ToLine(this NewPupil? said, int schoolUrn, DateOnly today)
    {
        if (said is null)
        {
            throw Errors.PupilInvalid("pupil", "Say who the pupil is.");
        }

        return new RosterLine
        {
            Line = 1,
            PupilId = Guid.CreateVersion7(),
            IsNew = true,
            SchoolUrn = schoolUrn,
            Upn = said.HasUpn ? ReadUpn(said.Upn) : null,
            Forename = ReadName(said.Forename, "pupil.forename"),
            Surname = ReadName(said.Surname, "pupil.surname"),
            PreferredForename = said.HasPreferredForename ? ReadPreferred(said.PreferredForename, "pupil.preferred_forename") : null,
            PreferredSurname = said.HasPreferredSurname ? ReadPreferred(said.PreferredSurname, "pupil.preferred_surname") : null,
            BornOn = ReadBirthDay(said.BornOn, today),
            Sex = said.Sex.Letter("pupil.sex"),
            YearGroup = ReadYearGroup(said.YearGroup, "pupil.year_group"),
            FromOn = ReadDay(said.From, "pupil.from"),
            ClassId = said.HasClassId ? Fields.Id(said.ClassId, "pupil.class_id") : null,
        };
    }

    /// <summary>A UPN; null for the empty text.</summary>
    public static string? ReadUpn(string text) =>
        text.Length == 0 ? null
        : Upn.TryParse(text, out var upn, out var problem) ? upn.ToString()
        : throw Errors.PupilInvalid("pupil.upn", problem);

    /// <summary>A legal name.</summary>
    public static string ReadName(string text, string field)
    {
        var name = Fields.Text(text.Trim(), field, RosterRow.LongestName);
        return name.Any(char.IsControl) ? throw Errors.PupilInvalid(field, "A name holds no control characters.") : name;
    }

    /// <summary>A preferred name; null for the empty text, which means the legal one.</summary>
    public static string? ReadPreferred(string text, string field) => text.Trim().Length == 0 ? null : ReadName(text, field);

    /// <summary>A date of birth, not in the future.</summary>
    public static DateOnly ReadBirthDay(string text, DateOnly today)
    {
        var day = Fields.Day(text, "pupil.born_on");
        return day > today ? throw Errors.PupilInvalid("pupil.born_on", "The date of birth lies in the future.")
            : day.Year < OldestYear ? throw Errors.PupilInvalid("pupil.born_on", $"A pupil born before {OldestYear} is no pupil any more.")
            : day;
    }

    /// <summary>A year group.</summary>
    public static string ReadYearGroup(string text, string field) =>
        YearGroup.TryParse(text, out var year, out var problem) ? year.Code : throw Errors.PupilInvalid(field, problem);

    /// <summary>A school day of this time and age.</summary>
    public static DateOnly ReadDay(string text, string field)
    {
        var day = Fields.Day(text, field);
        return day.Year >= OldestYear ? day : throw Errors.PupilInvalid(field, $"The day must lie in {OldestYear} or later.");
    }

    /// <summary>A fact that became true or ended, as kind and value; the empty value ends it.</summary>
    public static (string Fact, string Value) Read(this NewPupilFact said)
    {
        if (!Fact.IsKind(said.Fact))
        {
            throw Errors.FactInvalid("fact.fact", "There is no such fact. Attributes of the trust begin with \"attr:\".");
        }

        if (!said.HasValue)
        {
            return (said.Fact, "");
        }

        return ReadValue(said.Fact, said.Value, "fact.value");
    }

    /// <summary>A value of a fact; refuses what it cannot be.</summary>
    public static (string Fact, string Value) ReadValue(string fact, string written, string field) =>
        Fact.Read(fact, written, out var problem) is { } value ? (fact, value) : throw Errors.FactInvalid(field, problem);
}
