namespace GoldenThread.Gateway.Identity;

/// <summary>The issuer that stands in for the trust's identity provider on a developer's machine. Section "Gateway:Issuer".</summary>
public sealed class DevelopmentIssuerOptions
{
    /// <summary>Address under which the issuer is reached; it is the <c>iss</c> of its tokens. Without it there is no issuer.</summary>
    public string? Address { get; set; }

    /// <summary>File of the signing key (PEM, mode 0600); made where it is missing, so that tokens survive a restart.</summary>
    public string KeyFile { get; set; } = ".gt/issuer-key.pem";

    /// <summary>Audience of tokens for the public interface.</summary>
    public string Audience { get; set; } = "goldenthread";

    /// <summary>Audience of tokens between services.</summary>
    public string InternalAudience { get; set; } = "goldenthread-internal";

    /// <summary>Confidential clients (client credentials) by id.</summary>
    public Dictionary<string, DevelopmentClient> Clients { get; set; } = [];
}

/// <summary>A confidential client of the development issuer.</summary>
public sealed class DevelopmentClient
{
    /// <summary>Its secret.</summary>
    public string Secret { get; set; } = "";

    /// <summary>The scopes it may have. "internal" makes it a service: its tokens then carry the internal audience.</summary>
    public List<string> Scopes { get; set; } = [];
}
