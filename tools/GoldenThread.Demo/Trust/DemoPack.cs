using System.Text.Json;

namespace GoldenThread.Demo.Trust;

/// <summary>What <c>packs/demo-trust/demo-trust.json</c> says; its README explains each field.</summary>
public sealed record DemoPack
{
    private static readonly JsonSerializerOptions Web = new(JsonSerializerDefaults.Web);

    /// <summary>Where chance begins.</summary>
    public required int Seed { get; init; }

    /// <summary>Pupils on roll in the last academic year, R to 6.</summary>
    public required int PupilsOnRoll { get; init; }

    /// <summary>URN of the school of the sign-ins that belong to one.</summary>
    public required int HomeSchool { get; init; }

    /// <summary>The schools, by URN.</summary>
    public required IReadOnlyList<PackSchool> Schools { get; init; }

    /// <summary>Academic years, oldest first.</summary>
    public required IReadOnlyList<PackYear> Years { get; init; }

    /// <summary>Days on which one school was closed.</summary>
    public required IReadOnlyList<PackClosure> Closures { get; init; }

    /// <summary>Collections, oldest first.</summary>
    public required IReadOnlyList<PackCollection> Collections { get; init; }

    /// <summary>People of the central team.</summary>
    public required IReadOnlyList<PackPerson> CentralTeam { get; init; }

    /// <summary>Roles in the whole trust.</summary>
    public required IReadOnlyList<PackGrant> TrustGrants { get; init; }

    /// <summary>Roles in named schools.</summary>
    public required IReadOnlyList<PackGrant> SchoolsGrants { get; init; }

    /// <summary>Roles in the home school.</summary>
    public required IReadOnlyList<PackGrant> HomeSchoolGrants { get; init; }

    /// <summary>Reads the pack from a folder <c>packs</c>.</summary>
    public static DemoPack Read(string packs)
    {
        using var file = File.OpenRead(Path.Combine(packs, "demo-trust", "demo-trust.json"));
        return JsonSerializer.Deserialize<DemoPack>(file, Web) ?? throw new InvalidDataException("demo-trust.json is empty.");
    }
}

/// <summary>A school of the pack.</summary>
public sealed record PackSchool
{
    /// <summary>URN, 6 digits.</summary>
    public required int Urn { get; init; }

    /// <summary>LAESTAB, 7 digits.</summary>
    public required string Laestab { get; init; }

    /// <summary>Name.</summary>
    public required string Name { get; init; }

    /// <summary>Locality, for travel.</summary>
    public required string Locality { get; init; }

    /// <summary>Pupils a year group.</summary>
    public required int Intake { get; init; }

    /// <summary>Classes a year group; 0 for classes of two year groups.</summary>
    public required int ClassesPerYear { get; init; }

    /// <summary>Points above 100 in the middle of the time.</summary>
    public required double Level { get; init; }

    /// <summary>Points gained a collection.</summary>
    public required double Trend { get; init; }

    /// <summary>Share of disadvantaged pupils, 0 to 1.</summary>
    public required double Disadvantaged { get; init; }

    /// <summary>Points of a disadvantaged pupil against another.</summary>
    public required double DisadvantageGap { get; init; }

    /// <summary>Share of pupils with English as an additional language, 0 to 1.</summary>
    public required double Eal { get; init; }

    /// <summary>Categories, oldest first.</summary>
    public required IReadOnlyList<PackCategory> Categories { get; init; }
}

/// <summary>A category that was set, in the words of the API.</summary>
public sealed record PackCategory
{
    /// <summary>Such as CATEGORY_REFINE.</summary>
    public required string Category { get; init; }

    /// <summary>First day in it.</summary>
    public required DateOnly From { get; init; }

    /// <summary>Why.</summary>
    public required string Reason { get; init; }

    /// <summary>On what it rests.</summary>
    public required IReadOnlyList<PackEvidence> Evidence { get; init; }
}

/// <summary>A piece of evidence, in the words of the API.</summary>
public sealed record PackEvidence
{
    /// <summary>Such as EVIDENCE_KIND_OUTCOMES.</summary>
    public required string Kind { get; init; }

    /// <summary>What it says.</summary>
    public required string Text { get; init; }
}

/// <summary>An academic year of all schools.</summary>
public sealed record PackYear
{
    /// <summary>Such as "2025/26".</summary>
    public required string AcademicYear { get; init; }

    /// <summary>Six terms, in order.</summary>
    public required IReadOnlyList<PackTerm> Terms { get; init; }

    /// <summary>Days of training without pupils.</summary>
    public required IReadOnlyList<DateOnly> Inset { get; init; }

    /// <summary>First school day.</summary>
    public DateOnly FirstDay => Terms[0].From;

    /// <summary>Last school day.</summary>
    public DateOnly LastDay => Terms[^1].To;
}

/// <summary>A term.</summary>
public sealed record PackTerm
{
    /// <summary>Name.</summary>
    public required string Name { get; init; }

    /// <summary>First day.</summary>
    public required DateOnly From { get; init; }

    /// <summary>Last day.</summary>
    public required DateOnly To { get; init; }
}

/// <summary>A day on which one school was closed.</summary>
public sealed record PackClosure
{
    /// <summary>URN.</summary>
    public required int Urn { get; init; }

    /// <summary>The day.</summary>
    public required DateOnly On { get; init; }

    /// <summary>Why.</summary>
    public required string Name { get; init; }
}

/// <summary>A collection of results.</summary>
public sealed record PackCollection
{
    /// <summary>Such as "Autumn 2025".</summary>
    public required string Name { get; init; }

    /// <summary>Autumn, Spring or Summer: which tests are sat.</summary>
    public required string Season { get; init; }

    /// <summary>Such as "2025/26".</summary>
    public required string AcademicYear { get; init; }

    /// <summary>First day on which results are taken.</summary>
    public required DateOnly OpensOn { get; init; }

    /// <summary>Day on which Year 1 sits; each older year a day later within the week.</summary>
    public required DateOnly SatFrom { get; init; }

    /// <summary>Day by which all is due.</summary>
    public required DateOnly DueOn { get; init; }

    /// <summary>Day on which it is to be locked.</summary>
    public required DateOnly LocksOn { get; init; }

    /// <summary>Who has not handed in; null where everybody has.</summary>
    public PackLate? Late { get; init; }

    /// <summary>Day on which a year group sits.</summary>
    public DateOnly SatOn(int year) => SatFrom.AddDays((year - 1) % 5);
}

/// <summary>A school that has not handed in some years of a collection.</summary>
public sealed record PackLate
{
    /// <summary>URN.</summary>
    public required int Urn { get; init; }

    /// <summary>Year groups that are missing.</summary>
    public required IReadOnlyList<string> YearGroups { get; init; }
}

/// <summary>A person of the central team.</summary>
public sealed record PackPerson
{
    /// <summary>Name.</summary>
    public required string Name { get; init; }

    /// <summary>Duties of the engagement offer.</summary>
    public required IReadOnlyList<string> Duties { get; init; }

    /// <summary>Subject at the development issuer; null for nobody who signs in.</summary>
    public string? SignIn { get; init; }

    /// <summary>When the person can visit; null for the offer's default.</summary>
    public PackAvailability? Availability { get; init; }
}

/// <summary>When a person can visit, in the words of the API.</summary>
public sealed record PackAvailability
{
    /// <summary>Such as WEEKDAY_MONDAY.</summary>
    public required IReadOnlyList<string> Weekdays { get; init; }

    /// <summary>Days a week at most.</summary>
    public required int DaysPerWeek { get; init; }

    /// <summary>Days a year at most.</summary>
    public required int DaysPerYear { get; init; }

    /// <summary>Whether two half days make one.</summary>
    public required bool HalfDays { get; init; }
}

/// <summary>A role given to a sign-in or a partner.</summary>
public sealed record PackGrant
{
    /// <summary>Subject at the development issuer, or the partner's client id.</summary>
    public required string SignIn { get; init; }

    /// <summary>Such as ROLE_TEACHER.</summary>
    public required string Role { get; init; }

    /// <summary>URNs, for a grant in named schools.</summary>
    public IReadOnlyList<int> Schools { get; init; } = [];

    /// <summary>Names of classes of the last year, for a teacher.</summary>
    public IReadOnlyList<string> Classes { get; init; } = [];

    /// <summary>Codes of subjects, for a subject leader.</summary>
    public IReadOnlyList<string> Subjects { get; init; } = [];
}
