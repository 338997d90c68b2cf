using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Options;

namespace GoldenThread.Gateway;

/// <summary>Finds the addresses behind a name; DNS, but for tests.</summary>
internal delegate Task<IPAddress[]> ResolveName(string host, CancellationToken ct);

/// <summary>One address of a service.</summary>
/// <param name="Address">Scheme, host and port to connect to.</param>
/// <param name="Host">The configured name and port, where the address was found behind it: what calls are meant for and a certificate names.</param>
internal sealed record ServiceAddress(string Address, string? Host = null);

/// <summary>
/// Where each service is: section "Services", one entry per service with one or more addresses separated by commas. A name that stands for many
/// addresses (a headless Service in Kubernetes) is resolved to all of them, again and again.
/// </summary>
internal sealed partial class ServiceAddresses : BackgroundService
{
    private readonly Dictionary<string, List<Uri>> _configured = new(StringComparer.OrdinalIgnoreCase);
    private readonly ResolveName _resolve;
    private readonly TimeSpan _interval;
    private readonly ILogger<ServiceAddresses> _log;
    private Dictionary<string, IReadOnlyList<ServiceAddress>> _resolved;

    public ServiceAddresses(IConfiguration configuration, IOptions<GatewayOptions> options, ResolveName resolve, ILogger<ServiceAddresses> log)
    {
        _resolve = resolve;
        _interval = options.Value.ResolveInterval;
        _log = log;
        foreach (var service in configuration.GetSection("Services").GetChildren())
        {
            _configured[service.Key] = Parse(service.Key, service.Value ?? "", options.Value);
        }

        _resolved = _configured.ToDictionary(
            pair => pair.Key, pair => (IReadOnlyList<ServiceAddress>)pair.Value.Select(AsConfigured).ToList(), StringComparer.OrdinalIgnoreCase);
    }

    /// <summary>Raised after an address has come or gone.</summary>
    public event Action? Changed;

    public bool Knows(string service) => _configured.ContainsKey(service);

    /// <summary>The addresses of a service at present.</summary>
    public IReadOnlyList<ServiceAddress> Of(string service) => _resolved[service];

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (!_configured.Values.SelectMany(addresses => addresses).Any(NeedsResolving))
        {
            return;
        }

        using var timer = new PeriodicTimer(_interval);
        do
        {
            await ResolveAsync(stoppingToken);
        }
        while (await timer.WaitForNextTickAsync(stoppingToken));
    }

    private static List<Uri> Parse(string service, string value, GatewayOptions options)
    {
        var addresses = new List<Uri>();
        foreach (var part in value.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            if (!Uri.TryCreate(part, UriKind.Absolute, out var address) || address.Scheme is not ("http" or "https"))
            {
                throw Invalid($"Services:{service} is not a list of addresses; example: Services__{service}=http://127.0.0.1:5101,http://127.0.0.1:5102");
            }

            if (address.Scheme == "http" && !address.IsLoopback && !options.AllowPlaintext)
            {
                throw Invalid($"Services:{service} is reached without TLS and not on this machine. Use https, "
                    + "or set Gateway:AllowPlaintext=true where the network itself encrypts.");
            }

            addresses.Add(address);
        }

        return addresses.Count > 0 ? addresses : throw Invalid($"Services:{service} is empty; example: Services__{service}=http://127.0.0.1:5101");
    }

    private static OptionsValidationException Invalid(string message) => new("Services", typeof(ServiceAddresses), [message]);

    private static bool NeedsResolving(Uri address) => address.HostNameType == UriHostNameType.Dns && !address.IsLoopback;

    private static ServiceAddress AsConfigured(Uri address) => new(address.GetLeftPart(UriPartial.Authority));

    private async Task ResolveAsync(CancellationToken ct)
    {
        var next = new Dictionary<string, IReadOnlyList<ServiceAddress>>(StringComparer.OrdinalIgnoreCase);
        var changed = false;
        foreach (var (service, addresses) in _configured)
        {
            var found = new List<ServiceAddress>();
            foreach (var address in addresses)
            {
                found.AddRange(NeedsResolving(address) ? await ResolveAsync(address, ct) : [AsConfigured(address)]);
            }

            next[service] = [.. found.DistinctBy(one => one.Address).OrderBy(one => one.Address, StringComparer.Ordinal)];
            changed |= !next[service].SequenceEqual(_resolved[service]);
        }

        if (changed)
        {
            _resolved = next;
            Changed?.Invoke();
        }
    }

    private async Task<IEnumerable<ServiceAddress>> ResolveAsync(Uri address, CancellationToken ct)
    {
        try
        {
            var found = await _resolve(address.DnsSafeHost, ct);
            return found.Select(ip => new ServiceAddress($"{address.Scheme}://{new IPEndPoint(ip, address.Port)}", address.Authority));
        }
        catch (SocketException e)
        {
            // Not there yet, or no longer: the name itself keeps the place, and calls to it say that the service cannot be reached.
            Unresolved(address.DnsSafeHost, e.Message);
            return [AsConfigured(address)];
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The name {Host} cannot be resolved: {Why}")]
    private partial void Unresolved(string host, string why);
}
