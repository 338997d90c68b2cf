using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text.Json;
using System.Web;
using GoldenThread.Infrastructure;

namespace GoldenThread.Cli.House;

/// <summary>Signs one of the demo people in at the development issuer, as a browser would: authorization code with PKCE.</summary>
public static class SignIn
{
    private const string Client = "gt";
    private const string Redirect = "http://127.0.0.1/signed-in";

    /// <summary>An access token for the demo person.</summary>
    /// <param name="gatewayUrl">Where the gateway is.</param>
    /// <param name="subject">For example <c>data-lead</c>.</param>
    /// <param name="scope">Blank-separated; empty means all that a person may have.</param>
    public static async Task<string> TokenAsync(string gatewayUrl, string subject, string scope = "")
    {
        using var http = new HttpClient(new HttpClientHandler { AllowAutoRedirect = false });
        var verifier = Secrets.New();
        var code = await CodeAsync(http, gatewayUrl, subject, scope, verifier);
        var answer = await http.PostAsync($"{gatewayUrl}/connect/token", new FormUrlEncodedContent(new Dictionary<string, string>
        {
            ["grant_type"] = "authorization_code",
            ["code"] = code,
            ["client_id"] = Client,
            ["redirect_uri"] = Redirect,
            ["code_verifier"] = verifier,
        }));
        return await AccessTokenAsync(answer);
    }

    private static async Task<string> CodeAsync(HttpClient http, string gatewayUrl, string subject, string scope, string verifier)
    {
        var query = HttpUtility.ParseQueryString("");
        query["response_type"] = "code";
        query["client_id"] = Client;
        query["redirect_uri"] = Redirect;
        query["code_challenge"] = Convert.ToBase64String(SHA256.HashData(System.Text.Encoding.ASCII.GetBytes(verifier)))
            .TrimEnd('=').Replace('+', '-').Replace('/', '_');
        query["code_challenge_method"] = "S256";
        query["scope"] = scope;
        using var form = new FormUrlEncodedContent(new Dictionary<string, string> { ["subject"] = subject });
        using var answer = await http.PostAsync($"{gatewayUrl}/connect/authorize?{query}", form);
        if (answer.Headers.Location is not { } location)
            throw new InfrastructureException($"{subject} could not sign in: {await answer.Content.ReadAsStringAsync()}");
        return HttpUtility.ParseQueryString(location.Query)["code"]!;
    }

    private static async Task<string> AccessTokenAsync(HttpResponseMessage answer)
    {
        if (!answer.IsSuccessStatusCode)
            throw new InfrastructureException($"no token was given: {await answer.Content.ReadAsStringAsync()}");
        var token = await answer.Content.ReadFromJsonAsync<JsonElement>();
        return token.GetProperty("access_token").GetString()!;
    }
}
