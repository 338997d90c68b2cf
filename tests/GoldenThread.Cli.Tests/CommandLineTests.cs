using GoldenThread.Cli.House;
using GoldenThread.Infrastructure;
using GoldenThread.TestSupport;

namespace GoldenThread.Cli.Tests;

/// <summary>The program behind `./gt`, as a process of its own.</summary>
public sealed class CommandLineTests : IDisposable
{
    private readonly string home = Directory.CreateTempSubdirectory("gt-cli-").FullName;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public void Dispose() => Directory.Delete(home, recursive: true);

    [Theory]
    [InlineData("", "verify")]
    [InlineData("help", "verify")]
    [InlineData("--help", "verify")]
    [InlineData("help seed", "--token-file")]
    public async Task WhoAsksForHelp_IsHelped(string asked, string words)
    {
        var outcome = await RunAsync(asked.Split(' ', StringSplitOptions.RemoveEmptyEntries));

        Assert.Equal(0, outcome.ExitCode);
        Assert.Contains(words, outcome.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("http://gateway.example.org", "is not an address with https")]
    [InlineData("gateway", "is not an address with https")]
    [InlineData("http://127.0.0.1:9", "no gateway answers at")]
    public async Task SeedOfAHouseThatCannotBe_IsRefusedInWords(string gateway, string words)
    {
        var outcome = await RunAsync("seed", "--gateway", gateway);

        Assert.Equal(1, outcome.ExitCode);
        Assert.Contains(words, outcome.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", outcome.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task TokensForTheHouseOfUp_AreRefusedInWords()
    {
        var outcome = await RunAsync("seed", "--token-file", "tokens");

        Assert.Equal(1, outcome.ExitCode);
        Assert.Contains("--token-file goes with --gateway", outcome.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task HoldersOfTokens_AreWhoTheirTokensSay_AndTheOthersAreOfTheSameIssuer()
    {
        await using var issuer = await TestIssuer.StartAsync();
        var file = await TokensAsync($"trust-it {issuer.Token("0001", "")}", "", "# the two that read and write", $"data-lead\t{issuer.Token("0002", "")}",
            $"deputy-ceo {issuer.Token("0003", "")}");

        var people = SeedPeople.OfTokens(file);

        Assert.Equal((issuer.Authority, "0002"), (people.IdentityOf("data-lead").Issuer, people.IdentityOf("data-lead").Subject));
        Assert.Equal((issuer.Authority, "head"), (people.IdentityOf("head").Issuer, people.IdentityOf("head").Subject));
        Assert.StartsWith("eyJ", await people.TokenAsync("deputy-ceo"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("trust-it eyJ.e30.x", "has no token of data-lead, deputy-ceo")]
    [InlineData("trust-it", "trust-it has no token")]
    [InlineData("trust-it abc|data-lead abc|deputy-ceo abc", "what trust-it has is no JWT with iss and sub")]
    public async Task FileThatLacksSomething_IsRefusedInWords(string lines, string words)
    {
        var file = await TokensAsync(lines.Split('|'));

        var refusal = Assert.Throws<InfrastructureException>(() => SeedPeople.OfTokens(file));

        Assert.Contains(words, refusal.Message, StringComparison.Ordinal);
    }

    private async Task<string> TokensAsync(params string[] lines)
    {
        var file = Path.Combine(home, "tokens");
        await File.WriteAllLinesAsync(file, lines, Ct);
        return file;
    }

    private Task<Command.Outcome> RunAsync(params string[] args) => Command.TryAsync(
        ["dotnet", typeof(EnvFile).Assembly.Location, .. args], new Dictionary<string, string?> { ["GT_HOME"] = home }, home, Ct);
}
