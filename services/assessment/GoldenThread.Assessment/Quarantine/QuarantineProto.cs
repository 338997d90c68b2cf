using GoldenThread.Assessment.V1;
using GoldenThread.ServiceDefaults;
using Google.Protobuf.WellKnownTypes;

namespace GoldenThread.Assessment.Quarantine;

/// <summary>Quarantined rows as contracts show them.</summary>
internal static class QuarantineProto
{
    public static QuarantinedRow ToProto(this QuarantineRow row) => new()
    {
        QuarantinedRowId = row.QuarantinedRowId.ToString(),
        ImportId = row.ImportId.ToString(),
        CollectionId = row.CollectionId.ToString(),
        Line = row.Line,
        State = row.StateNow,
        Reason = row.Reason,
        Detail = row.Detail,
        Fields = new ResultFields
        {
            Upn = row.Upn,
            PupilId = row.PupilId,
            SchoolUrn = row.SchoolUrn,
            Subject = row.Subject,
            Test = row.Test,
            SatOn = row.SatOn,
            Score = row.Score,
            Code = row.Code,
        },
        QuarantinedAt = Timestamp.FromDateTimeOffset(row.QuarantinedAt),
        ClosedAt = row.ClosedAt is { } at ? Timestamp.FromDateTimeOffset(at) : null,
        Etag = Etag.Of(row.Version),
    };
}
