using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.NetworkInformation;
using System.Text;
using System.Text.Json.Nodes;
using GoldenThread.TestSupport;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace GoldenThread.Gateway.Tests;

/// <summary>The real gateway on real ports.</summary>
internal sealed class GatewayUnderTest : IAsyncDisposable
{
    private readonly WebApplication _app;

    private GatewayUnderTest(WebApplication app)
    {
        _app = app;
        app.Services.GetRequiredService<ILoggerFactory>().AddProvider(Log);
    }

    public CollectedLog Log { get; } = new();

    public HttpClient Http { get; private set; } = null!;

    public Uri RestAddress => new(_app.Urls.First());

    public Uri GrpcAddress => new(_app.Urls.Last());

    public static string KitchenContracts => Path.Combine(AppContext.BaseDirectory, "kitchen.pb");

    public static Task<GatewayUnderTest> StartAsync(IEnumerable<KitchenServer> kitchens, params string[] settings) =>
        StartAsync(kitchens, Dns.GetHostAddressesAsync, settings);

    public static async Task<GatewayUnderTest> StartAsync(IEnumerable<KitchenServer> kitchens, ResolveName resolve, params string[] settings)
    {
        string[] args =
        [
            "--Gateway:HttpPort=0",
            "--Gateway:GrpcPort=0",
            "--Gateway:Contracts=" + KitchenContracts,
            "--Gateway:RateLimit:Requests=0",
            "--Services:Kitchen=" + string.Join(',', kitchens.Select(kitchen => kitchen.Address)),
            "--Identity:Issuers:0:Authority=http://127.0.0.1:9",
            "--Logging:LogLevel:Default=Warning",
            "--Logging:LogLevel:GoldenThread=Information",
            .. settings.Select(setting => "--" + setting),
        ];
        var gateway = new GatewayUnderTest(Program.Build(args, resolve));
        await gateway._app.StartAsync();
        gateway.Http = new HttpClient { BaseAddress = gateway.RestAddress, Timeout = TimeSpan.FromMinutes(3) };
        return gateway;
    }

    /// <summary>
    /// Waits until nobody is connected any more to a kitchen that was killed. Until the gateway hears of it, a call may still go out on the broken
    /// connection, and who can tell then whether it was done?
    /// </summary>
    public static Task LetGoAsync(Uri kitchen) => Eventually.Async(() => Task.FromResult(!HasConnectionTo(kitchen)), "the gateway has let go of the connection");

    /// <summary>A GET whose answer must be JSON and 200.</summary>
    public async Task<JsonNode> GetAsync(string path)
    {
        using var response = await Http.GetAsync(path);
        var text = await response.Content.ReadAsStringAsync();
        Assert.True(response.IsSuccessStatusCode, $"{path}: {(int)response.StatusCode} {text}");
        return JsonNode.Parse(text)!;
    }

    /// <summary>A POST whose answer must be JSON and 200.</summary>
    public async Task<JsonNode> PostAsync(string path, string json)
    {
        using var response = await Http.PostAsync(path, Json(json));
        var text = await response.Content.ReadAsStringAsync();
        Assert.True(response.IsSuccessStatusCode, $"{path}: {(int)response.StatusCode} {text}");
        return JsonNode.Parse(text)!;
    }

    public static StringContent Json(string json) => new(json, System.Text.Encoding.UTF8, "application/json");

    /// <summary>
    /// Reads as HTTP clients do, to the end of the answer. The connection then waits some seconds for the rest of the upload, and is reset: who goes on
    /// sending for longer may never see the answer.
    /// </summary>
    public static async Task<(List<string> Head, string Body)> EarlyAnswerAsync(Stream stream)
    {
        const string Length = "Content-Length: ";
        var reader = new StreamReader(stream, Encoding.ASCII);
        var head = new List<string>();
        while (await reader.ReadLineAsync(TestContext.Current.CancellationToken) is { Length: > 0 } line)
        {
            head.Add(line);
        }

        var body = new char[int.Parse(head.Single(line => line.StartsWith(Length, StringComparison.Ordinal))[Length.Length..], CultureInfo.InvariantCulture)];
        Assert.Equal(body.Length, await reader.ReadBlockAsync(body, TestContext.Current.CancellationToken));
        return (head, new string(body));
    }

    /// <summary>Reads a problem and checks what holds for all of them.</summary>
    public static async Task<JsonNode> ProblemAsync(HttpResponseMessage response, int status, string code)
    {
        var text = await response.Content.ReadAsStringAsync();
        Assert.True((int)response.StatusCode == status, $"expected {status} {code}, was {(int)response.StatusCode} {text}");
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType?.MediaType);
        var problem = JsonNode.Parse(text)!;
        Assert.Equal(code, (string?)problem["code"]);
        Assert.Equal(status, (int?)problem["status"]);
        Assert.Equal("urn:goldenthread:problem:" + code, (string?)problem["type"]);
        Assert.Equal(32, ((string?)problem["traceId"])!.Length);
        Assert.Contains((string)problem["traceId"]!, Assert.Single(response.Headers.GetValues("traceparent")), StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", text, StringComparison.Ordinal);
        return problem;
    }

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        await _app.StopAsync(new CancellationToken(canceled: true));
        await _app.DisposeAsync();
    }

    /// <summary>What the gateway logged.</summary>
    internal sealed class CollectedLog : ILoggerProvider, ILogger
    {
        private readonly ConcurrentQueue<string> _lines = new();

        public bool Says(string text) => _lines.Any(line => line.Contains(text, StringComparison.Ordinal));

        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Information;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            _lines.Enqueue(formatter(state, exception));

        public void Dispose()
        {
            // Nothing is held.
        }
    }

    // Both families: a socket for both of them calls an address of the older one by a mapped one.
    private static bool HasConnectionTo(Uri kitchen) => IPGlobalProperties.GetIPGlobalProperties().GetActiveTcpConnections()
        .Any(connection => connection.RemoteEndPoint.Port == kitchen.Port
            && connection.RemoteEndPoint.Address.MapToIPv4().Equals(IPAddress.Parse(kitchen.Host))
            && connection.State is TcpState.Established or TcpState.CloseWait);
}

/// <summary>One kitchen and one gateway, shared by the tests that do not disturb them.</summary>
public sealed class KitchenFixture : IAsyncLifetime
{
    internal KitchenServer Kitchen { get; private set; } = null!;

    internal GatewayUnderTest Gateway { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        Kitchen = await KitchenServer.StartAsync("only");
        Gateway = await GatewayUnderTest.StartAsync([Kitchen], "Gateway:Deadlines:Rpcs:test.kitchen.v1.Kitchen.Hang=00:00:00.500", "Gateway:Sizes:Json=262144");
    }

    public async ValueTask DisposeAsync()
    {
        await Gateway.DisposeAsync();
        await Kitchen.DisposeAsync();
    }
}
