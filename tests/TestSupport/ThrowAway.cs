using GoldenThread.Infrastructure;

namespace GoldenThread.TestSupport;

/// <summary>Folders and servers that live as long as the test process, and no longer, however it ends.</summary>
internal static class ThrowAway
{
    /// <summary>A new folder that servers running as their own users can reach.</summary>
    public static string NewFolder(string purpose)
    {
        var folder = Path.Combine(Path.GetTempPath(), $"gt-{purpose}-{Secrets.ShortName()}");
        const UnixFileMode reachable = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute
            | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;
        Directory.CreateDirectory(folder, reachable);
        return folder;
    }

    /// <summary>Kills these at the end of the process and removes their folder. A keeper does so even if the process is killed.</summary>
    public static void UntilProcessExit(string folder, params ProcessMark[] processes)
    {
        var keeper = new Keeper(folder, processes);
        AppDomain.CurrentDomain.ProcessExit += (_, _) =>
        {
            foreach (var process in processes)
            {
                process.StopAsync(ProcessSignal.Quit, TimeSpan.FromSeconds(2)).GetAwaiter().GetResult();
            }

            Directory.Delete(folder, recursive: true);
            keeper.Dispose();
        };
    }
}

/// <summary>
/// Watches over a server of one test class, which may be killed and started again: each time a keeper that ends it, should the tests be killed.
/// </summary>
/// <param name="folder">Its folder.</param>
internal sealed class OwnServerWatch(string folder)
{
    private Keeper? keeper;

    /// <summary>Watches over these processes from now on, and no longer over those before.</summary>
    public void Over(params ProcessMark[] processes)
    {
        keeper?.Dispose();
        keeper = new Keeper(folder, processes);
    }

    /// <summary>The server has ended: removes its folder.</summary>
    public void End()
    {
        keeper?.Dispose();
        Directory.Delete(folder, recursive: true);
    }
}
