using GoldenThread.Education;

namespace GoldenThread.Demo.Trust;

/// <summary>An invented pupil: who, where and when, with what is true of them, and how they learn.</summary>
public sealed record DemoPupil
{
    /// <summary>Unique pupil number, valid by its check letter.</summary>
    public required Upn Upn { get; init; }

    /// <summary>URN of the school.</summary>
    public required int SchoolUrn { get; init; }

    /// <summary>Calendar year in which the cohort started Reception.</summary>
    public required int ReceptionYear { get; init; }

    /// <summary>Place within the cohort, from 0; decides the class.</summary>
    public required int Place { get; init; }

    /// <summary>Forename.</summary>
    public required string Forename { get; init; }

    /// <summary>Surname.</summary>
    public required string Surname { get; init; }

    /// <summary>Date of birth.</summary>
    public required DateOnly BornOn { get; init; }

    /// <summary>Whether a girl.</summary>
    public required bool IsGirl { get; init; }

    /// <summary>First day on roll; null for the first day of the first year or of Reception.</summary>
    public DateOnly? JoinedOn { get; init; }

    /// <summary>Last day on roll before the end of Year 6; null for who stays.</summary>
    public DateOnly? LeftOn { get; init; }

    /// <summary>Calendar years in which academic years with free school meals start.</summary>
    public required IReadOnlyList<int> FsmYears { get; init; }

    /// <summary>"K", "E" or empty, by calendar year in which the academic year starts.</summary>
    public required IReadOnlyDictionary<int, string> Sen { get; init; }

    /// <summary>English as an additional language.</summary>
    public required bool Eal { get; init; }

    /// <summary>DfE code of ethnicity.</summary>
    public required string Ethnicity { get; init; }

    /// <summary>Calendar years in which academic years as a looked-after child start.</summary>
    public required IReadOnlyList<int> LookedAfterYears { get; init; }

    /// <summary>"adoption", "sgo" or "cao" for who left care; empty otherwise.</summary>
    public required string LeftCare { get; init; }

    /// <summary>Points above 100 that the pupil brings, by subject in the order of <see cref="DemoTrust.Subjects"/>.</summary>
    public required IReadOnlyList<double> Ability { get; init; }

    /// <summary>Points gained or lost a collection beyond the school's trend.</summary>
    public required double Course { get; init; }

    /// <summary>Whether ever eligible for free school meals or in care, within the years of the demo.</summary>
    public bool IsDisadvantaged => FsmYears.Count > 0 || LookedAfterYears.Count > 0 || LeftCare.Length > 0;

    /// <summary>Year group in an academic year: "R", "1" … "6"; null before Reception and after Year 6.</summary>
    /// <param name="startYear">Calendar year in which it starts.</param>
    public string? YearGroup(int startYear) => (startYear - ReceptionYear) switch
    {
        0 => "R",
        >= 1 and <= 6 and var year => year.ToString(System.Globalization.CultureInfo.InvariantCulture),
        _ => null,
    };

    /// <summary>First and last day on roll within an academic year; null for who is not on roll in it. The last day is null for who goes on.</summary>
    public (DateOnly From, DateOnly? To)? OnRollIn(PackYear year)
    {
        var academic = AcademicYear.Parse(year.AcademicYear);
        if (YearGroup(academic.StartYear) is not { } group) return null;
        if (JoinedOn > academic.LastDay || LeftOn < academic.FirstDay) return null;
        var from = JoinedOn is { } joined && joined > academic.FirstDay ? joined : academic.FirstDay;
        DateOnly? to = LeftOn is { } left && academic.Contains(left) ? left : group == "6" ? year.LastDay : null;
        return (from, to);
    }

    /// <summary>Whether on roll on a day of that year.</summary>
    public bool IsOnRoll(PackYear year, DateOnly day) => OnRollIn(year) is { } time && time.From <= day && (time.To is null || time.To >= day);
}
