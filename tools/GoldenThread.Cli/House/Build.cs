using GoldenThread.Infrastructure;

namespace GoldenThread.Cli.House;

/// <summary>Builds what is about to run.</summary>
public static class Build
{
    /// <summary>What `./gt up` runs: optimised, unless <c>GT_CONFIGURATION</c> says otherwise (tests run what they were built with).</summary>
    public static string Configuration { get; } = Environment.GetEnvironmentVariable("GT_CONFIGURATION") is { Length: > 0 } named ? named : "Release";

    private static string Stamp => Tree.File($"artifacts/house-{Configuration}.built");

    /// <summary>
    /// Builds every project of the house that is present, each shared part once; nothing where nothing changed since the last time, since even then
    /// the build would look at every project, which takes longer than starting all of them.
    /// </summary>
    public static async Task HouseAsync()
    {
        var began = DateTime.UtcNow;
        if (Lodger.Present.All(lodger => File.Exists(lodger.Program)) && File.Exists(Stamp) && NewestSource() < File.GetLastWriteTimeUtc(Stamp))
            return;

        await RunAsync("build", Tree.File("eng/house.proj"), "-c", Configuration);
        Directory.CreateDirectory(Path.GetDirectoryName(Stamp)!);
        await File.WriteAllTextAsync(Stamp, "");
        File.SetLastWriteTimeUtc(Stamp, began);
    }

    /// <summary>Runs `dotnet` in the tree; throws, with its output, when it fails.</summary>
    public static async Task RunAsync(string verb, string project, params string[] more)
    {
        string[] command = ["dotnet", verb, project, "-v", "q", "-nologo", "-m:2", .. more];
        var outcome = await Command.TryAsync(command, workingFolder: Tree.Root);
        if (outcome.ExitCode != 0)
            throw new InfrastructureException($"`{string.Join(' ', command)}` failed:\n{outcome.Output}");
    }

    // A folder is younger than what was taken out of it.
    private static DateTime NewestSource()
    {
        string[] trees = ["services", "gateway", "protos", "eng"];
        var inTrees = trees.SelectMany(tree => Sources(new DirectoryInfo(Tree.File(tree))));
        var aboveThem = new DirectoryInfo(Tree.Root).GetFiles("*.props").Concat(new DirectoryInfo(Tree.Root).GetFiles("*.targets"));
        return inTrees.Concat(aboveThem).Append(new FileInfo(Tree.File("global.json"))).Max(source => source.LastWriteTimeUtc);
    }

    private static IEnumerable<FileSystemInfo> Sources(DirectoryInfo folder) =>
        folder.EnumerateFileSystemInfos()
            .Where(entry => entry.Name is not ("bin" or "obj" or "node_modules"))
            .SelectMany(entry => entry is DirectoryInfo inner ? Sources(inner) : [entry])
            .Append(folder);
}
