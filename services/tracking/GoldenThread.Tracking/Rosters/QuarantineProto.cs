using System.Text.Json;
using GoldenThread.ServiceDefaults;
using GoldenThread.Tracking.V1;
using Google.Protobuf.WellKnownTypes;

namespace GoldenThread.Tracking.Rosters;

/// <summary>Quarantined rows as contracts show them.</summary>
internal static class QuarantineProto
{
    private const string NotForYou = "Something is wrong with this cell, which is not for you to see. Ask the head or the data lead.";

    /// <summary>The cells by header.</summary>
    public static Dictionary<string, string> ReadCells(this QuarantinedRowRow row) =>
        JsonSerializer.Deserialize<Dictionary<string, string>>(row.Cells) ?? [];

    /// <summary>
    /// The row; of the candidates only those the caller may change, and of the cells and what is wrong with them only those that the caller may
    /// see: none of the hidden facts.
    /// </summary>
    public static QuarantinedRow ToProto(this QuarantinedRowRow row, HashSet<Guid> reached, bool showsSensitive, HashSet<string> hidden)
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

        message.Cells.Add(row.ReadCells().Where(cell => showsSensitive || RosterHeader.IsForEverybody(cell.Key, hidden)).ToDictionary());
        message.Problems.AddRange(RosterProblem.FromJson(row.Problems)
            .Select(p => showsSensitive || p.Column.Length == 0 || RosterHeader.IsForEverybody(p.Column, hidden) ? p : p with { Words = NotForYou })
            .Select(p => p.ToProto(row.Line)));
        message.CandidatePupilIds.AddRange(row.CandidatePupilIds.Where(reached.Contains).Select(id => id.ToString()));
        return message;
    }
}
