using System.Diagnostics;

namespace GoldenThread.Infrastructure;

/// <summary>Runs a program to its end.</summary>
public static class Command
{
    /// <summary>What a program left behind: exit code, and both outputs in one text.</summary>
    public sealed record Outcome(int ExitCode, string Output);

    /// <summary>Runs and returns the output; throws with the output when the exit code is not 0.</summary>
    public static async Task<string> RunAsync(
        string[] command,
        IReadOnlyDictionary<string, string?>? environment = null,
        string? workingFolder = null,
        CancellationToken cancellation = default)
    {
        var outcome = await TryAsync(command, environment, workingFolder, cancellation);
        if (outcome.ExitCode != 0)
            throw new InfrastructureException($"`{string.Join(' ', command)}` ended with {outcome.ExitCode}:\n{outcome.Output}");
        return outcome.Output;
    }

    /// <summary>Runs and returns the outcome, whatever it is.</summary>
    public static async Task<Outcome> TryAsync(
        string[] command,
        IReadOnlyDictionary<string, string?>? environment = null,
        string? workingFolder = null,
        CancellationToken cancellation = default)
    {
        var start = new ProcessStartInfo(command[0], command[1..])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = workingFolder ?? "/",
        };
        foreach (var (name, value) in environment ?? new Dictionary<string, string?>())
        {
            start.Environment[name] = value;
        }

        using var process = Process.Start(start) ?? throw new InfrastructureException($"cannot start {command[0]}");
        process.StandardInput.Close();
        try
        {
            var output = process.StandardOutput.ReadToEndAsync(cancellation);
            var errors = process.StandardError.ReadToEndAsync(cancellation);
            await process.WaitForExitAsync(cancellation);
            return new Outcome(process.ExitCode, await output + await errors);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw;
        }
    }

    /// <summary>The first of <paramref name="names"/> found on the PATH; null when none is.</summary>
    public static string? Find(params string[] names) =>
        (from name in names
         from folder in (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':')
         let path = Path.Combine(folder, name)
         where File.Exists(path)
         select path).FirstOrDefault();
}
