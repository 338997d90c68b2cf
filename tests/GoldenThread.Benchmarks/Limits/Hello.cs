namespace GoldenThread.Benchmarks.Limits;

/// <summary>The runtime's own hello-world: an empty web application, the measure of resident memory.</summary>
internal static class Hello
{
    /// <summary>Runs it until it is told to end.</summary>
    /// <param name="port">Where it listens on 127.0.0.1.</param>
    public static Task RunAsync(int port)
    {
        var builder = WebApplication.CreateBuilder();
        builder.WebHost.UseUrls($"http://127.0.0.1:{port}");
        var app = builder.Build();
        app.MapGet("/", () => "Hello World!");
        return app.RunAsync();
    }
}
