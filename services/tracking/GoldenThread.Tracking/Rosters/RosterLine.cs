namespace GoldenThread.Tracking.Rosters;

/// <summary>One row as it is staged: what a file, or a single call, says of one pupil from one day on.</summary>
internal sealed record RosterLine
{
    /// <summary>Line of the file; 1 for a single call.</summary>
    public required int Line { get; init; }

    /// <summary>School; null where the call concerns none.</summary>
    public int? SchoolUrn { get; init; }

    /// <summary>UPN; null where none is said.</summary>
    public string? Upn { get; init; }

    /// <summary>Legal forename; null where the call does not concern the name.</summary>
    public string? Forename { get; init; }

    /// <summary>Legal surname.</summary>
    public string? Surname { get; init; }

    /// <summary>Preferred forename; null where none is said.</summary>
    public string? PreferredForename { get; init; }

    /// <summary>Preferred surname; null where none is said.</summary>
    public string? PreferredSurname { get; init; }

    /// <summary>Date of birth.</summary>
    public DateOnly? BornOn { get; init; }

    /// <summary>"F" or "M".</summary>
    public string? Sex { get; init; }

    /// <summary>Year group; null where no enrolment is concerned.</summary>
    public string? YearGroup { get; init; }

    /// <summary>Name of the registration class; null where none is said.</summary>
    public string? ClassName { get; init; }

    /// <summary>Class by id, where a call names it.</summary>
    public Guid? ClassId { get; init; }

    /// <summary>Academic year of the first day, for the class.</summary>
    public string? AcademicYear { get; init; }

    /// <summary>Day from which the row holds.</summary>
    public required DateOnly FromOn { get; init; }

    /// <summary>Last day on roll; null where the pupil stays.</summary>
    public DateOnly? LeftOn { get; init; }

    /// <summary>Whether it is the school where the pupil counts.</summary>
    public bool IsMain { get; init; } = true;

    /// <summary>Facts with their values; the empty value ends the fact.</summary>
    public IReadOnlyList<(string Fact, string Value)> Facts { get; init; } = [];

    /// <summary>The cells as JSON, for quarantine; null for a single call.</summary>
    public string? Cells { get; init; }

    /// <summary>SHA-256 of the cells.</summary>
    public byte[]? RowHash { get; init; }

    /// <summary>SHA-256 of who it is: UPN, name, date of birth and school.</summary>
    public byte[]? IdentityHash { get; init; }

    /// <summary>Who it is within the file: the UPN, or name, date of birth and school.</summary>
    public string? Who { get; init; }

    /// <summary>What is wrong with the row.</summary>
    public IReadOnlyList<RosterProblem> Problems { get; init; } = [];

    /// <summary>The pupil, where known beforehand.</summary>
    public Guid? PupilId { get; init; }

    /// <summary>Whether the pupil is new for certain: a person said so.</summary>
    public bool IsNew { get; init; }
}
