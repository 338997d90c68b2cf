using System.Diagnostics;
using System.Reflection;
using System.Text.Json;
using GoldenThread.StandIns.Tests.Echo.V1;
using Grpc.Core;
using Grpc.Net.Client;

namespace GoldenThread.StandIns.Tests;

/// <summary>Talks with a gRPC implementation of another house: <c>@grpc/grpc-js</c> on Node.</summary>
public sealed class ForeignTests
{
    private static readonly SemaphoreSlim Installing = new(1);

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private static string Folder => FromProject("ForeignFolder");

    private static string Proto => FromProject("EchoProto");

    [Fact]
    public async Task ForeignClient_SpeaksAllFourKindsWithOurServer()
    {
        await InstallAsync();
        await using var server = await EchoServer.StartAsync();

        var printed = await RunAsync("node", "client.mjs", Proto, $"127.0.0.1:{server.Address.Port}");
        var results = JsonDocument.Parse(printed).RootElement;

        var unary = results.GetProperty("unary");
        Assert.Equal("one", unary.GetProperty("text").GetString());
        AssertEchoed(unary.GetProperty("headers"));
        AssertEchoed(unary.GetProperty("trailers"));

        var error = results.GetProperty("error");
        Assert.Equal((int)StatusCode.FailedPrecondition, error.GetProperty("code").GetInt32());
        Assert.Equal("refused: two", error.GetProperty("details").GetString());
        AssertEchoed(error.GetProperty("trailers"));

        Assert.Equal(["three 0", "three 1", "three 2"], Texts(results.GetProperty("serverStreaming")));
        Assert.Equal("a,b,c", results.GetProperty("clientStreaming").GetString());
        Assert.Equal(["re: x", "re: y"], Texts(results.GetProperty("duplex")));
        Assert.Equal((int)StatusCode.DeadlineExceeded, results.GetProperty("deadlineCode").GetInt32());
    }

    [Fact]
    public async Task ForeignServer_SpeaksAllFourKindsWithOurClient()
    {
        await InstallAsync();
        using var server = Start("node", "server.mjs", Proto);
        try
        {
            var port = await server.StandardOutput.ReadLineAsync(Ct);
            using var channel = GrpcChannel.ForAddress($"http://127.0.0.1:{port}");
            await AskAsync(new Echo.V1.Echo.EchoClient(channel));
        }
        finally
        {
            server.StandardInput.Close();
            await server.WaitForExitAsync(Ct);
        }
    }

    private static async Task AskAsync(Echo.V1.Echo.EchoClient client)
    {
        var headers = new Metadata { { "echo-text", "from .NET" }, { "echo-bytes-bin", [0, 1, 254, 255] } };

        using var unary = client.SayAsync(new EchoRequest { Text = "one" }, headers, cancellationToken: Ct);
        AssertEchoed(await unary.ResponseHeadersAsync);
        Assert.Equal("one", (await unary).Text);
        AssertEchoed(unary.GetTrailers());

        var failure = await Assert.ThrowsAsync<RpcException>(async () => await client.SayAsync(
            new EchoRequest { Text = "zwölf", FailWith = (int)StatusCode.FailedPrecondition },
            headers,
            cancellationToken: Ct));
        Assert.Equal(StatusCode.FailedPrecondition, failure.StatusCode);
        Assert.Equal("refused: zwölf", failure.Status.Detail);
        AssertEchoed(failure.Trailers);

        using var repeat = client.Repeat(new EchoRequest { Text = "three", Times = 3 }, cancellationToken: Ct);
        Assert.Equal(["three 0", "three 1", "three 2"], await TextsAsync(repeat.ResponseStream));

        using var collect = client.Collect(cancellationToken: Ct);
        await collect.RequestStream.WriteAsync(new EchoRequest { Text = "a" }, Ct);
        await collect.RequestStream.WriteAsync(new EchoRequest { Text = "b" }, Ct);
        await collect.RequestStream.CompleteAsync();
        Assert.Equal("a,b", (await collect).Text);

        using var converse = client.Converse(cancellationToken: Ct);
        await converse.RequestStream.WriteAsync(new EchoRequest { Text = "x" }, Ct);
        await converse.RequestStream.WriteAsync(new EchoRequest { Text = "y" }, Ct);
        await converse.RequestStream.CompleteAsync();
        Assert.Equal(["re: x", "re: y"], await TextsAsync(converse.ResponseStream));

        var late = await Assert.ThrowsAsync<RpcException>(async () => await client.SayAsync(
            new EchoRequest { WaitForCancellation = true },
            deadline: DateTime.UtcNow.AddMilliseconds(300),
            cancellationToken: Ct));
        Assert.Equal(StatusCode.DeadlineExceeded, late.StatusCode);
    }

    private static void AssertEchoed(JsonElement seen)
    {
        Assert.Equal(["from node"], Texts(seen.GetProperty("text")));
        var bytes = seen.GetProperty("bytes").EnumerateArray().Single();
        Assert.Equal([0, 1, 254, 255], bytes.EnumerateArray().Select(value => value.GetInt32()));
    }

    private static void AssertEchoed(Metadata seen)
    {
        Assert.Equal("from .NET", seen.GetValue("echo-text"));
        Assert.Equal([0, 1, 254, 255], seen.GetValueBytes("echo-bytes-bin")!);
    }

    private static IEnumerable<string?> Texts(JsonElement array) => array.EnumerateArray().Select(text => text.GetString());

    private static async Task<IReadOnlyList<string>> TextsAsync(IAsyncStreamReader<EchoResponse> responses) =>
        await responses.ReadAllAsync(Ct).Select(response => response.Text).ToListAsync(Ct);

    /// <summary>Installs what package-lock.json names, once; skips where there is no Node.</summary>
    private static async Task InstallAsync()
    {
        Assert.SkipUnless(IsOnPath("node") && IsOnPath("npm"), "Node and npm are not installed: the foreign gRPC was not tried.");
        await Installing.WaitAsync(Ct);
        try
        {
            if (!Directory.Exists(Path.Combine(Folder, "node_modules")))
            {
                await RunAsync("npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund");
            }
        }
        finally
        {
            Installing.Release();
        }
    }

    private static bool IsOnPath(string program) => (Environment.GetEnvironmentVariable("PATH") ?? "")
        .Split(Path.PathSeparator)
        .Any(folder => File.Exists(Path.Combine(folder, program)));

    private static async Task<string> RunAsync(string program, params string[] arguments)
    {
        using var process = Start(program, arguments);
        process.StandardInput.Close();
        var output = process.StandardOutput.ReadToEndAsync(Ct);
        var errors = process.StandardError.ReadToEndAsync(Ct);
        await process.WaitForExitAsync(Ct);
        Assert.True(process.ExitCode == 0, $"{program} {string.Join(' ', arguments)} failed: {await errors}");
        return await output;
    }

    private static Process Start(string program, params string[] arguments) => Process.Start(new ProcessStartInfo(program, arguments)
    {
        WorkingDirectory = Folder,
        RedirectStandardInput = true,
        RedirectStandardOutput = true,
        RedirectStandardError = true,
    })!;

    private static string FromProject(string key) => typeof(ForeignTests).Assembly
        .GetCustomAttributes<AssemblyMetadataAttribute>()
        .Single(attribute => attribute.Key == key)
        .Value!;
}
