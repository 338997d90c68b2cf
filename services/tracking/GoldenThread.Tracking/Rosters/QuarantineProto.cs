using System.Text.Json;
using GoldenThread.ServiceDefaults;
using GoldenThread.Tracking.V1;
using Google.Protobuf.WellKnownTypes;

namespace GoldenThread.Tracking.Rosters;

/// <summary>Quarantined rows as contracts show them.</summary>
internal static class QuarantineProto
{
    /// <summary>The cells by header.</summary>
    public static Dictionary<string, string> ReadCells(this QuarantinedRowRow row) =>
        JsonSerializer.Deserialize<Dictionary<string, string>>(row.Cells) ?? [];

    /// <summary>The row; of the candidates only those the caller reaches.</summary>
    public static QuarantinedRow ToProto(this QuarantinedRowRow row, HashSet<Guid> reached)
    {
        var message = new QuarantinedRow
        {
            RowId = row.RowId.ToString(),
            ImportId = row.ImportId.ToString(),
            Line = row.Line,
            QuarantinedAt = row.QuarantinedAt.ToTimestamp(),
            ClosedAt = row.ClosedAt?.ToTimestamp(),
            Etag = Etag.Of(row.Version),
        };
        if (row.SchoolUrn is { } school)
        {
            message.SchoolUrn = school;
        }

        if (row.ClosedBecause is { } because)
        {
            message.ClosedBecause = because;
        }

        message.Cells.Add(row.ReadCells());
        message.Problems.AddRange(RosterProblem.FromJson(row.Problems).Select(p => p.ToProto(row.Line)));
        message.CandidatePupilIds.AddRange(row.CandidatePupilIds.Where(reached.Contains).Select(id => id.ToString()));
        return message;
    }
}
