using System.Security.Cryptography;

namespace GoldenThread.Infrastructure;

/// <summary>Fresh secrets for instances on this machine.</summary>
public static class Secrets
{
    /// <summary>32 random bytes as 64 hexadecimal digits: safe in a URL, a connection string and a shell.</summary>
    public static string New() => Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(32));

    /// <summary>A short random name, to tell instances apart.</summary>
    public static string ShortName() => Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(4));
}
