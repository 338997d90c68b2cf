using GoldenThread.Infrastructure;

namespace GoldenThread.Cli.House;

/// <summary>Builds what is about to run.</summary>
public static class Build
{
    /// <summary>What `./gt up` runs: optimised, since its figures are shown.</summary>
    public const string Configuration = "Release";

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
