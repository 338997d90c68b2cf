using System.Diagnostics;
using System.IO.Compression;
using System.Reflection;

namespace GoldenThread.StandIns.Tests;

/// <summary>Runs eng/probe-registry.sh in a copy of what it reads, against registries made of local folders.</summary>
public sealed class ProbeRegistryTests : IDisposable
{
    private readonly string tree = Directory.CreateTempSubdirectory("probe-registry-").FullName;

    public ProbeRegistryTests()
    {
        var root = typeof(ProbeRegistryTests).Assembly
            .GetCustomAttributes<AssemblyMetadataAttribute>()
            .Single(attribute => attribute.Key == "RepositoryRoot")
            .Value!;
        Directory.CreateDirectory(Path.Combine(tree, "eng"));
        Directory.CreateDirectory(Path.Combine(tree, "registry"));
        File.Copy(Path.Combine(root, "Directory.Packages.props"), Path.Combine(tree, "Directory.Packages.props"));
        File.Copy(Path.Combine(root, "eng", "probe-registry.sh"), Path.Combine(tree, "eng", "probe-registry.sh"));
    }

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private string Answer => Path.Combine(tree, "eng", "standins.props");

    public void Dispose() => Directory.Delete(tree, recursive: true);

    [Fact]
    public async Task AbsentPackages_AreStoodInFor()
    {
        UseRegistry(Path.Combine(tree, "registry"));

        var (exitCode, said) = await ProbeAsync();

        Assert.Equal(0, exitCode);
        Assert.Contains("take the place of: Grpc.Core.Api Grpc.Net.Common System.IO.Hashing.", said);
        AssertAnswer(grpc: true, hashing: true);
    }

    [Fact]
    public async Task ServedPackages_AreUsed()
    {
        UseRegistry(Path.Combine(tree, "registry"));
        Serve("Grpc.Core.Api", PinnedGrpcVersion());
        Serve("Grpc.Net.Common", PinnedGrpcVersion());

        var (exitCode, said) = await ProbeAsync();

        Assert.Equal(0, exitCode);
        Assert.Contains("take the place of: System.IO.Hashing.", said);
        AssertAnswer(grpc: false, hashing: true);
    }

    [Fact]
    public async Task UnreachableRegistry_IsNoAnswer()
    {
        UseRegistry("http://127.0.0.1:9/v3/index.json");
        await File.WriteAllTextAsync(Answer, "the answer of yesterday", Ct);

        var (exitCode, said) = await ProbeAsync("--force");

        Assert.NotEqual(0, exitCode);
        Assert.Contains("gave no answer", said);
        Assert.Equal("the answer of yesterday", await File.ReadAllTextAsync(Answer, Ct));
    }

    [Fact]
    public async Task GivenAnswer_IsNotAskedForAgain()
    {
        UseRegistry("http://127.0.0.1:9/v3/index.json");
        await File.WriteAllTextAsync(Answer, "the answer of yesterday", Ct);

        var (exitCode, said) = await ProbeAsync();

        Assert.Equal(0, exitCode);
        Assert.Equal("", said);
        Assert.Equal("the answer of yesterday", await File.ReadAllTextAsync(Answer, Ct));
    }

    private void AssertAnswer(bool grpc, bool hashing)
    {
        var answer = File.ReadAllText(Answer);
        Assert.Contains($"<GrpcStandIns>{(grpc ? "true" : "false")}</GrpcStandIns>", answer);
        Assert.Contains($"<HashingStandIn>{(hashing ? "true" : "false")}</HashingStandIn>", answer);
    }

    private string PinnedGrpcVersion()
    {
        const string before = "Include=\"Grpc.Net.Client\" Version=\"";
        var pins = File.ReadAllText(Path.Combine(tree, "Directory.Packages.props"));
        var start = pins.IndexOf(before, StringComparison.Ordinal) + before.Length;
        return pins[start..pins.IndexOf('"', start)];
    }

    private void UseRegistry(string address) => File.WriteAllText(
        Path.Combine(tree, "nuget.config"),
        $"""
        <configuration>
          <config><add key="globalPackagesFolder" value="{Path.Combine(tree, "packages")}" /></config>
          <packageSources>
            <clear />
            <add key="registry" value="{address}" allowInsecureConnections="true" />
          </packageSources>
        </configuration>
        """);

    /// <summary>Puts an empty package into the registry.</summary>
    private void Serve(string id, string version)
    {
        using var package = ZipFile.Open(Path.Combine(tree, "registry", $"{id}.{version}.nupkg"), ZipArchiveMode.Create);
        using (var manifest = new StreamWriter(package.CreateEntry($"{id}.nuspec").Open()))
        {
            manifest.Write($"""
                <package xmlns="http://schemas.microsoft.com/packaging/2013/05/nuspec.xsd">
                  <metadata>
                    <id>{id}</id>
                    <version>{version}</version>
                    <authors>test</authors>
                    <description>test</description>
                  </metadata>
                </package>
                """);
        }

        package.CreateEntry("lib/net10.0/_._");
    }

    private async Task<(int ExitCode, string Said)> ProbeAsync(params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo("bash", ["eng/probe-registry.sh", .. arguments])
        {
            WorkingDirectory = tree,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        var output = process.StandardOutput.ReadToEndAsync(Ct);
        var errors = process.StandardError.ReadToEndAsync(Ct);
        await process.WaitForExitAsync(Ct);
        return (process.ExitCode, await output + await errors);
    }
}
