using System.Security.Cryptography.X509Certificates;

namespace GoldenThread.ServiceDefaults;

/// <summary>How a certificate is judged where the house's own authorities count, and not those that the machine trusts.</summary>
internal static class OwnAuthority
{
    /// <summary>A chain that must end at one of these. Revocation is not looked up.</summary>
    public static X509ChainPolicy Policy(X509Certificate2Collection authorities)
    {
        var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        policy.CustomTrustStore.AddRange(authorities);
        return policy;
    }

    /// <summary>Whether one of these signed the certificate.</summary>
    public static bool Signed(X509Certificate2 certificate, X509Certificate2Collection authorities)
    {
        using var chain = new X509Chain { ChainPolicy = Policy(authorities) };
        return chain.Build(certificate);
    }
}
