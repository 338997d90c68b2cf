using GoldenThread.ServiceDefaults;
using Grpc.Core;

namespace GoldenThread.Assessment;

/// <summary>Every error that assessment answers, by name. What is wrong with a single result is in Results/Verdict.cs.</summary>
internal static class Errors
{
    public static RpcException SubjectNotFound(string code) => Refusal.NotFound("SUBJECT_NOT_FOUND", $"There is no subject \"{Shown(code)}\".");

    public static RpcException ScaleNotFound(string code) => Refusal.NotFound("SCALE_NOT_FOUND", $"There is no scale \"{Shown(code)}\".");

    public static RpcException TestNotFound() => Refusal.NotFound("TEST_NOT_FOUND", "There is no such test.");

    public static RpcException CollectionNotFound() => Refusal.NotFound("COLLECTION_NOT_FOUND", "There is no such collection.");

    public static RpcException SchoolNotFound() => Refusal.NotFound("SCHOOL_NOT_FOUND", "There is no such school, or it is not one of yours.");

    public static RpcException PupilNotFound() =>
        Refusal.NotFound("PUPIL_NOT_FOUND", "There is no such pupil, or not one of yours. A pupil who has just been added becomes known here within seconds.");

    public static RpcException ResultNotFound() => Refusal.NotFound("RESULT_NOT_FOUND", "There is no such result.");

    public static RpcException QuarantinedRowNotFound() => Refusal.NotFound("QUARANTINED_ROW_NOT_FOUND", "There is no such row in quarantine.");

    public static RpcException CodeInvalid(string field) => Refusal.InvalidField(
        "CODE_INVALID", field, $"{field} must be 1 to 40 lower-case letters, digits and hyphens, such as \"reading\".");

    public static RpcException ScaleInvalid(string field, string words) => Refusal.InvalidField("SCALE_INVALID", field, words);

    public static RpcException ScaleInUse(string words) => Refusal.FailedPrecondition("SCALE_IN_USE", words);

    public static RpcException TestInvalid(string field, string words) => Refusal.InvalidField("TEST_INVALID", field, words);

    public static RpcException TestNameTaken() => Refusal.AlreadyExists("TEST_NAME_TAKEN", "There is a test of this name already.");

    public static RpcException CollectionInvalid(string field, string words) => Refusal.InvalidField("COLLECTION_INVALID", field, words);

    public static RpcException CollectionNameTaken() => Refusal.AlreadyExists("COLLECTION_NAME_TAKEN", "There is a collection of this name already.");

    public static RpcException CollectionLocked() => Refusal.FailedPrecondition(
        "COLLECTION_LOCKED", "This collection is locked. The data lead can unlock it, with a reason.");

    public static RpcException CollectionNotLocked() => Refusal.FailedPrecondition("COLLECTION_NOT_LOCKED", "This collection is not locked.");

    public static RpcException CollectionNotOpen(DateOnly opensOn) => Refusal.FailedPrecondition(
        "COLLECTION_NOT_OPEN", $"This collection opens on {opensOn:d MMMM yyyy}.");

    public static RpcException EntriesMissing(long missing) => Refusal.FailedPrecondition(
        "ENTRIES_MISSING",
        $"{missing} entries are missing. See the missing entries, or lock it all the same: say that missing entries are accepted (acceptMissing), and why.");

    public static RpcException ReasonMissing() => Refusal.InvalidField("REASON_MISSING", "reason", "Say why: it is kept with who did it and when.");

    public static RpcException TestHasResults() => Refusal.FailedPrecondition(
        "TEST_HAS_RESULTS", "A test cannot be taken out of a collection that holds results of it.");

    public static RpcException SourceInvalid() => Refusal.InvalidField(
        "SOURCE_INVALID", "source", "source is \"manual\" or \"import\"; a partner leaves it empty.");

    public static RpcException BatchSizeInvalid(int most) => Refusal.InvalidField("BATCH_SIZE_INVALID", "results", $"Send 1 to {most} results at a time.");

    public static RpcException FileUnreadable(string words) => Refusal.Invalid("FILE_UNREADABLE", words);

    public static RpcException FileEmpty() => Refusal.Invalid("FILE_EMPTY", "The file holds no row beneath its header.");

    public static RpcException HeaderIncomplete(IReadOnlyList<string> words) => Refusal.Invalid(
        "HEADER_INCOMPLETE",
        "The first line must name the columns. " + string.Join(" ", words),
        [.. words.Select(w => ("file", w))]);

    public static RpcException UploadTooLarge() => Refusal.TooLarge("UPLOAD_TOO_LARGE", "The file is larger than 1 GiB. Split it and send the parts.");

    public static RpcException QuarantinedRowClosed() => Refusal.FailedPrecondition(
        "QUARANTINED_ROW_CLOSED", "This row is not waiting any more: it was applied or closed.");

    public static RpcException QuarantinedRowTwice() => Refusal.FailedPrecondition(
        "QUARANTINED_ROW_TWICE", "Another row waits with the very same values. Close this one.");

    public static RpcException PositionInvalid() => Refusal.InvalidField("POSITION_INVALID", "position", "position is not one that this service gave.");

    public static RpcException YearGroupInvalid(string field) => Refusal.InvalidField(
        "YEAR_GROUP_INVALID", field, $"{field}: a year group is N1, N2, R or 1 to 13.");

    // Echoes what the caller sent, cut short so that a long text does not become a long answer.
    private static string Shown(string text) => text.Length <= 40 ? text : text[..40] + "…";
}
