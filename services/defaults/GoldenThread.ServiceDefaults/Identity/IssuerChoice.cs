using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.JwtBearer;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Microsoft.IdentityModel.JsonWebTokens;

namespace GoldenThread.ServiceDefaults;

/// <summary>
/// Gives a token to the issuer that it claims to come from: the one whose address, or else whose discovery, says that name. An issuer may name itself
/// otherwise than its address, as one behind a proxy does. The issuer's own scheme then proves the claim.
/// </summary>
internal sealed class IssuerChoice(
    IOptionsMonitor<AuthenticationSchemeOptions> options, ILoggerFactory logs, UrlEncoder encoder,
    IOptionsMonitor<JwtBearerOptions> issuers, IOptions<IdentityOptions> identity)
    : AuthenticationHandler<AuthenticationSchemeOptions>(options, logs, encoder)
{
    private List<IssuerOptions> Configured => identity.Value.Issuers;

    protected override async Task<AuthenticateResult> HandleAuthenticateAsync()
    {
        var claimed = ClaimedIssuer(Request.Headers.Authorization.ToString())?.TrimEnd('/');
        var at = Configured.FindIndex(issuer => issuer.Authority.TrimEnd('/') == claimed);
        if (at < 0 && claimed is not null && Configured.Count > 1)
        {
            (at, var unreachable) = await DiscoveredAsync(claimed);
            if (at < 0 && unreachable is not null)
            {
                return AuthenticateResult.Fail(unreachable);
            }
        }

        // What nobody claims, the first refuses in due form.
        return await Context.AuthenticateAsync(Authentication.SchemeName(Math.Max(0, at)));
    }

    private async Task<(int At, Exception? Unreachable)> DiscoveredAsync(string claimed)
    {
        Exception? unreachable = null;
        for (var at = 0; at < Configured.Count; at++)
        {
            try
            {
                var discovery = await issuers.Get(Authentication.SchemeName(at)).ConfigurationManager!.GetConfigurationAsync(Context.RequestAborted);
                if (discovery.Issuer?.TrimEnd('/') == claimed)
                {
                    return (at, null);
                }
            }
            catch (InvalidOperationException e)
            {
                // Another may still know the name.
                unreachable = e;
            }
        }

        return (-1, unreachable);
    }

    private static string? ClaimedIssuer(string authorization)
    {
        var handler = new JsonWebTokenHandler();
        var token = authorization.StartsWith("Bearer ", StringComparison.OrdinalIgnoreCase) ? authorization[7..].Trim() : "";
        try
        {
            return handler.CanReadToken(token) && handler.ReadJsonWebToken(token).Issuer is { Length: > 0 } issuer ? issuer : null;
        }
        catch (ArgumentException)
        {
            return null;
        }
    }
}
