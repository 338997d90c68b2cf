using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;

namespace GoldenThread.Infrastructure;

/// <summary>
/// A process that we started, recognisable after its number was given to another: the pid together with the moment the system started it.
/// </summary>
/// <param name="Pid">The process number.</param>
/// <param name="Started">What the system says of its start (ticks since boot on Linux, UTC second elsewhere).</param>
public sealed record ProcessMark(int Pid, string Started)
{
    /// <summary>The mark of a running process; null when there is none of that number.</summary>
    public static ProcessMark? Of(int pid) => StartOf(pid) is { } started ? new ProcessMark(pid, started) : null;

    /// <summary>True while the very process that was marked is running.</summary>
    public bool IsAlive => StartOf(Pid) == Started;

    /// <summary>The processes that this one started, and those that they did, as they run now. None where the system is not Linux.</summary>
    public IReadOnlyList<ProcessMark> Descendants()
    {
        if (!OperatingSystem.IsLinux())
            return [];
        var children = Directory.GetDirectories("/proc")
            .Select(folder => int.TryParse(Path.GetFileName(folder), out var pid) ? pid : 0)
            .ToLookup(pid => pid == 0 ? -1 : ParentOf(pid));
        var found = new List<int>(children[Pid]);
        for (var at = 0; at < found.Count; at++)
        {
            found.AddRange(children[found[at]]);
        }

        return [.. found.Select(Of).OfType<ProcessMark>()];
    }

    /// <summary>Sends a signal, only to the marked process. False when it is gone.</summary>
    public bool Send(ProcessSignal signal) => IsAlive && Kill(Pid, (int)signal) == 0;

    /// <summary>Waits until the process is gone; false when it still runs after <paramref name="patience"/>.</summary>
    public async Task<bool> GoneAsync(TimeSpan patience)
    {
        var clock = Stopwatch.StartNew();
        while (IsAlive)
        {
            if (clock.Elapsed > patience)
                return false;
            await Task.Delay(20);
        }

        return true;
    }

    /// <summary>Asks with <paramref name="signal"/>, and kills when the process still runs after <paramref name="patience"/>.</summary>
    public async Task StopAsync(ProcessSignal signal, TimeSpan patience)
    {
        if (!Send(signal) || await GoneAsync(patience))
            return;
        Send(ProcessSignal.Kill);
        await GoneAsync(TimeSpan.FromSeconds(10));
    }

    private static string? StartOf(int pid)
    {
        try
        {
            if (!OperatingSystem.IsLinux())
            {
                using var process = Process.GetProcessById(pid);
                return process.StartTime.ToUniversalTime().ToString("s", CultureInfo.InvariantCulture);
            }

            var fields = StatOf(pid);
            var isZombie = fields[0] is "Z" or "X";
            return isZombie ? null : fields[19];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or InvalidOperationException)
        {
            return null;
        }
    }

    private static int ParentOf(int pid)
    {
        try
        {
            return int.Parse(StatOf(pid)[1], CultureInfo.InvariantCulture);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // It has ended.
            return -1;
        }
    }

    // "pid (name) state ppid … starttime(22nd) …"; the name may hold blanks and brackets, so the fields are those behind the last bracket.
    private static string[] StatOf(int pid)
    {
        var stat = File.ReadAllText($"/proc/{pid}/stat");
        return stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
    }

    [DllImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static extern int Kill(int pid, int signal);
}

/// <summary>The signals we send, by their POSIX numbers.</summary>
public enum ProcessSignal
{
    /// <summary>Stop what you do (PostgreSQL: roll back and stop at once).</summary>
    Interrupt = 2,

    /// <summary>PostgreSQL: stop without tidying up, recover at the next start.</summary>
    Quit = 3,

    /// <summary>Stop now, not to be refused.</summary>
    Kill = 9,

    /// <summary>Finish and stop.</summary>
    Terminate = 15,
}
