using System.CommandLine;
using System.Diagnostics;
using GoldenThread.Cli.House;
using GoldenThread.Infrastructure;

namespace GoldenThread.Cli.Commands;

/// <summary><c>./gt bench</c>: builds the house and its benchmarks for speed, and runs them with whatever else is on the command line.</summary>
public static class BenchCommand
{
    private const string Project = "tests/GoldenThread.Benchmarks";

    /// <summary>The command.</summary>
    public static System.CommandLine.Command Create()
    {
        var names = new Argument<string[]>("names") { Description = "Benchmarks to run, such as B2; all when left out", Arity = ArgumentArity.ZeroOrMore };
        var command = new System.CommandLine.Command("bench", "Measure") { names };
        command.SetAction(async (parsed, cancellation) =>
        {
            await Build.HouseAsync();
            await Build.RunAsync("build", Tree.File(Project), "-c", Build.Configuration);
            var program = Tree.File($"{Project}/bin/{Build.Configuration}/net10.0/{Path.GetFileName(Project)}.dll");
            using var process = Process.Start(new ProcessStartInfo("dotnet", [program, .. parsed.GetValue(names)!]) { WorkingDirectory = Tree.Root })
                ?? throw new InfrastructureException("cannot start dotnet");
            await process.WaitForExitAsync(cancellation);
            return process.ExitCode;
        });
        return command;
    }
}
