using GoldenThread.Assessment.Scales;
using GoldenThread.ServiceDefaults;
using Grpc.Core;

namespace GoldenThread.Assessment.Results;

/// <summary>What was found of one row: whether it is a new, a changed or an unchanged result, or what is wrong with it.</summary>
internal static class Verdict
{
    public const string New = "NEW";
    public const string Changed = "CHANGED";
    public const string Unchanged = "UNCHANGED";
    public const string CollectionClosed = "COLLECTION_CLOSED";
    public const string PupilNotYetKnown = "PUPIL_NOT_YET_KNOWN";
    public const string DuplicateRow = "DUPLICATE_ROW";

    /// <summary>Whether the row can stand.</summary>
    public static bool IsGood(string verdict) => verdict is New or Changed or Unchanged;

    /// <summary>What is wrong, in words that a school office understands.</summary>
    /// <param name="verdict">The reason.</param>
    /// <param name="range">The scores of the test's scale, where the test is known.</param>
    public static string Words(string verdict, ScoreRange? range) => verdict switch
    {
        PupilNotYetKnown => "No pupil with this UPN or id is known here yet, or it is not one of yours. "
            + "The row applies itself once the pupil is on the roll; if the UPN is mistyped, mend it.",
        "SCHOOL_NOT_FOUND" => "There is no such school, or it is not one of yours.",
        "PUPIL_LEFT" => "The pupil had left the school before the day of the sitting.",
        "PUPIL_NOT_ON_ROLL" => "The pupil was not on the school's roll on the day of the sitting.",
        "TEST_NOT_IN_COLLECTION" => "This test or subject is not part of the collection for the pupil's year group, "
            + "or the subject has several tests: then name the test.",
        "DATE_IN_FUTURE" => "The day of the sitting lies in the future.",
        "DATE_OUTSIDE_YEAR" => "The day of the sitting lies outside the academic year of the collection.",
        "SCORE_OUT_OF_RANGE" when range is { } r => $"The score is not on the test's scale: {Numbers.Text(r.Lowest)} to {Numbers.Text(r.Highest)}"
            + (r.Decimals == 0 ? ", whole numbers." : $", at most {r.Decimals} decimal places."),
        "CODE_UNKNOWN" => "The test's scale has no such code.",
        "RESULT_IN_OTHER_COLLECTION" => "This sitting of this test is recorded in another collection already.",
        CollectionClosed => "The collection is locked or not yet open. Once it is open, mend the row to try again.",
        DuplicateRow => "The same pupil, test and day is there twice with different values. The first one was taken.",
        "VALUE_MISSING" => "There is neither a score nor a code. A blank never completes an entry: give the code that says why.",
        "SCORE_AND_CODE" => "There is a score and a code. Give one of them.",
        "NUMBER_INVALID" => "The score is not a number such as 104 or 103.5.",
        "DATE_INVALID" => "The date is not a day such as 2026-01-31 or 31/01/2026.",
        "DATE_MISSING" => "There is no date of the sitting.",
        "PUPIL_MISSING" => "There is neither a UPN nor a pupil id.",
        "UPN_INVALID" => "The UPN is not valid: one of its 13 characters is mistyped or missing.",
        "PUPIL_ID_INVALID" => "The pupil id is not one of ours: use the id as the platform gave it, or give the UPN instead.",
        "URN_INVALID" => "The URN is not a number of six digits.",
        "ROW_MALFORMED" => "The row cannot be read: a quote stands where none belongs, or there are more values than columns.",
        _ => "The row could not be applied.",
    };

    /// <summary>The error of a single result; field names are given a prefix in a batch.</summary>
    public static RpcException Refuse(string verdict, ScoreRange? range, string prefix = "") => verdict switch
    {
        "SCHOOL_NOT_FOUND" => Errors.SchoolNotFound(),
        PupilNotYetKnown => Errors.PupilNotFound(),
        "PUPIL_LEFT" or "PUPIL_NOT_ON_ROLL" or "RESULT_IN_OTHER_COLLECTION" => Refusal.FailedPrecondition(verdict, Words(verdict, range)),
        _ => Refusal.InvalidField(verdict, prefix + FieldOf(verdict), Words(verdict, range)),
    };

    /// <summary>The field of a result that a verdict is about.</summary>
    public static string FieldOf(string verdict) => verdict switch
    {
        "DATE_IN_FUTURE" or "DATE_OUTSIDE_YEAR" => "sat_on",
        "SCORE_OUT_OF_RANGE" or "VALUE_MISSING" => "score",
        "CODE_UNKNOWN" => "code",
        "TEST_NOT_IN_COLLECTION" => "test_id",
        "SCHOOL_NOT_FOUND" => "school_urn",
        "UPN_INVALID" => "upn",
        _ => "pupil_id",
    };
}

/// <summary>The scores of a scale, both ends included, and their decimal places.</summary>
internal readonly record struct ScoreRange(decimal Lowest, decimal Highest, int Decimals);
