namespace GoldenThread.Reviews.Offers;

/// <summary>The category of a school in the trust's school improvement strategy. Numbers as in the contract.</summary>
public enum Category
{
    /// <summary>Sustains what it has and supports others.</summary>
    Sustain = 1,

    /// <summary>Good with something to refine.</summary>
    Refine = 2,

    /// <summary>Requires reinforcement.</summary>
    Reinforce = 3,

    /// <summary>Must be stabilised.</summary>
    Stabilise = 4,
}

/// <summary>How a row of the offer is owed. Numbers as in the contract.</summary>
public enum EntitlementKind
{
    /// <summary>Planned visits, counted a year.</summary>
    Visits = 1,

    /// <summary>Planned visits, one in each of the three terms.</summary>
    TermlyVisits = 2,

    /// <summary>A series of meetings in standing slots.</summary>
    Meetings = 3,

    /// <summary>Offered and not counted.</summary>
    Arrangement = 4,
}

/// <summary>How often a meeting of a series is held. Numbers as in the contract.</summary>
public enum Cadence
{
    /// <summary>Not a series.</summary>
    None = 0,

    /// <summary>Every week in which the school is open.</summary>
    Weekly = 1,

    /// <summary>Every second such week.</summary>
    Fortnightly = 2,

    /// <summary>The first such week of each month.</summary>
    Monthly = 3,

    /// <summary>Every sixth such week.</summary>
    SixWeekly = 4,
}

/// <summary>The trust's engagement offer for an academic year: the table of its strategy, as data.</summary>
public sealed record Offer
{
    /// <summary>Academic year as "2026/27".</summary>
    public required string AcademicYear { get; init; }

    /// <summary>Version, from 1.</summary>
    public long Version { get; init; }

    /// <summary>The rows in the order of the table.</summary>
    public required IReadOnlyList<OfferRow> Rows { get; init; }

    /// <summary>What belongs to each category as such.</summary>
    public required IReadOnlyList<CategoryTerms> Categories { get; init; }

    /// <summary>Rules of planning.</summary>
    public required PlanningRules Planning { get; init; }

    /// <summary>Where the table comes from.</summary>
    public required string Source { get; init; }

    /// <summary>When this version was written (UTC).</summary>
    public DateTimeOffset WrittenAt { get; init; }

    /// <summary>What belongs to a category; null where the offer says nothing.</summary>
    public CategoryTerms? TermsOf(Category category) => Categories.FirstOrDefault(t => t.Category == category);
}

/// <summary>A row of the table.</summary>
public sealed record OfferRow
{
    /// <summary>Code, unique in the offer.</summary>
    public required string Code { get; init; }

    /// <summary>Title as the trust words it.</summary>
    public required string Title { get; init; }

    /// <summary>How it is owed.</summary>
    public required EntitlementKind Kind { get; init; }

    /// <summary>Half-days of a visit, 1 or 2; 0 for other kinds.</summary>
    public int HalfDays { get; init; }

    /// <summary>Whether its days count towards the least number of improvement days.</summary>
    public bool ImprovementDay { get; init; }

    /// <summary>Whether a school that is in the trust for a part of the year is owed its share only.</summary>
    public bool ProRata { get; init; }

    /// <summary>First week of the school's year in which it may be planned, from 1.</summary>
    public int FirstWeek { get; init; } = 1;

    /// <summary>Last week; 0 for the last of the year.</summary>
    public int LastWeek { get; init; }

    /// <summary>Weeks either side of the target that cost nothing.</summary>
    public int ToleranceWeeks { get; init; }

    /// <summary>Cost of each squared week beyond.</summary>
    public double WeekWeight { get; init; }

    /// <summary>Cost of leaving a visit unplaced.</summary>
    public double UnplacedCost { get; init; }

    /// <summary>What each category gets.</summary>
    public required IReadOnlyList<OfferCell> Cells { get; init; }

    /// <summary>Whether it is counted in planned visits.</summary>
    public bool IsVisit => Kind is EntitlementKind.Visits or EntitlementKind.TermlyVisits;

    /// <summary>What a category gets; null where nothing.</summary>
    public OfferCell? For(Category category) => Cells.FirstOrDefault(c => c.Category == category);
}

/// <summary>What a row gives to one category.</summary>
public sealed record OfferCell
{
    /// <summary>The category.</summary>
    public required Category Category { get; init; }

    /// <summary>Visits a year; 0 for kinds other than visits.</summary>
    public int Count { get; init; }

    /// <summary>How often, for meetings.</summary>
    public Cadence Cadence { get; init; }

    /// <summary>Who goes, the lead first: for each place the duties that qualify, the preferred first.</summary>
    public required IReadOnlyList<TeamSlot> Team { get; init; }

    /// <summary>What is offered in words.</summary>
    public string Words { get; init; } = "";
}

/// <summary>One place in a team.</summary>
public sealed record TeamSlot
{
    /// <summary>Duties of which the person must have one, the preferred first.</summary>
    public required IReadOnlyList<string> Duties { get; init; }
}

/// <summary>What belongs to a category as such.</summary>
public sealed record CategoryTerms
{
    /// <summary>The category.</summary>
    public required Category Category { get; init; }

    /// <summary>Evidence that is typical of it.</summary>
    public string TypicalEvidence { get; init; } = "";

    /// <summary>Months until the next category is due; null where no clock runs.</summary>
    public int? DueMonths { get; init; }

    /// <summary>Months after which it is overdue; null where no clock runs.</summary>
    public int? OverdueMonths { get; init; }
}

/// <summary>Rules of planning that are the trust's to set.</summary>
public sealed record PlanningRules
{
    /// <summary>Improvement days every school gets at least.</summary>
    public int LeastImprovementDays { get; init; }

    /// <summary>Weeks within which a school that joins in mid-year gets its review.</summary>
    public int ReviewWithinWeeks { get; init; }

    /// <summary>Code of the row that is this review.</summary>
    public required string ReviewCode { get; init; }

    /// <summary>Visits a school has in a week at most, 1 or 2.</summary>
    public int VisitsPerSchoolWeek { get; init; }

    /// <summary>Meetings that fill half a day.</summary>
    public int MeetingsPerHalfDay { get; init; }

    /// <summary>Days a week a person of a school gives at most, by default.</summary>
    public int SchoolStaffDaysPerWeek { get; init; }

    /// <summary>Days a year, likewise.</summary>
    public int SchoolStaffDaysPerYear { get; init; }

    /// <summary>Days a week a person of the central team visits at most, by default.</summary>
    public int CentralDaysPerWeek { get; init; }

    /// <summary>Days a year, likewise.</summary>
    public int CentralDaysPerYear { get; init; }

    /// <summary>Cost of a person's trip to a locality on a day.</summary>
    public double TripCost { get; init; }

    /// <summary>Cost of a second visit in a school's week.</summary>
    public double SecondVisitCost { get; init; }

    /// <summary>Cost of a further person leading visits of one series at a school.</summary>
    public double PartnerChangeCost { get; init; }
}
