namespace GoldenThread.Gateway.Identity;

/// <summary>Someone who can sign in at the development issuer. All are invented.</summary>
/// <param name="Subject">Subject of the token.</param>
/// <param name="Title">What the person is in the demo trust.</param>
public sealed record DemoPerson(string Subject, string Title);

/// <summary>One sign-in per role. What each may see is granted in tracking, by issuer and subject.</summary>
public static class DemoPeople
{
    /// <summary>The sign-ins.</summary>
    public static readonly IReadOnlyList<DemoPerson> All =
    [
        new("board", "Member of the trust board"),
        new("ceo", "Chief executive"),
        new("deputy-ceo", "Deputy chief executive for school improvement"),
        new("data-lead", "Trust data lead"),
        new("reviewer", "Reviewer (English lead)"),
        new("head", "Headteacher"),
        new("senior-leader", "Senior leader"),
        new("subject-leader", "Subject leader (reading)"),
        new("senco", "SENCO"),
        new("designated-teacher", "Designated teacher"),
        new("safeguarding-lead", "Safeguarding lead"),
        new("teacher", "Class teacher"),
        new("governor", "Local governor"),
        new("committee", "Trustee, Curriculum & Standards committee"),
        new("trust-it", "Trust IT"),
    ];

    /// <summary>Whether the subject is one of them.</summary>
    public static bool Has(string subject) => All.Any(p => p.Subject == subject);
}
