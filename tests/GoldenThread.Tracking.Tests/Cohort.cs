using GoldenThread.Assessment.Events.V1;
using GoldenThread.Tracking.V1;

namespace GoldenThread.Tracking.Tests;

/// <summary>
/// A school of its own with pupils of one year group, a subject of its own, and tests and collections that assessment tells of: what statuses, gaps
/// and threads are made from. Scores are standardised (mean 100, SD 15, reliability .90); bands begin at 93 and 113, the standard is met from 100.
/// </summary>
public sealed class Cohort
{
    public const string YearGroup = "5";
    private static readonly DateOnly FirstDue = new(2025, 10, 1);
    private readonly TrackingHouse house;
    private readonly List<(Guid Test, Guid Collection)> windows = [];
    private readonly Dictionary<(Guid Pupil, Guid Collection), (Guid Id, int Version)> results = [];

    private Cohort(TrackingHouse house, int urn, List<Pupil> pupils)
    {
        this.house = house;
        (Urn, Pupils) = (urn, pupils);
    }

    /// <summary>The school.</summary>
    public int Urn { get; }

    /// <summary>Code of the subject.</summary>
    public string Subject { get; } = $"subject-{Guid.NewGuid():N}"[..20];

    /// <summary>The pupils, as the roster has them.</summary>
    public IReadOnlyList<Pupil> Pupils { get; }

    /// <summary>Id of a pupil by place in the roster.</summary>
    public Guid this[int at] => Guid.Parse(Pupils[at].PupilId);

    /// <summary>
    /// Makes the school and its pupils; those among the first <paramref name="disadvantaged"/> have free school meals, those among the last
    /// <paramref name="yearSix"/> are in Year 6.
    /// </summary>
    public static async Task<Cohort> OfAsync(TrackingHouse house, int pupils, int disadvantaged = 0, int yearSix = 0)
    {
        var urn = await house.SchoolAsync();
        var rows = Enumerable.Range(0, pupils).Select(at => $"{urn},Pupil,{SurnameOf(at, urn)},2016-01-01,F,{(at < pupils - yearSix ? $"{YearGroup},5A" : "6,6A")},2025-09-01,{(at < disadvantaged ? "Y" : "N")}");
        var import = await house.Lead.ImportAsync($"URN,Forename,Surname,DOB,Sex,Year group,Class,From,FSM\n{string.Join('\n', rows)}\n");
        Assert.Equal(pupils, import.PupilsAdded);
        return new Cohort(house, urn, [.. (await house.Lead.ListAsync(urn)).OrderBy(pupil => pupil.Surname, StringComparer.Ordinal)]);
    }

    /// <summary>Surname of a pupil by place in the roster; nobody else has it.</summary>
    public string Surname(int at) => SurnameOf(at, Urn);

    /// <summary>The collection of a window, counted from 0.</summary>
    public string Collection(int window) => windows[window].Collection.ToString();

    /// <summary>One more window: a test and a collection, a month after the last. Tells tracking of the collection, and of the test unless it is to come later.</summary>
    public async Task<int> AddWindowAsync(bool tellTest = true, string scale = "standardised", Guid? test = null, decimal? reliability = 0.9m)
    {
        windows.Add((test ?? Guid.NewGuid(), Guid.NewGuid()));
        await TellCollectionAsync(windows.Count - 1, version: 1, lockedAt: null);
        if (tellTest)
        {
            await TellTestAsync(windows.Count - 1, scale, reliability);
        }

        return windows.Count - 1;
    }

    /// <summary>Tells tracking of which year groups a window takes its test.</summary>
    public Task TakesOfAsync(int window, params string[] yearGroups) => TakesOfAsync(window, version: 2, yearGroups);

    /// <summary>The same, at a version of the collection.</summary>
    public Task TakesOfAsync(int window, long version, params string[] yearGroups) =>
        TellCollectionAsync(window, version, lockedAt: null, [new() { TestId = Test(window), YearGroups = yearGroups }]);

    /// <summary>The test of a window.</summary>
    public Guid Test(int window) => windows[window].Test;

    /// <summary>Tells tracking of a window's test, and waits until it knows.</summary>
    public async Task TellTestAsync(
        int window, string scale = "standardised", decimal? reliability = 0.9m, long version = 1, decimal? expectedFrom = 100)
    {
        var test = windows[window].Test;
        await house.TellAsync(TestOf(Subject, test, version, reliability, scale, expectedFrom));
        await house.KnownAsync("select count(*) from test_copy where test_id = @test and version >= @version", new { test, version });
    }

    /// <summary>A test as assessment tells of it.</summary>
    public static TestChanged TestOf(
        string subject, Guid test, long version, decimal? reliability, string scale = "standardised", decimal? expectedFrom = 100) => new()
        {
            TestId = test,
            Version = version,
            Name = $"Test {test}",
            Subject = subject,
            Scale = scale,
            LowestScore = 60,
            HighestScore = 140,
            Mean = 100,
            StandardDeviation = 15,
            Reliability = reliability,
            Bands = [new() { Name = "low", From = 60, IsLow = true }, new() { Name = "middle", From = 93, IsLow = false }, new() { Name = "high", From = 113, IsLow = false }],
            ExpectedFrom = expectedFrom,
            Codes = [new() { Code = "A", Meaning = "absent", CountsAsNotMet = true }, new() { Code = "J", Meaning = "joined after", CountsAsNotMet = false }],
        };

    /// <summary>Locks a window's collection, and waits until tracking has taken that in, with its fits.</summary>
    public async Task LockAsync(int window, long version = 2)
    {
        await TellCollectionAsync(window, version, DateTimeOffset.UtcNow);
    }

    /// <summary>Scores by place in the roster.</summary>
    public Task RecordAsync(int window, IEnumerable<(int Pupil, decimal Score)> scores) =>
        RecordAsync(window, scores.Select(each => (each.Pupil, (decimal?)each.Score, (string?)null)).ToList());

    /// <summary>A code in place of a score.</summary>
    public Task RecordCodeAsync(int window, int pupil, string code) => RecordAsync(window, [(pupil, null, code)]);

    /// <summary>Tells tracking of results and waits until it has taken them over. A later one for the same pupil is a new version of the first.</summary>
    public async Task RecordAsync(int window, IReadOnlyList<(int Pupil, decimal? Score, string? Code)> outcomes)
    {
        var rows = outcomes.Select(outcome => Row(window, outcome.Pupil, outcome.Score, outcome.Code)).ToList();
        await TellAsync(rows);
        await house.KnownAsync(
            """
            select count(*) from unnest(@ids, @versions) as told(id, version)
            join result_copy r on r.school_urn = @Urn and r.result_id = told.id and r.version >= told.version
            """,
            new { Urn, ids = rows.Select(row => row.ResultId).ToArray(), versions = rows.Select(row => row.Version).ToArray() }, rows.Count);
    }

    /// <summary>The next version of a pupil's result in a window, not told yet.</summary>
    public RecordedResult Row(int window, int pupil, decimal? score, string? code = null)
    {
        var (test, collection) = windows[window];
        var key = (this[pupil], collection);
        var known = results.GetValueOrDefault(key, (Guid.CreateVersion7(), 0));
        results[key] = (known.Item1, known.Item2 + 1);
        return new RecordedResult
        {
            ResultId = known.Item1,
            Version = known.Item2 + 1,
            SchoolUrn = Urn,
            PupilId = this[pupil],
            TestId = test,
            CollectionId = collection,
            SatOn = Due(window).AddDays(-7),
            YearGroup = Pupils[pupil].Enrolments.Single().YearGroup,
            Score = score,
            Code = code,
            RecordedAt = DateTimeOffset.UtcNow,
        };
    }

    /// <summary>Tells tracking of results, without waiting.</summary>
    public Task TellAsync(IReadOnlyList<RecordedResult> rows) => house.TellAsync(new ResultsRecorded
    {
        ChangeSetId = Guid.CreateVersion7(),
        RecordedAt = DateTimeOffset.UtcNow,
        Schools = [new() { SchoolUrn = Urn, Count = rows.Count }],
        Count = rows.Count,
        Rows = rows,
    });

    private static string SurnameOf(int at, int urn) => $"No{at:000}of{urn}";

    private static DateOnly Due(int window) => FirstDue.AddMonths(window);

    private async Task TellCollectionAsync(int window, long version, DateTimeOffset? lockedAt, IReadOnlyList<CollectedTest>? tests = null)
    {
        var collection = windows[window].Collection;
        await house.TellAsync(new CollectionChanged
        {
            CollectionId = collection,
            Version = version,
            Name = $"Window {window} of {Urn}",
            AcademicYear = "2025/26",
            OpensOn = Due(window).AddDays(-14),
            DueOn = Due(window),
            LocksOn = Due(window).AddDays(7),
            LockedAt = lockedAt,
            Tests = tests,
        });
        await house.KnownAsync("select count(*) from collection_copy where collection_id = @collection and version >= @version", new { collection, version });
    }
}
