using Xunit;

namespace GoldenThread.TestSupport;

/// <summary>Real data that is not part of the repository: the folder named by <c>GT_SHARED</c>, otherwise <c>../shared</c> beside the repository.</summary>
public static class SharedData
{
    /// <summary>The start of every skip reason, by which <c>.ci/run</c> recognises a data test that did not run.</summary>
    public const string SkipReason = "shared data absent";

    /// <summary>The full path of a file or folder below <c>data/</c> of the shared folder; skips the test, saying so, when it is not there.</summary>
    /// <param name="relative">For example <c>real/jsp/jsp.csv</c>.</param>
    public static string Path(string relative)
    {
        var path = System.IO.Path.Combine(Folder(), "data", relative);
        if (!File.Exists(path) && !Directory.Exists(path))
            Assert.Skip($"{SkipReason}: {path} (GT_SHARED names the folder)");
        return path;
    }

    private static string Folder() =>
        Environment.GetEnvironmentVariable("GT_SHARED") is { Length: > 0 } named
            ? named
            : System.IO.Path.GetFullPath(System.IO.Path.Combine(Repository.Root, "..", "shared"));
}
