using System.Diagnostics;

namespace GoldenThread.Infrastructure;

/// <summary>
/// A long-running program that we start: its own session, no standard input, both outputs appended to one log file.
/// It outlives us (that is how `./gt up` returns while the house runs), so keep its <see cref="Mark"/>, or a <see cref="Keeper"/>.
/// </summary>
public sealed class ChildProcess
{
    private ChildProcess(string name, string logFile, ProcessMark mark)
    {
        Name = name;
        LogFile = logFile;
        Mark = mark;
    }

    /// <summary>What the log lines are prefixed with.</summary>
    public string Name { get; }

    /// <summary>Where both outputs go.</summary>
    public string LogFile { get; }

    /// <summary>How to recognise it later.</summary>
    public ProcessMark Mark { get; }

    /// <summary>True while it runs.</summary>
    public bool IsAlive => Mark.IsAlive;

    /// <summary>Starts <paramref name="command"/> with these additions to our environment (a null value takes a variable away).</summary>
    public static async Task<ChildProcess> StartAsync(
        string name, string[] command, string logFile, IReadOnlyDictionary<string, string?>? environment = null, string? workingFolder = null)
    {
        // The shell puts it in the background and ends, so that nobody has to wait for it and its log needs no reader.
        // It is bash, since others (dash) drop variables whose names hold a hyphen, as those of client ids do.
        const string script = """
            log=$1; shift
            : >>"$log"
            command -v setsid >/dev/null && set -- setsid "$@"
            "$@" </dev/null >>"$log" 2>&1 &
            echo $!
            """;
        var start = new ProcessStartInfo("bash", ["-c", script, "bash", logFile, .. command])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            WorkingDirectory = workingFolder ?? "/",
        };
        foreach (var (variable, value) in environment ?? new Dictionary<string, string?>())
        {
            start.Environment[variable] = value;
        }

        using var shell = Process.Start(start) ?? throw new InfrastructureException($"cannot start {name}");
        shell.StandardInput.Close();
        var pid = int.Parse(await shell.StandardOutput.ReadLineAsync() ?? throw new InfrastructureException($"cannot start {name}"));
        var mark = ProcessMark.Of(pid) ?? throw new InfrastructureException($"{name} ended at once\n{Tail(logFile)}");
        await shell.WaitForExitAsync();
        return new ChildProcess(name, logFile, mark);
    }

    /// <summary>Waits until <paramref name="isReady"/> says so; throws, with the end of the log, when it ends or takes longer than <paramref name="patience"/>.</summary>
    public async Task ReadyAsync(Func<Task<bool>> isReady, TimeSpan patience, CancellationToken cancellation = default)
    {
        var clock = Stopwatch.StartNew();
        while (!await isReady())
        {
            if (!IsAlive)
                throw new InfrastructureException($"{Name} ended while starting. The end of {LogFile}:\n{Tail(LogFile)}");
            if (clock.Elapsed > patience)
                throw new InfrastructureException($"{Name} was not ready after {patience.TotalSeconds:0} s. The end of {LogFile}:\n{Tail(LogFile)}");
            await Task.Delay(50, cancellation);
        }
    }

    /// <summary>Asks it to finish (SIGTERM), and kills it when it still runs after <paramref name="patience"/>.</summary>
    public Task StopAsync(TimeSpan patience) => Mark.StopAsync(ProcessSignal.Terminate, patience);

    /// <summary>Kills it at once (SIGKILL), and waits until it is gone.</summary>
    public Task KillAsync() => Mark.StopAsync(ProcessSignal.Kill, TimeSpan.FromSeconds(10));

    private static string Tail(string logFile) =>
        File.Exists(logFile) ? string.Join('\n', File.ReadLines(logFile).TakeLast(30)) : "(no log)";
}
