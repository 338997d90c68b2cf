using System.Security.Cryptography;
using System.Text;
using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Extensions.Options;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace GoldenThread.Gateway.Identity;

/// <summary>
/// A small OpenID Connect issuer for development and evaluation: discovery, authorization code with PKCE for the demo people, client
/// credentials for partner and services. It has no passwords and so refuses to start anywhere but in Development.
/// </summary>
public sealed class DevelopmentIssuer(
    IOptions<DevelopmentIssuerOptions> options, SigningKey key, AuthorizationCodes codes, IReadOnlyCollection<string> publicScopes, TimeProvider clock)
{
    private const string InternalScope = "internal";
    private const int TokenSeconds = 3600;

    private readonly DevelopmentIssuerOptions settings = options.Value;

    private string Address => settings.Address!.TrimEnd('/');

    /// <summary>Maps its endpoints.</summary>
    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/.well-known/openid-configuration", Discovery);
        routes.MapGet("/connect/jwks", () => Results.Json(new { keys = new[] { new { kty = key.Public.Kty, use = key.Public.Use, alg = key.Public.Alg, kid = key.Public.Kid, n = key.Public.N, e = key.Public.E } } }));
        routes.MapGet("/connect/authorize", ShowSignIn);
        routes.MapPost("/connect/authorize", SignIn).DisableAntiforgery();
        routes.MapPost("/connect/token", Token).DisableAntiforgery();
    }

    private IResult Discovery() => Results.Json(new
    {
        issuer = Address,
        authorization_endpoint = $"{Address}/connect/authorize",
        token_endpoint = $"{Address}/connect/token",
        jwks_uri = $"{Address}/connect/jwks",
        response_types_supported = new[] { "code" },
        grant_types_supported = new[] { "authorization_code", "client_credentials" },
        subject_types_supported = new[] { "public" },
        id_token_signing_alg_values_supported = new[] { SecurityAlgorithms.RsaSha256 },
        code_challenge_methods_supported = new[] { "S256" },
        token_endpoint_auth_methods_supported = new[] { "client_secret_post" },
        scopes_supported = publicScopes.Order(StringComparer.Ordinal),
    });

    private static Results<ContentHttpResult, BadRequest<OAuthError>> ShowSignIn([AsParameters] AuthorizeRequest request) =>
        request.WhyNot() is { } why
            ? TypedResults.BadRequest(new OAuthError("invalid_request", why))
            : TypedResults.Content(Page(request), "text/html; charset=utf-8");

    private Results<RedirectHttpResult, BadRequest<OAuthError>> SignIn([AsParameters] AuthorizeRequest request, [FromForm] string subject)
    {
        if (request.WhyNot() is { } why)
        {
            return TypedResults.BadRequest(new OAuthError("invalid_request", why));
        }

        if (!DemoPeople.Has(subject))
        {
            return TypedResults.BadRequest(new OAuthError("access_denied", "Nobody of that name signs in here."));
        }

        var code = codes.Issue(subject, request.ClientId!, request.RedirectUri!, request.CodeChallenge!, request.Scope ?? "");
        return TypedResults.Redirect(QueryHelpers.AddQueryString(request.RedirectUri!,
            new Dictionary<string, string?> { ["code"] = code, ["state"] = request.State }));
    }

    private async Task<IResult> Token(HttpRequest http)
    {
        if (!http.HasFormContentType)
        {
            return Results.BadRequest(new OAuthError("invalid_request", "Send a form."));
        }

        var form = await http.ReadFormAsync(http.HttpContext.RequestAborted);
        string Field(string name) => form[name].ToString();
        return Field("grant_type") switch
        {
            "client_credentials" => ForClient(Field("client_id"), Field("client_secret"), Field("scope")),
            "authorization_code" => ForPerson(Field("code"), Field("client_id"), Field("redirect_uri"), Field("code_verifier")),
            _ => Results.BadRequest(new OAuthError("unsupported_grant_type", "Use authorization_code or client_credentials.")),
        };
    }

    private IResult ForClient(string id, string secret, string scope)
    {
        if (!settings.Clients.TryGetValue(id, out var client) || client.Secret.Length == 0
            || !CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(secret), Encoding.UTF8.GetBytes(client.Secret)))
        {
            return Results.Json(new OAuthError("invalid_client", "The client or its secret is wrong."), statusCode: StatusCodes.Status401Unauthorized);
        }

        var granted = Wanted(scope, client.Scopes);
        return granted.Contains(InternalScope)
            ? Answer(id, id, settings.InternalAudience, [InternalScope])
            : Answer(id, id, settings.Audience, granted);
    }

    private IResult ForPerson(string code, string client, string redirectUri, string verifier) =>
        codes.Redeem(code, client, redirectUri, verifier) is { } signIn
            ? Answer(signIn.Subject, client, settings.Audience, Wanted(signIn.Scope, publicScopes))
            : Results.BadRequest(new OAuthError("invalid_grant", "The code is used up, too old, or not for this client and verifier."));

    // What was asked for and is allowed; everything allowed where nothing was asked for. Standard scopes such as openid pass by.
    private static List<string> Wanted(string asked, IReadOnlyCollection<string> allowed)
    {
        var wanted = asked.Split(' ', StringSplitOptions.RemoveEmptyEntries).Where(allowed.Contains).ToList();
        return wanted.Count > 0 ? wanted : [.. allowed];
    }

    private IResult Answer(string subject, string client, string audience, IReadOnlyCollection<string> scopes)
    {
        var now = clock.GetUtcNow();
        var token = new JsonWebTokenHandler { SetDefaultTimesOnTokenCreation = false }.CreateToken(new SecurityTokenDescriptor
        {
            Issuer = Address,
            Audience = audience,
            IssuedAt = now.UtcDateTime,
            NotBefore = now.UtcDateTime,
            Expires = now.UtcDateTime.AddSeconds(TokenSeconds),
            SigningCredentials = key.Credentials,
            Claims = new Dictionary<string, object>
            {
                ["sub"] = subject,
                ["client_id"] = client,
                ["scope"] = string.Join(' ', scopes),
                ["jti"] = Guid.CreateVersion7().ToString(),
            },
        });
        return Results.Json(new { access_token = token, token_type = "Bearer", expires_in = TokenSeconds, scope = string.Join(' ', scopes) });
    }

    private static string Page(AuthorizeRequest request)
    {
        var html = HtmlEncoder.Default;
        var hidden = string.Concat(request.Pairs().Select(p =>
            $"<input type=\"hidden\" name=\"{html.Encode(p.Name)}\" value=\"{html.Encode(p.Value)}\">"));
        var query = html.Encode(QueryHelpers.AddQueryString("/connect/authorize", request.Pairs().ToDictionary(p => p.Name, string? (p) => p.Value)));
        var people = string.Concat(DemoPeople.All.Select(p =>
            $"<li><button name=\"subject\" value=\"{html.Encode(p.Subject)}\">{html.Encode(p.Title)}</button></li>"));
        return $"""
            <!doctype html>
            <html lang="en">
            <head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>Sign in to the demo trust</title></head>
            <body>
            <main>
            <h1>Sign in to the demo trust</h1>
            <p>For development only: nobody here is real and nobody needs a password.</p>
            <form method="post" action="{query}">{hidden}<ul>{people}</ul></form>
            </main>
            </body>
            </html>
            """;
    }

    /// <summary>An OAuth2 error (RFC 6749, section 5.2).</summary>
    /// <param name="Error">Code.</param>
    /// <param name="ErrorDescription">Words.</param>
    public sealed record OAuthError(
        [property: System.Text.Json.Serialization.JsonPropertyName("error")] string Error,
        [property: System.Text.Json.Serialization.JsonPropertyName("error_description")] string ErrorDescription);
}

/// <summary>An authorization request (RFC 6749, section 4.1.1, with PKCE of RFC 7636).</summary>
public sealed class AuthorizeRequest
{
    /// <summary>Must be "code".</summary>
    [FromQuery(Name = "response_type")]
    public string? ResponseType { get; set; }

    /// <summary>The client.</summary>
    [FromQuery(Name = "client_id")]
    public string? ClientId { get; set; }

    /// <summary>Where the code goes: a loopback address, since this issuer is for development.</summary>
    [FromQuery(Name = "redirect_uri")]
    public string? RedirectUri { get; set; }

    /// <summary>PKCE challenge.</summary>
    [FromQuery(Name = "code_challenge")]
    public string? CodeChallenge { get; set; }

    /// <summary>Must be "S256".</summary>
    [FromQuery(Name = "code_challenge_method")]
    public string? CodeChallengeMethod { get; set; }

    /// <summary>Scopes asked for.</summary>
    [FromQuery(Name = "scope")]
    public string? Scope { get; set; }

    /// <summary>Given back unchanged.</summary>
    [FromQuery(Name = "state")]
    public string? State { get; set; }

    internal string? WhyNot() => this switch
    {
        { ResponseType: not "code" } => "response_type must be code.",
        { ClientId: null or "" } => "client_id is missing.",
        { CodeChallenge: null or "" } or { CodeChallengeMethod: not "S256" } => "PKCE is needed: code_challenge with code_challenge_method=S256.",
        _ when !Uri.TryCreate(RedirectUri, UriKind.Absolute, out var uri) || !uri.IsLoopback || uri.Scheme is not ("http" or "https") =>
            "redirect_uri must be an address on this machine.",
        _ => null,
    };

    internal IEnumerable<(string Name, string Value)> Pairs() =>
        new (string Name, string? Value)[]
        {
            ("response_type", ResponseType), ("client_id", ClientId), ("redirect_uri", RedirectUri), ("code_challenge", CodeChallenge),
            ("code_challenge_method", CodeChallengeMethod), ("scope", Scope), ("state", State),
        }.Where(p => p.Value is not null).Select(p => (p.Name, p.Value!));
}
