using GoldenThread.Education;
using GoldenThread.ServiceDefaults;
using GoldenThread.Tracking.Events.V1;

namespace GoldenThread.Tracking.Calendars;

/// <summary>A school's calendar for an academic year, checked.</summary>
internal sealed record Calendar
{
    private const int MostTerms = 12;
    private const int MostClosures = 200;
    private const int LongestTermName = 50;
    private const int LongestClosureName = 100;

    /// <summary>School.</summary>
    public required int SchoolUrn { get; init; }

    /// <summary>Academic year as "2025/26".</summary>
    public required string AcademicYear { get; init; }

    /// <summary>Version, from 1; 0 before it is stored.</summary>
    public required long Version { get; init; }

    /// <summary>Terms, in order.</summary>
    public required IReadOnlyList<CalendarTerm> Terms { get; init; }

    /// <summary>Days without pupils, in order.</summary>
    public required IReadOnlyList<Closure> Closures { get; init; }

    /// <summary>Reads a request, or refuses it in words.</summary>
    public static Calendar From(int schoolUrn, AcademicYear year, V1.Calendar? said)
    {
        if (said is null || said.Terms.Count is 0 or > MostTerms)
        {
            throw Errors.CalendarInvalid("calendar.terms", $"Give the terms of the year: at least one, at most {MostTerms}.");
        }

        var terms = said.Terms.Select(t => ReadTerm(year, t)).ToList();
        if (terms.Zip(terms.Skip(1)).Any(pair => pair.First.To >= pair.Second.From))
        {
            throw Errors.CalendarInvalid("calendar.terms", "Terms must be in order and must not overlap.");
        }

        return new Calendar
        {
            SchoolUrn = schoolUrn,
            AcademicYear = year.ToString(),
            Version = 0,
            Terms = terms,
            Closures = ReadClosures(terms, said.Closures),
        };
    }

    /// <summary>Whether the other says the same, whatever its version.</summary>
    public bool SaysTheSameAs(Calendar other) => Terms.SequenceEqual(other.Terms) && Closures.SequenceEqual(other.Closures);

    private static CalendarTerm ReadTerm(AcademicYear year, V1.Term said)
    {
        var term = new CalendarTerm
        {
            Name = Fields.Text(said.Name.Trim(), "calendar.terms.name", LongestTermName),
            From = Fields.Day(said.From, "calendar.terms.from"),
            To = Fields.Day(said.To, "calendar.terms.to"),
        };
        if (term.To < term.From)
        {
            throw Errors.CalendarInvalid("calendar.terms", $"{term.Name} ends before it begins.");
        }

        return year.Contains(term.From) && year.Contains(term.To)
            ? term
            : throw Errors.CalendarInvalid("calendar.terms", $"{term.Name} lies outside the academic year {year}: 1 September to 31 August.");
    }

    private static List<Closure> ReadClosures(List<CalendarTerm> terms, IReadOnlyCollection<V1.Closure> said)
    {
        if (said.Count > MostClosures)
        {
            throw Errors.CalendarInvalid("calendar.closures", $"At most {MostClosures} closures can be given.");
        }

        var closures = said.Select(ReadClosure).OrderBy(c => c.On).ToList();
        if (closures.Zip(closures.Skip(1)).Any(pair => pair.First.On == pair.Second.On))
        {
            throw Errors.CalendarInvalid("calendar.closures", "A day stands twice among the closures.");
        }

        return closures.Find(c => !terms.Any(t => t.From <= c.On && c.On <= t.To)) is { } outside
            ? throw Errors.CalendarInvalid("calendar.closures", $"{outside.On.Text()} lies in no term, so the school is closed that day anyway.")
            : closures;
    }

    private static Closure ReadClosure(V1.Closure said) => new(
        Fields.Day(said.On, "calendar.closures.on"),
        said.Kind switch
        {
            V1.ClosureKind.Inset => "inset",
            V1.ClosureKind.Closure => "closure",
            _ => throw Errors.CalendarInvalid("calendar.closures.kind", "Say whether the day is INSET or a closure."),
        },
        said.HasName && said.Name.Length > 0 ? Fields.OptionalText(said.Name, "calendar.closures.name", LongestClosureName) : null);
}

/// <summary>A day without pupils within a term.</summary>
/// <param name="On">The day.</param>
/// <param name="Kind">"inset" or "closure".</param>
/// <param name="Name">What it is; null where not said.</param>
internal sealed record Closure(DateOnly On, string Kind, string? Name);
