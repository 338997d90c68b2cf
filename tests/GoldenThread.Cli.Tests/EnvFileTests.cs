using System.Text.RegularExpressions;
using GoldenThread.Cli.House;
using GoldenThread.Infrastructure;
using GoldenThread.TestSupport;

namespace GoldenThread.Cli.Tests;

/// <summary>What `./gt env` writes for docker compose.</summary>
public sealed partial class EnvFileTests : IDisposable
{
    // Whoever runs compose names these two.
    private static readonly string[] Images = ["SDK_IMAGE", "RUNTIME_IMAGE"];

    private readonly string file = Path.Combine(Path.GetTempPath(), $"gt-env-{Secrets.ShortName()}");

    public void Dispose() => File.Delete(file);

    [Fact]
    public async Task EveryVariableThatComposeDemands_IsInIt_AndEachSecretIsAnother()
    {
        await EnvFile.WriteAsync(file);

        var written = (await File.ReadAllLinesAsync(file, TestContext.Current.CancellationToken))
            .Where(line => line.Length > 0 && line[0] != '#').Select(line => line.Split('=', 2)).ToDictionary(pair => pair[0], pair => pair[1]);
        var demanded = VariablesOf(Repository.File("docker-compose.yml"));
        Assert.Contains("TRACKING_DB_OWNER_PASSWORD", demanded);
        Assert.Equal(demanded.Order(), written.Keys.Order());
        var secrets = written.Where(variable => !Images.Contains(variable.Key)).Select(variable => variable.Value).ToList();
        Assert.All(secrets, secret => Assert.Matches("^[0-9a-f]{64}$", secret));
        Assert.Equal(secrets.Count, secrets.Distinct().Count());
    }

    [Fact]
    public async Task NobodyElseMayReadIt()
    {
        await EnvFile.WriteAsync(file);

        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));
    }

    [Fact]
    public async Task SecondTime_IsRefused_AndLosesNoSecret()
    {
        await EnvFile.WriteAsync(file);
        var first = await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken);

        var refusal = await Assert.ThrowsAsync<InfrastructureException>(() => EnvFile.WriteAsync(file));

        Assert.Contains("exists already", refusal.Message, StringComparison.Ordinal);
        Assert.Equal(first, await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken));
    }

    // Those with a default of their own may be left out.
    private static List<string> VariablesOf(string compose) =>
        [.. Variable().Matches(File.ReadAllText(compose)).Where(match => !match.Groups[2].Value.StartsWith(":-", StringComparison.Ordinal))
            .Select(match => match.Groups[1].Value).Distinct()];

    [GeneratedRegex(@"\$\{?([A-Z][A-Z0-9_]*)(:[-?])?")]
    private static partial Regex Variable();
}
