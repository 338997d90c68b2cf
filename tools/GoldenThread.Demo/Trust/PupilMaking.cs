using System.Globalization;
using GoldenThread.Education;

namespace GoldenThread.Demo.Trust;

/// <summary>Makes the pupils of all cohorts that were at school in the years of the pack.</summary>
internal static class PupilMaking
{
    private const int YearsOfPrimary = 7;
    private const double LeaverShare = 0.015;
    private const double JoinerShare = 0.03;

    // Shares of a coastal county's primaries, rounded: enough of each main group to compare, some of them small.
    private static readonly (string Thing, double Weight)[] Ethnicities =
    [
        ("WBRI", 70), ("WOTH", 8), ("WIRI", 0.5), ("MWBC", 1.5), ("MWAS", 1.8), ("MOTH", 2), ("AIND", 3), ("APKN", 1.5), ("ABAN", 1.2), ("AOTH", 2.5),
        ("BCRB", 0.8), ("BAFR", 5), ("BOTH", 0.7), ("CHNE", 0.6), ("OOTH", 1.5),
    ];

    private static readonly (string Thing, double Weight)[] EalEthnicities =
        [("WOTH", 34), ("AIND", 14), ("APKN", 7), ("ABAN", 7), ("AOTH", 11), ("BAFR", 17), ("CHNE", 3), ("OOTH", 7)];

    public static List<DemoPupil> All(DemoPack pack)
    {
        var sizes = CohortSizes(pack);
        return [.. pack.Schools.SelectMany(school => OfSchool(pack, school, sizes[school.Urn]))];
    }

    /// <summary>Pupils of each cohort still at school in the last year; the few that are missing to the round number go to the largest schools.</summary>
    private static Dictionary<int, int[]> CohortSizes(DemoPack pack)
    {
        var sizes = pack.Schools.ToDictionary(school => school.Urn, school => Enumerable.Repeat(school.Intake, YearsOfPrimary).ToArray());
        var largest = pack.Schools.OrderByDescending(school => school.Intake).ThenBy(school => school.Urn).ToList();
        var missing = pack.PupilsOnRoll - sizes.Values.Sum(cohorts => cohorts.Sum());
        for (var i = 0; i < Math.Abs(missing); i++)
        {
            sizes[largest[i % largest.Count].Urn][i / largest.Count % YearsOfPrimary] += Math.Sign(missing);
        }

        return sizes;
    }

    private static IEnumerable<DemoPupil> OfSchool(DemoPack pack, PackSchool school, int[] sizes)
    {
        var chance = new Chance(pack.Seed, school.Urn);
        var first = AcademicYear.Parse(pack.Years[0].AcademicYear).StartYear;
        var last = AcademicYear.Parse(pack.Years[^1].AcademicYear).StartYear;
        for (var reception = first - (YearsOfPrimary - 1); reception <= last; reception++)
        {
            var age = last - reception;
            var staying = age < YearsOfPrimary ? sizes[age] : school.Intake;
            // Who came this year has not left yet, so that the number on roll is the pack's on every day of it.
            var leavers = age == 0 ? 0 : Math.Max(0, (int)Math.Round(staying * LeaverShare + chance.Normal(0.5)));
            for (var place = 0; place < staying + leavers; place++)
            {
                yield return Pupil(pack, school, chance, reception, place, leaves: place >= staying);
            }
        }
    }

    private static DemoPupil Pupil(DemoPack pack, PackSchool school, Chance chance, int reception, int place, bool leaves)
    {
        var girl = chance.Is(0.49);
        var born = new DateOnly(reception - 5, 9, 1).AddDays(chance.Below(365));
        var eal = chance.Is(school.Eal);
        var disadvantaged = chance.Is(school.Disadvantaged);
        var sen = SenOf(pack, chance, disadvantaged ? 0.2 : 0.12);
        var care = chance.Is(0.006);
        var leftCare = !care && chance.Is(0.008);
        var pupil = new DemoPupil
        {
            Upn = Upn.FromBody(string.Create(CultureInfo.InvariantCulture, $"{school.Laestab}{reception % 100:00}{place + 1:000}")),
            SchoolUrn = school.Urn,
            ReceptionYear = reception,
            Place = place,
            Forename = InventedNames.Forename(chance, girl),
            Surname = InventedNames.Surname(chance),
            BornOn = born,
            IsGirl = girl,
            FsmYears = disadvantaged ? FsmYears(pack, chance) : [],
            Sen = sen,
            Eal = eal,
            Ethnicity = chance.OneOf(eal ? EalEthnicities : Ethnicities),
            LookedAfterYears = care ? LastYears(pack, 1 + chance.Below(3)) : [],
            LeftCare = leftCare ? chance.OneOf((string[])["adoption", "sgo", "cao"]) : "",
            Ability = [],
            Course = Course(chance),
        };
        pupil = pupil with { Ability = Abilities(school, chance, pupil) };
        return WithMove(pack, chance, pupil, leaves);
    }

    // Most had free school meals throughout; some lost them and count for six years, some came to them later.
    private static List<int> FsmYears(DemoPack pack, Chance chance)
    {
        var starts = Starts(pack);
        return chance.Below(10) switch
        {
            0 => [starts[0]],
            1 => [.. starts.Skip(1)],
            2 => [starts[^1]],
            _ => starts,
        };
    }

    private static Dictionary<int, string> SenOf(DemoPack pack, Chance chance, double share)
    {
        var starts = Starts(pack);
        if (!chance.Is(share)) return starts.ToDictionary(start => start, _ => "");
        var code = chance.Is(0.18) ? "E" : "K";
        var since = chance.Is(0.3) ? starts[chance.Below(starts.Count)] : starts[0];
        return starts.ToDictionary(start => start, start => start >= since ? code : "");
    }

    private static List<int> LastYears(DemoPack pack, int years) => [.. Starts(pack).TakeLast(years)];

    private static List<int> Starts(DemoPack pack) => [.. pack.Years.Select(year => AcademicYear.Parse(year.AcademicYear).StartYear)];

    // Two in a hundred slip away and two catch up, steadily; the rest go their way with small steps.
    private static double Course(Chance chance) => chance.Below(100) switch
    {
        < 2 => -3,
        < 4 => 3,
        _ => chance.Normal(0.3),
    };

    private static double[] Abilities(PackSchool school, Chance chance, DemoPupil pupil)
    {
        var sen = pupil.Sen.Values.Contains("E") ? -17 : pupil.Sen.Values.Contains("K") ? -9 : 1.5;
        var youngest = pupil.BornOn.Month is >= 4 and <= 8 ? -1.2 : 0.8;
        var gap = pupil.IsDisadvantaged ? school.DisadvantageGap * (1 - school.Disadvantaged) : -school.DisadvantageGap * school.Disadvantaged;
        var general = chance.Normal(10.5) + sen + youngest + gap;
        double Own(double girls, double boys, double eal) => general + chance.Normal(4.5) + (pupil.IsGirl ? girls : boys) + (pupil.Eal ? eal : 0);
        return [Own(1.3, -1.3, -2.5), Own(2.2, -2.2, -2), Own(-0.8, 0.8, 0.5)];
    }

    // Who comes or goes does so between terms.
    private static DemoPupil WithMove(DemoPack pack, Chance chance, DemoPupil pupil, bool leaves)
    {
        var terms = pack.Years
            .Where(year => pupil.YearGroup(AcademicYear.Parse(year.AcademicYear).StartYear) is not null)
            .SelectMany(year => year.Terms.Select(term => (Term: term, IsToday: year == pack.Years[^1])))
            .ToList();
        var past = terms.Where(term => !term.IsToday).ToList();
        if (leaves)
        {
            // A leaver was here for a term at least, and is gone before the last year.
            return pupil with { LeftOn = chance.OneOf(past).Term.To };
        }

        return past.Count > 1 && chance.Is(JoinerShare) ? pupil with { JoinedOn = chance.OneOf(past.Skip(1).ToList()).Term.From } : pupil;
    }
}
