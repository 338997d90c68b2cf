using System.Diagnostics;

namespace GoldenThread.Infrastructure;

/// <summary>
/// Ends processes and removes a folder when we are gone, even by kill -9: a small shell that waits for the end of its standard input,
/// which the system closes with us.
/// </summary>
public sealed class Keeper : IDisposable
{
    /// <summary>The watching shell: arguments are the folder and the pids. "done" on its input means that there is nothing left to do.</summary>
    public const string Script = """
        folder=$1; shift
        read -r word
        [ "$word" = done ] && exit 0
        for pid in "$@"; do kill -QUIT "$pid" 2>/dev/null; done
        sleep 1
        for pid in "$@"; do kill -KILL "$pid" 2>/dev/null; done
        rm -rf "$folder"
        """;

    private readonly Process shell;

    /// <summary>Watches over <paramref name="processes"/> and <paramref name="folder"/> from now on.</summary>
    public Keeper(string folder, params ProcessMark[] processes)
    {
        string[] pids = [.. processes.Select(process => process.Pid.ToString())];
        string[] shellCommand = ["/bin/sh", "-c", Script, "keeper", folder, .. pids];
        string[] command = Command.Find("setsid") is null ? shellCommand : ["setsid", .. shellCommand];
        var start = new ProcessStartInfo(command[0], command[1..])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = "/",
        };
        shell = Process.Start(start) ?? throw new InfrastructureException("cannot start the keeper");
    }

    /// <summary>Lets the keeper go: what it watched has been tidied up.</summary>
    public void Dispose()
    {
        try
        {
            shell.StandardInput.WriteLine("done");
            shell.StandardInput.Close();
            shell.WaitForExit(TimeSpan.FromSeconds(5));
        }
        catch (IOException)
        {
            // Already gone, so nothing is left to let go.
        }

        shell.Dispose();
    }
}
