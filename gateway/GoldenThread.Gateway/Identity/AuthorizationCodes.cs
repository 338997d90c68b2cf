using System.Buffers.Text;
using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;

namespace GoldenThread.Gateway.Identity;

/// <summary>Codes between sign-in and token: each good once, for a minute, for who holds the PKCE verifier.</summary>
public sealed class AuthorizationCodes(TimeProvider clock)
{
    private static readonly TimeSpan Life = TimeSpan.FromMinutes(1);

    private readonly ConcurrentDictionary<string, Pending> pending = new(StringComparer.Ordinal);

    /// <summary>A code for a sign-in.</summary>
    public string Issue(string subject, string client, string redirectUri, string challenge, string scope)
    {
        foreach (var old in pending.Where(p => p.Value.Until < clock.GetUtcNow()))
        {
            pending.TryRemove(old.Key, out _);
        }

        var code = Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(32));
        pending[code] = new(subject, client, redirectUri, challenge, scope, clock.GetUtcNow() + Life);
        return code;
    }

    /// <summary>Who signed in and with what scope; null where the code, the client, the address or the verifier do not fit.</summary>
    public (string Subject, string Scope)? Redeem(string code, string client, string redirectUri, string verifier)
    {
        if (!pending.TryRemove(code, out var signIn) || signIn.Until < clock.GetUtcNow() || signIn.Client != client || signIn.RedirectUri != redirectUri)
        {
            return null;
        }

        var challenge = Base64Url.EncodeToString(SHA256.HashData(Encoding.ASCII.GetBytes(verifier)));
        return CryptographicOperations.FixedTimeEquals(Encoding.ASCII.GetBytes(challenge), Encoding.ASCII.GetBytes(signIn.Challenge))
            ? (signIn.Subject, signIn.Scope)
            : null;
    }

    private sealed record Pending(string Subject, string Client, string RedirectUri, string Challenge, string Scope, DateTimeOffset Until);
}
