using System.Text.Json;
using GoldenThread.Assessment.Events.V1;

namespace GoldenThread.Assessment.Tests;

/// <summary>The events as they lie on the wire: a field that is renamed, or moved, breaks a consumer that is already running.</summary>
public sealed class EventShapeTests
{
    private static readonly JsonSerializerOptions Wire = new(JsonSerializerDefaults.Web) { WriteIndented = true, IndentSize = 2 };
    private static readonly Guid Id = Guid.Parse("019a8f00-0000-7000-8000-000000000001");
    private static readonly DateTimeOffset At = new(2025, 11, 14, 9, 30, 0, TimeSpan.Zero);

    [Fact]
    public void ResultsRecorded_KeepsItsShape() => Holds(new ResultsRecorded
    {
        ChangeSetId = Id,
        RecordedAt = At,
        Schools = [new SchoolCount { SchoolUrn = 118498, Count = 2 }],
        Count = 2,
        Rows =
        [
            Row() with { Score = 104m },
            Row() with { Version = 2, Code = "A" },
        ],
    });

    [Fact]
    public void CollectionChanged_KeepsItsShape() => Holds(new CollectionChanged
    {
        CollectionId = Id,
        Version = 3,
        Name = "Autumn 2025",
        AcademicYear = "2025/26",
        OpensOn = new DateOnly(2025, 11, 3),
        DueOn = new DateOnly(2025, 12, 5),
        LocksOn = new DateOnly(2025, 12, 12),
        LockedAt = At,
        Tests = [new CollectedTest { TestId = Id, YearGroups = ["3", "4"] }],
    });

    [Fact]
    public void TestChanged_KeepsItsShape() => Holds(new TestChanged
    {
        TestId = Id,
        Version = 1,
        Name = "NTS Reading Year 4 Autumn",
        Subject = "reading",
        Scale = "standardised",
        LowestScore = 60m,
        HighestScore = 140m,
        Mean = 100m,
        StandardDeviation = 15m,
        Reliability = 0.92m,
        Bands = [new TestBand { Name = "Working towards", From = 60m, IsLow = true }, new TestBand { Name = "Expected", From = 93m, IsLow = false }],
        ExpectedFrom = 93m,
        Codes = [new ScoreCode { Code = "A", Meaning = "absent", CountsAsNotMet = true }],
        Statutory = false,
    });

    private static RecordedResult Row() => new()
    {
        ResultId = Id,
        Version = 1,
        SchoolUrn = 118498,
        PupilId = Id,
        TestId = Id,
        CollectionId = Id,
        SatOn = new DateOnly(2025, 11, 14),
        YearGroup = "4",
        RecordedAt = At,
    };

    private static void Holds<T>(T fact)
    {
        var golden = File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "golden", $"{typeof(T).Name}.json")).TrimEnd();
        Assert.Equal(golden, JsonSerializer.Serialize(fact, Wire).ReplaceLineEndings("\n"));
        Assert.Equal(golden, JsonSerializer.Serialize(JsonSerializer.Deserialize<T>(golden, Wire), Wire).ReplaceLineEndings("\n"));
        Assert.Equal("GoldenThread.Assessment.Events.V1", typeof(T).Namespace);
    }
}
