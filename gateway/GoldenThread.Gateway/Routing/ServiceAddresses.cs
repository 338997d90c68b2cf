using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Options;

namespace GoldenThread.Gateway;

/// <summary>
/// Where each service is: section "Services", one entry per service with one or more addresses separated by commas. A name that stands for many
/// addresses (a headless Service in Kubernetes) is resolved to all of them, again and again.
/// </summary>
internal sealed partial class ServiceAddresses : BackgroundService
{
    private readonly Dictionary<string, List<Uri>> _configured = new(StringComparer.OrdinalIgnoreCase);
    private readonly TimeSpan _interval;
    private readonly ILogger<ServiceAddresses> _log;
    private Dictionary<string, IReadOnlyList<string>> _resolved;

    public ServiceAddresses(IConfiguration configuration, IOptions<GatewayOptions> options, ILogger<ServiceAddresses> log)
    {
        _interval = options.Value.ResolveInterval;
        _log = log;
        foreach (var service in configuration.GetSection("Services").GetChildren())
        {
            _configured[service.Key] = Parse(service.Key, service.Value ?? "", options.Value);
        }

        _resolved = _configured.ToDictionary(
            pair => pair.Key, pair => (IReadOnlyList<string>)pair.Value.Select(AddressOf).ToList(), StringComparer.OrdinalIgnoreCase);
    }

    /// <summary>Raised after an address has come or gone.</summary>
    public event Action? Changed;

    public bool Knows(string service) => _configured.ContainsKey(service);

    /// <summary>The addresses of a service at present.</summary>
    public IReadOnlyList<string> Of(string service) => _resolved[service];

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

    // A certificate names the host, so that with TLS the name must stay.
    private static bool NeedsResolving(Uri address) => address.Scheme == "http" && address.HostNameType == UriHostNameType.Dns && !address.IsLoopback;

    private static string AddressOf(Uri address) => address.GetLeftPart(UriPartial.Authority);

    private async Task ResolveAsync(CancellationToken ct)
    {
        var next = new Dictionary<string, IReadOnlyList<string>>(StringComparer.OrdinalIgnoreCase);
        var changed = false;
        foreach (var (service, addresses) in _configured)
        {
            var found = new SortedSet<string>(StringComparer.Ordinal);
            foreach (var address in addresses)
            {
                found.UnionWith(NeedsResolving(address) ? await ResolveAsync(address, ct) : [AddressOf(address)]);
            }

            next[service] = [.. found];
            changed |= !found.SetEquals(_resolved[service]);
        }

        if (changed)
        {
            _resolved = next;
            Changed?.Invoke();
        }
    }

    private async Task<IEnumerable<string>> ResolveAsync(Uri address, CancellationToken ct)
    {
        try
        {
            var found = await Dns.GetHostAddressesAsync(address.DnsSafeHost, ct);
            return found.Select(ip => $"{address.Scheme}://{new IPEndPoint(ip, address.Port)}");
        }
        catch (SocketException e)
        {
            // Not there yet, or no longer: the name itself keeps the place, and calls to it say that the service cannot be reached.
            Unresolved(address.DnsSafeHost, e.Message);
            return [AddressOf(address)];
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The name {Host} cannot be resolved: {Why}")]
    private partial void Unresolved(string host, string why);
}
