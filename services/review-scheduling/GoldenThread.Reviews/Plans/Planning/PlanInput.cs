using GoldenThread.Reviews.Offers;

namespace GoldenThread.Reviews.Plans.Planning;

/// <summary>A range of days, both ends included; an open end lasts.</summary>
/// <param name="From">First day.</param>
/// <param name="To">Last day; null while it lasts.</param>
public sealed record DayRange(DateOnly From, DateOnly? To)
{
    /// <summary>Whether a day lies in it.</summary>
    public bool Contains(DateOnly day) => day >= From && (To is null || day <= To);
}

/// <summary>Everything a plan is made from. Plain data: the planner and the checker read the same and share nothing else.</summary>
public sealed record PlanInput
{
    /// <summary>Academic year as "2026/27".</summary>
    public required string AcademicYear { get; init; }

    /// <summary>1 September.</summary>
    public required DateOnly YearFirst { get; init; }

    /// <summary>31 August.</summary>
    public required DateOnly YearLast { get; init; }

    /// <summary>First day on which anything may be placed.</summary>
    public required DateOnly PlanFrom { get; init; }

    /// <summary>Seed of the search.</summary>
    public required int Seed { get; init; }

    /// <summary>What every school is owed.</summary>
    public required Offer Offer { get; init; }

    /// <summary>The schools in the trust in this year, by URN.</summary>
    public required IReadOnlyList<PlanSchool> Schools { get; init; }

    /// <summary>The people who may go, by id.</summary>
    public required IReadOnlyList<PlanPerson> People { get; init; }

    /// <summary>Bank holidays of the year.</summary>
    public required IReadOnlyList<DateOnly> BankHolidays { get; init; }

    /// <summary>Visits that stay as they are: past, confirmed, held, reached or cancelled by hand.</summary>
    public required IReadOnlyList<KeptVisit> Kept { get; init; }

    /// <summary>Visits that an earlier plan withdrew because they were no longer owed: they count for nothing and may be owed again.</summary>
    public IReadOnlyList<WithdrawnVisit> Withdrawn { get; init; } = [];

    /// <summary>Meetings that stay as they are: past, held or cancelled. Their weeks and numbers are taken.</summary>
    public IReadOnlyList<KeptMeeting> KeptMeetings { get; init; } = [];

    /// <summary>Visits in force that may be moved, but should not be without need.</summary>
    public IReadOnlyList<CurrentVisit> Current { get; init; } = [];
}

/// <summary>A visit that an earlier plan withdrew because it was no longer owed.</summary>
/// <param name="SchoolUrn">URN.</param>
/// <param name="Entitlement">Code of the offer's row.</param>
/// <param name="Number">Number within row and year.</param>
public sealed record WithdrawnVisit(int SchoolUrn, string Entitlement, int Number);

/// <summary>A meeting that a plan must leave as it is.</summary>
public sealed record KeptMeeting
{
    /// <summary>URN.</summary>
    public required int SchoolUrn { get; init; }

    /// <summary>Code of the offer's row.</summary>
    public required string Entitlement { get; init; }

    /// <summary>Number within the year's series.</summary>
    public required int Number { get; init; }

    /// <summary>Monday of its week.</summary>
    public required DateOnly Week { get; init; }

    /// <summary>Its day; null for one that was cancelled or had none: it occupies nobody.</summary>
    public DateOnly? On { get; init; }

    /// <summary>The trust's side; null where nobody has the duty.</summary>
    public Guid? PersonId { get; init; }
}

/// <summary>Where a visit in force lies now.</summary>
public sealed record CurrentVisit
{
    /// <summary>URN.</summary>
    public required int SchoolUrn { get; init; }

    /// <summary>Code of the offer's row.</summary>
    public required string Entitlement { get; init; }

    /// <summary>Number within row and year.</summary>
    public required int Number { get; init; }

    /// <summary>Its day.</summary>
    public required DateOnly On { get; init; }

    /// <summary>Its team.</summary>
    public required IReadOnlyList<TeamMember> Team { get; init; }
}

/// <summary>A school as planning sees it.</summary>
public sealed record PlanSchool
{
    /// <summary>URN.</summary>
    public required int Urn { get; init; }

    /// <summary>Locality; null where none is given: then the school is one of its own.</summary>
    public string? Locality { get; init; }

    /// <summary>Its category; null where it has none: then it is owed nothing.</summary>
    public Category? Category { get; init; }

    /// <summary>When it belonged to the trust.</summary>
    public required IReadOnlyList<DayRange> Memberships { get; init; }

    /// <summary>Its terms or half-terms, in order; none where it has no calendar yet.</summary>
    public required IReadOnlyList<DayRange> Terms { get; init; }

    /// <summary>INSET days and closures.</summary>
    public required IReadOnlyList<DateOnly> Closures { get; init; }
}

/// <summary>A person as planning sees them.</summary>
public sealed record PlanPerson
{
    /// <summary>The person.</summary>
    public required Guid Id { get; init; }

    /// <summary>What they do in school improvement.</summary>
    public required IReadOnlyList<string> Duties { get; init; }

    /// <summary>The school they belong to; null for the central team. They neither visit it nor meet its head for the trust.</summary>
    public int? SchoolUrn { get; init; }

    /// <summary>
    /// Schools of which they are head on any day of the planned year, by their grants: an executive head has several, and goes to none of them
    /// for the trust, all year.
    /// </summary>
    public IReadOnlyList<int> HeadOf { get; init; } = [];

    /// <summary>Last day with the trust; null while they stay.</summary>
    public DateOnly? LeftOn { get; init; }

    /// <summary>Weekdays on which they can visit.</summary>
    public required IReadOnlyList<DayOfWeek> Weekdays { get; init; }

    /// <summary>Days with visits a week at most.</summary>
    public required int DaysPerWeek { get; init; }

    /// <summary>Days with visits a year at most.</summary>
    public required int DaysPerYear { get; init; }

    /// <summary>Whether two half-day visits fit on one of their days; without, every visit takes the whole day.</summary>
    public required bool HalfDays { get; init; }

    /// <summary>Leave.</summary>
    public required IReadOnlyList<DayRange> Leave { get; init; }
}

/// <summary>Who fills a place.</summary>
/// <param name="Duty">The duty in which the person goes.</param>
/// <param name="PersonId">The person.</param>
public sealed record TeamMember(string Duty, Guid PersonId);

/// <summary>A visit that a plan must leave as it is.</summary>
public sealed record KeptVisit
{
    /// <summary>URN.</summary>
    public required int SchoolUrn { get; init; }

    /// <summary>Code of the offer's row.</summary>
    public required string Entitlement { get; init; }

    /// <summary>Number within row and year.</summary>
    public required int Number { get; init; }

    /// <summary>Half-days, 1 or 2.</summary>
    public required int HalfDays { get; init; }

    /// <summary>Its window as it was.</summary>
    public required DayRange Window { get; init; }

    /// <summary>Monday of its target week as it was.</summary>
    public required DateOnly TargetWeek { get; init; }

    /// <summary>Its day; null for one cancelled before it had any.</summary>
    public DateOnly? On { get; init; }

    /// <summary>Its team.</summary>
    public required IReadOnlyList<TeamMember> Team { get; init; }

    /// <summary>Why it was cancelled; null where it was not. A cancelled visit occupies nobody.</summary>
    public string? CancelledBecause { get; init; }
}

/// <summary>A plan: each visit owed, placed or listed with its reason, and the meetings of the series.</summary>
public sealed record YearPlan
{
    /// <summary>Visits by school, row and number.</summary>
    public required IReadOnlyList<PlannedVisit> Visits { get; init; }

    /// <summary>Meetings by school, row and number.</summary>
    public required IReadOnlyList<PlannedMeeting> Meetings { get; init; }

    /// <summary>Cost in the offer's weights.</summary>
    public required double Cost { get; init; }

    /// <summary>Shortages that are proved.</summary>
    public required IReadOnlyList<Shortage> Shortages { get; init; }

    /// <summary>Series of which the plan cannot say how many meetings the whole year owes, by school and row.</summary>
    public IReadOnlyList<IncompleteSeries> IncompleteSeries { get; init; } = [];
}

/// <summary>A visit in a plan.</summary>
public sealed record PlannedVisit
{
    /// <summary>URN.</summary>
    public required int SchoolUrn { get; init; }

    /// <summary>Code of the offer's row.</summary>
    public required string Entitlement { get; init; }

    /// <summary>Number within row and year, from 1; the term for termly visits.</summary>
    public required int Number { get; init; }

    /// <summary>Half-days, 1 or 2.</summary>
    public required int HalfDays { get; init; }

    /// <summary>First day of its window.</summary>
    public required DateOnly WindowFrom { get; init; }

    /// <summary>Last day of its window.</summary>
    public required DateOnly WindowTo { get; init; }

    /// <summary>Monday of its target week.</summary>
    public required DateOnly TargetWeek { get; init; }

    /// <summary>Its day; null where it could not be placed.</summary>
    public DateOnly? On { get; init; }

    /// <summary>Who goes, the lead first.</summary>
    public required IReadOnlyList<TeamMember> Team { get; init; }

    /// <summary>Why it has no day, in words; null where it has one.</summary>
    public string? UnplacedReason { get; init; }

    /// <summary>Whether it stayed as it was.</summary>
    public required bool Kept { get; init; }
}

/// <summary>A meeting of a series.</summary>
public sealed record PlannedMeeting
{
    /// <summary>URN.</summary>
    public required int SchoolUrn { get; init; }

    /// <summary>Code of the offer's row.</summary>
    public required string Entitlement { get; init; }

    /// <summary>Number within the year's series, from 1.</summary>
    public required int Number { get; init; }

    /// <summary>How often.</summary>
    public required Cadence Cadence { get; init; }

    /// <summary>The trust's side; null where nobody has the duty.</summary>
    public Guid? PersonId { get; init; }

    /// <summary>Monday of its week.</summary>
    public required DateOnly Week { get; init; }

    /// <summary>The day of its standing slot; null where the person is away on every open day of the week.</summary>
    public DateOnly? On { get; init; }
}

/// <summary>Proof that the people of a duty have too few days for the visits that must lie in an interval.</summary>
public sealed record Shortage
{
    /// <summary>The duty, the preferred one where several qualify.</summary>
    public required string Duty { get; init; }

    /// <summary>First day of the interval.</summary>
    public required DateOnly From { get; init; }

    /// <summary>Last day.</summary>
    public required DateOnly To { get; init; }

    /// <summary>Visits whose every possible day lies in the interval.</summary>
    public required int Visits { get; init; }

    /// <summary>Days they need.</summary>
    public required double DaysNeeded { get; init; }

    /// <summary>Days the people have at most.</summary>
    public required double DaysAvailable { get; init; }

    /// <summary>The same in words.</summary>
    public required string Words { get; init; }
}

/// <summary>A series of meetings that is not counted for the whole year, because the school has not entered all its dates.</summary>
public sealed record IncompleteSeries
{
    /// <summary>URN.</summary>
    public required int SchoolUrn { get; init; }

    /// <summary>Code of the offer's row.</summary>
    public required string Entitlement { get; init; }

    /// <summary>Last day up to which every meeting that is owed is counted: the day before the first for which dates lack.</summary>
    public required DateOnly KnownUntil { get; init; }

    /// <summary>The same in words.</summary>
    public required string Words { get; init; }
}
