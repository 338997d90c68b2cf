using System.Net;
using System.Net.Http.Headers;
using System.Text.Json.Nodes;
using GoldenThread.Infrastructure;
using GoldenThread.TestSupport;

namespace GoldenThread.EndToEnd.Tests;

/// <summary>
/// Both sides show a certificate of the house's own authority, between gateway and service and between services; whoever shows another reaches
/// nothing, and the caller is told no more than that the service cannot be reached.
/// </summary>
[Collection(nameof(WatchedHouse))]
public sealed class TlsTests(WatchedHouse watched) : IAsyncLifetime
{
    private readonly string folder = Directory.CreateTempSubdirectory("gt-tls-").FullName;
    private readonly List<HouseProcess> started = [];
    private readonly Dictionary<string, string?> services = [];
    private ThrowAwayAuthority ours = null!;
    private ThrowAwayAuthority foreign = null!;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private House House => watched.House;

    public async ValueTask InitializeAsync()
    {
        ours = new ThrowAwayAuthority(folder, "ours");
        foreign = new ThrowAwayAuthority(folder, "foreign");
        var ports = FreePorts.Take(4);
        services["Services__Tracking"] = $"https://127.0.0.1:{ports[0]}";
        services["Services__Reporting"] = $"https://127.0.0.1:{ports[2]}";
        await StartServiceAsync("tracking", ports[0], ports[1]);
        await StartServiceAsync("reporting", ports[2], ports[3]);
    }

    public async ValueTask DisposeAsync()
    {
        await Task.WhenAll(started.Select(process => process.StopAsync()));
        ours.Dispose();
        foreign.Dispose();
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task HousesOwnCertificates_OpenEveryDoor_AndOnlyThose()
    {
        // Reporting asks tracking for the names: the same pair of certificates between services.
        var gateway = await StartGatewayAsync(ours.Sign("gateway"), ours.File);
        var sending = watched.Trust.Sendings(0).Single(sent => sent.Urn == WatchedHouse.TlsSchool);
        using (var recorded = await House.SendAsync(House.TokenOf(House.Administrator), HttpMethod.Post, sending.Path, House.Json(sending.Body())))
        {
            Assert.Equal(HttpStatusCode.OK, recorded.StatusCode);
        }

        await Eventually.Async(async () =>
        {
            var (status, list) = await GetAsync(gateway, $"/v1/schools/{sending.Urn}/pupils-by-status?collection_id={sending.CollectionId}&status=no-data");
            Assert.True(status == HttpStatusCode.OK && (bool)list["namesAvailable"]! && list["pupils"]!.AsArray().Count == 1, list.ToJsonString());
            Assert.Equal($"Pupil0 Of{sending.Urn}", (string?)list["pupils"]![0]!["name"]);
        });

        await AssertUnreachableAsync(await StartGatewayAsync(ours.Sign("wary"), foreign.File), "a service of an authority that the gateway does not know");
        await AssertUnreachableAsync(await StartGatewayAsync(foreign.Sign("stranger"), ours.File), "a gateway of an authority that the service does not know");
        await AssertUnreachableAsync(await StartGatewayAsync(null, ours.File), "a gateway without a certificate");
    }

    private async Task StartServiceAsync(string service, int grpcPort, int healthPort)
    {
        var (certificate, key) = ours.Sign(service);
        started.Add(await House.StartAnotherAsync(House.Services[service], new Dictionary<string, string?>(services)
        {
            ["Service__GrpcPort"] = grpcPort.ToString(),
            ["Service__HealthPort"] = healthPort.ToString(),
            ["Service__CertificateFile"] = certificate,
            ["Service__KeyFile"] = key,
            ["Service__ClientAuthorityFile"] = ours.File,
        }, healthPort));
    }

    private async Task<Uri> StartGatewayAsync((string Certificate, string Key)? own, string authority)
    {
        var ports = FreePorts.Take(2);
        started.Add(await House.StartAnotherAsync(House.Gateway, new Dictionary<string, string?>(services)
        {
            ["Gateway__HttpPort"] = ports[0].ToString(),
            ["Gateway__GrpcPort"] = ports[1].ToString(),
            ["Gateway__CertificateFile"] = own?.Certificate,
            ["Gateway__KeyFile"] = own?.Key,
            ["Gateway__ServiceAuthorityFile"] = authority,
        }, ports[0]));
        return new Uri($"http://127.0.0.1:{ports[0]}");
    }

    private async Task AssertUnreachableAsync(Uri gateway, string who)
    {
        foreach (var path in new[] { "/v1/schools/900801", $"/v1/trust-overview?collection_id={watched.Trust.CollectionId}" })
        {
            var (status, problem) = await GetAsync(gateway, path);
            Assert.True(status == HttpStatusCode.ServiceUnavailable && (string?)problem["code"] == "UNAVAILABLE", $"{who}: {(int)status} {problem.ToJsonString()}");
            Assert.Equal("The service cannot be reached at the moment. Try again soon.", (string?)problem["detail"]);
        }
    }

    private async Task<(HttpStatusCode Status, JsonNode Body)> GetAsync(Uri gateway, string path)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(gateway, path));
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", House.TokenOf(House.Administrator));
        using var response = await House.Http.SendAsync(request, Ct);
        return (response.StatusCode, JsonNode.Parse(await response.Content.ReadAsStringAsync(Ct))!);
    }
}
