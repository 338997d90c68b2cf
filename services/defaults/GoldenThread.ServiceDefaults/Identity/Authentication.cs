using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.JwtBearer;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Microsoft.IdentityModel.Tokens;

namespace GoldenThread.ServiceDefaults;

/// <summary>Believes tokens of the configured issuers: one bearer scheme each, chosen by the token's own word and then proven.</summary>
public static class Authentication
{
    /// <summary>The scheme that picks the issuer's scheme.</summary>
    public const string Scheme = "goldenthread";

    private static readonly string[] Algorithms = [SecurityAlgorithms.RsaSha256, SecurityAlgorithms.RsaSsaPssSha256, SecurityAlgorithms.EcdsaSha256];

    /// <summary>Binds and checks the section "Identity": a wrong issuer stops the start and is named.</summary>
    public static OptionsBuilder<IdentityOptions> AddIdentitySettings(this IServiceCollection services) =>
        services.AddOptions<IdentityOptions>().BindConfiguration("Identity").ValidateDataAnnotations()
            .Validate(o => o.Issuers.TrueForAll(issuer => Plaintext.IsAllowed(issuer.Authority, issuer.AllowPlaintext)),
                "Identity:Issuers: each Authority is an address with https, or with http on this machine or where its AllowPlaintext=true says that the "
                + "network itself encrypts; example: Identity__Issuers__0__Authority=https://login.example.org")
            .ValidateOnStart();

    /// <summary>Adds the schemes. An issuer without TLS is accepted on loopback alone.</summary>
    public static IServiceCollection AddIssuers(this IServiceCollection services, IdentityOptions identity)
    {
        var authentication = services.AddAuthentication(Scheme).AddScheme<AuthenticationSchemeOptions, IssuerChoice>(Scheme, null);
        for (var i = 0; i < identity.Issuers.Count; i++)
        {
            var issuer = identity.Issuers[i];
            authentication.AddJwtBearer(SchemeName(i), options => Configure(options, issuer));
        }

        return services;
    }

    private static void Configure(JwtBearerOptions options, IssuerOptions issuer)
    {
        options.Authority = issuer.Authority;
        options.MapInboundClaims = false;
        options.RequireHttpsMetadata = !Plaintext.StaysHere(issuer.Authority) && !issuer.AllowPlaintext;
        options.RefreshInterval = TimeSpan.FromSeconds(30);
        options.BackchannelTimeout = TimeSpan.FromSeconds(5);
        options.TokenHandlers.Clear();
        options.TokenHandlers.Add(new RememberingTokenHandler(TimeProvider.System));
        options.TokenValidationParameters = new TokenValidationParameters
        {
            ValidIssuer = issuer.Authority,
            ValidAudiences = issuer.InternalAudience is null ? [issuer.Audience] : [issuer.Audience, issuer.InternalAudience],
            ValidAlgorithms = Algorithms,
            RequireExpirationTime = true,
            RequireSignedTokens = true,
            ClockSkew = TimeSpan.FromSeconds(30),
            NameClaimType = "sub",
            RoleClaimType = "role",
        };
    }

    /// <summary>The scheme of the issuer at this place in the settings.</summary>
    internal static string SchemeName(int index) => $"issuer-{index}";
}
