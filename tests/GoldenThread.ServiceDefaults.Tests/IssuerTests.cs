using GoldenThread.TestSupport;
using GoldenThread.Tracking.V1;
using GoldenThread.Type.V1;
using Grpc.Core;

namespace GoldenThread.ServiceDefaults.Tests;

/// <summary>An issuer may name itself otherwise than the address it is reached at, as one behind a proxy does; grants are held under its own name.</summary>
public sealed class IssuerTests
{
    private const string First = "https://one.example.org";
    private const string Second = "https://two.example.org/realm";

    [Fact]
    public async Task IssuerThatNamesItself_IsBelievedByThatName()
    {
        await using var one = await TestIssuer.StartAsync(First);
        await using var two = await TestIssuer.StartAsync(Second);
        await using var specimen = await Specimen.StartedAsync(
            $"--Identity:Issuers:0:Authority={one.Authority}", $"--Identity:Issuers:1:Authority={two.Authority}",
            $"--Tracking:BootstrapAdministrators:1:Issuer={First}", "--Tracking:BootstrapAdministrators:1:Subject=ada",
            "--Tracking:BootstrapAdministrators:1:Role=DataLead",
            $"--Tracking:BootstrapAdministrators:2:Issuer={Second}", "--Tracking:BootstrapAdministrators:2:Subject=ben",
            "--Tracking:BootstrapAdministrators:2:Role=DataLead");
        await specimen.TrueAsync("select count(*) = 2 from access_grant where subject in ('ada', 'ben')");

        await PutAsync(specimen, 300_071, one.Token("ada", "schools.write"));
        await PutAsync(specimen, 300_072, two.Token("ben", "schools.write"));
        Assert.Equal(
            [$"{First} ada", $"{Second} ben"],
            await specimen.RowsAsync("select issuer || ' ' || subject from audit where school_urn in (300071, 300072) order by 1", row => row.GetString(0)));

        // The same person of the other issuer is somebody else.
        await RefusedAsync(specimen, StatusCode.PermissionDenied, "ROLE_MISSING", two.Token("ada", "schools.write"));
        await RefusedAsync(specimen, StatusCode.Unauthenticated, "TOKEN_INVALID", two.Token("ada", "schools.write", Named(First)));
        await RefusedAsync(specimen, StatusCode.Unauthenticated, "TOKEN_INVALID", one.Token("ben", "schools.write", Named(Second)));
        await RefusedAsync(specimen, StatusCode.Unauthenticated, "TOKEN_INVALID", one.Token("ada", "schools.write", Named("https://nobody.example.org")));
        await RefusedAsync(specimen, StatusCode.Unauthenticated, "TOKEN_INVALID", one.WrongKeyToken("ada", "schools.write"));
        await RefusedAsync(specimen, StatusCode.Unauthenticated, "TOKEN_INVALID", "no token");
    }

    private static Dictionary<string, object> Named(string issuer) => new() { ["iss"] = issuer };

    private static Task RefusedAsync(Specimen specimen, StatusCode status, string reason, string token) =>
        Refusals.RefusedAsync(status, reason, () => PutAsync(specimen, 300_079, token));

    private static async Task PutAsync(Specimen specimen, int urn, string token)
    {
        var school = new School { Name = $"School {urn}", Phase = Phase.Primary, Memberships = { new TrustMembership { From = "2015-09-01" } } };
        await specimen.Schools.PutSchoolAsync(
            new() { SchoolUrn = urn, School = school }, new Metadata { { "authorization", $"Bearer {token}" } },
            cancellationToken: TestContext.Current.CancellationToken);
    }
}
