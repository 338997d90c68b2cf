namespace GoldenThread.TestSupport;

/// <summary>The working tree that the tests were built from.</summary>
public static class Repository
{
    /// <summary>The folder that holds <c>global.json</c>.</summary>
    public static string Root { get; } = FindRoot();

    /// <summary>The full path of something in the tree, for example <c>packs/offer.json</c>.</summary>
    public static string File(string relative) => Path.Combine(Root, relative);

    private static string FindRoot()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (System.IO.File.Exists(Path.Combine(folder.FullName, "global.json")))
                return folder.FullName;
        }

        throw new InvalidOperationException($"no global.json above {AppContext.BaseDirectory}");
    }
}
