using System.Security.Cryptography;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace GoldenThread.TestSupport;

/// <summary>
/// An OpenID Connect issuer inside the test process: discovery and keys over HTTP, tokens of any content, good ones and bad ones.
/// </summary>
public sealed class TestIssuer : IAsyncDisposable
{
    /// <summary>The audience of callers' tokens.</summary>
    public const string Audience = "goldenthread";

    /// <summary>The audience of services' own tokens.</summary>
    public const string InternalAudience = "goldenthread-internal";

    private readonly WebApplication server;
    private readonly RSA key = RSA.Create(2048);
    private readonly RSA foreignKey = RSA.Create(2048);

    private readonly string? name;

    private TestIssuer(string? name)
    {
        this.name = name;
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        server = builder.Build();
        server.MapGet("/.well-known/openid-configuration", () => Results.Json(new Dictionary<string, object>
        {
            ["issuer"] = Name,
            ["jwks_uri"] = $"{Authority}/jwks",
            ["token_endpoint"] = $"{Authority}/token",
            ["authorization_endpoint"] = $"{Authority}/authorize",
            ["response_types_supported"] = new[] { "code" },
            ["subject_types_supported"] = new[] { "public" },
            ["id_token_signing_alg_values_supported"] = new[] { "RS256" },
        }));
        server.MapGet("/jwks", () => Results.Json(new { keys = new[] { PublicKey() } }));
        server.MapPost("/token", (HttpRequest request) => TokenAsync(request));
    }

    /// <summary>The issuer's URL, for <c>Identity:Issuers:0:Authority</c>.</summary>
    public string Authority => server.Urls.First();

    /// <summary>What it calls itself in discovery and tokens: its URL, unless it was given another name.</summary>
    public string Name => name ?? Authority;

    /// <summary>Where a service gets its own token: any client id and secret will do.</summary>
    public string TokenEndpoint => $"{Authority}/token";

    /// <summary>Starts on a free port.</summary>
    /// <param name="name">What it calls itself, where that is not its URL.</param>
    public static async Task<TestIssuer> StartAsync(string? name = null)
    {
        var issuer = new TestIssuer(name);
        await issuer.server.StartAsync();
        return issuer;
    }

    /// <summary>A good token of a person: ten minutes, signed by the published key.</summary>
    /// <param name="subject">The <c>sub</c> claim, for example <c>head.ashgrove</c>.</param>
    /// <param name="scopes">Blank-separated, for example <c>results.read results.write</c>.</param>
    /// <param name="more">Further claims, or others in place of the usual ones.</param>
    public string Token(string subject, string scopes, IReadOnlyDictionary<string, object>? more = null) =>
        Mint(key, TimeSpan.FromMinutes(10), With(Claims(Audience, subject, scopes), more));

    /// <summary>A good token of a partner application: its subject is its client id.</summary>
    public string ClientToken(string clientId, string scopes) =>
        Token(clientId, scopes, new Dictionary<string, object> { ["client_id"] = clientId });

    /// <summary>A good token of a service, with the internal audience and scope.</summary>
    /// <param name="clientId">For example <c>svc-tracking</c>.</param>
    public string InternalToken(string clientId) =>
        Mint(key, TimeSpan.FromMinutes(10), With(
            Claims(InternalAudience, clientId, "internal"), new Dictionary<string, object> { ["client_id"] = clientId }));

    /// <summary>Expired an hour ago.</summary>
    public string ExpiredToken(string subject, string scopes) => Mint(key, TimeSpan.FromHours(-1), Claims(Audience, subject, scopes));

    /// <summary>Meant for somebody else.</summary>
    public string WrongAudienceToken(string subject, string scopes) =>
        Mint(key, TimeSpan.FromMinutes(10), Claims("another-product", subject, scopes));

    /// <summary>Of another issuer, though signed by the right key.</summary>
    public string WrongIssuerToken(string subject, string scopes) =>
        Token(subject, scopes, new Dictionary<string, object> { ["iss"] = "https://issuer.example" });

    /// <summary>Signed by a key that the issuer does not publish, under the published key's name.</summary>
    public string WrongKeyToken(string subject, string scopes) => Mint(foreignKey, TimeSpan.FromMinutes(10), Claims(Audience, subject, scopes));

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        await server.DisposeAsync();
        key.Dispose();
        foreignKey.Dispose();
    }

    private Dictionary<string, object> Claims(string audience, string subject, string scopes) => new()
    {
        ["iss"] = Name,
        ["aud"] = audience,
        ["sub"] = subject,
        ["scope"] = scopes,
    };

    private static Dictionary<string, object> With(Dictionary<string, object> claims, IReadOnlyDictionary<string, object>? more)
    {
        foreach (var (name, value) in more ?? new Dictionary<string, object>())
        {
            claims[name] = value;
        }

        return claims;
    }

    private static string Mint(RSA signingKey, TimeSpan lifetime, Dictionary<string, object> claims)
    {
        var expires = DateTime.UtcNow + lifetime;
        var descriptor = new SecurityTokenDescriptor
        {
            Claims = claims,
            IssuedAt = expires - TimeSpan.FromMinutes(10),
            NotBefore = expires - TimeSpan.FromMinutes(10),
            Expires = expires,
            SigningCredentials = new SigningCredentials(Key(signingKey), SecurityAlgorithms.RsaSha256),
        };
        return new JsonWebTokenHandler { SetDefaultTimesOnTokenCreation = false }.CreateToken(descriptor);
    }

    // The token library would cache signature providers by key id, and the foreign key borrows the id of the real one.
    private static RsaSecurityKey Key(RSA rsa) =>
        new(rsa) { KeyId = "test-key", CryptoProviderFactory = new CryptoProviderFactory { CacheSignatureProviders = false } };

    private object PublicKey()
    {
        var parameters = key.ExportParameters(includePrivateParameters: false);
        return new
        {
            kty = "RSA",
            use = "sig",
            alg = "RS256",
            kid = "test-key",
            n = Base64UrlEncoder.Encode(parameters.Modulus),
            e = Base64UrlEncoder.Encode(parameters.Exponent),
        };
    }

    private async Task<IResult> TokenAsync(HttpRequest request)
    {
        var form = await request.ReadFormAsync();
        var basic = request.Headers.Authorization.ToString() is ['B', 'a', 's', 'i', 'c', ' ', .. var encoded]
            ? System.Text.Encoding.UTF8.GetString(Convert.FromBase64String(encoded)).Split(':')[0]
            : null;
        var clientId = basic ?? form["client_id"].ToString();
        return Results.Json(new { access_token = InternalToken(clientId), token_type = "Bearer", expires_in = 600 });
    }
}
