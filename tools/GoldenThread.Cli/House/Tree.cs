using System.Security.Cryptography;
using System.Text;
using GoldenThread.Infrastructure;

namespace GoldenThread.Cli.House;

/// <summary>Where things lie: the working tree, and its git-ignored <c>.gt/</c> that holds everything of the running house.</summary>
public static class Tree
{
    private const UnixFileMode OnlyUs = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    /// <summary>The working tree: the folder above this program that holds <c>global.json</c>.</summary>
    public static string Root { get; } = FindRoot();

    /// <summary><c>.gt/</c>, which only its owner may read; <c>GT_HOME</c> names another folder, so that one tree can run several houses.</summary>
    public static string State { get; } =
        Path.GetFullPath(Environment.GetEnvironmentVariable("GT_HOME") is { Length: > 0 } home ? home : Path.Combine(Root, ".gt"));

    /// <summary>One log file per process.</summary>
    public static string Logs => Path.Combine(State, "logs");

    /// <summary>
    /// Where PostgreSQL and RabbitMQ keep their data. Under root they run as their own users, who cannot reach into <c>.gt/</c>
    /// (nor, often, into root's home), so it is then a folder of this house's own below /var/lib.
    /// </summary>
    public static string Data => DataOf(State);

    /// <summary>Where a house with that state keeps its data.</summary>
    public static string DataOf(string state) => SystemUser.IsRoot
        ? Path.Combine("/var/lib/goldenthread", Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(state)))[..12])
        : Path.Combine(state, "data");

    /// <summary>The full path of something in the tree.</summary>
    public static string File(string relative) => Path.Combine(Root, relative);

    /// <summary>Makes the folders that are missing.</summary>
    public static void MakeFolders()
    {
        Directory.CreateDirectory(State, OnlyUs);
        Directory.CreateDirectory(Logs, OnlyUs);
        var reachable = SystemUser.IsRoot ? OnlyUs | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute : OnlyUs;
        Directory.CreateDirectory(Data, reachable);
    }

    private static string FindRoot()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (System.IO.File.Exists(Path.Combine(folder.FullName, "global.json")))
                return folder.FullName;
        }

        throw new InfrastructureException($"no global.json above {AppContext.BaseDirectory}: run ./gt from the working tree");
    }
}
