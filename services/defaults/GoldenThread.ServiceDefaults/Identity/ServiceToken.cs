using System.Net.Http.Json;
using System.Text.Json.Serialization;
using Microsoft.Extensions.Options;

namespace GoldenThread.ServiceDefaults;

/// <summary>This service's own token (client credentials, scope "internal"), fetched when needed and kept until shortly before it ends.</summary>
public sealed class ServiceToken(IOptions<IdentityOptions> options, TimeProvider clock) : IDisposable
{
    private static readonly TimeSpan Margin = TimeSpan.FromSeconds(30);

    private readonly HttpClient http = new() { Timeout = TimeSpan.FromSeconds(5) };
    private readonly SemaphoreSlim one = new(1, 1);
    private (string Value, DateTimeOffset Until)? held;

    /// <summary>The token now. UNAVAILABLE while the issuer cannot be reached.</summary>
    public async Task<string> GetAsync(CancellationToken ct)
    {
        if (held is { } known && known.Until > clock.GetUtcNow())
        {
            return known.Value;
        }

        await one.WaitAsync(ct);
        try
        {
            if (held is { } fresh && fresh.Until > clock.GetUtcNow())
            {
                return fresh.Value;
            }

            var token = await FetchAsync(ct);
            held = (token.AccessToken, clock.GetUtcNow() + TimeSpan.FromSeconds(token.ExpiresIn) - Margin);
            return token.AccessToken;
        }
        finally
        {
            one.Release();
        }
    }

    private async Task<TokenAnswer> FetchAsync(CancellationToken ct)
    {
        var client = options.Value.Client
            ?? throw new InvalidOperationException("Identity:Client is not configured; example: Identity__Client__Id=svc-tracking");
        using var form = new FormUrlEncodedContent(new Dictionary<string, string>
        {
            ["grant_type"] = "client_credentials",
            ["client_id"] = client.Id,
            ["client_secret"] = client.Secret,
            ["scope"] = Caller.InternalScope,
        });
        using var response = await http.PostAsync(client.TokenEndpoint, form, ct);
        response.EnsureSuccessStatusCode();
        return await response.Content.ReadFromJsonAsync<TokenAnswer>(ct) ?? throw new HttpRequestException("The token endpoint answered nothing.");
    }

    /// <inheritdoc />
    public void Dispose()
    {
        http.Dispose();
        one.Dispose();
    }

    private sealed record TokenAnswer(
        [property: JsonPropertyName("access_token")] string AccessToken,
        [property: JsonPropertyName("expires_in")] int ExpiresIn);
}
