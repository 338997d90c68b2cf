using GoldenThread.Assessment.V1;
using GoldenThread.Education;
using GoldenThread.ServiceDefaults;

namespace GoldenThread.Assessment.Results;

/// <summary>One result as a caller gives it, read but not yet judged.</summary>
internal sealed record Recording
{
    private const int LongestCode = 10;

    public required int? SchoolUrn { get; init; }

    public Guid? PupilId { get; init; }

    public string? Upn { get; init; }

    public string? EntrySubject { get; init; }

    public Guid? TestId { get; init; }

    public required DateOnly SatOn { get; init; }

    public decimal? Score { get; init; }

    public string? Code { get; init; }

    /// <summary>The id the result gets if it is new.</summary>
    public Guid ResultId { get; init; } = Guid.CreateVersion7();

    public static Recording From(RecordResultRequest request) => new()
    {
        SchoolUrn = request.SchoolUrn,
        PupilId = request.HasPupilId ? Fields.Id(request.PupilId, "pupil_id") : null,
        Upn = request.HasUpn ? UpnOf(request.Upn, "upn") : request.HasPupilId ? null : throw Verdict.Refuse("PUPIL_MISSING", null),
        TestId = Fields.Id(request.TestId, "test_id"),
        SatOn = Fields.Day(request.SatOn, "sat_on"),
        Score = request.HasScore ? Fields.Decimal(request.Score, "score") : null,
        Code = request.HasCode ? CodeOf(request.Code, "code") : request.HasScore ? null : throw Verdict.Refuse("VALUE_MISSING", null),
    };

    public static Recording From(ResultEntry entry, int schoolUrn, int index)
    {
        var at = $"results[{index}].";
        return new()
        {
            SchoolUrn = schoolUrn,
            PupilId = entry.HasPupilId ? Fields.Id(entry.PupilId, at + "pupil_id") : null,
            Upn = entry.HasUpn ? UpnOf(entry.Upn, at + "upn") : entry.HasPupilId ? null : throw Verdict.Refuse("PUPIL_MISSING", null, at),
            TestId = Fields.Id(entry.TestId, at + "test_id"),
            SatOn = Fields.Day(entry.SatOn, at + "sat_on"),
            Score = entry.HasScore ? Fields.Decimal(entry.Score, at + "score") : null,
            Code = entry.HasCode ? CodeOf(entry.Code, at + "code") : entry.HasScore ? null : throw Verdict.Refuse("VALUE_MISSING", null, at),
        };
    }

    /// <summary>Whose record of a sitting it is: the partner's own, or what a person says.</summary>
    public static string SourceOf(Caller caller, string asked)
    {
        if (caller.ClientId is { } client && client == caller.Subject)
        {
            return asked.Length == 0 ? $"partner:{client}" : throw Errors.SourceInvalid();
        }

        return asked switch
        {
            "" or "manual" => "manual",
            "import" => "import",
            _ => throw Errors.SourceInvalid(),
        };
    }

    private static string UpnOf(string text, string field) =>
        Education.Upn.TryParse(text, out var upn, out var problem) ? upn.ToString() : throw Refusal.InvalidField("UPN_INVALID", field, problem);

    private static string CodeOf(string text, string field) => Fields.Text(text, field, LongestCode);
}

/// <summary>A row after judgement: as it now stands, or why it does not.</summary>
internal sealed record JudgedRow
{
    public required int Line { get; init; }

    public required string Verdict { get; init; }

    public int? SchoolUrn { get; init; }

    public Guid? PupilId { get; init; }

    public Guid? TestId { get; init; }

    public string? Subject { get; init; }

    public string? YearGroup { get; init; }

    public required DateOnly SatOn { get; init; }

    public decimal? Score { get; init; }

    public string? Code { get; init; }

    public decimal? LowestScore { get; init; }

    public decimal? HighestScore { get; init; }

    public int? Decimals { get; init; }

    public required Guid ResultId { get; init; }

    public required int Version { get; init; }

    public required DateTimeOffset RecordedAt { get; init; }

    /// <summary>False where another change of the same result came in between.</summary>
    public required bool Applied { get; init; }

    public ScoreRange? Range => LowestScore is { } low && HighestScore is { } high && Decimals is { } decimals ? new(low, high, decimals) : null;
}

/// <summary>The circumstances under which rows are recorded.</summary>
internal sealed record RecordingContext
{
    public required Authority By { get; init; }

    public required Guid CollectionId { get; init; }

    public required string Source { get; init; }

    public required DateOnly Today { get; init; }

    public required DateTimeOffset RecordedAt { get; init; }

    public Guid ChangeSetId { get; init; } = Guid.CreateVersion7();
}
