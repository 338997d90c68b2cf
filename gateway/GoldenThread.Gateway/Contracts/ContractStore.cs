using GoldenThread.Gateway.Transcoding.Json;
using Microsoft.Extensions.Options;

namespace GoldenThread.Gateway.Contracts;

/// <summary>
/// Holds the descriptor set in use and takes over a new one when the file changes: without restart, unless it breaks what callers rely on or asks
/// for what the gateway does not do. Then the old one stays and the log names the reasons.
/// </summary>
internal sealed partial class ContractStore : BackgroundService
{
    private readonly string _path;
    private readonly TimeSpan _interval;
    private readonly ServiceAddresses _addresses;
    private readonly ILogger<ContractStore> _log;
    private string _lastSeen;

    public ContractStore(IOptions<GatewayOptions> options, ServiceAddresses addresses, ILogger<ContractStore> log)
    {
        _path = Path.Combine(AppContext.BaseDirectory, options.Value.Contracts);
        _interval = options.Value.ContractsInterval;
        _addresses = addresses;
        _log = log;
        if (!File.Exists(_path))
        {
            throw new OptionsValidationException(
                "Gateway", typeof(GatewayOptions), [$"Gateway:Contracts names {_path}, which does not exist; example: Gateway__Contracts=contracts.pb"]);
        }

        Current = ContractSet.Load(File.ReadAllBytes(_path));
        _lastSeen = Current.Digest;
        if (MissingAddresses(Current) is { Count: > 0 } missing)
        {
            throw new OptionsValidationException("Services", typeof(ServiceAddresses), missing);
        }
    }

    /// <summary>Raised after <see cref="Current"/> has changed.</summary>
    public event Action? Changed;

    /// <summary>The descriptor set in use.</summary>
    public ContractSet Current { get; private set; }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(_interval);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            await LookAsync(stoppingToken);
        }
    }

    private async Task LookAsync(CancellationToken ct)
    {
        try
        {
            var bytes = await File.ReadAllBytesAsync(_path, ct);
            var digest = Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(bytes));
            if (digest == _lastSeen)
            {
                return;
            }

            _lastSeen = digest;
            TakeOver(ContractSet.Load(bytes));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Unreadable(_path, e.Message);
        }
        catch (UnsupportedContractException e)
        {
            Refused(_path, e.Message);
        }
    }

    private void TakeOver(ContractSet next)
    {
        var breaks = ContractCompatibility.Breaks(Current, next).Concat(MissingAddresses(next)).ToList();
        if (breaks.Count > 0)
        {
            Refused(_path, string.Join(" ", breaks));
            return;
        }

        Current = next;
        TakenOver(_path, next.Methods.Count);
        Changed?.Invoke();
    }

    private List<string> MissingAddresses(ContractSet set) =>
        set.ServiceNames.Where(name => !_addresses.Knows(name))
            .Select(name => $"Services:{name} is not set; example: Services__{name}=http://127.0.0.1:5101")
            .ToList();

    [LoggerMessage(Level = LogLevel.Information, Message = "Took over {Path}: {Count} REST methods")]
    private partial void TakenOver(string path, int count);

    [LoggerMessage(Level = LogLevel.Error, Message = "Refused {Path}, the contracts in use stay. {Reasons}")]
    private partial void Refused(string path, string reasons);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Path} cannot be read now, the contracts in use stay: {Why}")]
    private partial void Unreadable(string path, string why);
}
