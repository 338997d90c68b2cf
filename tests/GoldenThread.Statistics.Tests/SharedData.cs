using System.Reflection;

namespace GoldenThread.Statistics.Tests;

/// <summary>Real data beside the repository (GT_SHARED, by default ../shared). Tests skip visibly where it is absent.</summary>
internal static class SharedData
{
    /// <summary>The path of a file of the data folder; skips the test where it is not there.</summary>
    public static string Require(string relativePath)
    {
        var path = Path.Combine(Folder(), "data", relativePath);
        Assert.SkipUnless(File.Exists(path), $"{path} is not here; set GT_SHARED to the folder that holds data/.");
        return path;
    }

    private static string Folder()
    {
        var named = Environment.GetEnvironmentVariable("GT_SHARED");
        if (!string.IsNullOrEmpty(named)) return named;
        var folder = new DirectoryInfo(Path.GetDirectoryName(Assembly.GetExecutingAssembly().Location)!);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "Directory.Packages.props")))
            folder = folder.Parent;
        return folder?.Parent is { } above ? Path.Combine(above.FullName, "shared") : "../shared";
    }
}
