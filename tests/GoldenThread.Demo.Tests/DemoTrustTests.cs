using System.Globalization;
using System.Text.Json;
using GoldenThread.Demo.Files;
using GoldenThread.Demo.Trust;
using GoldenThread.Education;

namespace GoldenThread.Demo.Tests;

public class DemoTrustTests
{
    private static readonly string Packs = Path.Combine(AppContext.BaseDirectory, "packs");
    private static readonly DemoTrust Trust = DemoTrust.From(DemoPack.Read(Packs));

    // Forenames and surnames that are common in England (ONS baby names 2023; surnames of the 1881 and 2011 censuses).
    private static readonly string[] RealNames =
    [
        "Olivia", "Amelia", "Isla", "Lily", "Ava", "Freya", "Ivy", "Florence", "Muhammad", "Noah", "Oliver", "Arthur", "George", "Leo", "Theo",
        "Smith", "Jones", "Taylor", "Brown", "Williams", "Wilson", "Johnson", "Davies", "Patel", "Khan", "Robinson", "Wright", "Thompson",
    ];

    [Fact]
    public void TheSamePack_MakesTheSameTrust()
    {
        var again = DemoTrust.From(DemoPack.Read(Packs));

        Assert.Equal(Everything(Trust), Everything(again));
    }

    [Fact]
    public void AnotherSeed_MakesOtherPupils()
    {
        var pack = DemoPack.Read(Packs);

        var other = DemoTrust.From(pack with { Seed = pack.Seed + 1 });

        Assert.NotEqual(RosterFile.Of(Trust, Trust.Today), RosterFile.Of(other, Trust.Today));
    }

    [Fact]
    public void OnEverySchoolDayOfTheLastYear_ThreeThousandPupilsAreOnRoll()
    {
        foreach (var term in Trust.Today.Terms)
        {
            Assert.Equal(3000, Trust.OnRoll(Trust.Today, term.From).Count());
        }
    }

    [Fact]
    public void PupilsOnRoll_AreInReceptionToYearSix()
    {
        var years = Trust.OnRoll(Trust.Today, Trust.Today.FirstDay).Select(entry => entry.YearGroup).Distinct().Order(StringComparer.Ordinal);

        Assert.Equal(["1", "2", "3", "4", "5", "6", "R"], years);
    }

    [Fact]
    public void EveryUpn_IsValidAndUnique()
    {
        var upns = Trust.Pupils.Select(pupil => pupil.Upn.ToString()).ToList();

        Assert.All(upns, upn => Assert.True(Upn.TryParse(upn, out _)));
        Assert.Equal(upns.Count, upns.Distinct().Count());
    }

    [Fact]
    public void PupilsNames_AreInvented()
    {
        Assert.All(Trust.Pupils, pupil =>
        {
            Assert.True(InventedNames.IsForename(pupil.Forename));
            Assert.True(InventedNames.IsSurname(pupil.Surname));
            Assert.DoesNotContain(pupil.Forename, RealNames, StringComparer.OrdinalIgnoreCase);
            Assert.DoesNotContain(pupil.Surname, RealNames, StringComparer.OrdinalIgnoreCase);
        });
    }

    [Fact]
    public void NoTwoPupils_ShareNameAndBirthday()
    {
        // A roster would ask a person whether they are one.
        var who = Trust.Pupils.Select(pupil => (pupil.Forename, pupil.Surname, pupil.BornOn)).ToList();

        Assert.Equal(who.Count, who.Distinct().Count());
    }

    [Fact]
    public void Schools_AreTenAndInNumbersNobodyHas()
    {
        Assert.Equal(10, Trust.Pack.Schools.Count);
        Assert.All(Trust.Pack.Schools, school =>
        {
            Assert.InRange(school.Urn, 900000, 999999);
            Assert.True(Laestab.TryParse(school.Laestab, out var laestab));
            Assert.Equal(999, laestab.LocalAuthority);
        });
    }

    [Fact]
    public void EachOfTheFourCategories_HasASchool()
    {
        var current = Trust.Pack.Schools.Select(school => school.Categories[^1].Category).Distinct().Order(StringComparer.Ordinal);

        Assert.Equal(["CATEGORY_REFINE", "CATEGORY_REINFORCE", "CATEGORY_STABILISE", "CATEGORY_SUSTAIN"], current);
    }

    [Fact]
    public void Categories_FollowOneAnother()
    {
        Assert.All(Trust.Pack.Schools, school => Assert.Equal(school.Categories.OrderBy(category => category.From), school.Categories));
    }

    [Fact]
    public void EverySitting_LiesOnASchoolDayOfItsWindow()
    {
        foreach (var collection in Trust.Pack.Collections)
        {
            var year = Trust.YearOf(collection);
            foreach (var satOn in Trust.Results(collection).Select(result => result.SatOn).Distinct())
            {
                Assert.InRange(satOn, collection.OpensOn, collection.DueOn);
                Assert.Contains(year.Terms, term => term.From <= satOn && satOn <= term.To);
                Assert.DoesNotContain(satOn, year.Inset);
                Assert.False(satOn.DayOfWeek is DayOfWeek.Saturday or DayOfWeek.Sunday);
            }
        }
    }

    [Fact]
    public void EveryCollectionButTheLast_IsComplete()
    {
        Assert.Equal(6, Trust.Pack.Collections.Count);
        Assert.All(Trust.Pack.Collections.Take(5), collection => Assert.Equal(Trust.ExpectedEntries(collection), Trust.Results(collection).Count()));
    }

    [Fact]
    public void TheLastCollection_LacksTheYearsOfOneSchool()
    {
        var last = Trust.Pack.Collections[^1];

        var missing = Trust.OnRoll(Trust.YearOf(last), last.DueOn)
            .Where(entry => DemoTrust.TestedYears.Contains(entry.YearGroup))
            .Select(entry => (entry.Pupil.SchoolUrn, entry.YearGroup))
            .Distinct()
            .Except(Trust.Results(last).Select(result => (result.Pupil.SchoolUrn, result.YearGroup)));

        Assert.Equal([(900106, "5"), (900106, "6")], missing.Order());
    }

    [Fact]
    public void DisadvantagedPupils_ScoreAboutFivePointsLower()
    {
        var scores = Scores(Trust.Pack.Collections[4]).ToList();

        var gap = scores.Where(s => s.Pupil.IsDisadvantaged).Average(s => s.Score) - scores.Where(s => !s.Pupil.IsDisadvantaged).Average(s => s.Score);

        Assert.InRange(gap, -9, -4);
    }

    [Fact]
    public void Scores_HaveTheSpreadOfAStandardisedTest()
    {
        var scores = Scores(Trust.Pack.Collections[2]).Select(s => s.Score).ToList();
        var mean = scores.Average();
        var deviation = Math.Sqrt(scores.Average(score => (score - mean) * (score - mean)));

        Assert.InRange(mean, 97, 104);
        Assert.InRange(deviation, 12, 16);
    }

    [Fact]
    public void YearSix_HasKeyStage2ScoresInTheSummer_NearTheNationalOnes()
    {
        foreach (var collection in Trust.Pack.Collections)
        {
            var tests = DemoTrust.Tests(collection.Season).Where(test => test.IsKeyStage2).Select(test => (test.Subject.Code, test.YearGroup));
            Assert.Equal(collection.Season == "Summer" ? [("reading", "6"), ("maths", "6")] : [], tests);
        }

        var summer = Trust.Pack.Collections[2];
        var scores = Trust.Results(summer).Where(result => TestOf(summer, result).IsKeyStage2 && result.Outcome is not ("A" or "B"))
            .Select(result => int.Parse(result.Outcome, CultureInfo.InvariantCulture)).ToList();
        Assert.All(scores, score => Assert.InRange(score, 80, 120));
        Assert.InRange(scores.Average(), 102, 108);
        Assert.InRange(scores.Count(score => score >= 100) / (double)scores.Count, 0.6, 0.85);
    }

    [Theory]
    [InlineData(900103, 4, 12)]
    [InlineData(900104, -12, -4)]
    public void OneSchoolImprovesAndOneDeclines(int urn, double least, double most)
    {
        double Mean(PackCollection collection) => Scores(collection).Where(s => s.Pupil.SchoolUrn == urn).Average(s => s.Score);

        Assert.InRange(Mean(Trust.Pack.Collections[^1]) - Mean(Trust.Pack.Collections[0]), least, most);
    }

    [Fact]
    public void ASmallSchool_HasGroupsOfFiveAndFewer()
    {
        var disadvantaged = Trust.OnRoll(Trust.Today, Trust.Today.FirstDay)
            .Where(entry => entry.Pupil.SchoolUrn == 900110 && entry.Pupil.IsDisadvantaged)
            .GroupBy(entry => entry.YearGroup);

        Assert.Contains(disadvantaged, group => group.Count() is >= 1 and <= 5);
    }

    [Fact]
    public void EveryDemoSignIn_IsAPersonWithARole()
    {
        string[] signIns =
        [
            "board", "ceo", "deputy-ceo", "data-lead", "reviewer", "head", "senior-leader", "subject-leader", "senco", "designated-teacher",
            "safeguarding-lead", "teacher", "governor", "committee", "trust-it",
        ];
        var pack = Trust.Pack;
        var granted = pack.TrustGrants.Concat(pack.SchoolsGrants).Concat(pack.HomeSchoolGrants).Select(grant => grant.SignIn).Append("trust-it");

        Assert.Equal(signIns.Order(), Trust.Staff.Select(person => person.SignIn).OfType<string>().Order());
        Assert.Empty(signIns.Except(granted));
    }

    [Fact]
    public void EveryDutyOfAVisit_IsSomebodys()
    {
        using var offer = JsonDocument.Parse(File.ReadAllText(Path.Combine(Packs, "engagement-offer", "offer.json")));
        var slots = offer.RootElement.GetProperty("rows").EnumerateArray()
            .Where(row => row.GetProperty("kind").GetString() is "ENTITLEMENT_KIND_VISITS" or "ENTITLEMENT_KIND_TERMLY_VISITS")
            .SelectMany(row => row.GetProperty("cells").EnumerateArray())
            .SelectMany(cell => cell.GetProperty("team").EnumerateArray())
            .Select(slot => slot.GetProperty("duties").EnumerateArray().Select(duty => duty.GetString()!).ToList());
        var duties = Trust.Staff.SelectMany(person => person.Duties).ToHashSet();

        Assert.All(slots, slot => Assert.Contains(slot, duties.Contains));
    }

    [Fact]
    public void PeopleOfOneSchool_HaveDifferentNames()
    {
        var names = Trust.Staff.Select(person => (person.SchoolUrn, person.Name)).ToList();

        Assert.Equal(names.Count, names.Distinct().Count());
    }

    private static IEnumerable<(DemoPupil Pupil, int Score)> Scores(PackCollection collection) => Trust.Results(collection)
        .Where(result => !TestOf(collection, result).IsKeyStage2 && int.TryParse(result.Outcome, CultureInfo.InvariantCulture, out _))
        .Select(result => (result.Pupil, int.Parse(result.Outcome, CultureInfo.InvariantCulture)));

    private static DemoTest TestOf(PackCollection collection, DemoResult result) =>
        new(collection.Season, DemoTrust.Subjects.Single(subject => subject.Code == result.Subject), result.YearGroup);

    private static string Everything(DemoTrust trust) => string.Concat(trust.Pack.Years.Select(year => RosterFile.Of(trust, year)))
        + string.Concat(trust.Pack.Collections.Select(collection => ResultFile.Of(trust, collection)))
        + string.Join('\n', trust.Staff.Select(person => $"{person.Key} {person.Name} {person.SchoolUrn}"));
}
