using GoldenThread.ServiceDefaults;
using GoldenThread.Type.V1;
using Microsoft.Extensions.Options;

namespace GoldenThread.Gateway.Identity;

/// <summary>Identity at the gateway: tokens are believed here first (and by each service again), and in Development issued here too.</summary>
public static class GatewayIdentity
{
    /// <summary>Adds token validation, and the development issuer where <c>Gateway:Issuer:Address</c> is set.</summary>
    public static WebApplicationBuilder AddGatewayIdentity(this WebApplicationBuilder builder)
    {
        builder.Services.AddIdentitySettings();
        builder.Services.AddIssuers(builder.Configuration.GetSection("Identity").Get<IdentityOptions>() ?? new IdentityOptions());
        var issuer = builder.Configuration.GetSection("Gateway:Issuer").Get<DevelopmentIssuerOptions>();
        if (issuer?.Address is null)
        {
            return builder;
        }

        if (!builder.Environment.IsDevelopment())
        {
            throw new InvalidOperationException(
                "Gateway:Issuer:Address is set outside Development. The development issuer asks nobody for a password; "
                + "remove the setting and name your own issuer in Identity:Issuers.");
        }

        builder.Services.AddIssuerSettings();
        builder.Services.AddSingleton(provider => SigningKey.At(provider.GetRequiredService<IOptions<DevelopmentIssuerOptions>>().Value.KeyFile));
        builder.Services.AddSingleton<AuthorizationCodes>();
        builder.Services.AddSingleton(PublicScopes());
        builder.Services.AddSingleton<DevelopmentIssuer>();
        return builder;
    }

    /// <summary>Puts authentication into the pipeline and maps the issuer where there is one.</summary>
    public static WebApplication UseGatewayIdentity(this WebApplication app)
    {
        app.UseAuthentication();
        app.Services.GetService<DevelopmentIssuer>()?.Map(app);
        return app;
    }

    private static void AddIssuerSettings(this IServiceCollection services) =>
        services.AddOptions<DevelopmentIssuerOptions>().BindConfiguration("Gateway:Issuer")
            .Validate<IOptions<GatewayOptions>>(
                (issuer, gateway) => Plaintext.IsAllowed(issuer.Address!, gateway.Value.AllowPlaintext),
                "Gateway:Issuer:Address is an address with https, or with http on this machine or where Gateway:AllowPlaintext=true says that the network "
                + "itself encrypts; example: Gateway__Issuer__Address=http://127.0.0.1:5000")
            .Validate<IOptions<IdentityOptions>>(
                (issuer, identity) => identity.Value.Issuers.Exists(believed => Same(believed.Authority, issuer.Address!)),
                "Gateway:Issuer:Address is none of Identity:Issuers, so nobody would believe its tokens; give Identity__Issuers__0__Authority the same address.")
            .Validate(issuer => issuer.KeyFile.Length > 0, "Gateway:Issuer:KeyFile is empty; example: Gateway__Issuer__KeyFile=/var/lib/goldenthread/issuer-key.pem")
            .Validate(
                issuer => issuer is { Audience.Length: > 0, InternalAudience.Length: > 0 } && issuer.Audience != issuer.InternalAudience,
                "Gateway:Issuer:Audience and Gateway:Issuer:InternalAudience must be two: a person's token is none between services.")
            .Validate(
                issuer => issuer.Clients.Values.All(client => client is { Secret.Length: > 0, Scopes.Count: > 0 }),
                "Gateway:Issuer:Clients: each needs a secret and a scope; example: Gateway__Issuer__Clients__partner-demo__Secret=…, "
                + "Gateway__Issuer__Clients__partner-demo__Scopes__0=schools.read")
            .ValidateOnStart();

    private static bool Same(string one, string other) => string.Equals(one.TrimEnd('/'), other.TrimEnd('/'), StringComparison.Ordinal);

    private static IReadOnlyCollection<string> PublicScopes() =>
        RpcCatalogue.Rules.Values.Select(r => r.Access).OfType<Access>().Select(a => a.Scope).Distinct(StringComparer.Ordinal).ToArray();
}
