namespace GoldenThread.Tracking.Events.V1;

/// <summary>A school's calendar for an academic year was set or changed; the event carries all of it.</summary>
public sealed record CalendarChanged
{
    /// <summary>The school.</summary>
    public required int SchoolUrn { get; init; }

    /// <summary>Academic year as "2025/26".</summary>
    public required string AcademicYear { get; init; }

    /// <summary>Version of this school's calendar for this year.</summary>
    public required long Version { get; init; }

    /// <summary>Terms or half-terms in order.</summary>
    public required IReadOnlyList<CalendarTerm> Terms { get; init; }

    /// <summary>Days within the terms on which the school is closed to visits.</summary>
    public required IReadOnlyList<CalendarClosure> Closures { get; init; }
}

/// <summary>A term or half-term by the name the school gives it.</summary>
public sealed record CalendarTerm
{
    /// <summary>Name, such as "Term 3" or "Spring 1".</summary>
    public required string Name { get; init; }

    /// <summary>First school day.</summary>
    public required DateOnly From { get; init; }

    /// <summary>Last school day.</summary>
    public required DateOnly To { get; init; }
}

/// <summary>A day within a term on which pupils are not in school.</summary>
public sealed record CalendarClosure
{
    /// <summary>The day.</summary>
    public required DateOnly On { get; init; }

    /// <summary>"inset" or "closure".</summary>
    public required string Kind { get; init; }
}
