using GoldenThread.Infrastructure;

namespace GoldenThread.TestSupport;

/// <summary>The gateway as a process of its own, before one service.</summary>
public sealed class GatewayProcess : IAsyncDisposable
{
    private static readonly string[] Services = ["Assessment", "Tracking", "Reviews", "Reporting"];

    private readonly ChildProcess process;
    private readonly Keeper keeper;

    private GatewayProcess(ChildProcess process, Uri rest)
    {
        this.process = process;
        // It must not outlive the tests, however these end.
        keeper = new Keeper(process.LogFile, process.Mark);
        Rest = rest;
        Http = new HttpClient { BaseAddress = rest, Timeout = TimeSpan.FromMinutes(2) };
    }

    /// <summary>Where it speaks REST.</summary>
    public Uri Rest { get; }

    /// <summary>A client of it.</summary>
    public HttpClient Http { get; }

    /// <summary>Starts it on free ports.</summary>
    /// <param name="program">The gateway's program.</param>
    /// <param name="service">Name of the service that is there, such as "Assessment".</param>
    /// <param name="address">Where that is.</param>
    /// <param name="issuer">Whose tokens it takes.</param>
    /// <param name="environment">What its environment has besides ours.</param>
    public static async Task<GatewayProcess> StartAsync(
        string program, string service, string address, TestIssuer issuer, IReadOnlyDictionary<string, string?>? environment = null)
    {
        var ports = FreePorts.Take(2);
        string[] settings =
        [
            $"--Gateway:HttpPort={ports[0]}", $"--Gateway:GrpcPort={ports[1]}", "--Gateway:RateLimit:Requests=0",
            $"--Identity:Issuers:0:Authority={issuer.Authority}", "--Logging:LogLevel:Default=Warning",
            .. Services.Select(name => $"--Services:{name}={(name == service ? address : "http://127.0.0.1:9")}"),
        ];
        var log = Path.Combine(Path.GetTempPath(), $"gt-gateway-{Secrets.ShortName()}.log");
        var started = await ChildProcess.StartAsync("gateway", ["dotnet", program, .. settings], log, environment, Path.GetDirectoryName(program));
        var gateway = new GatewayProcess(started, new Uri($"http://127.0.0.1:{ports[0]}"));
        await started.ReadyAsync(gateway.IsLiveAsync, TimeSpan.FromMinutes(2), Xunit.TestContext.Current.CancellationToken);
        return gateway;
    }

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        await process.StopAsync(TimeSpan.FromSeconds(10));
        keeper.Dispose();
        File.Delete(process.LogFile);
    }

    private async Task<bool> IsLiveAsync()
    {
        try
        {
            using var answer = await Http.GetAsync("/health/live");
            return answer.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }
}
