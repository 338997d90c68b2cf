namespace GoldenThread.Infrastructure;

/// <summary>
/// PostgreSQL refuses to run as root, and RabbitMQ need not. When we are root, both run as the user their package brought; otherwise as ourselves.
/// </summary>
public static class SystemUser
{
    /// <summary>True when this process is root.</summary>
    public static bool IsRoot => Environment.UserName == "root";

    /// <summary>The user to run a server as: null means ourselves.</summary>
    public static string? For(string preferred) => IsRoot ? FirstThatExists(preferred, "nobody") : null;

    /// <summary>The command that runs <paramref name="command"/> as <paramref name="user"/>, in place, so that the pid is the command's own.</summary>
    public static string[] Wrap(string? user, params string[] command) =>
        user is null ? command : ["setpriv", $"--reuid={user}", $"--regid={user}", "--init-groups", "--", .. command];

    /// <summary>Makes a folder that only <paramref name="user"/> (null: ourselves) may read.</summary>
    public static async Task MakePrivateFolderAsync(string folder, string? user)
    {
        Directory.CreateDirectory(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        await GiveAsync(folder, user);
    }

    /// <summary>Writes a file that only <paramref name="user"/> (null: ourselves) may read.</summary>
    public static async Task WritePrivateFileAsync(string path, string text, string? user, bool executable = false)
    {
        File.Delete(path);
        var mode = UnixFileMode.UserRead | UnixFileMode.UserWrite | (executable ? UnixFileMode.UserExecute : UnixFileMode.None);
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, UnixCreateMode = mode };
        await using (var writer = new StreamWriter(path, options))
        {
            await writer.WriteAsync(text);
        }

        await GiveAsync(path, user);
    }

    private static async Task GiveAsync(string path, string? user)
    {
        if (user is not null)
            await Command.RunAsync(["chown", $"{user}:", path]);
    }

    private static string FirstThatExists(params string[] users)
    {
        var known = File.ReadLines("/etc/passwd").Select(line => line.Split(':')[0]).ToHashSet();
        return users.FirstOrDefault(known.Contains)
            ?? throw new InfrastructureException($"running as root needs one of the users {string.Join(", ", users)}, and none exists");
    }
}
