using System.Globalization;
using System.Text;
using GoldenThread.Demo.Trust;
using GoldenThread.Education;

namespace GoldenThread.Demo.Files;

/// <summary>The roster of an academic year as a school's management system writes it.</summary>
public static class RosterFile
{
    private const string Header = "UPN,URN,Forename,Surname,DOB,Sex,Year group,Class,From,Left on,FSM,SEN,EAL,Ethnicity,Looked after,Previously looked after";

    /// <summary>The file, for all schools: everybody who is on roll at any time of the year.</summary>
    public static string Of(DemoTrust trust, PackYear year)
    {
        var start = AcademicYear.Parse(year.AcademicYear).StartYear;
        var schools = trust.Pack.Schools.ToDictionary(school => school.Urn);
        var file = new StringBuilder(Header).Append('\n');
        foreach (var pupil in trust.Pupils)
        {
            if (pupil.OnRollIn(year) is not var (from, to)) continue;
            var group = pupil.YearGroup(start)!;
            file.AppendJoin(',',
                pupil.Upn,
                pupil.SchoolUrn,
                pupil.Forename,
                pupil.Surname,
                Day(pupil.BornOn),
                pupil.IsGirl ? "F" : "M",
                group,
                DemoClasses.Of(schools[pupil.SchoolUrn], pupil, group),
                Day(from),
                to is { } left ? Day(left) : "",
                YesOrNo(pupil.FsmYears.Contains(start)),
                pupil.Sen[start] is { Length: > 0 } sen ? sen : "N",
                YesOrNo(pupil.Eal),
                pupil.Ethnicity,
                YesOrNo(pupil.LookedAfterYears.Contains(start)),
                pupil.LeftCare is { Length: > 0 } order ? order : "N").Append('\n');
        }

        return file.ToString();
    }

    private static string Day(DateOnly day) => day.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);

    private static string YesOrNo(bool yes) => yes ? "Y" : "N";
}
