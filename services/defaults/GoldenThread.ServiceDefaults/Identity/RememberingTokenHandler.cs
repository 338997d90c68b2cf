using System.Collections.Concurrent;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace GoldenThread.ServiceDefaults;

/// <summary>
/// Proves each token, and believes the very same token again for half a minute at most, or until it expires: far shorter than a withdrawn key goes
/// unnoticed anyway, since an issuer's keys are fetched anew only now and then.
/// </summary>
internal sealed class RememberingTokenHandler(TimeProvider clock) : TokenHandler
{
    private const int MostRemembered = 10_000;
    private static readonly TimeSpan Remembered = TimeSpan.FromSeconds(30);

    private readonly JsonWebTokenHandler prover = new() { MapInboundClaims = false };
    private readonly ConcurrentDictionary<string, (TokenValidationResult Result, DateTimeOffset Until)> proven = new(StringComparer.Ordinal);

    /// <inheritdoc />
    public override SecurityToken ReadToken(string token) => prover.ReadToken(token);

    /// <inheritdoc />
    public override async Task<TokenValidationResult> ValidateTokenAsync(string token, TokenValidationParameters validationParameters)
    {
        var now = clock.GetUtcNow();
        if (proven.TryGetValue(token, out var known) && known.Until > now)
        {
            return known.Result;
        }

        var result = await prover.ValidateTokenAsync(token, validationParameters);
        if (!result.IsValid)
        {
            return result;
        }

        if (proven.Count >= MostRemembered)
        {
            proven.Clear();
        }

        var expires = new DateTimeOffset(result.SecurityToken.ValidTo, TimeSpan.Zero);
        proven[token] = (result, expires < now + Remembered ? expires : now + Remembered);
        return result;
    }
}
