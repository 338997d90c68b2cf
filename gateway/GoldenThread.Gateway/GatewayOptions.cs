using System.ComponentModel.DataAnnotations;
using System.Net;

namespace GoldenThread.Gateway;

/// <summary>Where the gateway listens, what it serves, and its limits. Section "Gateway".</summary>
public sealed class GatewayOptions
{
    /// <summary>Address to bind to; 127.0.0.1 unless said otherwise.</summary>
    public string BindAddress { get; set; } = "127.0.0.1";

    /// <summary>Port of REST (HTTP/1.1); 0 lets the system choose.</summary>
    [Range(0, 65535, ErrorMessage = "Gateway:HttpPort must be a port; example: Gateway__HttpPort=5000")]
    public int HttpPort { get; set; } = 5000;

    /// <summary>Port of native gRPC (HTTP/2 without TLS); 0 lets the system choose.</summary>
    [Range(0, 65535, ErrorMessage = "Gateway:GrpcPort must be a port; example: Gateway__GrpcPort=5001")]
    public int GrpcPort { get; set; } = 5001;

    /// <summary>The descriptor set; relative to the program's folder.</summary>
    [Required(AllowEmptyStrings = false, ErrorMessage = "Gateway:Contracts is empty; example: Gateway__Contracts=contracts.pb")]
    public string Contracts { get; set; } = "contracts.pb";

    /// <summary>How often the descriptor set is looked at for a change.</summary>
    public TimeSpan ContractsInterval { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>How often the names of services are resolved again.</summary>
    public TimeSpan ResolveInterval { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>How often each address of a service is asked for its health.</summary>
    public TimeSpan HealthInterval { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// How long the calls that an address fails are counted (it is left alone once 3 of 10 fail, and at least 5 were made), and how long it is then left
    /// alone.
    /// </summary>
    public TimeSpan FailureWindow { get; set; } = TimeSpan.FromSeconds(20);

    /// <summary>Allows gRPC without TLS to an address that is not loopback, where the network itself encrypts.</summary>
    public bool AllowPlaintext { get; set; }

    /// <summary>PEM certificate by which the gateway shows itself to services (mTLS).</summary>
    public string? CertificateFile { get; set; }

    /// <summary>PEM key of the certificate.</summary>
    public string? KeyFile { get; set; }

    /// <summary>PEM of the authority that signs the services' certificates; the system's authorities where it is not given.</summary>
    public string? ServiceAuthorityFile { get; set; }

    /// <summary>How long calls may take.</summary>
    public DeadlineOptions Deadlines { get; set; } = new();

    /// <summary>How large bodies may be.</summary>
    public SizeOptions Sizes { get; set; } = new();

    /// <summary>How many requests a client may make.</summary>
    public RateLimitOptions RateLimit { get; set; } = new();

    /// <summary>Whether <see cref="BindAddress"/> is an address.</summary>
    public bool BindAddressIsValid => IPAddress.TryParse(BindAddress, out _);
}

/// <summary>How long calls may take. Section "Gateway:Deadlines".</summary>
public sealed class DeadlineOptions
{
    /// <summary>A call with JSON both ways.</summary>
    public TimeSpan Default { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>An upload.</summary>
    public TimeSpan Upload { get; set; } = TimeSpan.FromMinutes(15);

    /// <summary>A download, or an answer of many messages.</summary>
    public TimeSpan Stream { get; set; } = TimeSpan.FromMinutes(15);

    /// <summary>Other deadlines, by an rpc's full name, such as "goldenthread.reporting.v1.Attainment.GetAttainment".</summary>
    public Dictionary<string, TimeSpan> Rpcs { get; set; } = [];
}

/// <summary>How large bodies may be, in bytes. Section "Gateway:Sizes".</summary>
public sealed class SizeOptions
{
    /// <summary>A JSON body.</summary>
    public int Json { get; set; } = 4 * 1024 * 1024;

    /// <summary>An uploaded file.</summary>
    public long Upload { get; set; } = 1024L * 1024 * 1024;

    /// <summary>One message of an answer.</summary>
    public int Answer { get; set; } = 32 * 1024 * 1024;
}

/// <summary>How many requests a client may make: a bucket of <see cref="Requests"/> tokens that fills up over <see cref="Window"/>. Section "Gateway:RateLimit".</summary>
public sealed class RateLimitOptions
{
    /// <summary>Requests per window, and the most at once; 0 turns the limit off.</summary>
    [Range(0, int.MaxValue, ErrorMessage = "Gateway:RateLimit:Requests must not be negative; example: Gateway__RateLimit__Requests=6000")]
    public int Requests { get; set; } = 6000;

    /// <summary>The window.</summary>
    public TimeSpan Window { get; set; } = TimeSpan.FromMinutes(1);
}
