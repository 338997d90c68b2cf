using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using GoldenThread.Assessment.Imports;
using GoldenThread.Assessment.Results;
using GoldenThread.Assessment.Scales;
using GoldenThread.Assessment.V1;

namespace GoldenThread.Assessment.Quarantine;

/// <summary>A row of a file that could not be applied, as stored.</summary>
internal sealed record QuarantineRow
{
    public required Guid QuarantinedRowId { get; init; }

    public required Guid ImportId { get; init; }

    public required Guid CollectionId { get; init; }

    public required int Line { get; init; }

    public required short State { get; init; }

    public required string Reason { get; init; }

    public required string Detail { get; init; }

    public required string Upn { get; init; }

    public required string PupilId { get; init; }

    public required string SchoolUrn { get; init; }

    public required string Subject { get; init; }

    public required string Test { get; init; }

    public required string SatOn { get; init; }

    public required string Score { get; init; }

    public required string Code { get; init; }

    public required long Version { get; init; }

    public required DateTimeOffset QuarantinedAt { get; init; }

    public DateTimeOffset? ClosedAt { get; init; }

    /// <summary>Whether somebody other than who imported the file gave the row its values.</summary>
    public required bool MendedByAnother { get; init; }

    /// <summary>In whose name the file was imported, in which roles, and as which source.</summary>
    public required string Issuer { get; init; }

    public required string ImportedBy { get; init; }

    public required short[] Roles { get; init; }

    public required string Source { get; init; }

    public GivenFields Given => new(Upn, PupilId, SchoolUrn, Subject, Test, SatOn, Score, Code);

    public QuarantineState StateNow => (QuarantineState)State;

    /// <summary>The values with those that a person mends.</summary>
    public GivenFields Mended(UpdateQuarantinedRowRequest request) => new(
        request.HasUpn ? GivenFields.Keep(request.Upn.Trim()) : Upn,
        request.HasPupilId ? GivenFields.Keep(request.PupilId.Trim()) : PupilId,
        request.HasSchoolUrn ? GivenFields.Keep(request.SchoolUrn.Trim()) : SchoolUrn,
        request.HasSubject ? GivenFields.Keep(request.Subject.Trim()) : Subject,
        request.HasTest ? GivenFields.Keep(request.Test.Trim()) : Test,
        request.HasSatOn ? GivenFields.Keep(request.SatOn.Trim()) : SatOn,
        request.HasScore ? GivenFields.Keep(request.Score.Trim()) : Score,
        request.HasCode ? GivenFields.Keep(request.Code.Trim()) : Code);
}

/// <summary>What is derived from the values of a waiting row.</summary>
internal static class Waiting
{
    /// <summary>The values of a faulty row: as given, or written anew where they could be read.</summary>
    public static GivenFields Given(FaultyRow row) => row.Given is { } given
        ? GivenFields.From(given)
        : new GivenFields(
            row.Upn ?? "",
            row.PupilId?.ToString() ?? "",
            row.SchoolUrn?.ToString(CultureInfo.InvariantCulture) ?? "",
            row.Subject ?? "",
            row.TestId?.ToString() ?? "",
            row.SatOn?.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture) ?? "",
            row.Score is { } score ? Numbers.Text(score) : "",
            row.Code ?? "");

    /// <summary>The same values give the same fingerprint, so that a row waits once.</summary>
    public static byte[] Fingerprint(GivenFields given) => SHA256.HashData(Encoding.UTF8.GetBytes(string.Join('\u001f', given.ToArray())));

    /// <summary>The school as a number, where it can be read.</summary>
    public static int? School(GivenFields given) => Education.Urn.TryParse(given.SchoolUrn, out var urn) ? urn.Number : null;

    /// <summary>The row as something to record.</summary>
    public static Recording ToRecording(FileRow row) => new()
    {
        SchoolUrn = row.SchoolUrn,
        PupilId = row.PupilId,
        Upn = row.Upn,
        EntrySubject = row.Subject,
        TestId = row.TestId,
        SatOn = row.SatOn!.Value,
        Score = row.Score,
        Code = row.Code,
    };
}
