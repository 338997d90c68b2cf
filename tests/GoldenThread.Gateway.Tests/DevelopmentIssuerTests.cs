using System.Buffers.Text;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using GoldenThread.Gateway.Identity;
using GoldenThread.Infrastructure;
using GoldenThread.TestSupport;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace GoldenThread.Gateway.Tests;

/// <summary>The development issuer of the gateway as it runs: what it gives, and what it refuses.</summary>
public sealed class DevelopmentIssuerTests(IssuingGateway gateway) : IClassFixture<IssuingGateway>
{
    private const string App = "dashboard";
    private const string Callback = "http://127.0.0.1:7777/callback";

    // RFC 7636, section 4.1: 43 to 128 characters.
    private static readonly string Verifier = new('v', 43);

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task SignIn_GivesATokenOfThatPerson_ForThatClientAndScope()
    {
        var token = await gateway.BelievedAsync(await TokenAsync(await CodeAsync(scope: "openid schools.read")));

        Assert.Equal(("head", App, "schools.read"), (token.Subject, Claim(token, "client_id"), Claim(token, "scope")));
        Assert.Equal(["goldenthread"], token.Audiences);
    }

    [Theory]
    [InlineData("a verifier that was not hashed into the challenge", Callback, App)]
    [InlineData("", Callback, App)]
    [InlineData(null, Callback, "another")]
    [InlineData(null, Callback, "")]
    [InlineData(null, "http://127.0.0.1:7778/callback", App)]
    public async Task Code_ForAnotherVerifierClientOrAddress_IsRefused_AndSpent(string? verifier, string address, string client)
    {
        var code = await CodeAsync();

        await RefusedAsync(400, "invalid_grant", await RedeemAsync(code, verifier ?? Verifier, address, client));
        await RefusedAsync(400, "invalid_grant", await RedeemAsync(code));
    }

    [Fact]
    public async Task Code_IsGoodOnce()
    {
        var code = await CodeAsync();
        await TokenAsync(code);

        await RefusedAsync(400, "invalid_grant", await RedeemAsync(code));
        await RefusedAsync(400, "invalid_grant", await RedeemAsync("no code at all"));
    }

    [Fact]
    public void Code_AfterItsMinute_IsRefused()
    {
        var clock = new Moved();
        var codes = new AuthorizationCodes(clock);
        string Issue() => codes.Issue("head", App, Callback, Challenge, "");
        var (timely, late) = (Issue(), Issue());

        clock.Now += TimeSpan.FromSeconds(60);
        Assert.Equal("head", codes.Redeem(timely, App, Callback, Verifier)?.Subject);
        clock.Now += TimeSpan.FromSeconds(1);
        Assert.Null(codes.Redeem(late, App, Callback, Verifier));
    }

    [Theory]
    [InlineData("redirect_uri", "https://app.example.org/callback")]
    [InlineData("redirect_uri", "http://127.0.0.1.example.org/callback")]
    [InlineData("redirect_uri", "http://127.0.0.1@app.example.org/callback")]
    [InlineData("redirect_uri", "javascript://127.0.0.1/alert(1)")]
    [InlineData("redirect_uri", "/callback")]
    [InlineData("code_challenge", "")]
    [InlineData("code_challenge_method", "plain")]
    [InlineData("response_type", "token")]
    [InlineData("client_id", "")]
    public async Task SignIn_AskedForWrongly_IsRefused_AndRedirectsNowhere(string name, string value)
    {
        var query = Query("");
        query[name] = value;

        await RefusedAsync(400, "invalid_request", await gateway.Http.GetAsync(Address(query), Ct));
        await RefusedAsync(400, "invalid_request", await SignInAsync(query, "head"));
    }

    [Theory]
    [InlineData("nobody")]
    [InlineData("svc-tracking")]
    public async Task SignIn_OfNobodyWhoIsThere_IsRefused(string subject) =>
        await RefusedAsync(400, "access_denied", await SignInAsync(Query(""), subject));

    [Theory]
    [InlineData("svc-tracking", "wrong")]
    [InlineData("svc-tracking", "")]
    [InlineData("svc-tracking", "partner-secret")]
    [InlineData("svc-nobody", "service-secret")]
    [InlineData("", "")]
    public async Task Client_WithAWrongSecret_IsRefused(string client, string secret) =>
        await RefusedAsync(401, "invalid_client", await ClientAsync(client, secret, "internal"));

    [Theory]
    [InlineData("internal")]
    [InlineData("internal schools.read")]
    [InlineData("")]
    public async Task PersonOrPartner_NeverGetsTheInternalScopeOrAudience(string asked)
    {
        var person = await gateway.BelievedAsync(await TokenAsync(await CodeAsync(asked)));
        // Through a service's client, too: that one has no sign-in.
        var throughService = await gateway.BelievedAsync(
            await TokenOfAsync(await RedeemAsync(await CodeAsync(asked, client: "svc-tracking"), client: "svc-tracking")));
        var partner = await gateway.BelievedAsync(await TokenOfAsync(await ClientAsync("partner-demo", "partner-secret", asked)));

        Assert.All([person, throughService, partner], token =>
        {
            Assert.Equal(["goldenthread"], token.Audiences);
            Assert.DoesNotContain("internal", Claim(token, "scope").Split(' '));
        });
        var service = await gateway.BelievedAsync(await TokenOfAsync(await ClientAsync("svc-tracking", "service-secret", asked)));
        Assert.Equal("internal", Claim(service, "scope"));
        Assert.Equal(["goldenthread-internal"], service.Audiences);
    }

    [Fact]
    public void SigningKey_IsItsOwnersAlone() =>
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(gateway.KeyFile));

    [Fact]
    public async Task Token_IsStillBelieved_AfterTheGatewayWasKilled()
    {
        await using var own = new IssuingGateway();
        await own.InitializeAsync();
        using var answer = await own.Http.PostAsync("/connect/token", Form(
            ("grant_type", "client_credentials"), ("client_id", "partner-demo"), ("client_secret", "partner-secret")), Ct);
        var token = await TokenOfAsync(answer);
        await own.BelievedAsync(token);

        await own.KillAsync();
        await own.StartAsync();

        await own.BelievedAsync(token);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(own.KeyFile));
    }

    private static string Challenge => Base64Url.EncodeToString(SHA256.HashData(Encoding.ASCII.GetBytes(Verifier)));

    private static Dictionary<string, string?> Query(string scope, string client = App) => new()
    {
        ["response_type"] = "code",
        ["client_id"] = client,
        ["redirect_uri"] = Callback,
        ["code_challenge"] = Challenge,
        ["code_challenge_method"] = "S256",
        ["scope"] = scope,
        ["state"] = "as it was",
    };

    private static string Address(Dictionary<string, string?> query) => QueryHelpers.AddQueryString("/connect/authorize", query);

    private static FormUrlEncodedContent Form(params (string Name, string Value)[] fields) =>
        new(fields.Select(field => KeyValuePair.Create(field.Name, field.Value)));

    private Task<HttpResponseMessage> SignInAsync(Dictionary<string, string?> query, string subject) =>
        gateway.Http.PostAsync(Address(query), Form(("subject", subject)), Ct);

    private async Task<string> CodeAsync(string scope = "", string client = App)
    {
        using var answer = await SignInAsync(Query(scope, client), "head");
        Assert.Equal(HttpStatusCode.Redirect, answer.StatusCode);
        var told = QueryHelpers.ParseQuery(answer.Headers.Location!.Query);
        Assert.StartsWith(Callback, answer.Headers.Location.ToString(), StringComparison.Ordinal);
        Assert.Equal("as it was", told["state"]);
        return told["code"]!;
    }

    private Task<HttpResponseMessage> RedeemAsync(string code, string? verifier = null, string address = Callback, string client = App) =>
        gateway.Http.PostAsync("/connect/token", Form(
            ("grant_type", "authorization_code"), ("code", code), ("client_id", client), ("redirect_uri", address), ("code_verifier", verifier ?? Verifier)), Ct);

    private Task<HttpResponseMessage> ClientAsync(string client, string secret, string scope) =>
        gateway.Http.PostAsync("/connect/token", Form(
            ("grant_type", "client_credentials"), ("client_id", client), ("client_secret", secret), ("scope", scope)), Ct);

    private async Task<string> TokenAsync(string code) => await TokenOfAsync(await RedeemAsync(code));

    private static async Task<string> TokenOfAsync(HttpResponseMessage answer)
    {
        var text = await answer.Content.ReadAsStringAsync(Ct);
        Assert.True(answer.IsSuccessStatusCode, $"{(int)answer.StatusCode} {text}");
        return (string)JsonNode.Parse(text)!["access_token"]!;
    }

    private static async Task RefusedAsync(int status, string error, HttpResponseMessage answer)
    {
        var text = await answer.Content.ReadAsStringAsync(Ct);
        Assert.True((int)answer.StatusCode == status, $"expected {status} {error}, was {(int)answer.StatusCode} {text}");
        Assert.Equal(error, (string?)JsonNode.Parse(text)!["error"]);
        Assert.Null(answer.Headers.Location);
    }

    private static string Claim(JsonWebToken token, string name) => token.GetPayloadValue<string>(name);

    private sealed class Moved : TimeProvider
    {
        public DateTimeOffset Now { get; set; } = new(2026, 1, 31, 9, 0, 0, TimeSpan.Zero);

        public override DateTimeOffset GetUtcNow() => Now;
    }
}

/// <summary>The gateway as a process of its own, in Development, with its issuer; its services are not there.</summary>
public sealed class IssuingGateway : IAsyncLifetime
{
    private readonly string folder = Directory.CreateTempSubdirectory("gt-issuer-").FullName;
    private readonly string address = $"http://127.0.0.1:{FreePorts.Take()}";
    private ChildProcess? process;
    private Keeper? keeper;

    public IssuingGateway() => Http = new(new HttpClientHandler { AllowAutoRedirect = false }) { BaseAddress = new Uri(address), Timeout = TimeSpan.FromSeconds(30) };

    public HttpClient Http { get; }

    public string KeyFile => Path.Combine(folder, "key", "issuer-key.pem");

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => await StartAsync();

    public async Task StartAsync()
    {
        string[] settings =
        [
            "--environment=Development", $"--Gateway:HttpPort={new Uri(address).Port}", "--Gateway:GrpcPort=0",
            "--Services:Assessment=http://127.0.0.1:9", "--Services:Tracking=http://127.0.0.1:9",
            "--Services:Reviews=http://127.0.0.1:9", "--Services:Reporting=http://127.0.0.1:9",
            $"--Identity:Issuers:0:Authority={address}", $"--Gateway:Issuer:Address={address}", $"--Gateway:Issuer:KeyFile={KeyFile}",
            "--Gateway:Issuer:Clients:svc-tracking:Secret=service-secret", "--Gateway:Issuer:Clients:svc-tracking:Scopes:0=internal",
            "--Gateway:Issuer:Clients:partner-demo:Secret=partner-secret", "--Gateway:Issuer:Clients:partner-demo:Scopes:0=schools.read",
        ];
        var program = typeof(Program).Assembly.Location;
        process = await ChildProcess.StartAsync(
            "gateway", ["dotnet", program, .. settings], Path.Combine(folder, "log"), workingFolder: Path.GetDirectoryName(program));
        // It must not outlive the tests, however these end.
        keeper?.Dispose();
        keeper = new Keeper(folder, process.Mark);
        await process.ReadyAsync(IsThereAsync, TimeSpan.FromMinutes(1), Ct);
    }

    public Task KillAsync() => process!.KillAsync();

    /// <summary>The token, once the issuer's published keys prove it.</summary>
    public async Task<JsonWebToken> BelievedAsync(string token)
    {
        var keys = new JsonWebKeySet(await Http.GetStringAsync("/connect/jwks", Ct));
        var result = await new JsonWebTokenHandler().ValidateTokenAsync(token, new TokenValidationParameters
        {
            ValidIssuer = address,
            ValidAudiences = ["goldenthread", "goldenthread-internal"],
            IssuerSigningKeys = keys.GetSigningKeys(),
        });
        Assert.True(result.IsValid, result.Exception?.Message);
        return (JsonWebToken)result.SecurityToken;
    }

    public async ValueTask DisposeAsync()
    {
        if (process is not null)
        {
            await process.StopAsync(TimeSpan.FromSeconds(20));
        }

        keeper?.Dispose();
        Http.Dispose();
        Directory.Delete(folder, recursive: true);
    }

    private async Task<bool> IsThereAsync()
    {
        try
        {
            using var answer = await Http.GetAsync("/.well-known/openid-configuration", Ct);
            return answer.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }
}
