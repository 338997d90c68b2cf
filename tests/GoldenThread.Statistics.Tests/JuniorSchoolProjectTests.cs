using System.Globalization;
using System.Text.Json;
using GoldenThread.TestSupport;

namespace GoldenThread.Statistics.Tests;

/// <summary>
/// Real pupils: this library against figures computed without it (tests/independent/jsp/figures.py, standard Python).
/// </summary>
public class JuniorSchoolProjectTests
{
    private const double Exact = 1e-7;
    private static readonly int[] Years = [0, 1, 2];
    private static readonly JsonElement Figures = JsonDocument.Parse(
        File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, "independent/jsp/figures.json"))).RootElement;

    private readonly List<Pupil> pupils = Read();

    private sealed record Pupil(string Sex, int Social, Dictionary<(string Subject, int Year), double> Marks);

    [Fact]
    public void MeansAndGaps_AreTheIndependentOnes()
    {
        foreach (var expected in Figures.GetProperty("means").EnumerateArray())
        {
            var sample = Sample.Of(Marks(expected, "group"));
            Assert.Equal(expected.GetProperty("n").GetInt32(), sample.N);
            Close(expected, "mean", sample.Mean);
            Close(expected, "sd", sample.Sd);
        }
        foreach (var expected in Figures.GetProperty("meanGaps").EnumerateArray())
        {
            var group = Sample.Of(Marks(expected, "group"));
            var comparator = Sample.Of(Marks(expected, "comparator"));
            Close(expected, "difference", Means.WelchDifference(group, comparator));
            Close(expected, "hedgesG", Means.HedgesG(group, comparator).Point);
        }
    }

    [Fact]
    public void ProportionsAndTheirGaps_AreTheIndependentOnes()
    {
        foreach (var expected in Figures.GetProperty("proportions").EnumerateArray())
        {
            var proportion = Share(expected, "group");
            Assert.Equal(expected.GetProperty("count").GetInt32(), proportion.Count);
            Close(expected, "proportion", Proportions.Wilson(proportion));
        }
        foreach (var expected in Figures.GetProperty("proportionGaps").EnumerateArray())
        {
            var group = Share(expected, "group");
            var comparator = Share(expected, "comparator");
            Close(expected, "difference", Proportions.NewcombeDifference(group, comparator));
            FigureAssert.Value(expected.GetProperty("wholePupils").GetInt32(), WholePupils.OfGap(group, comparator), 12);
        }
    }

    [Fact]
    public void Fits_AreTheIndependentOnes()
    {
        foreach (var expected in Figures.GetProperty("fits").EnumerateArray())
        {
            var subject = expected.GetProperty("subject").GetString()!;
            var fit = Fit(subject, expected.GetProperty("prior").GetInt32(), expected.GetProperty("current").GetInt32());
            Assert.Equal(expected.GetProperty("n").GetInt32(), fit.N);
            Close(expected, "slope", fit.Slope);
            Close(expected, "intercept", fit.Intercept);
            Close(expected, "residualSd", fit.ResidualSd);
        }
    }

    [Fact]
    public void StatusesOfEveryGroup_AreTheIndependentOnes()
    {
        foreach (var expected in Figures.GetProperty("statuses").EnumerateArray())
        {
            var subject = expected.GetProperty("subject").GetString()!;
            var year = expected.GetProperty("year").GetInt32();
            var judged = pupils.Where(Member(expected.GetProperty("group").GetString()!))
                .Select(pupil => Judge(pupil, subject, year).Status)
                .CountBy(status => status)
                .ToDictionary();
            var counts = expected.GetProperty("counts").EnumerateObject()
                .ToDictionary(count => Enum.Parse<ProgressStatus>(count.Name, ignoreCase: true), count => count.Value.GetInt32());
            foreach (var (status, count) in counts)
                Assert.True(count == judged.GetValueOrDefault(status), $"{expected}: {status} is {judged.GetValueOrDefault(status)}");
        }
    }

    private static List<Pupil> Read()
    {
        var lines = File.ReadLines(SharedData.Path("real/jsp/jsp.csv")).Skip(1)
            .Select(line => line.Replace("\"", "", StringComparison.Ordinal).Split(','));
        return [.. lines.GroupBy(cells => cells[6]).Select(rows => new Pupil(
            rows.First()[3],
            Number(rows.First()[4]),
            rows.SelectMany(cells => new[]
            {
                (Key: ("english", Number(cells[9])), Mark: (double)Number(cells[7])),
                (Key: ("maths", Number(cells[9])), Mark: (double)Number(cells[8])),
            }).ToDictionary(mark => mark.Key, mark => mark.Mark)))];
    }

    private static int Number(string cell) => int.Parse(cell, CultureInfo.InvariantCulture);

    private static JsonElement Declared(string subject, int year) =>
        Figures.GetProperty("declared").GetProperty("tests").EnumerateArray().Single(test =>
            test.GetProperty("subject").GetString() == subject && test.GetProperty("year").GetInt32() == year);

    private static TestNorm Norm(string subject, int year)
    {
        var test = Declared(subject, year);
        return new TestNorm(
            test.GetProperty("normMean").GetDouble(),
            test.GetProperty("normSd").GetDouble(),
            test.GetProperty("reliability").GetDouble());
    }

    private static BandSet Bands(string subject, int year)
    {
        var test = Declared(subject, year);
        return BandSet.LowMiddleHigh(test.GetProperty("middleFrom").GetDouble(), test.GetProperty("highFrom").GetDouble());
    }

    private static Func<Pupil, bool> Member(string group) => group switch
    {
        "all" => _ => true,
        "girls" => pupil => pupil.Sex == "girl",
        "boys" => pupil => pupil.Sex == "boy",
        "social7to9" => pupil => pupil.Social >= 7,
        "social1to6" => pupil => pupil.Social <= 6,
        _ => throw new InvalidDataException($"figures.json names the unknown group {group}."),
    };

    private List<double> Marks(JsonElement expected, string side)
    {
        var key = (expected.GetProperty("subject").GetString()!, expected.GetProperty("year").GetInt32());
        return [.. pupils.Where(Member(expected.GetProperty(side).GetString()!))
            .Where(pupil => pupil.Marks.ContainsKey(key)).Select(pupil => pupil.Marks[key])];
    }

    private Proportion Share(JsonElement expected, string side)
    {
        var bands = Bands(expected.GetProperty("subject").GetString()!, expected.GetProperty("year").GetInt32());
        var wantsLow = expected.GetProperty("measure").GetString() == "low";
        var marks = Marks(expected, side);
        return new Proportion(marks.Count(mark => bands.Of(mark).IsLow == wantsLow), marks.Count);
    }

    private PriorScoreFit Fit(string subject, int prior, int current)
    {
        var scores = pupils.Select(pupil => pupil.Marks)
            .Where(marks => marks.ContainsKey((subject, prior)) && marks.ContainsKey((subject, current)))
            .Select(marks => (marks[(subject, prior)], marks[(subject, current)]))
            .ToList();
        var rule = ProgressRule.Default;
        Assert.True(PriorScoreFit.TryFit(
            scores, Norm(subject, prior), Norm(subject, current), rule.MinimumFitPupils, out var fit, out _));
        return fit;
    }

    private readonly Dictionary<(string, int, int), PriorScoreFit> fits = [];

    private Progress Judge(Pupil pupil, string subject, int year)
    {
        var scored = Years.Where(earlier => earlier < year && pupil.Marks.ContainsKey((subject, earlier))).Reverse().ToList();
        return ProgressDecision.Decide(
            pupil.Marks.ContainsKey((subject, year)) ? Window(pupil, subject, year) : null,
            [.. scored.Select(earlier => Window(pupil, subject, earlier))],
            scored.Count > 0 ? Frozen(subject, scored[0], year) : null,
            scored.Count > 1 ? Frozen(subject, scored[1], year) : null,
            ProgressRule.Default);
    }

    private PriorScoreFit Frozen(string subject, int prior, int current)
    {
        if (!fits.TryGetValue((subject, prior, current), out var fit))
            fits[(subject, prior, current)] = fit = Fit(subject, prior, current);
        return fit;
    }

    private static ScoredWindow Window(Pupil pupil, string subject, int year)
    {
        var mark = pupil.Marks[(subject, year)];
        return new ScoredWindow(mark, Norm(subject, year), Bands(subject, year).Of(mark));
    }

    private static void Close(JsonElement expected, string property, double? actual) =>
        Assert.Equal(expected.GetProperty(property).GetDouble(), actual!.Value, Exact);

    private static void Close(JsonElement expected, string point, Figure actual)
    {
        var estimate = Assert.IsType<Figure.Estimate>(actual);
        Close(expected, "lower", estimate.Low);
        Close(expected, point, estimate.Middle);
        Close(expected, "upper", estimate.High);
    }
}
