using GoldenThread.ServiceDefaults;
using GoldenThread.Tracking.V1;

namespace GoldenThread.Tracking.Classes;

/// <summary>A registration class or teaching group of a school in one academic year, checked.</summary>
internal sealed record SchoolClass
{
    /// <summary>Characters of a name at most.</summary>
    public const int LongestName = 50;

    private const int LongestSubjectCode = 40;

    /// <summary>The class.</summary>
    public required Guid ClassId { get; init; }

    /// <summary>Version, from 1.</summary>
    public required long Version { get; init; }

    /// <summary>School.</summary>
    public required int SchoolUrn { get; init; }

    /// <summary>Academic year as "2025/26".</summary>
    public required string AcademicYear { get; init; }

    /// <summary>Name, unique in the school and year.</summary>
    public required string Name { get; init; }

    /// <summary>"registration" or "teaching".</summary>
    public required string Kind { get; init; }

    /// <summary>Year groups taught in it.</summary>
    public required IReadOnlyList<string> YearGroups { get; init; }

    /// <summary>Subject of a teaching group.</summary>
    public string? Subject { get; init; }

    /// <summary>Reads a new class, or refuses in words.</summary>
    public static SchoolClass From(int schoolUrn, Class? said)
    {
        if (said is null)
        {
            throw Errors.ClassInvalid("class", "Say which class.");
        }

        return new SchoolClass
        {
            ClassId = Guid.CreateVersion7(),
            Version = 1,
            SchoolUrn = schoolUrn,
            AcademicYear = TrackingFields.AcademicYear(said.AcademicYear, "class.academic_year").ToString(),
            Name = Fields.Text(said.Name.Trim(), "class.name", LongestName),
            Kind = said.Kind switch
            {
                ClassKind.Unspecified or ClassKind.Registration => "registration",
                ClassKind.Teaching => "teaching",
                _ => throw Errors.ClassInvalid("class.kind", "A class is a registration class or a teaching group."),
            },
            YearGroups = TrackingFields.YearGroups(said.YearGroups, "class.year_groups"),
            Subject = said.HasSubject && said.Subject.Length > 0 ? Fields.OptionalText(said.Subject, "class.subject", LongestSubjectCode) : null,
        };
    }

    /// <summary>The class as contracts show it.</summary>
    public Class ToProto()
    {
        var message = new Class
        {
            ClassId = ClassId.ToString(),
            SchoolUrn = SchoolUrn,
            AcademicYear = AcademicYear,
            Name = Name,
            Kind = Kind == "teaching" ? ClassKind.Teaching : ClassKind.Registration,
            Etag = Etag.Of(Version),
        };
        message.YearGroups.AddRange(YearGroups);
        if (Subject is not null)
        {
            message.Subject = Subject;
        }

        return message;
    }
}
