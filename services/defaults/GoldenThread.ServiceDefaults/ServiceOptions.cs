using System.ComponentModel.DataAnnotations;

namespace GoldenThread.ServiceDefaults;

/// <summary>Where a service listens. Section "Service".</summary>
public sealed class ServiceOptions
{
    /// <summary>Name of the service, such as "assessment".</summary>
    [Required(ErrorMessage = "Service:Name is missing; example: Service__Name=assessment")]
    public string Name { get; set; } = "";

    /// <summary>Address to bind to; 127.0.0.1 unless said otherwise.</summary>
    public string BindAddress { get; set; } = "127.0.0.1";

    /// <summary>Port of gRPC (HTTP/2).</summary>
    [Range(0, 65535, ErrorMessage = "Service:GrpcPort must be a port; example: Service__GrpcPort=5101")]
    public int GrpcPort { get; set; }

    /// <summary>Port of the plain HTTP health endpoints for probes.</summary>
    [Range(0, 65535, ErrorMessage = "Service:HealthPort must be a port; example: Service__HealthPort=5201")]
    public int HealthPort { get; set; }

    /// <summary>Allows gRPC without TLS on an address that is not loopback, where the network itself encrypts.</summary>
    public bool AllowPlaintext { get; set; }

    /// <summary>PEM certificate of this service; with it gRPC is served over TLS.</summary>
    public string? CertificateFile { get; set; }

    /// <summary>PEM key of the certificate.</summary>
    public string? KeyFile { get; set; }

    /// <summary>
    /// PEM of the house's authority, which signs the certificates of callers and of the services called. With it a client certificate is required
    /// (mTLS), and no other service is believed.
    /// </summary>
    public string? ClientAuthorityFile { get; set; }

    /// <summary>How long another service may send nothing in the middle of a stream before it counts as not reachable.</summary>
    public TimeSpan PeerPatience { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>How many audited reads may wait for the audit table before calls are refused.</summary>
    [Range(1, int.MaxValue, ErrorMessage = "Service:MostReadsWaiting must be 1 or more; example: Service__MostReadsWaiting=100000")]
    public int MostReadsWaiting { get; set; } = 100_000;

    /// <summary>
    /// How many files may be uploaded at once: each holds a connection to the database until its last byte, or until too little came within
    /// <see cref="UploadPatience"/>.
    /// </summary>
    [Range(1, int.MaxValue, ErrorMessage = "Service:MostUploadsAtOnce must be 1 or more; example: Service__MostUploadsAtOnce=4")]
    public int MostUploadsAtOnce { get; set; } = 4;

    /// <summary>
    /// How long the sender of a file may send nothing, or less than <see cref="LeastUploadRate"/> over this time, before the upload is given up, and its
    /// place goes to another.
    /// </summary>
    public TimeSpan UploadPatience { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// Bytes a second at which a file must come, over each span of <see cref="UploadPatience"/>. A tenth of a slow school line (20 kB/s), so that such a
    /// line may stop for most of the span; far more than somebody sends who only wants to hold the place.
    /// </summary>
    [Range(1, int.MaxValue, ErrorMessage = "Service:LeastUploadRate must be 1 or more bytes a second; example: Service__LeastUploadRate=2048")]
    public int LeastUploadRate { get; set; } = 2048;
}

/// <summary>The service's own database. Section "Database".</summary>
public sealed class DatabaseOptions
{
    /// <summary>Connection of the application role, which owns no table.</summary>
    [Required(ErrorMessage = "Database:ConnectionString is missing; example: Database__ConnectionString=\"Host=127.0.0.1;Database=assessment;Username=assessment_app;Password=…\"")]
    public string ConnectionString { get; set; } = "";

    /// <summary>Connection of the owner role; only `migrate` uses it.</summary>
    public string? OwnerConnectionString { get; set; }
}

/// <summary>The message broker. Section "Rabbit".</summary>
public sealed class RabbitOptions
{
    /// <summary>Host name.</summary>
    [Required(ErrorMessage = "Rabbit:Host is missing; example: Rabbit__Host=127.0.0.1")]
    public string Host { get; set; } = "";

    /// <summary>AMQP port.</summary>
    [Range(1, 65535, ErrorMessage = "Rabbit:Port must be a port; example: Rabbit__Port=5672")]
    public ushort Port { get; set; } = 5672;

    /// <summary>Virtual host.</summary>
    public string VirtualHost { get; set; } = "/";

    /// <summary>User.</summary>
    [Required(ErrorMessage = "Rabbit:User is missing; example: Rabbit__User=goldenthread")]
    public string User { get; set; } = "";

    /// <summary>Password.</summary>
    [Required(ErrorMessage = "Rabbit:Password is missing; give it through a secret: Rabbit__Password=…")]
    public string Password { get; set; } = "";

    /// <summary>Whether the broker is reached over TLS; its certificate must name <see cref="Host"/>.</summary>
    public bool UseTls { get; set; }

    /// <summary>PEM of the authority that signed the broker's certificate; without it those that the machine trusts.</summary>
    public string? AuthorityFile { get; set; }

    /// <summary>Allows a broker on another machine without TLS, where the network itself encrypts.</summary>
    public bool AllowPlaintext { get; set; }
}

/// <summary>Whose tokens are believed, and who this service is itself. Section "Identity".</summary>
public sealed class IdentityOptions
{
    /// <summary>The OIDC issuers whose tokens are accepted.</summary>
    [MinLength(1, ErrorMessage = "Identity:Issuers is empty; example: Identity__Issuers__0__Authority=https://login.example.org")]
    public List<IssuerOptions> Issuers { get; set; } = [];

    /// <summary>This service's own client, for calls that no person made.</summary>
    public ClientOptions? Client { get; set; }
}

/// <summary>One OIDC issuer.</summary>
public sealed class IssuerOptions
{
    /// <summary>Its address; discovery is read from beneath it.</summary>
    public string Authority { get; set; } = "";

    /// <summary>Allows it without TLS on another machine, where the network itself encrypts.</summary>
    public bool AllowPlaintext { get; set; }

    /// <summary>The audience of tokens for the public interface.</summary>
    public string Audience { get; set; } = "goldenthread";

    /// <summary>The audience of tokens between services; null where this issuer gives none.</summary>
    public string? InternalAudience { get; set; }

    /// <summary>Claims that hold scopes, by the issuer's custom.</summary>
    public List<string> ScopeClaims { get; set; } = ["scope", "scp"];
}

/// <summary>A service's own OAuth2 client (client credentials).</summary>
public sealed class ClientOptions
{
    /// <summary>Client id.</summary>
    public string Id { get; set; } = "";

    /// <summary>Client secret.</summary>
    public string Secret { get; set; } = "";

    /// <summary>Where tokens are had.</summary>
    public string TokenEndpoint { get; set; } = "";
}

/// <summary>Where traces and metrics go. Section "Telemetry".</summary>
public sealed class TelemetryOptions
{
    /// <summary>OTLP endpoint (gRPC); nothing is exported without one.</summary>
    public string? OtlpEndpoint { get; set; }
}
