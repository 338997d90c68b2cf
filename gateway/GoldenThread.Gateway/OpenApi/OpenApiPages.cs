using System.Reflection;
using GoldenThread.Gateway.Contracts;
using Microsoft.Net.Http.Headers;

namespace GoldenThread.Gateway.OpenApi;

/// <summary>
/// The document at <c>/openapi/v1.json</c> and its reader at <c>/docs</c>. The reader (Scalar) is a file inside this assembly: nothing is fetched from
/// elsewhere, and the page's own policy forbids it.
/// </summary>
internal static class OpenApiPages
{
    private const string ReaderResource = "scalar.js";
    private const string Policy =
        "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self' data:; worker-src 'self' blob:; frame-ancestors 'none'";

    private const string Page =
        """
        <!doctype html>
        <html lang="en">
        <head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>GoldenThread: interface</title></head>
        <body>
        <noscript>This page needs JavaScript. The same as a document: <a href="/openapi/v1.json">/openapi/v1.json</a></noscript>
        <script id="api-reference" data-url="/openapi/v1.json"
          data-configuration='{"withDefaultFonts":false,"telemetry":false,"agent":{"disabled":true},"mcp":{"disabled":true},"hideClientButton":true,"showDeveloperTools":"never"}'></script>
        <script src="/docs/scalar.js"></script>
        </body>
        </html>
        """;

    private const string PageWithoutReader =
        """
        <!doctype html>
        <html lang="en">
        <head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>GoldenThread: interface</title></head>
        <body>
        <h1>The interface of GoldenThread</h1>
        <p>The document is here: <a href="/openapi/v1.json">/openapi/v1.json</a> (OpenAPI 3.1).</p>
        <p>Its reader was not there when this gateway was built. To have it: run <code>eng/fetch-scalar.sh</code> (it needs npm) and build again.</p>
        </body>
        </html>
        """;

    /// <summary>Maps the document and its reader; both are public, as the contracts are.</summary>
    public static void MapOpenApi(this WebApplication app)
    {
        var document = new CurrentDocument(app.Services.GetRequiredService<ContractStore>());
        app.MapGet("/openapi/v1.json", () =>
        {
            var current = document.Get();
            return Results.Bytes(current.Bytes, "application/json", entityTag: new EntityTagHeaderValue(current.Etag));
        });
        app.MapReader(typeof(OpenApiPages).Assembly);
    }

    /// <summary>Maps the reader, or where <paramref name="assembly"/> does not carry it, a page that says so.</summary>
    public static void MapReader(this WebApplication app, Assembly assembly)
    {
        var page = assembly.GetManifestResourceInfo(ReaderResource) is null ? PageWithoutReader : Page;
        app.MapGet("/docs", (HttpContext context) =>
        {
            context.Response.Headers.ContentSecurityPolicy = Policy;
            return Results.Text(page, "text/html; charset=utf-8");
        });
        app.MapGet("/docs/scalar.js", (HttpContext context) =>
        {
            context.Response.Headers.CacheControl = "public, max-age=3600";
            return assembly.GetManifestResourceStream(ReaderResource) is { } reader
                ? Results.Stream(reader, "text/javascript; charset=utf-8")
                : Results.NotFound();
        });
    }

    /// <summary>The document of the contracts in use, made once for each set.</summary>
    private sealed class CurrentDocument(ContractStore contracts)
    {
        private Made? _made;

        public Made Get()
        {
            var set = contracts.Current;
            if (_made is not { } made || made.Set != set)
            {
                _made = made = new Made(set, OpenApiDocument.Of(set), $"\"{set.Digest[..16]}\"");
            }

            return made;
        }
    }

    private sealed record Made(ContractSet Set, byte[] Bytes, string Etag);
}
