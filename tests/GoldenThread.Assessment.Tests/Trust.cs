using GoldenThread.Assessment.V1;
using GoldenThread.Type.V1;

namespace GoldenThread.Assessment.Tests;

/// <summary>A trust of a test: a data lead, a scale, tests in two subjects and an open collection, all its own.</summary>
public sealed class Trust
{
    private Trust(AssessmentHouse house, TestCaller lead)
    {
        House = house;
        Lead = lead;
    }

    public AssessmentHouse House { get; }

    /// <summary>The trust's data lead.</summary>
    public TestCaller Lead { get; }

    public string Scale { get; } = $"standardised-{Guid.NewGuid():N}"[..30];

    public string ReadingCode { get; } = $"reading-{Guid.NewGuid():N}"[..20];

    public string MathsCode { get; } = $"maths-{Guid.NewGuid():N}"[..20];

    public Test Reading { get; private set; } = null!;

    public Test Maths { get; private set; } = null!;

    public V1.Collection Autumn { get; private set; } = null!;

    /// <summary>A sitting in the autumn collection.</summary>
    public const string SatOn = "2025-11-14";

    public static async Task<Trust> FoundAsync(AssessmentHouse house)
    {
        var trust = new Trust(house, await house.CallerAsync(Role.DataLead));
        await trust.Lead.Scales.PutScaleAsync(trust.ScaleRequest(), trust.Lead.Headers);
        await trust.Lead.Subjects.PutSubjectAsync(new() { Code = trust.ReadingCode, Name = trust.ReadingCode.ToUpperInvariant() }, trust.Lead.Headers);
        await trust.Lead.Subjects.PutSubjectAsync(new() { Code = trust.MathsCode, Name = trust.MathsCode.ToUpperInvariant() }, trust.Lead.Headers);
        trust.Reading = await trust.TestAsync(trust.ReadingCode);
        trust.Maths = await trust.TestAsync(trust.MathsCode);
        trust.Autumn = await trust.CollectionAsync("2025/26", "2025-10-01", "2025-12-12", trust.Reading, trust.Maths);
        return trust;
    }

    public PutScaleRequest ScaleRequest() => new()
    {
        Code = Scale,
        Name = "Standardised score",
        Kind = ScaleKind.Standardised,
        LowestScore = "60",
        HighestScore = "140",
        Mean = "100",
        StandardDeviation = "15",
        Codes =
        {
            new ScoreCode { Code = "A", Meaning = "absent", CountsAsNotMet = true },
            new ScoreCode { Code = "L", Meaning = "left", CountsAsNotMet = false },
        },
    };

    public async Task<Test> TestAsync(string subject, string? name = null)
    {
        var request = new CreateTestRequest
        {
            Name = name ?? $"NTS {subject} {Guid.NewGuid():N}",
            Subject = subject,
            Scale = Scale,
            Reliability = "0.9",
            ExpectedFrom = "95",
            Bands =
            {
                new Band { Name = "Working towards", FromScore = "60", IsLow = true },
                new Band { Name = "Expected", FromScore = "93" },
                new Band { Name = "Greater depth", FromScore = "113" },
            },
        };
        return (await Lead.Tests.CreateTestAsync(request, Lead.Headers)).Test;
    }

    public async Task<V1.Collection> CollectionAsync(string year, string opensOn, string dueOn, params Test[] tests)
    {
        var request = new CreateCollectionRequest
        {
            Name = $"Collection {Guid.NewGuid():N}",
            AcademicYear = year,
            OpensOn = opensOn,
            DueOn = dueOn,
            LocksOn = dueOn,
        };
        request.Tests.AddRange(tests.Select(t => new CollectionTest { TestId = t.TestId, YearGroups = { "3", "4" } }));
        return (await Lead.Collections.CreateCollectionAsync(request, Lead.Headers)).Collection;
    }

    /// <summary>New pupils of Year 4 at a school.</summary>
    public async Task<TestPupil[]> PupilsAsync(int schoolUrn, int count, string yearGroup = "4")
    {
        var pupils = Enumerable.Range(0, count).Select(_ => new TestPupil(schoolUrn, yearGroup)).ToArray();
        foreach (var some in pupils.Chunk(300))
        {
            await House.EnrolAsync(some);
        }

        return pupils;
    }

    /// <summary>A request for a score in reading.</summary>
    public RecordResultRequest Score(TestPupil pupil, string score, string satOn = SatOn) => new()
    {
        SchoolUrn = pupil.SchoolUrn,
        PupilId = pupil.Id,
        TestId = Reading.TestId,
        CollectionId = Autumn.CollectionId,
        SatOn = satOn,
        Score = score,
    };

    public async Task<RecordResultResponse> RecordAsync(TestPupil pupil, string score) =>
        await Lead.Results.RecordResultAsync(Score(pupil, score), Lead.Headers);

    /// <summary>A line of a file: UPN, URN, subject, date, score, code.</summary>
    public string Line(TestPupil pupil, string score, string? subject = null, string satOn = SatOn, string code = "") =>
        $"{pupil.Upn},{pupil.SchoolUrn},{subject ?? ReadingCode},{satOn},{score},{code}";

    public const string Header = "UPN,URN,Subject,Date,Score,Code";

    /// <summary>A file with these lines.</summary>
    public static string File(params IEnumerable<string> lines) => string.Join('\n', [Header, .. lines]) + "\n";
}
