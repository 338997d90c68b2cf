using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text.Json.Nodes;
using GoldenThread.TestSupport;

namespace GoldenThread.Gateway.Tests;

/// <summary>Services that come, go, and are unwell.</summary>
public sealed class OutageTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task KilledBackend_CostsNoRequest_WhileAnotherLives()
    {
        await using var first = await KitchenServer.StartAsync("first");
        await using var second = await KitchenServer.StartAsync("second");
        await using var gateway = await GatewayUnderTest.StartAsync([first, second], "Gateway:HealthInterval=00:10:00");
        var before = await AskAsync(gateway, 40);
        Assert.Equal(["first", "second"], before.Order());
        var address = new Uri(first.Address);
        await first.KillAsync();
        await GatewayUnderTest.LetGoAsync(address);
        for (var round = 0; round < 60; round++)
        {
            Assert.Equal("second", (string?)(await gateway.PostAsync("/v1/who", "{}"))["name"]);
            Assert.Equal("second", (string?)(await gateway.GetAsync("/v1/who"))["name"]);
        }
    }

    [Fact]
    public async Task OnlyBackendGone_IsA503WithRetryAfter_AndWorksAgainOnItsReturn()
    {
        var kitchen = await KitchenServer.StartAsync("only");
        await using var gateway = await GatewayUnderTest.StartAsync([kitchen], "Gateway:HealthInterval=00:00:00.200");
        await gateway.GetAsync("/v1/who");
        var port = new Uri(kitchen.Address).Port;
        await kitchen.DisposeAsync();
        foreach (var verb in new[] { HttpMethod.Get, HttpMethod.Post })
        {
            using var response = await gateway.Http.SendAsync(
                new HttpRequestMessage(verb, "/v1/who") { Content = verb == HttpMethod.Post ? GatewayUnderTest.Json("{}") : null }, Ct);
            await GatewayUnderTest.ProblemAsync(response, 503, "UNAVAILABLE");
            Assert.NotNull(response.Headers.RetryAfter);
        }

        using var upload = await gateway.Http.PostAsync("/v1/restaurants/a/menu:import", new ByteArrayContent(new byte[1000]), Ct);
        await GatewayUnderTest.ProblemAsync(upload, 503, "UNAVAILABLE");
        await using var again = await KitchenServer.StartAsync("again", port);
        await Eventually.Async(async () => Assert.Equal("again", (string?)(await gateway.GetAsync("/v1/who"))["name"]));
    }

    [Fact]
    public async Task UnwellBackend_IsLeftAlone_UntilItIsWell()
    {
        await using var first = await KitchenServer.StartAsync("first");
        await using var second = await KitchenServer.StartAsync("second");
        first.IsServing = false;
        await using var gateway = await GatewayUnderTest.StartAsync([first, second], "Gateway:HealthInterval=00:00:00.100");
        await Eventually.Async(async () => Assert.Equal("1 of 2 healthy", await WellAsync(gateway)));
        Assert.Equal(["second"], await AskAsync(gateway, 30));
        first.IsServing = true;
        await Eventually.Async(async () => Assert.Equal(["first", "second"], (await AskAsync(gateway, 20)).Order()));
    }

    [Fact]
    public async Task BackendThatBreaksCallsOff_IsLeftAlone_ThenTriedAgain()
    {
        await using var first = await KitchenServer.StartAsync("first");
        await using var second = await KitchenServer.StartAsync("second");
        await using var gateway = await GatewayUnderTest.StartAsync([first, second], "Gateway:HealthInterval=00:10:00", "Gateway:FailureWindow=00:00:15");
        first.BreaksCalls = true;
        // What was sent and may have been done is not sent again, so that callers see these failures, until the address is left alone.
        await Eventually.Async(async () =>
        {
            using var response = await gateway.Http.PostAsync("/v1/who", GatewayUnderTest.Json("{}"), Ct);
            return await WellAsync(gateway) == "1 of 2 healthy";
        }, "the first kitchen is known as unwell");
        var broken = first.BrokenCalls;
        Assert.Equal(["second"], await AskAsync(gateway, 20));
        Assert.Equal(broken, first.BrokenCalls);
        first.BreaksCalls = false;
        await Eventually.Async(async () => Assert.Equal(["first", "second"], (await AskAsync(gateway, 20)).Order()), TimeSpan.FromSeconds(60));
        Assert.Equal("2 of 2 healthy", await WellAsync(gateway));
    }

    [Fact]
    public async Task BackendThatTakesNoConnection_CostsNoRequest_WhileAnotherLives()
    {
        // Its queue is full: what a pod that has gone looks like where nobody refuses in its place.
        using var silent = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        silent.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        silent.Listen(0);
        using var queued = new TcpClient();
        await queued.ConnectAsync((IPEndPoint)silent.LocalEndPoint!, Ct);
        await using var second = await KitchenServer.StartAsync("second");
        await using var gateway = await GatewayUnderTest.StartAsync(
            [second], $"Services:Kitchen=http://{silent.LocalEndPoint},{second.Address}", "Gateway:HealthInterval=00:10:00");
        var answers = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => gateway.PostAsync("/v1/who", "{}")));
        Assert.All(answers, answer => Assert.Equal("second", (string?)answer["name"]));
        Assert.True(gateway.Log.Says("WhoTakes"), "no call went to the address that takes no connection");
    }

    [Fact]
    public async Task RateLimit_RefillsWhatItAnnounces()
    {
        await using var kitchen = await KitchenServer.StartAsync("only");
        await using var gateway = await GatewayUnderTest.StartAsync([kitchen], "Gateway:RateLimit:Requests=3", "Gateway:RateLimit:Window=00:00:02");
        var clock = Stopwatch.StartNew();
        var before = await UseUpAsync(gateway);
        // A full refill, and a timer's turn: waiting longer than this harms nothing.
        await Task.Delay(TimeSpan.FromSeconds(2.5), Ct);
        var after = await UseUpAsync(gateway);
        Assert.True(after >= 3, $"after its refill it served {after}");
        // Three at once and three for every two seconds; how long it all took is this machine's matter.
        Assert.InRange(before + after, 6, 3 + (int)Math.Ceiling(clock.Elapsed.TotalSeconds * 1.5));
    }

    [Fact]
    public async Task RateLimit_IsPerClient_AndSaysWhatIsLeft()
    {
        await using var kitchen = await KitchenServer.StartAsync("only");
        await using var gateway = await GatewayUnderTest.StartAsync([kitchen], "Gateway:RateLimit:Requests=5", "Gateway:RateLimit:Window=00:10:00");
        for (var left = 4; left >= 0; left--)
        {
            using var served = await gateway.Http.GetAsync("/v1/who", Ct);
            Assert.Equal(200, (int)served.StatusCode);
            Assert.Equal("\"client\";q=5;w=600", Assert.Single(served.Headers.GetValues("RateLimit-Policy")));
            Assert.StartsWith($"\"client\";r={left};t=", Assert.Single(served.Headers.GetValues("RateLimit")), StringComparison.Ordinal);
        }

        using var refused = await gateway.Http.GetAsync("/v1/who", Ct);
        await GatewayUnderTest.ProblemAsync(refused, 429, "RATE_LIMITED");
        Assert.NotNull(refused.Headers.RetryAfter);
        await gateway.GetAsync("/health/live");
    }

    [Fact]
    public async Task RateLimit_OfOneClient_IsNoOthers()
    {
        await using var issuer = await TestIssuer.StartAsync();
        await using var kitchen = await KitchenServer.StartAsync("only");
        await using var gateway = await GatewayUnderTest.StartAsync(
            [kitchen], "Gateway:RateLimit:Requests=3", "Gateway:RateLimit:Window=00:10:00", "Identity:Issuers:0:Authority=" + issuer.Authority);
        string[] tokens =
        [
            issuer.ClientToken("one", "a"), issuer.ClientToken("another", "a"), issuer.Token("person", "a", OfApplication("one")),
            issuer.Token("somebody", "a", OfApplication("one")), issuer.Token("person", "a", OfApplication("another")), "", issuer.ExpiredToken("person", "a"),
        ];

        foreach (var token in tokens[..^1])
        {
            Assert.Equal(3, await UseUpAsync(gateway, token));
        }

        // Who is not believed is nobody, at the same address as the one without a token.
        Assert.Equal(0, await UseUpAsync(gateway, tokens[^1]));
        Assert.Equal(0, await UseUpAsync(gateway, tokens[0]));
    }

    [Fact]
    public async Task UploadBeyondTheLimit_IsA413_DeclaredOrNot()
    {
        await using var kitchen = await KitchenServer.StartAsync("only");
        await using var gateway = await GatewayUnderTest.StartAsync([kitchen], "Gateway:Sizes:Upload=1000000");
        using var declared = await gateway.Http.PostAsync("/v1/restaurants/a/menu:import", new ByteArrayContent(new byte[1_000_001]), Ct);
        var told = await GatewayUnderTest.ProblemAsync(declared, 413, "UPLOAD_TOO_LARGE");
        Assert.Equal("A file has at most 1,000,000 bytes. Split it and send the parts.", (string?)told["detail"]);
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/restaurants/a/menu:import") { Content = new ByteArrayContent(new byte[1_000_001]) };
        request.Headers.TransferEncodingChunked = true;
        using var chunked = await gateway.Http.SendAsync(request, Ct);
        Assert.Equal((string?)told["detail"], (string?)(await GatewayUnderTest.ProblemAsync(chunked, 413, "UPLOAD_TOO_LARGE"))["detail"]);
        Assert.Equal(0, kitchen.CompleteUploads);
        using var allowed = await gateway.Http.PostAsync("/v1/restaurants/a/menu:import", new ByteArrayContent(new byte[1_000_000]), Ct);
        Assert.Equal("1000000", (string?)JsonNode.Parse(await allowed.Content.ReadAsStringAsync(Ct))!["bytes"]);
    }

    [Fact]
    public async Task UploadBeyondAGibibyte_IsTold_HowMuchIsTaken()
    {
        await using var kitchen = await KitchenServer.StartAsync("only");
        await using var gateway = await GatewayUnderTest.StartAsync([kitchen]);
        var port = gateway.Http.BaseAddress!.Port;
        using var client = new System.Net.Sockets.TcpClient();
        await client.ConnectAsync(System.Net.IPAddress.Loopback, port, Ct);
        await using var stream = client.GetStream();
        var request = $"POST /v1/restaurants/a/menu:import HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Length: {(1L << 30) + 1}\r\n\r\n";
        await stream.WriteAsync(System.Text.Encoding.ASCII.GetBytes(request), Ct);

        var (head, body) = await GatewayUnderTest.EarlyAnswerAsync(stream);

        Assert.StartsWith("HTTP/1.1 413 ", head[0], StringComparison.Ordinal);
        Assert.Contains("Connection: close", head);
        Assert.Equal("A file has at most 1 GiB. Split it and send the parts.", (string?)JsonNode.Parse(body)!["detail"]);
    }

    [Theory]
    [InlineData("Gateway:HttpPort=99999", "Gateway:HttpPort")]
    [InlineData("Gateway:Contracts=nowhere.pb", "Gateway:Contracts")]
    [InlineData("Services:Kitchen=kitchen", "Services:Kitchen")]
    [InlineData("Services:Kitchen=http://10.1.2.3:5000", "Gateway:AllowPlaintext")]
    [InlineData("Gateway:Deadlines:Default=00:00:00", "Gateway:Deadlines:Default")]
    [InlineData("Gateway:FailureWindow=00:00:00", "FailureWindow")]
    public async Task WrongSetting_StopsTheStart_AndIsNamed(string setting, string name)
    {
        await using var kitchen = await KitchenServer.StartAsync("only");
        var refusal = await Assert.ThrowsAnyAsync<Exception>(async () => await (await GatewayUnderTest.StartAsync([kitchen], setting)).DisposeAsync());
        Assert.Contains(name, refusal.Message, StringComparison.Ordinal);
    }

    private static async Task<string?> WellAsync(GatewayUnderTest gateway) => (string?)(await gateway.GetAsync("/health/ready"))["services"]!["kitchen"];

    // How many requests are served before one is refused.
    private static async Task<int> UseUpAsync(GatewayUnderTest gateway, string token = "")
    {
        for (var served = 0; ; served++)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, "/v1/who");
            request.Headers.Authorization = token.Length > 0 ? new AuthenticationHeaderValue("Bearer", token) : null;
            using var response = await gateway.Http.SendAsync(request, Ct);
            if (!response.IsSuccessStatusCode)
            {
                await GatewayUnderTest.ProblemAsync(response, 429, "RATE_LIMITED");
                return served;
            }
        }
    }

    private static Dictionary<string, object> OfApplication(string client) => new() { ["azp"] = client };

    private static async Task<IEnumerable<string>> AskAsync(GatewayUnderTest gateway, int times)
    {
        var names = new HashSet<string>();
        for (var round = 0; round < times; round++)
        {
            names.Add((string)(await gateway.GetAsync("/v1/who"))["name"]!);
        }

        return names;
    }
}
