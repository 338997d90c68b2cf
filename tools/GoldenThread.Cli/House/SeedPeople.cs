using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using GoldenThread.Demo.Seeding;
using GoldenThread.Infrastructure;

namespace GoldenThread.Cli.House;

/// <summary>In whose names the demo trust is sent: people of the house's development issuer, or the holders of tokens in a file.</summary>
public sealed class SeedPeople
{
    private readonly string issuer;
    private readonly Func<string, Task<string>> tokenOf;
    private readonly IReadOnlyDictionary<string, Identity> holders;

    private SeedPeople(string issuer, Func<string, Task<string>> tokenOf, IReadOnlyDictionary<string, Identity> holders) =>
        (this.issuer, this.tokenOf, this.holders) = (issuer, tokenOf, holders);

    /// <summary>Those who send it, by the demo's names.</summary>
    public static string Needed => string.Join(", ", TrustSeeder.Senders);

    /// <summary>The people of the development issuer beneath the gateway; throws where it has none.</summary>
    public static async Task<SeedPeople> AtDevelopmentIssuerAsync(string gateway, CancellationToken ct)
    {
        // Not always the address by which we came: in a cluster the issuer has the name that every pod resolves.
        var issuer = await IssuerAtAsync(gateway, ct)
            ?? throw new InfrastructureException($"{gateway} has no development issuer: give the tokens of {Needed} in --token-file");
        return new SeedPeople(issuer, person => SignIn.TokenAsync(gateway, person), new Dictionary<string, Identity>());
    }

    /// <summary>The holders of the tokens in a file: a line for each, with the demo's name for the person, a blank and the token.</summary>
    public static SeedPeople OfTokens(string file)
    {
        if (!File.Exists(file))
            throw new InfrastructureException($"there is no file {file}");
        var tokens = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var line in File.ReadLines(file).Select(line => line.Trim()).Where(line => line.Length > 0 && line[0] != '#'))
        {
            var parts = line.Split((char[]?)null, 2, StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
            tokens[parts[0]] = parts.Length == 2 ? parts[1] : throw new InfrastructureException($"{file}: {parts[0]} has no token");
        }

        var missing = TrustSeeder.Senders.Where(person => !tokens.ContainsKey(person)).ToList();
        if (missing.Count > 0)
            throw new InfrastructureException($"{file} has no token of {string.Join(", ", missing)}; it needs a line for each of {Needed}, such as: data-lead eyJ…");

        var holders = tokens.ToDictionary(
            token => token.Key,
            token => HolderOf(token.Value) ?? throw new InfrastructureException($"{file}: what {token.Key} has is no JWT with iss and sub"));
        return new SeedPeople(holders[TrustSeeder.Senders[0]].Issuer, person => Task.FromResult(tokens[person]), holders);
    }

    /// <summary>A token of one of those who send it.</summary>
    public Task<string> TokenAsync(string person) => tokenOf(person);

    /// <summary>Who a demo person is: the holder of the token, else somebody of the demo's name at the same issuer.</summary>
    public Identity IdentityOf(string person) => holders.GetValueOrDefault(person) ?? new Identity(issuer, person);

    private static async Task<string?> IssuerAtAsync(string gateway, CancellationToken ct)
    {
        using var http = new HttpClient();
        try
        {
            using var answer = await http.GetAsync($"{gateway}/.well-known/openid-configuration", ct);
            if (answer.StatusCode == HttpStatusCode.NotFound) return null;
            var discovery = await answer.EnsureSuccessStatusCode().Content.ReadFromJsonAsync<JsonElement>(ct);
            return discovery.GetProperty("issuer").GetString();
        }
        catch (HttpRequestException e)
        {
            throw new InfrastructureException($"no gateway answers at {gateway}: {e.Message}", e);
        }
    }

    // Only to learn the names in it; whether it is genuine is the house's to judge.
    private static Identity? HolderOf(string token)
    {
        try
        {
            var payload = token.Split('.') is [_, var middle, _] ? middle.Replace('-', '+').Replace('_', '/') : "";
            var claims = JsonSerializer.Deserialize<JsonElement>(
                Encoding.UTF8.GetString(Convert.FromBase64String(payload.PadRight((payload.Length + 3) / 4 * 4, '='))));
            return claims.TryGetProperty("iss", out var iss) && claims.TryGetProperty("sub", out var sub)
                ? new Identity(iss.GetString()!, sub.GetString()!)
                : null;
        }
        catch (Exception e) when (e is FormatException or JsonException or InvalidOperationException)
        {
            return null;
        }
    }
}
