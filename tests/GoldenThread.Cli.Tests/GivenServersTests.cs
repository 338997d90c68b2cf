using GoldenThread.Cli.House;
using GoldenThread.Infrastructure;

namespace GoldenThread.Cli.Tests;

/// <summary>Servers that the environment names wrongly.</summary>
public sealed class GivenServersTests : IDisposable
{
    private readonly string home = Directory.CreateTempSubdirectory("gt-cli-").FullName;

    public void Dispose()
    {
        if (Directory.Exists(home))
            Directory.Delete(home, recursive: true);
    }

    [Theory]
    [InlineData("up --no-build", "GT_RABBITMQ", "amqp://broker/ours")]
    [InlineData("up --no-build", "GT_RABBITMQ", "broker")]
    [InlineData("up --no-build", "GT_RABBITMQ", "amqp://user@broker")]
    [InlineData("errors", "GT_RABBITMQ", "http://user:password@broker")]
    [InlineData("up --no-build", "GT_POSTGRES", "postgres://db")]
    [InlineData("up --no-build", "GT_POSTGRES", "Username=postgres")]
    public async Task IsRefusedInWords(string asked, string variable, string value)
    {
        var environment = new Dictionary<string, string?> { ["GT_HOME"] = home, ["GT_POSTGRES"] = null, ["GT_RABBITMQ"] = null, [variable] = value };

        var outcome = await Command.TryAsync(["dotnet", typeof(EnvFile).Assembly.Location, .. asked.Split(' ')], environment, home, CancellationToken.None);

        Assert.Equal(1, outcome.ExitCode);
        Assert.Contains($"{variable} is not like", outcome.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", outcome.Output, StringComparison.Ordinal);
        await Command.TryAsync(["dotnet", typeof(EnvFile).Assembly.Location, "reset"], environment, Path.GetTempPath(), CancellationToken.None);
    }
}
