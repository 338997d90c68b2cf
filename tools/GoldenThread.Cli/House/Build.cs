using GoldenThread.Infrastructure;

namespace GoldenThread.Cli.House;

/// <summary>Builds what is about to run.</summary>
public static class Build
{
    /// <summary>What `./gt up` runs: optimised, unless <c>GT_CONFIGURATION</c> says otherwise (tests run what they were built with).</summary>
    public static string Configuration { get; } = Environment.GetEnvironmentVariable("GT_CONFIGURATION") is { Length: > 0 } named ? named : "Release";

    /// <summary>Builds every project of the house that is present, each shared part once.</summary>
    public static Task HouseAsync() => RunAsync("build", Tree.File("eng/house.proj"), "-c", Configuration);

    /// <summary>Runs `dotnet` in the tree; throws, with its output, when it fails.</summary>
    public static async Task RunAsync(string verb, string project, params string[] more)
    {
        string[] command = ["dotnet", verb, project, "-v", "q", "-nologo", "-m:2", .. more];
        var outcome = await Command.TryAsync(command, workingFolder: Tree.Root);
        if (outcome.ExitCode != 0)
            throw new InfrastructureException($"`{string.Join(' ', command)}` failed:\n{outcome.Output}");
    }
}
