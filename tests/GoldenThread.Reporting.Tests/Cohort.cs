using GoldenThread.Assessment.Events.V1;
using GoldenThread.Tracking.Events.V1;

namespace GoldenThread.Tests;

/// <summary>Facts about one school's year group at one collection, as the owners of these facts tell them.</summary>
public sealed class Cohort
{
    public const decimal Expected = 100;

    public static readonly DateOnly SatOn = new(2025, 11, 12);

    private readonly List<Guid> pupils = [];

    public int SchoolUrn { get; init; } = ReportingHouse.NewUrn();

    public string YearGroup { get; init; } = "4";

    public string Subject { get; init; } = "reading";

    public string Scale { get; init; } = "standardised";

    public bool Statutory { get; init; }

    public Guid CollectionId { get; init; } = Guid.CreateVersion7();

    public Guid TestId { get; init; } = Guid.CreateVersion7();

    public IReadOnlyList<Guid> Pupils => pupils;

    public SchoolChanged School(string name = "Ashgrove", long version = 1, params int[] predecessors) => new()
    {
        SchoolUrn = SchoolUrn,
        Version = version,
        Name = name,
        Phase = "primary",
        Memberships = [new DatedRange { From = new(2016, 9, 1) }],
        PredecessorUrns = predecessors,
    };

    public CollectionChanged Collection(long version = 1, DateOnly? dueOn = null) => new()
    {
        CollectionId = CollectionId,
        Version = version,
        Name = "Autumn 2025",
        AcademicYear = "2025/26",
        OpensOn = new(2025, 11, 3),
        DueOn = dueOn ?? new(2025, 12, 5),
        LocksOn = new(2025, 12, 19),
    };

    public TestChanged Test(long version = 1, decimal? expectedFrom = Expected, string? subject = null) => new()
    {
        TestId = TestId,
        Version = version,
        Name = "Reading, autumn",
        Subject = subject ?? Subject,
        Scale = Scale,
        LowestScore = 60,
        HighestScore = 140,
        StandardDeviation = 15,
        Reliability = 0.9m,
        Bands = [],
        ExpectedFrom = expectedFrom,
        Codes =
        [
            new ScoreCode { Code = "A", Meaning = "absent", CountsAsNotMet = true },
            new ScoreCode { Code = "L", Meaning = "left", CountsAsNotMet = false },
        ],
        Statutory = Statutory,
    };

    /// <summary>Adds pupils on roll since September; the first of them are in the group.</summary>
    public PupilsChanged Enrol(int count, int inGroup = 0, string group = "disadvantaged", Guid? classId = null)
    {
        var added = Enumerable.Range(0, count).Select(_ => Guid.CreateVersion7()).ToList();
        pupils.AddRange(added);
        return Roster([.. added.Select((id, i) => Pupil(id, 1, i < inGroup ? [group] : [], classId))]);
    }

    public static PupilsChanged Roster(IReadOnlyList<PupilSnapshot> rows) => new()
    {
        ChangeSetId = Guid.CreateVersion7(),
        RecordedAt = DateTimeOffset.UtcNow,
        Count = rows.Count,
        Rows = rows,
    };

    public PupilSnapshot Pupil(Guid id, long version, string[] groups, Guid? classId = null, bool erased = false) => new()
    {
        PupilId = id,
        Version = version,
        Erased = erased,
        Enrolments = erased ? [] : [new PupilEnrolment { SchoolUrn = SchoolUrn, From = new(2025, 9, 1), IsMain = true, YearGroup = YearGroup }],
        Classes = classId is { } c ? [new PupilClass { ClassId = c, From = new(2025, 9, 1) }] : [],
        Groups = [.. groups.Select(g => new PupilGroup { Group = g, DefinitionVersion = 1, From = new(2025, 9, 1) })],
    };

    public RecordedResult Result(Guid pupilId, decimal? score, string? code = null, int version = 1, Guid? resultId = null, DateOnly? satOn = null) => new()
    {
        ResultId = resultId ?? Guid.CreateVersion7(),
        Version = version,
        SchoolUrn = SchoolUrn,
        PupilId = pupilId,
        TestId = TestId,
        CollectionId = CollectionId,
        SatOn = satOn ?? SatOn,
        YearGroup = YearGroup,
        Score = score,
        Code = code,
        RecordedAt = DateTimeOffset.UtcNow,
    };

    public static ResultsRecorded Recorded(params RecordedResult[] rows) => new()
    {
        ChangeSetId = Guid.CreateVersion7(),
        RecordedAt = DateTimeOffset.UtcNow,
        Schools = [.. rows.GroupBy(r => r.SchoolUrn).Select(g => new SchoolCount { SchoolUrn = g.Key, Count = g.Count() })],
        Count = rows.Length,
        Rows = rows,
    };

    /// <summary>A result for each pupil: the first of them at 105, the others at 95.</summary>
    public ResultsRecorded Results(int met) => Recorded([.. pupils.Select((id, i) => Result(id, i < met ? 105 : 95))]);

    /// <summary>Tells all of it: school, collection, test, pupils and results.</summary>
    public async Task TellAsync(ReportingHouse house, int pupils, int met, int inGroup = 0)
    {
        await house.PublishAsync(School());
        await house.PublishAsync(Collection());
        await house.PublishAsync(Test());
        await house.PublishAsync(Enrol(pupils, inGroup));
        await house.PublishAsync(Results(met));
    }
}
