using System.Globalization;
using GoldenThread.Education;

namespace GoldenThread.Demo.Trust;

/// <summary>A result as a school hands it in.</summary>
/// <param name="Pupil">Who.</param>
/// <param name="YearGroup">Year group at the sitting.</param>
/// <param name="Subject">Code of the subject.</param>
/// <param name="SatOn">Day.</param>
/// <param name="Outcome">Score, or a code in its place.</param>
public sealed record DemoResult(DemoPupil Pupil, string YearGroup, string Subject, DateOnly SatOn, string Outcome);

/// <summary>Makes scores: what the pupil brings, where the school is going, and the error of measurement.</summary>
internal static class ScoreMaking
{
    /// <summary>Lowest standardised score.</summary>
    public const int Lowest = 60;

    /// <summary>Highest standardised score.</summary>
    public const int Highest = 140;

    // SD 15 and reliability .90: the standard error of measurement is 15 × √(1 − .90).
    private const double ErrorOfMeasurement = 4.743;
    private const double Wander = 1.1;
    private const double AbsentShare = 0.012;
    private const double BelowTheTestShare = 0.3;

    public static IEnumerable<DemoResult> Of(DemoTrust trust, PackCollection collection)
    {
        var number = trust.Pack.Collections.ToList().IndexOf(collection);
        var schools = trust.Pack.Schools.ToDictionary(school => school.Urn);
        foreach (var (pupil, yearGroup) in trust.OnRoll(trust.YearOf(collection), collection.DueOn))
        {
            if (!DemoTrust.TestedYears.Contains(yearGroup) || IsLate(collection, pupil, yearGroup)) continue;
            var satOn = collection.SatOn(int.Parse(yearGroup, CultureInfo.InvariantCulture));
            var chance = new Chance(trust.Pack.Seed, HashCode(pupil, number));
            foreach (var (outcome, subject) in Outcomes(trust, schools[pupil.SchoolUrn], pupil, number, chance).Zip(DemoTrust.Subjects))
            {
                var test = new DemoTest(collection.Season, subject, yearGroup);
                yield return new DemoResult(pupil, yearGroup, subject.Code, satOn, test.Outcome(outcome));
            }
        }
    }

    private static bool IsLate(PackCollection collection, DemoPupil pupil, string yearGroup) =>
        collection.Late is { } late && late.Urn == pupil.SchoolUrn && late.YearGroups.Contains(yearGroup);

    private static IEnumerable<string> Outcomes(DemoTrust trust, PackSchool school, DemoPupil pupil, int number, Chance chance)
    {
        var absent = chance.Is(AbsentShare);
        var belowTheTest = pupil.Sen.Values.Contains("E") && pupil.Place % 10 < BelowTheTestShare * 10;
        var middle = (trust.Pack.Collections.Count - 1) / 2.0;
        var time = number - middle;
        var going = school.Level + school.Trend * time + pupil.Course * time;
        foreach (var ability in pupil.Ability)
        {
            var score = 100 + ability + going + chance.Normal(Wander) + chance.Normal(ErrorOfMeasurement);
            yield return belowTheTest ? "B"
                : absent ? "A"
                : Math.Clamp((int)Math.Round(score), Lowest, Highest).ToString(CultureInfo.InvariantCulture);
        }
    }

    // From the UPN's digits, which are the same on every machine, unlike a string's hash.
    private static int HashCode(DemoPupil pupil, int number) =>
        unchecked((int)(long.Parse(pupil.Upn.ToString().AsSpan(1), CultureInfo.InvariantCulture) % 1_000_000_007 * 7 + number));
}
