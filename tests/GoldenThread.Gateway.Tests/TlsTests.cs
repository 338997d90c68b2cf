using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using GoldenThread.TestSupport;
using Grpc.Net.Client;

namespace GoldenThread.Gateway.Tests;

/// <summary>A service of several addresses behind one name, with TLS: its certificate names the name, never an address.</summary>
public sealed class TlsTests : IAsyncLifetime
{
    private const string Name = "kitchen.test";
    private readonly X509Certificate2 _certificate = CertificateFor(Name);
    private readonly string _authority = Path.GetTempFileName();
    private KitchenServer _first = null!;
    private KitchenServer _second = null!;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private int Port => new Uri(_first.Address).Port;

    public async ValueTask InitializeAsync()
    {
        await File.WriteAllTextAsync(_authority, _certificate.ExportCertificatePem(), Ct);
        _first = await KitchenServer.StartAsync("first", new IPEndPoint(IPAddress.Loopback, 0), _certificate);
        _second = await KitchenServer.StartAsync("second", new IPEndPoint(IPAddress.Parse("127.0.0.2"), Port), _certificate);
    }

    public async ValueTask DisposeAsync()
    {
        await _first.DisposeAsync();
        await _second.DisposeAsync();
        _certificate.Dispose();
        File.Delete(_authority);
    }

    [Fact]
    public async Task EachAddressBehindTheName_IsCalledByTheName_AndWatchedOver()
    {
        await using var gateway = await StartAsync(Name, "00:00:00.100");
        await Eventually.Async(async () => Assert.Equal(["first", "second"], await AskAsync(gateway)));
        using var channel = GrpcChannel.ForAddress(gateway.GrpcAddress);
        var client = new Kitchen.V1.Kitchen.KitchenClient(channel);
        var names = new HashSet<string>();
        for (var round = 0; round < 40; round++)
        {
            names.Add((await client.WhoTakesAsync(new(), cancellationToken: Ct)).Name);
            Assert.All([_first, _second], kitchen => Assert.Equal($"{Name}:{Port}", kitchen.CalledAs));
        }

        Assert.Equal(["first", "second"], names.Order());
        _second.IsServing = false;
        await Eventually.Async(async () =>
            Assert.Equal("1 of 2 healthy", (string?)(await gateway.GetAsync("/health/ready"))["services"]!["kitchen"]));
        Assert.Equal(["first"], await AskAsync(gateway));
    }

    [Fact]
    public async Task KilledAddress_CostsNoRequest_WhileAnotherLives()
    {
        await using var gateway = await StartAsync(Name, "00:10:00");
        await Eventually.Async(async () => Assert.Equal(["first", "second"], await AskAsync(gateway)));
        var address = new Uri(_first.Address);
        await _first.KillAsync();
        await GatewayUnderTest.LetGoAsync(address);
        for (var round = 0; round < 30; round++)
        {
            Assert.Equal(["second"], await AskAsync(gateway, 1));
        }
    }

    [Fact]
    public async Task CertificateOfAnotherName_IsNotBelieved()
    {
        await using var gateway = await StartAsync("another.test", "00:10:00");
        await Eventually.Async(async () => Assert.Contains("of 2", (string?)(await gateway.GetAsync("/health/ready"))["services"]!["kitchen"], StringComparison.Ordinal));
        using var response = await gateway.Http.GetAsync("/v1/who", Ct);
        await GatewayUnderTest.ProblemAsync(response, 503, "UNAVAILABLE");
        Assert.Null(_first.CalledAs ?? _second.CalledAs);
    }

    private static async Task<IEnumerable<string>> AskAsync(GatewayUnderTest gateway, int times = 30)
    {
        var names = new SortedSet<string>(StringComparer.Ordinal);
        for (var round = 0; round < times; round++)
        {
            names.Add((string)(await gateway.PostAsync("/v1/who", "{}"))["name"]!);
        }

        return names;
    }

    // Signed by itself, so that it is its own authority.
    private static X509Certificate2 CertificateFor(string name)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=throw-away", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName(name);
        request.CertificateExtensions.Add(names.Build());
        return request.CreateSelfSigned(DateTimeOffset.UtcNow.AddMinutes(-5), DateTimeOffset.UtcNow.AddHours(1));
    }

    private Task<GatewayUnderTest> StartAsync(string name, string healthInterval) => GatewayUnderTest.StartAsync(
        [],
        (host, _) => Task.FromResult(host == name ? [IPAddress.Loopback, IPAddress.Parse("127.0.0.2")] : Array.Empty<IPAddress>()),
        $"Services:Kitchen=https://{name}:{Port}",
        "Gateway:ServiceAuthorityFile=" + _authority,
        "Gateway:HealthInterval=" + healthInterval);
}
