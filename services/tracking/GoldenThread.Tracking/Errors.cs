using GoldenThread.ServiceDefaults;
using GoldenThread.Tracking.Rosters;
using Grpc.Core;

namespace GoldenThread.Tracking;

/// <summary>Every error that the roster half of tracking answers, by name. What is wrong with a row of a roster is in Rosters/RosterProblem.cs.</summary>
internal static partial class Errors
{
    public static RpcException SchoolNotFound() => Refusal.NotFound("SCHOOL_NOT_FOUND", "There is no such school, or it is not one of yours.");

    public static RpcException CalendarNotFound() =>
        Refusal.NotFound("CALENDAR_NOT_FOUND", "There is no such calendar, or its school is not one of yours.");

    public static RpcException PersonNotFound() => Refusal.NotFound("PERSON_NOT_FOUND", "There is no such person, or not at one of your schools.");

    public static RpcException GrantNotFound() => Refusal.NotFound("GRANT_NOT_FOUND", "There is no such grant, or not at one of your schools.");

    public static RpcException ClassNotFound() => Refusal.NotFound("CLASS_NOT_FOUND", "There is no such class, or it is not one of yours.");

    public static RpcException PupilNotFound() => Refusal.NotFound("PUPIL_NOT_FOUND", "There is no such pupil, or not one of yours on that day.");

    public static RpcException FactNotFound() => Refusal.NotFound("FACT_NOT_FOUND", "There is no such fact, or it has been corrected already.");

    public static RpcException GroupNotFound() => Refusal.NotFound("GROUP_NOT_FOUND", "There is no such group, or it is not for you to see.");

    public static RpcException QuarantinedRowNotFound() =>
        Refusal.NotFound("QUARANTINED_ROW_NOT_FOUND", "There is no such row in quarantine, or not one of yours.");

    public static RpcException SchoolInvalid(string field, string words) => Refusal.InvalidField("SCHOOL_INVALID", field, words);

    public static RpcException CalendarInvalid(string field, string words) => Refusal.InvalidField("CALENDAR_INVALID", field, words);

    public static RpcException AcademicYearInvalid(string field, string words) => Refusal.InvalidField("ACADEMIC_YEAR_INVALID", field, words);

    public static RpcException YearGroupInvalid(string field) =>
        Refusal.InvalidField("YEAR_GROUP_INVALID", field, "A year group is N1, N2, R, or a number from 1 to 13.");

    public static RpcException PersonInvalid(string field, string words) => Refusal.InvalidField("PERSON_INVALID", field, words);

    public static RpcException SignInTaken() =>
        Refusal.AlreadyExists("SIGN_IN_TAKEN", "Another person has this sign-in already. Change that person, or check the subject.");

    public static RpcException GrantInvalid(string field, string words) => Refusal.InvalidField("GRANT_INVALID", field, words);

    public static RpcException GrantToOneself() =>
        Refusal.PermissionDenied("GRANT_TO_ONESELF", "Nobody gives a role to themself. Ask another administrator.");

    public static RpcException GrantWiderThanOwn() => Refusal.PermissionDenied(
        "GRANT_WIDER_THAN_OWN", "You can give roles in your own schools only. A grant for the whole trust takes one yourself.");

    public static RpcException GrantExists() =>
        Refusal.AlreadyExists("GRANT_EXISTS", "The same role, with the same limits, is held already in that time.");

    public static RpcException GrantEnded() => Refusal.FailedPrecondition("GRANT_ENDED", "This grant has ended already.");

    public static RpcException ClassInvalid(string field, string words) => Refusal.InvalidField("CLASS_INVALID", field, words);

    public static RpcException ClassExists() =>
        Refusal.AlreadyExists("CLASS_EXISTS", "The school has a class of this name in that academic year already.");

    public static RpcException PupilInvalid(string field, string words) => Refusal.InvalidField("PUPIL_INVALID", field, words);

    public static RpcException PupilIdsInvalid(int most) =>
        Refusal.InvalidField("PUPIL_IDS_INVALID", "pupil_ids", $"At most {most} pupils can be asked for at once.");

    public static RpcException UpnTaken() => Refusal.AlreadyExists("UPN_TAKEN", RosterProblem.UpnTaken.Words);

    public static RpcException FactInvalid(string field, string words) => Refusal.InvalidField("FACT_INVALID", field, words);

    public static RpcException FactSensitive() => Refusal.PermissionDenied(
        "FACT_SENSITIVE", "Facts of this kind are for the data lead, the deputy CEO, the head, the designated teacher and the safeguarding lead.");

    public static RpcException FactOverlaps() => Refusal.FailedPrecondition(
        "FACT_OVERLAPS", "Another fact of this kind holds in that time. Correct that one first.");

    public static RpcException EnrolmentInvalid(string field, string words) => Refusal.InvalidField("ENROLMENT_INVALID", field, words);

    public static RpcException NotOnRoll() => Refusal.FailedPrecondition("NOT_ON_ROLL", "The pupil is not on the roll of that school on that day.");

    public static RpcException OnRollElsewhere() => Refusal.FailedPrecondition(
        "ON_ROLL_ELSEWHERE", "The pupil is on the roll of another school of the trust. Its staff, or the data lead, must end that first.");

    public static RpcException GroupInvalid(string field, string words) => Refusal.InvalidField("GROUP_INVALID", field, words);

    public static RpcException GroupSensitive() => Refusal.PermissionDenied(
        "GROUP_SENSITIVE", "Who is in this group is for the data lead, the deputy CEO, the head, the designated teacher and the safeguarding lead.");

    public static RpcException PositionInvalid() =>
        Refusal.InvalidField("POSITION_INVALID", "position", "This position is not one that this stream gave. Begin again without one.");

    public static RpcException UpnsInvalid(int most) => Refusal.InvalidField("UPNS_INVALID", "upns", $"At most {most} UPNs can be asked for at once.");

    public static RpcException RosterUnreadable(string words) => Refusal.InvalidField("ROSTER_UNREADABLE", "file", words);

    public static RpcException RosterHeaderInvalid(string words) => Refusal.InvalidField("ROSTER_HEADER_INVALID", "file", words);

    public static RpcException RosterTooLarge(string most) => Refusal.TooLarge("ROSTER_TOO_LARGE", $"A roster has at most {most}. Send it in parts.");

    public static RpcException RowInvalid(string field, string words) => Refusal.InvalidField("ROW_INVALID", field, words);

    public static RpcException RowClosed() => Refusal.FailedPrecondition("ROW_CLOSED", "This row is closed already. Send the roster again if it still matters.");
}
