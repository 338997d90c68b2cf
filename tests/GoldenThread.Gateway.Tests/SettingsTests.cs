using GoldenThread.Infrastructure;

namespace GoldenThread.Gateway.Tests;

/// <summary>What is set wrong is named in words, before a port is open.</summary>
public sealed class SettingsTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    // What the gateway needs for an evaluation, and nothing wrong in it.
    private static readonly string[] Good =
    [
        "--environment=Development", "--Gateway:HttpPort=0", "--Gateway:GrpcPort=0",
        "--Services:Assessment=http://127.0.0.1:9", "--Services:Tracking=http://127.0.0.1:9",
        "--Services:Reviews=http://127.0.0.1:9", "--Services:Reporting=http://127.0.0.1:9",
        "--Identity:Issuers:0:Authority=http://127.0.0.1:9", "--Gateway:Issuer:Address=http://127.0.0.1:9",
        "--Gateway:Issuer:Clients:svc-tracking:Secret=none", "--Gateway:Issuer:Clients:svc-tracking:Scopes:0=internal",
    ];

    [Theory]
    [InlineData("Gateway:BindAddress=everywhere", "Gateway:BindAddress is not an address")]
    [InlineData("Gateway:HttpPort=70000", "Gateway:HttpPort must be a port")]
    [InlineData("Gateway:GrpcPort=70000", "Gateway:GrpcPort must be a port")]
    [InlineData("Gateway:HttpPort=5001 Gateway:GrpcPort=5001", "Gateway:HttpPort and Gateway:GrpcPort are the same")]
    [InlineData("Gateway:Contracts=", "Gateway:Contracts is empty")]
    [InlineData("Gateway:HealthInterval=00:00:00", "the intervals must be positive")]
    [InlineData("Gateway:Deadlines:Upload=00:00:00", "Gateway:Deadlines:Default, Upload, Stream")]
    [InlineData("Gateway:Sizes:Json=0", "Gateway:Sizes must be positive")]
    [InlineData("Gateway:RateLimit:Requests=-1", "Gateway:RateLimit:Requests must not be negative")]
    [InlineData("Gateway:RateLimit:Window=00:00:00", "Gateway:RateLimit:Window must be positive")]
    [InlineData("Gateway:KeyFile=tls.key", "Gateway:CertificateFile and Gateway:KeyFile belong together")]
    [InlineData("Services:Tracking=tracking", "Services:Tracking is not a list of addresses")]
    [InlineData("Services:Tracking=http://tracking:5100", "Services:Tracking is reached without TLS")]
    [InlineData("Identity:Issuers:0:Authority=", "Identity:Issuers: each Authority is an address")]
    [InlineData("Identity:Issuers:0:Authority=http://login.example.org", "Identity:Issuers: each Authority is an address")]
    [InlineData("environment=Production", "Gateway:Issuer:Address is set outside Development")]
    [InlineData("Gateway:Issuer:Address=gateway", "Gateway:Issuer:Address is an address with https")]
    [InlineData("Gateway:Issuer:Address=", "Gateway:Issuer:Address is an address with https")]
    [InlineData("Gateway:Issuer:Address=http://login.example.org", "Gateway:Issuer:Address is an address with https")]
    [InlineData("Gateway:Issuer:Address=https://login.example.org", "Gateway:Issuer:Address is none of Identity:Issuers")]
    [InlineData("Gateway:Issuer:KeyFile=", "Gateway:Issuer:KeyFile is empty")]
    [InlineData("Gateway:Issuer:KeyFile=/proc/issuer-key.pem", "Gateway:Issuer:KeyFile is no key, or none can be written there")]
    [InlineData("Gateway:Issuer:KeyFile=contracts.pb", "Gateway:Issuer:KeyFile is no key, or none can be written there")]
    [InlineData("Gateway:Issuer:InternalAudience=goldenthread", "Gateway:Issuer:Audience and Gateway:Issuer:InternalAudience must be two")]
    [InlineData("Gateway:Issuer:Clients:svc-tracking:Secret=", "Gateway:Issuer:Clients: each needs a secret")]
    [InlineData("Gateway:Issuer:Clients:partner-demo:Secret=none", "Gateway:Issuer:Clients: each needs a secret and a scope")]
    [InlineData("Telemetry:OtlpEndpoint=collector", "Telemetry:OtlpEndpoint is not an address")]
    public async Task WrongSetting_StopsTheStart_AndIsNamed(string wrong, string words)
    {
        var key = Path.Combine(Path.GetTempPath(), $"gt-key-{Secrets.ShortName()}.pem");
        string[] settings = [.. Good, $"--Gateway:Issuer:KeyFile={key}", .. wrong.Split(' ').Select(one => "--" + one)];
        try
        {
            var outcome = await RunAsync(settings);

            Assert.NotEqual(0, outcome.ExitCode);
            Assert.Contains(words, outcome.Output, StringComparison.Ordinal);
            Assert.DoesNotContain("Now listening on", outcome.Output, StringComparison.Ordinal);
        }
        finally
        {
            File.Delete(key);
        }
    }

    private static async Task<Command.Outcome> RunAsync(string[] settings)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        patience.CancelAfter(Patience);
        var program = typeof(Program).Assembly.Location;
        return await Command.TryAsync(["dotnet", program, .. settings], workingFolder: Path.GetDirectoryName(program), cancellation: patience.Token);
    }
}
