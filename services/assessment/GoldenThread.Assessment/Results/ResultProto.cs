using GoldenThread.Assessment.Collections;
using GoldenThread.Assessment.Events.V1;
using GoldenThread.Assessment.Internal.V1;
using GoldenThread.Assessment.Scales;
using GoldenThread.Assessment.V1;
using Google.Protobuf.WellKnownTypes;

namespace GoldenThread.Assessment.Results;

/// <summary>Results as contracts and events show them.</summary>
internal static class ResultProto
{
    /// <summary>A change set up to this size travels with its rows.</summary>
    public const int MostInlinedRows = 300;

    public static Result ToProto(this ResultRow row)
    {
        var message = new Result
        {
            ResultId = row.ResultId.ToString(),
            SchoolUrn = row.SchoolUrn,
            PupilId = row.PupilId.ToString(),
            TestId = row.TestId.ToString(),
            Subject = row.Subject,
            CollectionId = row.CollectionId.ToString(),
            SatOn = row.Sitting.Text(),
            YearGroup = row.YearGroup,
            Source = row.Source,
            Version = row.Version,
            RecordedAt = Timestamp.FromDateTimeOffset(row.RecordedAt),
        };
        if (row.Score is { } score)
        {
            message.Score = Numbers.Text(score);
        }
        else
        {
            message.Code = row.Code;
        }

        return message;
    }

    public static ResultVersion ToProto(this ResultVersionRow row) => new()
    {
        Result = ToProto((ResultRow)row),
        RecordedByIssuer = row.Issuer,
        RecordedBySubject = row.RecordedBy,
        SupersededAt = row.SupersededAt is { } at ? Timestamp.FromDateTimeOffset(at) : null,
    };

    public static Result ToProto(this JudgedRow row, RecordingContext recording) => new ResultRow
    {
        ResultId = row.ResultId,
        SchoolUrn = row.SchoolUrn!.Value,
        PupilId = row.PupilId!.Value,
        TestId = row.TestId!.Value,
        Subject = row.Subject!,
        CollectionId = recording.CollectionId,
        Sitting = row.SatOn,
        YearGroup = row.YearGroup!,
        Source = recording.Source,
        Score = row.Score,
        Code = row.Code,
        Version = row.Version,
        RecordedAt = row.RecordedAt,
    }.ToProto();

    public static RecordingEffect Effect(this JudgedRow row) => row.Verdict switch
    {
        Verdict.New => RecordingEffect.New,
        Verdict.Changed => RecordingEffect.Changed,
        _ => RecordingEffect.Unchanged,
    };

    /// <summary>The event of a change set whose written rows are in hand.</summary>
    public static ResultsRecorded ToEvent(this IReadOnlyList<JudgedRow> written, RecordingContext recording) => new()
    {
        ChangeSetId = recording.ChangeSetId,
        RecordedAt = recording.RecordedAt,
        Schools = written
            .GroupBy(r => r.SchoolUrn!.Value)
            .OrderBy(g => g.Key)
            .Select(g => new SchoolCount { SchoolUrn = g.Key, Count = g.Count() })
            .ToList(),
        Count = written.Count,
        Rows = written.Count > MostInlinedRows ? null : written.Select(r => r.ToRecorded(recording)).ToList(),
    };

    public static ResultChange ToChange(this ResultRow row)
    {
        var message = new ResultChange
        {
            ResultId = row.ResultId.ToString(),
            Version = row.Version,
            SchoolUrn = row.SchoolUrn,
            PupilId = row.PupilId.ToString(),
            TestId = row.TestId.ToString(),
            CollectionId = row.CollectionId.ToString(),
            SatOn = row.Sitting.Text(),
            YearGroup = row.YearGroup,
            RecordedAt = Timestamp.FromDateTimeOffset(row.RecordedAt),
        };
        if (row.Score is { } score)
        {
            message.Score = Numbers.Text(score);
        }
        else
        {
            message.Code = row.Code;
        }

        return message;
    }

    public static RecordedResult ToRecorded(this ResultRow row) => new()
    {
        ResultId = row.ResultId,
        Version = row.Version,
        SchoolUrn = row.SchoolUrn,
        PupilId = row.PupilId,
        TestId = row.TestId,
        CollectionId = row.CollectionId,
        SatOn = row.Sitting,
        YearGroup = row.YearGroup,
        Score = row.Score,
        Code = row.Code,
        RecordedAt = row.RecordedAt,
    };

    private static RecordedResult ToRecorded(this JudgedRow row, RecordingContext recording) => new()
    {
        ResultId = row.ResultId,
        Version = row.Version,
        SchoolUrn = row.SchoolUrn!.Value,
        PupilId = row.PupilId!.Value,
        TestId = row.TestId!.Value,
        CollectionId = recording.CollectionId,
        SatOn = row.SatOn,
        YearGroup = row.YearGroup!,
        Score = row.Score,
        Code = row.Code,
        RecordedAt = row.RecordedAt,
    };
}
