namespace GoldenThread.ServiceDefaults;

/// <summary>Where something may travel in clear without a setting that says so.</summary>
public static class Plaintext
{
    /// <summary>Whether the address is absolute and on this machine. Names below .localhost never leave it (RFC 6761, section 6.3); compose uses one.</summary>
    public static bool StaysHere(string address) =>
        Uri.TryCreate(address, UriKind.Absolute, out var uri)
        && (uri.IsLoopback || uri.Host.EndsWith(".localhost", StringComparison.OrdinalIgnoreCase));

    /// <summary>Whether the address is absolute, and https, or http where that is allowed or stays on this machine.</summary>
    public static bool IsAllowed(string address, bool plaintextAllowed) =>
        Uri.TryCreate(address, UriKind.Absolute, out var uri)
        && (uri.Scheme == Uri.UriSchemeHttps || (uri.Scheme == Uri.UriSchemeHttp && (plaintextAllowed || StaysHere(address))));
}
