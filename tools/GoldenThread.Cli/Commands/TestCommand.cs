using System.CommandLine;
using System.Diagnostics;
using GoldenThread.Cli.House;
using GoldenThread.Cli.Testing;
using GoldenThread.Infrastructure;

namespace GoldenThread.Cli.Commands;

/// <summary><c>./gt test [filter]</c>: builds and runs the tests on real servers, and ends with one line of totals.</summary>
public static class TestCommand
{
    private const int AtOnce = 2;
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(30);

    /// <summary>The command.</summary>
    public static System.CommandLine.Command Create()
    {
        var filter = new Argument<string?>("filter") { Description = "Part of a test project's name, such as Gateway", Arity = ArgumentArity.ZeroOrOne };
        var command = new System.CommandLine.Command("test", "Run the tests") { filter };
        command.SetAction((parsed, _) => RunAsync(parsed.GetValue(filter)));
        return command;
    }

    private static async Task<int> RunAsync(string? filter)
    {
        var projects = TestProject.Find(filter);
        if (projects.Count == 0)
            throw new InfrastructureException($"no test project's name contains \"{filter}\"");

        Console.WriteLine($"building, and starting PostgreSQL and RabbitMQ, for {projects.Count} test projects");
        var clock = Stopwatch.StartNew();
        var starting = TestGround.StartAsync();
        try
        {
            await BuildAsync(filter, projects);
        }
        catch
        {
            await (await starting).DisposeAsync();
            throw;
        }

        await using var ground = await starting;
        Console.WriteLine($"built, and servers started, in {clock.Elapsed.TotalSeconds:0} s");
        var outcomes = await RunAsync(projects, ground);

        var (passed, failed, skipped) = (outcomes.Sum(o => o.Passed), outcomes.Sum(o => o.Failed), outcomes.Sum(o => o.Skipped));
        Console.WriteLine($"tests took {clock.Elapsed.TotalSeconds:0} s in all");
        Console.WriteLine($"{passed} passed, {failed} failed, {skipped} skipped");
        return failed == 0 ? 0 : 1;
    }

    private static async Task BuildAsync(string? filter, IReadOnlyList<TestProject> projects)
    {
        if (filter is null)
        {
            await Build.RunAsync("build", Tree.File("GoldenThread.sln"), "-c", TestProject.Configuration);
            return;
        }

        foreach (var project in projects)
        {
            await Build.RunAsync("build", project.File, "-c", TestProject.Configuration);
        }
    }

    private static async Task<List<TestOutcome>> RunAsync(IReadOnlyList<TestProject> projects, TestGround ground)
    {
        var outcomes = new List<TestOutcome>();
        var options = new ParallelOptions { MaxDegreeOfParallelism = AtOnce };
        await Parallel.ForEachAsync(projects, options, async (project, _) =>
        {
            var clock = Stopwatch.StartNew();
            var outcome = await RunOneAsync(project, ground);
            lock (outcomes)
            {
                outcomes.Add(outcome);
                Console.WriteLine(
                    $"{project.Name}: {outcome.Passed} passed, {outcome.Failed} failed, {outcome.Skipped} skipped ({clock.Elapsed.TotalSeconds:0.0} s)");
                foreach (var remark in outcome.Remarks)
                {
                    Console.WriteLine($"    {remark}");
                }
            }
        });
        return outcomes;
    }

    private static async Task<TestOutcome> RunOneAsync(TestProject project, TestGround ground)
    {
        var results = Tree.File("artifacts/tests");
        Directory.CreateDirectory(results);
        var report = Path.Combine(results, $"{project.Name}.xml");
        var log = Path.Combine(results, $"{project.Name}.log");
        File.Delete(report);

        // Each program runs up to two collections at once, so that waiting for an event does not leave a core idle.
        string[] command = ["dotnet", project.Program, "-xml", report, "-maxThreads", AtOnce.ToString(), "-noLogo", "-noColor"];
        using var patience = new CancellationTokenSource(Patience);
        try
        {
            var ended = await Infrastructure.Command.TryAsync(command, ground.Environment, Tree.Root, patience.Token);
            await File.WriteAllTextAsync(log, ended.Output, CancellationToken.None);
            if (!File.Exists(report))
                return TestOutcome.Broken($"{project.Name} ended with {ended.ExitCode} and without a report:\n{ended.Output}");

            var outcome = TestOutcome.Read(report);
            return ended.ExitCode == 0 || outcome.Failed > 0
                ? outcome
                : outcome with { Failed = 1, Remarks = [.. outcome.Remarks, $"FAILED  {project.Name} ended with {ended.ExitCode}: see {log}"] };
        }
        catch (OperationCanceledException)
        {
            return TestOutcome.Broken($"{project.Name} was still running after {Patience.TotalMinutes:0} minutes and was killed");
        }
    }
}
