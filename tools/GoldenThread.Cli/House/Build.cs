using System.Diagnostics;
using GoldenThread.Infrastructure;

namespace GoldenThread.Cli.House;

/// <summary>Builds what is about to run.</summary>
public static class Build
{
    /// <summary>What `./gt up` runs: optimised, since its figures are shown.</summary>
    public const string Configuration = "Release";

    /// <summary>Builds every project of the house that is present, each shared part once.</summary>
    public static Task HouseAsync() => RunAsync("build", Tree.File("eng/house.proj"), "-c", Configuration);

    /// <summary>Runs `dotnet` in the tree, showing its output; throws when it fails.</summary>
    public static async Task RunAsync(string verb, string project, params string[] more)
    {
        string[] arguments = [verb, project, "-v", "q", "-nologo", "-clp:NoSummary", "-m:2", .. more];
        var start = new ProcessStartInfo("dotnet", arguments) { WorkingDirectory = Tree.Root, RedirectStandardInput = true };
        using var process = Process.Start(start) ?? throw new InfrastructureException("cannot start dotnet");
        process.StandardInput.Close();
        await process.WaitForExitAsync();
        if (process.ExitCode != 0)
            throw new InfrastructureException($"`dotnet {string.Join(' ', arguments)}` failed");
    }
}
