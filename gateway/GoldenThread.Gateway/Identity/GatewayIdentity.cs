using GoldenThread.ServiceDefaults;
using GoldenThread.Type.V1;

namespace GoldenThread.Gateway.Identity;

/// <summary>Identity at the gateway: tokens are believed here first (and by each service again), and in Development issued here too.</summary>
public static class GatewayIdentity
{
    /// <summary>Adds token validation, and the development issuer where <c>Gateway:Issuer:Address</c> is set.</summary>
    public static WebApplicationBuilder AddGatewayIdentity(this WebApplicationBuilder builder)
    {
        builder.Services.AddOptions<IdentityOptions>().BindConfiguration("Identity").ValidateDataAnnotations().ValidateOnStart();
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

        builder.Services.AddOptions<DevelopmentIssuerOptions>().BindConfiguration("Gateway:Issuer");
        builder.Services.AddSingleton(_ => SigningKey.At(issuer.KeyFile));
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

    private static IReadOnlyCollection<string> PublicScopes() =>
        RpcCatalogue.Rules.Values.Select(r => r.Access).OfType<Access>().Select(a => a.Scope).Distinct(StringComparer.Ordinal).ToArray();
}
