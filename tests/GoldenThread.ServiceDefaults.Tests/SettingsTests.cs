using GoldenThread.TestSupport;

namespace GoldenThread.ServiceDefaults.Tests;

public sealed class SettingsTests
{
    // What a service needs, and nothing wrong in it; it ends before it asks anybody.
    private static readonly string[] Good =
    [
        "--Database:ConnectionString=Host=127.0.0.1;Port=9;Database=none;Username=nobody",
        "--Rabbit:Host=127.0.0.1", "--Rabbit:User=nobody", "--Rabbit:Password=none",
        "--Identity:Issuers:0:Authority=http://127.0.0.1:9",
        "--Identity:Client:Id=svc-tracking", "--Identity:Client:Secret=none", "--Identity:Client:TokenEndpoint=http://127.0.0.1:9/token",
        "--Services:Assessment=http://127.0.0.1:9",
    ];

    [Theory]
    [InlineData("Database:ConnectionString=", "Database:ConnectionString is missing")]
    [InlineData("Service:GrpcPort=70000", "Service:GrpcPort must be a port")]
    [InlineData("Service:BindAddress=everywhere", "Service:BindAddress is not an IP address")]
    [InlineData("Service:BindAddress=0.0.0.0", "Service:AllowPlaintext=true")]
    [InlineData("Service:PeerPatience=00:00:00", "Service:PeerPatience must be a time")]
    [InlineData("Service:UploadPatience=00:00:00", "Service:UploadPatience must be a time")]
    [InlineData("Service:UploadPatience=30", "Service:UploadPatience must be a time of less than a day")]
    [InlineData("Service:LeastUploadRate=0", "Service:LeastUploadRate must be 1 or more bytes a second")]
    [InlineData("Service:MostUploadsAtOnce=0", "Service:MostUploadsAtOnce must be 1 or more")]
    [InlineData("Rabbit:Password=", "Rabbit:Password is missing")]
    [InlineData("Rabbit:Host=broker.example.org", "Set Rabbit:UseTls=true")]
    [InlineData("Identity:Issuers:0:Authority=", "Identity:Issuers: each Authority is an address")]
    [InlineData("Identity:Issuers:0:Authority=http://login.example.org", "Identity:Issuers: each Authority is an address")]
    [InlineData("Identity:Client:Secret=", "Identity:Client lacks its id or secret")]
    [InlineData("Identity:Client:TokenEndpoint=http://login.example.org/token", "Identity:Client:TokenEndpoint is not an address with https")]
    [InlineData("Services:Assessment=", "Services:Assessment is not an address")]
    [InlineData("Services:Assessment=http://assessment:5100", "Services:Assessment is not an address")]
    [InlineData("Telemetry:OtlpEndpoint=collector", "Telemetry:OtlpEndpoint is not an address")]
    public async Task WrongSetting_StopsTheStart_AndIsNamed(string wrong, string words)
    {
        var outcome = await Specimen.RunAsync([.. Good, "--" + wrong]);

        Assert.NotEqual(0, outcome.ExitCode);
        Assert.Contains(words, outcome.Output, StringComparison.Ordinal);
    }
}
