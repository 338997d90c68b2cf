using System.Net;
using System.Reflection;
using System.Text.RegularExpressions;
using GoldenThread.Gateway.OpenApi;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Logging;

namespace GoldenThread.Gateway.Tests;

/// <summary>The page at /docs: everything on it comes from the gateway itself.</summary>
public sealed partial class DocsTests(KitchenFixture fixture) : IClassFixture<KitchenFixture>
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Page_NeedsNothingFromElsewhere_AndAllItNamesIsThere()
    {
        var page = await PageAsync(fixture.Gateway.Http);
        var addresses = AddressesOn(page);
        Assert.Contains("/openapi/v1.json", addresses);
        foreach (var address in addresses)
        {
            using var response = await fixture.Gateway.Http.GetAsync(address, Ct);
            Assert.True(response.IsSuccessStatusCode, $"{address}: {(int)response.StatusCode}");
        }
    }

    [Fact]
    public async Task PageWithReader_HasItsScriptFromTheGatewayItself()
    {
        await using var app = await StartAsync(typeof(DocsTests).Assembly);
        using var http = new HttpClient { BaseAddress = new Uri(app.Urls.Single()) };
        Assert.Equal(["/openapi/v1.json", "/docs/scalar.js"], AddressesOn(await PageAsync(http)).Distinct());
        using var script = await http.GetAsync("/docs/scalar.js", Ct);
        Assert.Equal("text/javascript", script.Content.Headers.ContentType?.MediaType);
        Assert.StartsWith("// Stands in for the reader", await script.Content.ReadAsStringAsync(Ct), StringComparison.Ordinal);
    }

    [Fact]
    public async Task PageWithoutReader_LeadsToTheDocument()
    {
        await using var app = await StartAsync(typeof(object).Assembly);
        using var http = new HttpClient { BaseAddress = new Uri(app.Urls.Single()) };
        var page = await PageAsync(http);
        Assert.Equal(["/openapi/v1.json"], AddressesOn(page));
        Assert.DoesNotContain("<script", page, StringComparison.Ordinal);
        using var script = await http.GetAsync("/docs/scalar.js", Ct);
        Assert.Equal(HttpStatusCode.NotFound, script.StatusCode);
    }

    /// <summary>The page, with what holds for it whether the reader is there or not.</summary>
    private static async Task<string> PageAsync(HttpClient http)
    {
        using var response = await http.GetAsync("/docs", Ct);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal("text/html", response.Content.Headers.ContentType?.MediaType);
        var policy = Assert.Single(response.Headers.GetValues("Content-Security-Policy"));
        Assert.StartsWith("default-src 'self';", policy, StringComparison.Ordinal);
        Assert.DoesNotContain("//", policy, StringComparison.Ordinal);
        var page = await response.Content.ReadAsStringAsync(Ct);
        Assert.DoesNotContain("//", page, StringComparison.Ordinal);
        return page;
    }

    private static List<string> AddressesOn(string page) => [.. Addresses().Matches(page).Select(match => match.Groups[1].Value)];

    private static async Task<WebApplication> StartAsync(Assembly reader)
    {
        var builder = WebApplication.CreateBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var app = builder.Build();
        app.MapReader(reader);
        await app.StartAsync(Ct);
        return app;
    }

    [GeneratedRegex("(?:src|href|data-url)=\"([^\"]*)\"")]
    private static partial Regex Addresses();
}
